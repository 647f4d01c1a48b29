"""Secrets Manager.

Who set a secret's value is told by its version's id, so without reading it: a run gives its own versions ids that say
so, and since when. A version of any other id was set by people, or by a rotation of theirs, and no run touches it.
"""

from __future__ import annotations

import json
import time
import uuid
from datetime import UTC, datetime, timedelta

from ..engine import tags as tagging
from ..engine.aws import unless
from ..engine.errors import EngineError
from ..engine.kind import Kind
from ..engine.listings import Listing
from ..engine.policies import canonical
from ..engine.refusals import Refusal
from ..engine.remains import FREE, Remain
from ..engine.severity import Severity, opens_to_everybody
from ..engine.unmodelled import keep_unmodelled
from .kms import recovery_days

MISSING = "ResourceNotFoundException"
# How the ids of a run's versions begin.
PLACEHOLDER, WRITTEN = "placeholder-", "written-"
# How AWS says that it can't decrypt a value, above all because the key is on its way out.
UNREADABLE = ("AccessDeniedException", "DecryptionFailure", "InvalidRequestException", "ResourceNotFoundException")
# The states of a key in which nothing that it encrypted can be read.
SHUT = ("PendingDeletion", "PendingReplicaDeletion", "Disabled")


def of_people(version: str) -> bool:
    """Say whether a version is somebody's else than a run's."""
    return bool(version) and not version.startswith((PLACEHOLDER, WRITTEN))


def since(version: str) -> str:
    """Return when a run made a version, as a sentence says it; nothing where its id doesn't tell."""
    moment = version.split("-")[1] if version.startswith((PLACEHOLDER, WRITTEN)) else ""
    try:
        return time.strftime(" since %Y-%m-%d %H:%M UTC", time.strptime(moment, "%Y%m%dT%H%M%SZ"))
    except ValueError:
        return ""


def _lost_with_its_key(aws, live, want, changes) -> str:
    """Judge a creation that takes back a deletion: the value can be read only with its key."""
    dead = None if live else SECRET.described(aws, want["name"])
    key = (dead or {}).get("KmsKeyId")
    if not key or not of_people(SECRET.version(dead)):
        return ""
    found = unless(KEYLESS, aws("kms").describe_key, KeyId=key, otherwise={}).get("KeyMetadata", {})
    if found.get("KeyState") not in SHUT:
        return ""
    return (
        f"it was deleted and can be recovered, but the value that people set can't be read, since its key {key} is "
        f"{found['KeyState']}; either take the key back (aws kms cancel-key-deletion, aws kms enable-key) and run "
        "again, or give the value up (aws secretsmanager delete-secret --force-delete-without-recovery)"
    )


def _placeholder_over_value(aws, live, want, changes) -> str:
    """Judge the return to a recorded version."""
    if not live or "version" not in changes or not str(want.get("version", "")).startswith(PLACEHOLDER):
        return ""
    return "its recorded version is the placeholder that it was made with, which no run puts over a value"


KEYLESS = ("AccessDeniedException", "NotFoundException", "InvalidArnException")


class Secret(Kind):
    """A secret whose value is a JSON object."""

    name = "secret"
    title = "secret"
    service = "secretsmanager"
    module = "flow_builder.aws.secretsmanager_secret"
    cloudformation = "AWS::SecretsManager::Secret"
    needs = ("kms_key",)
    create_only = frozenset({"initial", "generate", "placeholder"})
    secret = frozenset({"value", "initial"})
    ignored = frozenset({
        "kept", "placeholder", "LastAccessedDate", "LastChangedDate", "NextRotationDate", "ResponseMetadata",
    })  # fmt: skip
    noted = frozenset({"version"})
    # The name of a secret that was deleted for good is free a little later, and one that was restored is usable so.
    settling = (
        ("InvalidRequestException", "scheduled for deletion"),
        ("InvalidRequestException", "was deleted"),
        ("InvalidRequestException", "marked for deletion"),
        # A fresh key; and a fresh role that the policy names.
        ("EncryptionFailure", ""),
        ("MalformedPolicyDocumentException", "unsupported principal"),
    )
    refusals = (
        Refusal(
            "the name is still that of a secret deleted for good a moment ago", "InvalidRequestException",
            "the run tries again for two minutes",
        ),
        Refusal(
            "the name is that of a secret in its recovery window", "InvalidRequestException",
            "the run takes the deletion back and keeps the value",
        ),
        Refusal(
            "the value of a secret in its recovery window can't be read, since its key is off or on its way out",
            "AccessDeniedException", "refused by the plan, unless a run made the value", _lost_with_its_key,
        ),
        Refusal(
            "a record knows only the placeholder that a secret was made with", "none: AWS would do it",
            "refused: a placeholder never goes over a value", _placeholder_over_value,
        ),
    )  # fmt: skip
    severities = (Severity("critical", "resource_policy*", opens_to_everybody), Severity("high", "version"))
    unmanaged = (
        Listing(
            "list_secrets", "SecretList", "Name", delete=("delete_secret", "SecretId"),
            skip=lambda item: "DeletedDate" in item or "OwningService" in item,
        ),
        Listing(
            "describe_parameters", "Parameters", "Name", delete=("delete_parameter", "Name"),
            kind="ssm_parameter", service="ssm",
        ),
    )  # fmt: skip

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
        found = self.described(aws, want["name"])
        if found is None or "DeletedDate" in found:
            return None
        live = self._live(aws, found)
        if "value" in want:
            # What can't be decrypted any more is no value: it is written anew.
            none = (MISSING, "DecryptionFailure")
            answer = unless(none, aws("secretsmanager").get_secret_value, SecretId=found["ARN"], otherwise={})
            live["value"] = _parsed(answer.get("SecretString", ""))
            theirs = of_people(live["version"]) and f"{self.name}/{live['name']}" not in aws.may_lose
            live["kept"] = theirs and live["value"] != want["value"]
        return live

    def compare(self, live, want):
        """A value that people set is no difference: it is theirs."""
        return super().compare(live, want) - ({"value"} if live.get("kept") else set())

    def external_manager(self, difference, recorded, live):
        """Whoever sets a value owns it; only a placeholder in its place is a loss."""
        if difference.path != "version" or not difference.live or str(difference.live).startswith(PLACEHOLDER):
            return super().external_manager(difference, recorded, live)
        if of_people(difference.live):
            return f"people{since(str(difference.recorded))}"
        return f"a run{since(difference.live)}"

    def loses(self, aws, live, want, changes):
        """Another version is another value; a deletion for good takes the value that people set."""
        if want is None and not recovery_days(live["tags"], shortest=0) and of_people(live["version"]):
            return "the value that people set would be deleted"
        if want and "version" in changes:
            return f"its value would be that of {want.get('version')} again, and not the one that it has"
        return ""

    def stack(self, aws, stack):
        """Return the secrets tagged with the stack, but for those that belong to a service, as RDS's own do."""
        filters = [{"Key": "tag-key", "Values": ["Stack"]}, {"Key": "tag-value", "Values": [stack]}]
        listed = aws.pages("secretsmanager", "list_secrets", "SecretList", Filters=filters)
        described = (self.described(aws, item["ARN"]) for item in listed if "OwningService" not in item)
        found = (self._live(aws, item) for item in described if item and "DeletedDate" not in item)
        # AWS's filter takes what begins like the value, too.
        return [secret for secret in found if secret["tags"].get("Stack") == stack]

    @staticmethod
    def described(aws, name):
        """Return AWS's description of a secret, also of one that is being deleted."""
        return unless(MISSING, aws("secretsmanager").describe_secret, SecretId=name)

    @staticmethod
    def version(item) -> str:
        """Return the id of a described secret's current version."""
        stages = item.get("VersionIdsToStages", {})
        return ", ".join(sorted(version for version, said in stages.items() if "AWSCURRENT" in said))

    @keep_unmodelled
    def _live(self, aws, item):
        policy = unless(MISSING, aws("secretsmanager").get_resource_policy, SecretId=item["ARN"], otherwise={})
        return {
            "name": item["Name"],
            "arn": item["ARN"],
            "description": item.get("Description", ""),
            "kms_key_id": item.get("KmsKeyId", ""),
            "resource_policy": canonical(policy.get("ResourcePolicy")) or {},
            "rotation_enabled": item.get("RotationEnabled", False),
            "replica_regions": sorted(replica["Region"] for replica in item.get("ReplicationStatus", [])),
            # Another version is another value: drift sees that without reading it.
            "version": self.version(item),
            "placeholder": self.version(item).startswith(PLACEHOLDER),
            "tags": tagging.from_list(item.get("Tags")),
        }

    def create(self, aws, want):
        """Create the secret, or take back the deletion of one that can still be recovered."""
        api = aws("secretsmanager")
        dead = self.described(aws, want["name"])
        if dead:
            self._restore(aws, dead, want)
            return None
        more = {"KmsKeyId": want["kms_key_id"]} if want.get("kms_key_id") else {}
        return api.create_secret(
            Name=want["name"],
            Description=want.get("description", ""),
            Tags=tagging.to_list(want.get("tags", {})),
            **self._first(aws, want),
            **more,
        )["ARN"]

    def complete(self, aws, want, made):
        """Give a new secret its policy and replicas; one that came back has them."""
        others = {field for field in ("resource_policy", "replica_regions") if made and want.get(field)}
        self.update(aws, {"arn": made, "replica_regions": []}, want, others)

    def _restore(self, aws, dead, want):
        """Take a deletion back, and write the value under the key of now: its old key may be on its way out.

        A run that is killed after the first call leaves a secret with another key than wanted, which ``update`` ends.
        """
        if "DeletedDate" in dead:
            aws("secretsmanager").restore_secret(SecretId=dead["ARN"])
        live = self._live(aws, dead)
        self.update(aws, live, want, (self.compare(live, want) - {"value", "tags"}) | {"restored"})
        tags = want.get("tags", live["tags"])
        self.tag(aws, live, *tagging.plan(live["tags"], tags, purge=True, kept=aws.ignored_tags))

    @staticmethod
    def _first(aws, want):
        """Return the first value as the calls take it, with its version's id."""
        value = {**want.get("initial", {}), **want.get("value", {})}
        for field in want.get("generate", []):
            # In URLs and shells alike, letters and digits need no quoting.
            made = aws("secretsmanager").get_random_password(PasswordLength=40, ExcludePunctuation=True)
            value[field] = made["RandomPassword"]
        return {"SecretString": json.dumps(value), **_token(PLACEHOLDER if want.get("placeholder") else WRITTEN)}

    def update(self, aws, live, want, changes):
        """Set what differs; the value becomes a new version of it."""
        names = {"description": "Description", "kms_key_id": "KmsKeyId"}
        said = {names[field]: want[field] for field in changes & set(names)}
        if changes & {"kms_key_id", "restored"} and "value" not in changes:
            # In one call with the key, so that there is no moment in which the value has neither key.
            said |= self._again(aws, live, want, always="restored" in changes)
        if said:
            aws("secretsmanager").update_secret(SecretId=live["arn"], **said)
        if "value" in changes:
            aws("secretsmanager").put_secret_value(
                SecretId=live["arn"], SecretString=json.dumps(want["value"]), **_token(WRITTEN)
            )
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

    def _again(self, aws, live, want, always):
        """Return the value to write under another key: the old one if it can be read, a first one otherwise.

        One that people set is kept, whatever is wanted: without it nothing is written.
        """
        api, theirs = aws("secretsmanager"), of_people(live["version"])
        old = unless(UNREADABLE, api.get_secret_value, SecretId=live["arn"], otherwise={}).get("SecretString")
        if theirs and not old:
            raise EngineError(
                f"the secret {want['name']} is there, but the value that people set can't be read with its key "
                f"{live['kms_key_id']}: nothing is written over it; make it readable, then run again"
            )
        if old and not always:
            return {}  # AWS itself encrypts it anew
        if theirs:
            return {"SecretString": old}
        keeps = old and "value" not in want and not live["placeholder"]
        return {"SecretString": old, **_token(WRITTEN)} if keeps else self._first(aws, want)

    def consequences(self, want, changes):
        """Another value is another version."""
        return {"version": self.unknown(want, "version")} if "value" in changes else {}

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

    def leaves(self, live):
        """Return the secret itself, where it can still be recovered."""
        days = recovery_days(live["tags"], shortest=0)
        return [_recoverable(live["name"], live["arn"], f"{max(days, 7)} days after its deletion")] if days else []

    def remains(self, aws, stack):
        """Return the stack's secrets that can still be recovered."""
        filters = [{"Key": "tag-key", "Values": ["Stack"]}, {"Key": "tag-value", "Values": [stack]}]
        listed = aws.pages(
            "secretsmanager", "list_secrets", "SecretList", Filters=filters, IncludePlannedDeletion=True
        )
        told = []
        for item in listed:
            tags = tagging.from_list(item.get("Tags"))
            if "DeletedDate" in item and "OwningService" not in item and tags.get("Stack") == stack:
                told.append(_recoverable(item["Name"], item["ARN"], f"{_end(item['DeletedDate'], tags):%Y-%m-%d}"))
        return told

    def notes(self, live):
        """A placeholder must become a value; a value that people set isn't the inventory's."""
        if live.get("kept"):
            how = json.dumps({"stack_may_lose": [f"{self.name}/{live['name']}"]})
            return [
                f"the secret {live['name']} keeps the value that people set, which isn't the inventory's: say theirs "
                f"there too, or write the inventory's over it with -e '{how}'"
            ]
        if not live.get("placeholder"):
            return []
        return [f"the secret {live['name']} holds only the placeholder it was made with: set its value"]

    def computed(self, aws, want):
        """AWS adds random letters to a secret's ARN."""
        return {"arn": self.unknown(want, "arn")}


def _token(beginning: str) -> dict[str, str]:
    """Return the id of a version to be: who makes it, and when."""
    moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    return {"ClientRequestToken": f"{beginning}{moment}-{uuid.uuid4().hex}"}


def _recoverable(name, arn, until):
    end = f"aws secretsmanager delete-secret --force-delete-without-recovery --secret-id {arn}; an apply recovers it"
    return Remain(f"the secret {name}", "in case that its deletion was a mistake", until, FREE, end)


def _end(deleted, tags):
    """Return when a secret can't be recovered any more: AWS tells that day, or the one of its deletion."""
    recoverable = timedelta(days=max(recovery_days(tags, shortest=0), 7))
    return deleted if deleted > datetime.now(UTC) + timedelta(days=1) else deleted + recoverable


def _parsed(text):
    try:
        return json.loads(text)
    except ValueError:  # somebody put there what is no JSON: it differs from whatever is wanted
        return text


SECRET = Secret()
