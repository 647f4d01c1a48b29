"""Secrets Manager."""

from __future__ import annotations

import json
import uuid

from ..engine import tags as tagging
from ..engine.aws import unless
from ..engine.kind import Kind
from ..engine.policies import canonical
from ..engine.whole import whole
from .kms import recovery_days

MISSING = "ResourceNotFoundException"
# How the version ids of placeholders begin: what a secret holds can so be told without reading it.
PLACEHOLDER = "placeholder-"
# How AWS says that it can't decrypt a value, above all because the key is on its way out.
UNREADABLE = ("AccessDeniedException", "DecryptionFailure", "InvalidRequestException", "ResourceNotFoundException")


class Secret(Kind):
    """A secret whose value is a JSON object."""

    name = "secret"
    title = "secret"
    service = "secretsmanager"
    module = "flow_builder.aws.secretsmanager_secret"
    needs = ("kms_key",)
    create_only = frozenset({"initial", "generate", "placeholder"})
    secret = frozenset({"value", "initial"})
    volatile = frozenset({"placeholder"})
    passing = frozenset({"LastAccessedDate", "LastChangedDate", "NextRotationDate", "ResponseMetadata"})
    # The name of a secret that was deleted for good is free a little later.
    settling = (("InvalidRequestException", "scheduled for deletion"),)

    def want(self, arguments):
        """Normalise the policy, where none is an empty one; regions have no order."""
        want = super().want(arguments)
        if "replica_regions" in want:
            want["replica_regions"] = sorted(want["replica_regions"])
        if "resource_policy" in want:
            want["resource_policy"] = canonical(want["resource_policy"]) or {}
        return want

    def find(self, aws, want):
        """Return the secret; its value is read only to be compared."""
        found = self._described(aws, want["name"])
        if found is None or "DeletedDate" in found:
            return None
        live = self._live(aws, found)
        if "value" in want:
            answer = unless(MISSING, aws("secretsmanager").get_secret_value, SecretId=found["ARN"], otherwise={})
            live["value"] = _parsed(answer.get("SecretString", ""))
        return live

    def stack(self, aws, stack):
        """Return the secrets tagged with the stack, but for those that belong to a service, as RDS's own do."""
        filters = [{"Key": "tag-key", "Values": ["Stack"]}, {"Key": "tag-value", "Values": [stack]}]
        listed = aws.pages("secretsmanager", "list_secrets", "SecretList", Filters=filters)
        described = (self._described(aws, item["ARN"]) for item in listed if "OwningService" not in item)
        found = (self._live(aws, item) for item in described if item and "DeletedDate" not in item)
        # AWS's filter takes what begins like the value, too.
        return [secret for secret in found if secret["tags"].get("Stack") == stack]

    @staticmethod
    def _described(aws, name):
        return unless(MISSING, aws("secretsmanager").describe_secret, SecretId=name)

    @whole
    def _live(self, aws, item):
        policy = unless(MISSING, aws("secretsmanager").get_resource_policy, SecretId=item["ARN"], otherwise={})
        current = [version for version, stages in item.get("VersionIdsToStages", {}).items() if "AWSCURRENT" in stages]
        return {
            "name": item["Name"],
            "arn": item["ARN"],
            "description": item.get("Description", ""),
            "kms_key_id": item.get("KmsKeyId", ""),
            "resource_policy": canonical(policy.get("ResourcePolicy")) or {},
            "rotation_enabled": item.get("RotationEnabled", False),
            "replica_regions": sorted(replica["Region"] for replica in item.get("ReplicationStatus", [])),
            # Another version is another value: drift sees that without reading it.
            "version": ", ".join(sorted(current)),
            "placeholder": any(version.startswith(PLACEHOLDER) for version in current),
            "tags": tagging.from_list(item.get("Tags")),
        }

    def create(self, aws, want):
        """Create the secret, or take back the deletion of one that can still be recovered."""
        api = aws("secretsmanager")
        dead = self._described(aws, want["name"])
        if dead:
            self._restore(aws, dead, want)
            return
        more = {"KmsKeyId": want["kms_key_id"]} if want.get("kms_key_id") else {}
        api.create_secret(
            Name=want["name"],
            Description=want.get("description", ""),
            Tags=tagging.to_list(want.get("tags", {})),
            **self._first(aws, want),
            **more,
        )
        others = {field for field in ("resource_policy", "replica_regions") if want.get(field)}
        self.update(aws, {"arn": want["name"], "replica_regions": []}, want, others)

    def _restore(self, aws, dead, want):
        """Take a deletion back. The value is written anew, since its old key may be on its way out."""
        api = aws("secretsmanager")
        api.restore_secret(SecretId=dead["ARN"])
        live = self._live(aws, dead)
        old = unless(UNREADABLE, api.get_secret_value, SecretId=dead["ARN"], otherwise={}).get("SecretString")
        self.update(aws, live, want, self.compare(live, want) - {"value", "tags"})
        keep = {"SecretString": old} if old and "value" not in want and not live["placeholder"] else None
        api.put_secret_value(SecretId=dead["ARN"], **(keep or self._first(aws, want)))
        self.tag(aws, live, *tagging.plan(live["tags"], want.get("tags", live["tags"]), purge=True))

    @staticmethod
    def _first(aws, want):
        """Return the first value as the calls take it, with its version's id where that says something."""
        value = {**want.get("initial", {}), **want.get("value", {})}
        for field in want.get("generate", []):
            # In URLs and shells alike, letters and digits need no quoting.
            made = aws("secretsmanager").get_random_password(PasswordLength=40, ExcludePunctuation=True)
            value[field] = made["RandomPassword"]
        token = {"ClientRequestToken": f"{PLACEHOLDER}{uuid.uuid4()}"} if want.get("placeholder") else {}
        return {"SecretString": json.dumps(value), **token}

    def update(self, aws, live, want, changes):
        """Set what differs; the value becomes a new version of it."""
        names = {"description": "Description", "kms_key_id": "KmsKeyId"}
        said = {names[field]: want[field] for field in changes & set(names)}
        if said:
            aws("secretsmanager").update_secret(SecretId=live["arn"], **said)
        if "value" in changes:
            aws("secretsmanager").put_secret_value(SecretId=live["arn"], SecretString=json.dumps(want["value"]))
        if "version" in changes:
            # What was replaced is still there under its id, so it comes back without anybody reading it.
            aws("secretsmanager").update_secret_version_stage(
                SecretId=live["arn"], VersionStage="AWSCURRENT",
                MoveToVersionId=want["version"], RemoveFromVersionId=live["version"],
            )  # fmt: skip
        if "resource_policy" in changes and want["resource_policy"]:
            self._put_policy(aws, want)
        elif "resource_policy" in changes:
            aws("secretsmanager").delete_resource_policy(SecretId=live["arn"])
        if "replica_regions" in changes:
            self._replicate(aws, live, set(want["replica_regions"]))

    def consequences(self, want, changes):
        """Another value is another version."""
        return {"version": self.later(want, "version")} if "value" in changes else {}

    @staticmethod
    def _replicate(aws, live, regions):
        there = set(live["replica_regions"])
        if there - regions:
            aws("secretsmanager").remove_regions_from_replication(
                SecretId=live["arn"], RemoveReplicaRegions=sorted(there - regions)
            )
        if regions - there:
            aws("secretsmanager").replicate_secret_to_regions(
                SecretId=live["arn"], AddReplicaRegions=[{"Region": region} for region in sorted(regions - there)]
            )

    @staticmethod
    def _put_policy(aws, want):
        aws("secretsmanager").put_resource_policy(
            SecretId=want["name"], ResourcePolicy=json.dumps(want["resource_policy"]), BlockPublicPolicy=True
        )

    def tag(self, aws, live, add, remove):
        """Tag by ARN."""
        if add:
            aws("secretsmanager").tag_resource(SecretId=live["arn"], Tags=tagging.to_list(add))
        if remove:
            aws("secretsmanager").untag_resource(SecretId=live["arn"], TagKeys=remove)

    def delete(self, aws, live):
        """Take replicas away and delete the secret, recoverably for as long as its tag says."""
        days = recovery_days(live["tags"], shortest=0)
        unless(MISSING, self._replicate, aws, live, set())
        how = {"RecoveryWindowInDays": max(days, 7)} if days else {"ForceDeleteWithoutRecovery": True}
        unless(MISSING, aws("secretsmanager").delete_secret, SecretId=live["arn"], **how)

    def notes(self, live):
        """A placeholder must become a value."""
        if not live.get("placeholder"):
            return []
        return [f"the secret {live['name']} holds only the placeholder it was made with: set its value"]

    def made(self, aws, want):
        """AWS adds random letters to a secret's ARN."""
        return {"arn": self.later(want, "arn")}


def _parsed(text):
    try:
        return json.loads(text)
    except ValueError:  # somebody put there what is no JSON: it differs from whatever is wanted
        return text


SECRET = Secret()
