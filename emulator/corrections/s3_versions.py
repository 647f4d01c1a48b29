"""S3's versions: their ids and order, delete markers, suspended versioning, and deletions."""

import secrets
import string
from types import SimpleNamespace
from urllib.parse import quote

from moto.core.responses import ActionResult
from moto.iam.access_control import PermissionResult
from moto.s3 import notifications
from moto.s3.exceptions import AccessDeniedByLock
from moto.s3.models import FakeBucket, FakeDeleteMarker, FakeKey, S3Backend
from moto.s3.responses import S3Response

from emulator.corrections.s3 import OWNER, Refused, asked, completes
from emulator.corrections.s3_objects import invalid_version
from emulator.patching import Obsolete, correction, replacing

LETTERS = string.ascii_letters + string.digits + "._"
NULL = "null"
EVENTS = notifications.S3NotificationEvent


def fresh() -> str:
    """Return a version id of S3's form."""
    return "".join(secrets.choice(LETTERS) for _ in range(32))


def adds(bucket, name: str, made, version: str) -> None:
    """Let an object or delete marker be a key's newest version: of an id, or as the only one without."""
    made._version_id = version
    kept = bucket.keys.getlist(name, [])
    if version == NULL:
        kept = [one for one in kept if one.version_id != NULL]
    bucket.keys.setlist(name, [*kept, made])
    bucket.count += 1
    bucket.made[version] = bucket.count


@correction("s3", "versions have ids of 32 letters; while versioning is suspended one without id is written over")
def versions():
    @replacing(FakeBucket, "__init__")
    def init(original, self, *args, **kwargs):
        original(self, *args, **kwargs)
        self.count, self.made = 0, {}  # version ids that were ever given, with the number of their writing

    @replacing(S3Backend, "put_object")
    def put(original, self, bucket_name, key_name, *args, **kwargs):
        bucket = self.get_bucket(bucket_name)
        silent = kwargs.pop("disable_notification", False)
        kept = bucket.keys.getlist(key_name, [])
        dict.pop(bucket.keys, key_name, None)  # moto would drop all versions while versioning is suspended
        try:
            made = original(self, bucket_name, key_name, *args, disable_notification=True, **kwargs)
        finally:
            dict.__setitem__(bucket.keys, key_name, kept) if kept else dict.pop(bucket.keys, key_name, None)
        adds(bucket, key_name, made, fresh() if bucket.is_versioned else NULL)
        if not silent:
            posted = kwargs.get("request_method") == "POST"
            event = EVENTS.OBJECT_CREATED_POST_EVENT if posted else EVENTS.OBJECT_CREATED_PUT_EVENT
            notifications.send_event(self.account_id, event, bucket, made)
        return made


@correction("s3", "a delete marker can be deleted, and the last one takes its key along")
def delete_markers():
    if hasattr(FakeDeleteMarker, "dispose"):
        raise Obsolete("moto disposes of delete markers now")
    FakeDeleteMarker.dispose = lambda self: None


@correction("s3", "deletions make markers of any key, and take a version away once; none that never was")
def deletions():
    @replacing(S3Backend, "delete_object")
    def delete(_original, self, bucket_name, key_name, version_id=None, bypass=False):
        bucket = self.get_bucket(bucket_name)
        kept = bucket.keys.getlist(key_name, [])
        if not version_id and bucket.versioning_status:
            marker = FakeDeleteMarker(SimpleNamespace(name=key_name))
            adds(bucket, key_name, marker, fresh() if bucket.is_versioned else NULL)
            event = EVENTS.OBJECT_REMOVED_DELETE_MARKER_CREATED_EVENT
            notifications.send_event(self.account_id, event, bucket, marker)
            return True, {"version-id": marker.version_id, "delete-marker": "true"}
        if version_id and version_id != NULL and version_id not in bucket.made:
            raise invalid_version(version_id)
        found = next((one for one in kept if one.version_id == (version_id or NULL)), None)
        told = {"version-id": version_id} if version_id and bucket.versioning_status else {}
        if isinstance(found, FakeDeleteMarker):
            told["delete-marker"] = "true"
        if found is None:
            if not version_id:  # S3 tells of it as if there had been something
                gone = SimpleNamespace(name=key_name, version_id=NULL)
                notifications.send_event(self.account_id, EVENTS.OBJECT_REMOVED_DELETE_EVENT, bucket, gone)
            return False, told
        if isinstance(found, FakeKey) and found.is_locked(governance_bypass=bypass):
            raise AccessDeniedByLock
        notifications.send_event(self.account_id, EVENTS.OBJECT_REMOVED_DELETE_EVENT, bucket, found)
        if len(kept) > 1:
            bucket.keys.setlist(key_name, [one for one in kept if one is not found])
        else:
            bucket.keys.pop(key_name)
        return True, told

    @replacing(S3Response, "_bucket_response_delete_keys")
    def delete_keys(_original, self, bucket_name, authenticated=True):
        bucket, given = self.backend.get_bucket(bucket_name), asked().get("Delete") or {}
        deleted, refused = [], []
        for one in given.get("Objects") or ():
            try:
                deleted.append(_delete(self, bucket, one, authenticated))
            except Refused as error:
                refused.append({**one, "Code": error.code, "Message": error.message})
        self.data["Action"] = "DeleteObjects"
        answer = {"Errors": refused} if given.get("Quiet") else {"Deleted": deleted, "Errors": refused}
        return self.serialized(ActionResult(answer))


def _delete(api, bucket, one: dict, authenticated: bool) -> dict:
    """Delete one of several objects; return what is told of it."""
    name, version = one["Key"], one.get("VersionId")
    allowed = bucket.get_permission("s3:DeleteObject", f"arn:aws:s3:::{bucket.name}/{name}")
    if not authenticated or allowed == PermissionResult.DENIED:
        raise Refused("AccessDenied", "Access Denied")
    if version and version != NULL and version not in bucket.made:
        raise Refused("NoSuchVersion", "The specified version does not exist.")
    try:
        bypass = bool(asked().get("BypassGovernanceRetention"))
        _done, told = api.backend.delete_object(bucket.name, name, version, bypass)
    except AccessDeniedByLock:
        raise Refused("AccessDenied", "Access Denied because object protected by object lock.") from None
    answer = {"Key": name} | ({"VersionId": version} if version else {})
    if told.get("delete-marker"):
        answer |= {"DeleteMarker": True, "DeleteMarkerVersionId": told["version-id"]}
    return answer


# Lists


@correction("s3", "versions are listed by key, newest first, and page by page with their common prefixes")
def lists():
    @replacing(S3Backend, "list_object_versions")
    def listed(
        _original, self, bucket_name, delimiter=None, key_marker=None, max_keys=1000, prefix="", version_id_marker=None
    ):
        bucket = self.get_bucket(bucket_name)
        found: dict[str, list] = {"versions": [], "prefixes": [], "markers": []}
        last = (None, None)
        for name, version in _after(bucket, prefix, delimiter, key_marker, version_id_marker):
            if sum(map(len, found.values())) == max_keys:
                return found["versions"], found["prefixes"], found["markers"], *(last if max_keys else (None, None))
            kind = {FakeKey: "versions", FakeDeleteMarker: "markers", str: "prefixes"}[type(version)]
            found[kind].append(version)
            last = name, getattr(version, "version_id", None)
        return found["versions"], found["prefixes"], found["markers"], None, None


def _after(bucket, prefix, delimiter, marker, version_marker):
    """Yield each key's versions, or the prefix that stands for several keys, after a place in the list."""
    told = None
    for name in sorted(bucket.keys):
        if not name.startswith(prefix or ""):
            continue
        before, found, _after_it = name[len(prefix or "") :].partition(delimiter) if delimiter else ("", "", "")
        if found:
            common = (prefix or "") + before + found
            if common != told and not (marker and common <= marker):
                yield common, common
            told = common
            continue
        if marker and (name < marker or (name == marker and not version_marker)):
            continue
        kept = bucket.keys.getlist(name)
        for version in reversed(kept):
            version.is_latest = version is kept[-1]
            if name == marker and bucket.made[version.version_id] >= bucket.made.get(version_marker, 0):
                continue
            yield name, version


@completes("ListObjectVersions")
def list_object_versions(api, answer):
    """Tell checksums and owner, and encode what may hold any character."""
    keys = api.backend.buckets[api.bucket_name].keys
    for one in (*answer["Versions"], *answer["DeleteMarkers"]):
        one["Owner"] = OWNER
    for one in answer["Versions"]:
        version = next(each for each in keys.getlist(one["Key"]) if each.version_id == one["VersionId"])
        if version.checksum_type:
            one |= {"ChecksumAlgorithm": [version.checksum_algorithm], "ChecksumType": version.checksum_type}
    if not asked().get("EncodingType"):
        return
    answer["EncodingType"] = "url"
    for name in ("KeyMarker", "NextKeyMarker", "Prefix", "Delimiter"):
        if answer.get(name):
            answer[name] = quote(answer[name])
    for one in (*answer["Versions"], *answer["DeleteMarkers"]):
        one["Key"] = quote(one["Key"])
    for one in answer.get("CommonPrefixes", ()):
        one["Prefix"] = quote(one["Prefix"])
