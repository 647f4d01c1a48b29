"""S3."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from ..engine import state
from ..engine import tags as tagging
from ..engine.aws import unless
from ..engine.children import Child
from ..engine.errors import EngineError, code
from ..engine.kind import Kind
from ..engine.listings import Listing
from ..engine.names import elsewhere
from ..engine.policies import canonical
from ..engine.refusals import Refusal
from ..engine.severity import Severity, appeared, became, opens_to_everybody

ACCESS = {
    "block_public_acls": "BlockPublicAcls",
    "ignore_public_acls": "IgnorePublicAcls",
    "block_public_policy": "BlockPublicPolicy",
    "restrict_public_buckets": "RestrictPublicBuckets",
}
# Our field of a lifecycle rule: where S3 has it.
RULE = {
    "expiration_days": ("Expiration", "Days"),
    "noncurrent_days": ("NoncurrentVersionExpiration", "NoncurrentDays"),
    "abort_multipart_days": ("AbortIncompleteMultipartUpload", "DaysAfterInitiation"),
}


def rules_to_aws(rules: list[dict]) -> list[dict]:
    """Return lifecycle rules as S3 takes them."""
    return [
        {
            "ID": rule["id"],
            "Status": "Enabled",
            "Filter": {"Prefix": rule["prefix"]},
            **{outer: {inner: rule[field]} for field, (outer, inner) in RULE.items() if rule.get(field)},
        }
        for rule in rules
    ]


def rules_from_aws(rules: list[dict]) -> list[dict]:
    """Return S3's lifecycle rules as ours. What ours can't say stays, under ``other``, so that it is seen."""
    made = []
    for rule in rules:
        ours = {"id": rule.get("ID", ""), "prefix": rule.get("Filter", {}).get("Prefix", rule.get("Prefix", ""))}
        for field, (outer, inner) in RULE.items():
            if inner in rule.get(outer, {}):
                ours[field] = rule[outer][inner]
        said = rules_to_aws([ours])[0]
        other = {key: value for key, value in rule.items() if said.get(key) != value and key != "Prefix"}
        if "Filter" not in rule:
            other.pop("Filter", None)
        made.append(ours | ({"other": other} if other else {}))
    return sorted(made, key=lambda rule: rule["id"])


def expired(versions: list[dict], rules: list[dict]) -> set[tuple[str, str]]:
    """Return key and version of what S3's lifecycle rules may take away by now."""

    def days(version, rule):
        kept = rule.get("Expiration", {}).get("Days") if version["IsLatest"] else (
            rule.get("NoncurrentVersionExpiration", {}).get("NoncurrentDays")
        )
        return kept if version["Key"].startswith(rule.get("Filter", {}).get("Prefix", "")) else None

    now = datetime.now(UTC)
    return {
        (one["Key"], one["VersionId"])
        for one in versions
        for kept in (days(one, rule) for rule in rules)
        if kept is not None and (now - one["LastModified"]).days >= kept
    }


def owners(grant: dict) -> bool:
    """Say whether a grant is the one that every bucket's owner has."""
    return grant.get("Permission") == "FULL_CONTROL" and grant.get("Grantee", {}).get("Type") == "CanonicalUser"


BUCKET = {"Bucket": "name"}


class S3Bucket(Kind):
    """A private bucket with all that makes it one."""

    name = "s3_bucket"
    title = "bucket"
    service = "s3"
    module = "flow_builder.aws.s3_bucket"
    cloudformation = "AWS::S3::Bucket"
    properties = {
        "BucketName": "name",
        "PublicAccessBlockConfiguration": "public_access",
        "VersioningConfiguration/Status": "versioning",
        "OwnershipControls/Rules/*/ObjectOwnership": "object_ownership",
        "BucketEncryption/ServerSideEncryptionConfiguration/*/BucketKeyEnabled": "bucket_key_enabled",
        "BucketEncryption/ServerSideEncryptionConfiguration/*/ServerSideEncryptionByDefault/SSEAlgorithm": "encryption",
        "BucketEncryption/ServerSideEncryptionConfiguration/*/ServerSideEncryptionByDefault/KMSMasterKeyID":
            "encryption_key_id",
        "LifecycleConfiguration/Rules": "lifecycle_rules",
        "LifecycleConfiguration/Rules/*/Status": "=Enabled",
        "LifecycleConfiguration/Rules/*/NoncurrentVersionExpiration/NoncurrentDays": "noncurrent_days",
        "LifecycleConfiguration/Rules/*/AbortIncompleteMultipartUpload/DaysAfterInitiation": "abort_multipart_days",
    }
    needs = ("kms_key",)
    settling = (
        ("OperationAborted", "conflicting"),
        # A fresh role that the policy names.
        ("MalformedPolicy", "nvalid principal"),
    )
    unseen = (("404", ""),)
    # Lifecycle rules appear and vanish for minutes, in some regions more than in others.
    equal_reads = {"lifecycle_rules": 10}
    refusals = (
        Refusal(
            "the name is another account's, also long after its bucket was deleted", "403",
            "the look at it fails, so the plan does",
        ),
        Refusal(
            "a bucket of this name was deleted, and S3 hasn't freed the name, which takes up to an hour; or one is "
            "being made", "OperationAborted", f"the run tries again for {state.CLAIM_SECONDS // 60} minutes",
        ),
    )  # fmt: skip
    children = (
        Child("acl", "get_bucket_acl", BUCKET, "Grants", only=lambda grant: not owners(grant)),
        Child(
            "cors", "get_bucket_cors", BUCKET, "CORSRules", ("NoSuchCORSConfiguration",),
            undo=("delete_bucket_cors", BUCKET),
        ),
        Child("logging", "get_bucket_logging", BUCKET, "LoggingEnabled"),
        Child(
            "website", "get_bucket_website", BUCKET, "", ("NoSuchWebsiteConfiguration",),
            undo=("delete_bucket_website", BUCKET),
        ),
        Child("notifications", "get_bucket_notification_configuration", BUCKET),
        Child(
            "replication", "get_bucket_replication", BUCKET, "ReplicationConfiguration",
            ("ReplicationConfigurationNotFoundError",), undo=("delete_bucket_replication", BUCKET),
        ),
        Child("accelerate", "get_bucket_accelerate_configuration", BUCKET, "Status"),
        Child("request_payment", "get_bucket_request_payment", BUCKET, "Payer"),
        Child(
            "object_lock", "get_object_lock_configuration", BUCKET, "ObjectLockConfiguration",
            ("ObjectLockConfigurationNotFoundError",),
        ),
        Child("mfa_delete", "get_bucket_versioning", BUCKET, "MFADelete"),
        Child("abac", "get_bucket_abac", BUCKET, "AbacStatus", unset={"Status": "Disabled"}),
        # Of both versions: that of a metadata table, and that of the newer journal and inventory.
        Child(
            "metadata", "get_bucket_metadata_configuration", BUCKET, "GetBucketMetadataConfigurationResult",
            ("MetadataConfigurationNotFound",), omit=frozenset({"TableStatus", "TableArn", "Error"}),
            undo=("delete_bucket_metadata_configuration", BUCKET),
        ),
        *(
            Child(
                name, f"list_bucket_{name}_configurations", BUCKET, key,
                undo=(f"delete_bucket_{name}_configuration", {**BUCKET, "Id": ".Id"}),
            )
            for name, key in (
                ("inventory", "InventoryConfigurationList"),
                ("metrics", "MetricsConfigurationList"),
                ("analytics", "AnalyticsConfigurationList"),
                ("intelligent_tiering", "IntelligentTieringConfigurationList"),
            )
        ),
    )  # fmt: skip
    severities = (
        Severity("critical", "policy*", opens_to_everybody),
        Severity("critical", "public_access*", became(False)),
        Severity("critical", "acl*", appeared),
        Severity("high", "website*", appeared),
        Severity("high", "replication*", appeared),
        Severity("high", "encryption*"),
        Severity("high", "versioning", became(False)),
    )
    unmanaged = (Listing("list_buckets", "Buckets", "Name", delete=("delete_bucket", "Bucket"), worldwide=True),)

    def want(self, arguments):
        """Normalise the policy and the lifecycle rules."""
        want = super().want(arguments)
        if "policy" in want:
            want["policy"] = canonical(want["policy"])
        if "lifecycle_rules" in want:
            rules = sorted(want["lifecycle_rules"], key=lambda rule: rule["id"])
            want["lifecycle_rules"] = [
                {key: value for key, value in rule.items() if value is not None} for rule in rules
            ]
        return want

    def find(self, aws, want):
        """Return the bucket, if this account has it."""
        try:
            aws("s3").head_bucket(Bucket=want["name"])
        except Exception as error:
            if code(error) in ("404", "NoSuchBucket"):
                return None
            if code(error) == "403":
                raise EngineError(
                    f"the bucket {want['name']} can't be looked at: another account has this name, or the caller lacks "
                    "s3:ListBucket on it"
                ) from error
            raise
        live = self._live(aws, want["name"])
        return live if live["tags"] else None  # one that was only claimed is still to be made

    def stack(self, aws, stack):
        """Return the buckets tagged with the stack, among those whose name has the stack's: S3 lists all regions'."""
        names = [bucket["Name"] for bucket in aws.pages("s3", "list_buckets", "Buckets")]
        names = [name for name in names if stack in name and not elsewhere(name, aws.region)]
        # Tags first: on other people's buckets the caller may be allowed nothing else.
        return [self._live(aws, name) for name in names if tagging.ours(self._tags(aws, name), stack, aws.home)]

    @staticmethod
    def _tags(aws, name):
        answer = unless(("NoSuchTagSet", "NoSuchBucket"), aws("s3").get_bucket_tagging, Bucket=name, otherwise={})
        return tagging.from_list(answer.get("TagSet"))

    def _live(self, aws, name):
        s3 = aws("s3")

        def answer(call, *codes):
            return unless(codes, call, Bucket=name, otherwise={})

        encryption = answer(s3.get_bucket_encryption, "ServerSideEncryptionConfigurationNotFoundError")
        rule = (encryption.get("ServerSideEncryptionConfiguration", {}).get("Rules") or [{}])[0]
        default = rule.get("ApplyServerSideEncryptionByDefault", {})
        access = answer(s3.get_public_access_block, "NoSuchPublicAccessBlockConfiguration")
        access = access.get("PublicAccessBlockConfiguration", {})
        ownership = answer(s3.get_bucket_ownership_controls, "OwnershipControlsNotFoundError")
        ownership = (ownership.get("OwnershipControls", {}).get("Rules") or [{}])[0]
        lifecycle = answer(s3.get_bucket_lifecycle_configuration, "NoSuchLifecycleConfiguration")
        return {
            "name": name,
            "arn": aws.arn("s3", name, region=False, account=False),
            "versioning": answer(s3.get_bucket_versioning).get("Status") == "Enabled",
            "encryption": default.get("SSEAlgorithm", ""),
            "encryption_key_id": default.get("KMSMasterKeyID", ""),
            "bucket_key_enabled": rule.get("BucketKeyEnabled", False),
            "public_access": {ours: access.get(theirs, False) for ours, theirs in ACCESS.items()},
            "object_ownership": ownership.get("ObjectOwnership", ""),
            "policy": canonical(answer(s3.get_bucket_policy, "NoSuchBucketPolicy").get("Policy")),
            "lifecycle_rules": rules_from_aws(lifecycle.get("Rules", [])),
            "tags": self._tags(aws, name),
        }

    def create(self, aws, want):
        """Create the bucket."""
        state.claim(aws, want["name"])

    def complete(self, aws, want, made):
        """Tag the bucket first, so that it is never lost, then set the rest."""
        if want.get("tags"):
            self._put_tags(aws, want["name"], want["tags"])
        self.update(aws, {}, want, set(want) - set(self.identity) - {"tags"})

    def update(self, aws, live, want, changes):
        """Set what differs."""
        s3, name = aws("s3"), want["name"]
        if "public_access" in changes:
            access = {theirs: want["public_access"].get(ours, False) for ours, theirs in ACCESS.items()}
            s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=access)
        if "object_ownership" in changes:
            rules = [{"ObjectOwnership": want["object_ownership"]}]
            s3.put_bucket_ownership_controls(Bucket=name, OwnershipControls={"Rules": rules})
        if "versioning" in changes:
            status = "Enabled" if want["versioning"] else "Suspended"
            s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": status})
        if changes & {"encryption", "encryption_key_id", "bucket_key_enabled"}:
            default = {"SSEAlgorithm": want.get("encryption") or live.get("encryption") or "AES256"}
            key = want.get("encryption_key_id", live.get("encryption_key_id"))
            if key and default["SSEAlgorithm"] != "AES256":
                default["KMSMasterKeyID"] = key
            rule = {
                "ApplyServerSideEncryptionByDefault": default,
                "BucketKeyEnabled": want.get("bucket_key_enabled", live.get("bucket_key_enabled", False)),
            }
            s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]})
        if "policy" in changes:
            s3.put_bucket_policy(Bucket=name, Policy=json.dumps(want["policy"]))
        if "lifecycle_rules" in changes and want["lifecycle_rules"]:
            rules = rules_to_aws(want["lifecycle_rules"])
            s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": rules})
        elif "lifecycle_rules" in changes:
            s3.delete_bucket_lifecycle(Bucket=name)

    def loses(self, aws, live, want, changes):
        """Rules expire objects, and their old versions; without versions they are lost when they are written over."""
        name = live["name"]
        if want is None:
            listed = unless("NoSuchBucket", aws("s3").list_object_versions, Bucket=name, MaxKeys=1, otherwise={})
            return "its objects would be deleted" if listed.get("Versions") else ""
        told = []
        if "versioning" in changes and not want["versioning"]:
            told.append("objects that are written over would have no old versions any more")
        if "lifecycle_rules" in changes:
            # What ours can't say, a rule that is off for example, is taken for none.
            before = rules_to_aws([rule for rule in live["lifecycle_rules"] if not rule.get("other")])
            after = rules_to_aws(want["lifecycle_rules"])
            versions = [
                one for page in aws("s3").get_paginator("list_object_versions").paginate(Bucket=name)
                for one in page.get("Versions", [])
            ]  # fmt: skip
            count = len(expired(versions, after) - expired(versions, before))
            told += [f"{count} versions of objects would expire"] if count else []
        return "; ".join(told)

    def tag(self, aws, live, add, remove):
        """S3 takes only the whole set of tags."""
        tags = {key: value for key, value in live["tags"].items() if key not in remove} | add
        self._put_tags(aws, live["name"], tags)

    @staticmethod
    def _put_tags(aws, name, tags):
        if tags:
            aws("s3").put_bucket_tagging(Bucket=name, Tagging={"TagSet": tagging.to_list(tags)})
        else:
            aws("s3").delete_bucket_tagging(Bucket=name)

    def delete(self, aws, live):
        """Empty the bucket, every version of every object, and delete it."""
        unless("NoSuchBucket", self._delete, aws, live["name"])

    def _delete(self, aws, name):
        self.empty(aws, name)
        aws("s3").delete_bucket(Bucket=name)

    @staticmethod
    def empty(aws, name, but=""):
        """Delete every version of every object, but for those of one key."""
        s3 = aws("s3")
        for upload in aws.pages("s3", "list_multipart_uploads", "Uploads", Bucket=name):
            which = {"Key": upload["Key"], "UploadId": upload["UploadId"]}
            unless("NoSuchUpload", s3.abort_multipart_upload, Bucket=name, **which)
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
            objects = [
                {"Key": item["Key"], "VersionId": item["VersionId"]}
                for item in page.get("Versions", []) + page.get("DeleteMarkers", [])
                if item["Key"] != but
            ]
            if not objects:
                continue
            told = s3.delete_objects(Bucket=name, Delete={"Objects": objects, "Quiet": True})
            for error in told.get("Errors", []):
                raise EngineError(f"the bucket {name} can't be emptied: {error['Key']}: {error.get('Message')}")

    def computed(self, aws, want):
        """A bucket's ARN can be computed."""
        return {"arn": aws.arn("s3", want["name"], region=False, account=False)}


S3_BUCKET = S3Bucket()
