"""KMS."""

from __future__ import annotations

import json

from ..engine import tags as tagging
from ..engine.aws import unless
from ..engine.children import Child
from ..engine.errors import EngineError
from ..engine.kind import Kind
from ..engine.listings import Listing
from ..engine.policies import canonical
from ..engine.remains import FREE, Remain, dollars
from ..engine.severity import Severity, appeared, opens_to_everybody
from ..engine.unmodelled import keep_unmodelled

KEY_COST = 1.0
"""What a key costs a month, in USD."""

KEPT_TAG, FORMER_TAG = "KeptFor", "FormerStack"
"""The tags of a key that outlives its stack: what it is kept for, and whose it was."""
RECOVERY_TAG = "RecoveryDays"
"""The tag by which a key or secret says how long it can still be recovered after its deletion: destroy has no
variables, and what is deleted must say itself how carefully."""


def recovery_days(tags: dict, shortest: int) -> int:
    """Return the days that a resource's tag asks for; the longest that AWS has when there is no such tag."""
    days = tags.get(RECOVERY_TAG, "")
    return min(max(int(days), shortest), 30) if days.isdigit() else 30


def of_service(grant: dict) -> bool:
    """Say whether a service of AWS gave itself a grant, as RDS and Lambda do for what they encrypt."""
    told = f"{grant.get('GranteePrincipal')} {grant.get('IssuingAccount')}"
    return ".amazonaws.com" in told or "/aws-service-role/" in told or "assumed-role/aws:" in told


class KmsKey(Kind):
    """A customer-managed symmetric key, known by its alias, and by its stack's tag where it has none."""

    name = "kms_key"
    title = "key"
    service = "kms"
    module = "flow_builder.aws.kms_key"
    cloudformation = "AWS::KMS::Key"
    properties = {"KeyPolicy": "policy"}
    identity = ("alias",)
    writable_as = {"MultiRegionConfiguration": "PrimaryRegion"}
    children = (
        Child(
            "grants", "list_grants", {"KeyId": "id"}, "Grants", ("NotFoundException", "KMSInvalidStateException"),
            omit=frozenset({"GrantToken"}), only=lambda grant: not of_service(grant),
            undo=("revoke_grant", {"KeyId": "id", "GrantId": ".GrantId"}),
        ),
        Child(
            "aliases", "list_aliases", {"KeyId": "id"}, "Aliases", omit=frozenset({"LastUpdatedDate"}),
            undo=("delete_alias", {"AliasName": ".AliasName"}),
        ),
    )  # fmt: skip
    settling = (
        # Whom the policy names; what was just enabled, or saved from deletion.
        ("MalformedPolicyDocumentException", "invalid principals"),
        ("DisabledException", ""),
        ("KMSInvalidStateException", "pending deletion"),
    )
    settle_seconds = 600
    equal_reads = dict.fromkeys(("description", "enabled", "enable_key_rotation", "policy", "tags"), 5)
    severities = (
        Severity("high", "grants*", appeared),
        Severity("critical", "policy*", opens_to_everybody),
        Severity("critical", "enabled"),
    )
    unmanaged = (
        Listing(
            "list_aliases", "Aliases", "AliasName", delete=("delete_alias", "AliasName"),
            skip=lambda item: item["AliasName"].startswith("alias/aws/"), kind="key_alias", field="alias",
        ),
    )  # fmt: skip

    def want(self, arguments):
        """A key is wanted enabled, also after somebody scheduled its deletion: that is taken back."""
        want = {"enabled": True, **super().want(arguments)}
        if "policy" in want:
            want["policy"] = canonical(want["policy"])
        return want

    def find(self, aws, want):
        """Return the key behind the alias, or else the stack's key that has no alias: a creation was interrupted, or
        somebody took the alias away. A dead stack's key, which is on its way out, is never found.
        """
        found = unless("NotFoundException", aws("kms").describe_key, KeyId=want["alias"])
        if found:
            return self._live(aws, found["KeyMetadata"], want["alias"])
        stack = want.get("tags", {}).get("Stack")
        nameless = [key for key in self.stack(aws, stack) if key["alias"] == key["id"]] if stack else []
        if len(nameless) > 1:
            ids = " and ".join(key["id"] for key in nameless)
            raise EngineError(
                f"{want['alias']} is no key's, and {ids} are tagged as {stack}'s: give one of them the alias, by aws "
                f"kms create-alias --alias-name {want['alias']} --target-key-id ID, and take the tag Stack off the "
                "others"
            )
        return nameless[0] if nameless else None

    def compare(self, live, want):
        """A key that is known by its id alone lacks its alias."""
        nameless = live.get("alias", want["alias"]) != want["alias"]
        return super().compare(live, want) | ({"alias"} if nameless else set())

    def stack(self, aws, stack):
        """Return the keys tagged with the stack that aren't on their way out."""
        tagged = aws.pages(
            "resourcegroupstaggingapi", "get_resources", "ResourceTagMappingList",
            TagFilters=[{"Key": "Stack", "Values": [stack]}], ResourceTypeFilters=["kms:key"],
        )  # fmt: skip
        found = (
            unless("NotFoundException", aws("kms").describe_key, KeyId=item["ResourceARN"]) for item in tagged
        )
        return [
            self._live(aws, item["KeyMetadata"])
            for item in found
            if item and item["KeyMetadata"]["KeyState"] not in ("PendingDeletion", "PendingReplicaDeletion")
        ]

    @keep_unmodelled
    def _live(self, aws, key, alias=None):
        kms, key_id = aws("kms"), key["KeyId"]
        tags = aws.pages("kms", "list_resource_tags", "Tags", KeyId=key_id)
        # A key on its way out answers neither of these.
        state = "KMSInvalidStateException"
        rotation = unless(state, kms.get_key_rotation_status, KeyId=key_id, otherwise={})
        policy = unless(state, kms.get_key_policy, KeyId=key_id, PolicyName="default", otherwise={})
        return {
            "alias": alias or next(iter(self._aliases(aws, key_id)), key_id),
            "id": key_id,
            "arn": key["Arn"],
            "description": key["Description"],
            "state": key["KeyState"],
            "enabled": key["KeyState"] == "Enabled",
            "enable_key_rotation": rotation.get("KeyRotationEnabled", False),
            "policy": canonical(policy.get("Policy")),
            "tags": tagging.from_list(tags, "TagKey", "TagValue"),
        }

    def create(self, aws, want):
        """Create the key with its tags, by which it is found should the run end before it has its alias."""
        more = {"Policy": json.dumps(want["policy"])} if want.get("policy") else {}
        made = aws("kms").create_key(
            Description=want.get("description", ""),
            Tags=tagging.to_list(want.get("tags", {}), "TagKey", "TagValue"),
            **more,
        )
        return made["KeyMetadata"]["KeyId"]

    def complete(self, aws, want, made):
        """Give it its alias and its rotation."""
        self._name(aws, made, want["alias"])
        if want.get("enable_key_rotation"):
            aws("kms").enable_key_rotation(KeyId=made)

    @staticmethod
    def _name(aws, key_id, alias):
        kms = aws("kms")
        if unless("AlreadyExistsException", kms.create_alias, AliasName=alias, TargetKeyId=key_id) is None:
            there = kms.describe_key(KeyId=alias)["KeyMetadata"]["KeyId"]
            if there != key_id:
                raise EngineError(f"{alias} is the alias of key {there} by now: delete the key {key_id}, or run again")

    def update(self, aws, live, want, changes):
        """Change the key in place, enabled before all else: only then it may be changed."""
        kms, key = aws("kms"), {"KeyId": live["id"]}
        if "enabled" in changes:
            if live["state"] == "PendingDeletion":
                kms.cancel_key_deletion(**key)
            (kms.enable_key if want["enabled"] else kms.disable_key)(**key)
        if "alias" in changes:
            self._name(aws, live["id"], want["alias"])
        if "description" in changes:
            kms.update_key_description(**key, Description=want["description"])
        if "policy" in changes:
            kms.put_key_policy(**key, PolicyName="default", Policy=json.dumps(want["policy"]))
        if "enable_key_rotation" in changes:
            (kms.enable_key_rotation if want["enable_key_rotation"] else kms.disable_key_rotation)(**key)

    def consequences(self, want, changes):
        """The state follows."""
        return {"state": "Enabled" if want["enabled"] else "Disabled"} if "enabled" in changes else {}

    def tag(self, aws, live, add, remove):
        """Tag by id."""
        if add:
            aws("kms").tag_resource(KeyId=live["id"], Tags=tagging.to_list(add, "TagKey", "TagValue"))
        if remove:
            aws("kms").untag_resource(KeyId=live["id"], TagKeys=remove)

    @staticmethod
    def _aliases(aws, key_id):
        return [item["AliasName"] for item in aws.pages("kms", "list_aliases", "Aliases", KeyId=key_id)]

    def delete(self, aws, live):
        """Take the aliases away, so that the name is free at once, and schedule the key's deletion.

        A key with which a snapshot or a kept backup of a database is encrypted stays, since it is lost without the
        key, which leaves the stack; tags say what it is kept for, and whose it was.
        """
        kms = aws("kms")
        for alias in self._aliases(aws, live["id"]):
            unless("NotFoundException", kms.delete_alias, AliasName=alias)
        kept = _needing(aws, live["arn"])
        if kept:
            said = {KEPT_TAG: " ".join(kept)[:256], FORMER_TAG: live["tags"].get("Stack", "")}
            kms.tag_resource(KeyId=live["id"], Tags=tagging.to_list(said, "TagKey", "TagValue"))
            kms.untag_resource(KeyId=live["id"], TagKeys=["Stack"])
            return
        unless(
            ("NotFoundException", "KMSInvalidStateException"),
            kms.schedule_key_deletion,
            KeyId=live["id"],
            PendingWindowInDays=recovery_days(live["tags"], shortest=7),
        )

    def leaves(self, live):
        """Return the key itself: whether it is kept for snapshots isn't known before these are taken."""
        days = recovery_days(live["tags"], shortest=7)
        return [Remain(
            f"the key {live['id']}", "in case that its deletion was a mistake", f"{days} days after its end", FREE,
            "where a snapshot needs it, it is kept enabled instead, for " + dollars(KEY_COST),
        )]  # fmt: skip

    def remains(self, aws, stack):
        """Return the keys that are kept for snapshots, and those that can still be recovered."""
        told, kms = [], aws("kms")
        for tag in (FORMER_TAG, "Stack"):
            for item in aws.pages(
                "resourcegroupstaggingapi", "get_resources", "ResourceTagMappingList",
                TagFilters=[{"Key": tag, "Values": [stack]}], ResourceTypeFilters=["kms:key"],
            ):  # fmt: skip
                found = unless("NotFoundException", kms.describe_key, KeyId=item["ResourceARN"])
                if found:
                    told.append(_remaining(aws, found["KeyMetadata"]))
        return told

    def computed(self, aws, want):
        """AWS makes up the key's id."""
        return {"id": self.unknown(want, "id"), "arn": self.unknown(want, "arn")}


def _needing(aws, arn: str) -> list[str]:
    """Return the snapshots and kept backups of databases that can't be read without a key."""
    found = [
        item["DBSnapshotIdentifier"]
        for kind in ("manual", "awsbackup")
        for item in aws.pages("rds", "describe_db_snapshots", "DBSnapshots", SnapshotType=kind)
        if item.get("KmsKeyId") == arn
    ] + [
        f"backups-of-{item['DBInstanceIdentifier']}"
        for item in aws.pages("rds", "describe_db_instance_automated_backups", "DBInstanceAutomatedBackups")
        if item.get("KmsKeyId") == arn and item.get("Status") == "retained"
    ]
    return sorted(found)


def _remaining(aws, key) -> Remain:
    what = f"the key {key['KeyId']}"
    if key["KeyState"] in ("PendingDeletion", "PendingReplicaDeletion"):
        when = key.get("DeletionDate")
        return Remain(
            what, "in case that its deletion was a mistake", f"{when:%Y-%m-%d}" if when else "its deletion", FREE,
            f"it goes by itself; aws kms cancel-key-deletion --key-id {key['KeyId']} recovers it",
        )  # fmt: skip
    needing = ", ".join(_needing(aws, key["Arn"]))
    why = f"since {needing} can't be read without it" if needing else "though nothing that it was kept for is left"
    return Remain(
        what, why, "somebody deletes it",
        f"{dollars(KEY_COST)}, and up to {dollars(2 * KEY_COST)} more once it was rotated",
        f"{'when these are gone: ' if needing else ''}"
        f"aws kms schedule-key-deletion --key-id {key['KeyId']} --pending-window-in-days 7",
    )  # fmt: skip


KMS_KEY = KmsKey()
