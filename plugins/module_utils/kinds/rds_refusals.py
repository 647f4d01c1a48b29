"""RDS: what it refuses of changes to an instance, because of the state and the sizes that the instance has."""

from __future__ import annotations

from .rds_versions import version

BROKEN = {
    "failed": "AWS couldn't make it",
    "inaccessible-encryption-credentials": "its key can't be used: enable the key",
    "inaccessible-encryption-credentials-recoverable": "its key can't be used: enable the key, then start the instance",
    "incompatible-network": "its network can't take it: look at the subnets' free addresses",
    "incompatible-option-group": "its option group doesn't fit",
    "incompatible-parameters": "its parameter group doesn't fit: look at the parameters' values",
    "incompatible-restore": "it can't be restored to that point",
    "insufficient-capacity": "AWS has no capacity for its class: choose another class",
    "restore-error": "it couldn't be restored",
    "stopped": "it is stopped: start it",
    "stopping": "it is being stopped: start it again",
    "storage-full": "its storage is full: raise its allocated storage",
}
FULL = "storage-full"
STORAGE = {"allocated_storage", "iops", "storage_throughput", "storage_type"}


def tenth(size: int) -> int:
    """Return the least that RDS makes of storage that grows: a tenth more."""
    return -(-size * 11 // 10)


def takes_no_change(aws, live, want, changes) -> str:
    """Judge the instance's state."""
    if not live or not changes - {"tags"}:
        return ""
    if live["status"] == "deleting":
        return "it is being deleted: run again when it is gone"
    # A larger storage is the way out.
    if live["status"] == FULL and "allocated_storage" in changes:
        return ""
    return BROKEN.get(live["status"], "")


def storage_is_optimised(aws, live, want, changes) -> str:
    """Judge a second change of the storage."""
    told = sorted(changes & STORAGE)
    if not live or not told or live["status"] != "storage-optimization":
        return ""
    return f"RDS still optimises its storage after the last change, and changes {', '.join(told)} only after that: wait"


def storage_cannot(aws, live, want, changes) -> str:
    """Judge sizes: storage never shrinks, and grows by a tenth at least."""
    if not live:
        return ""
    has, size = {**live, **live["pending"]}["allocated_storage"], want.get("allocated_storage")
    limit = want.get("max_allocated_storage") if "max_allocated_storage" in changes else None
    if "allocated_storage" in changes and size < has:
        return (
            f"allocated_storage can't go back from {has} to {size} GiB, since RDS never takes storage away: write "
            f"{has}, or a max_allocated_storage of {has} or more if RDS itself has let it grow"
        )
    if "allocated_storage" in changes and has < size < tenth(has):
        return (
            f"allocated_storage can't go from {has} to {size} GiB, since RDS makes it a tenth larger at least: write "
            f"{tenth(has)} or more"
        )
    least = max(has, size or 0)
    if limit and limit != least and limit < tenth(least):
        return (
            f"max_allocated_storage can't be {limit} GiB, since the database has {least}: allowed are 0, which lets it "
            f"grow no more, and {tenth(least)} or more"
        )
    return ""


def version_cannot(aws, live, want, changes) -> str:
    """Judge upgrades."""
    if not live or "engine_version" not in changes:
        return ""
    there, wanted = live["engine_version"], want["engine_version"]
    if version(wanted)[0] < version(there)[0]:
        return f"engine_version can't go back from {there} to {wanted}: restore a snapshot of {wanted}"
    if version(wanted)[0] > version(there)[0] and not want.get("allow_major_version_upgrade"):
        return major_by_hand(live["db_instance_identifier"], there, wanted)
    found = aws.pages(
        "rds", "describe_db_engine_versions", "DBEngineVersions", Engine=live["engine"], EngineVersion=there,
    )  # fmt: skip
    listed = {one["EngineVersion"] for item in found for one in item.get("ValidUpgradeTarget", [])}
    targets = sorted(listed, key=version)
    if not any(one == wanted or one.startswith(f"{wanted}.") for one in targets):
        return f"RDS upgrades {there} to {', '.join(targets) or 'nothing else'}, and not to {wanted}"
    return ""


def major_by_hand(instance: str, there: str, wanted: str) -> str:
    """Say why an apply makes no major upgrade, and how it is made."""
    major = version(wanted)[0]
    return (
        f"engine_version goes from {there} to {wanted} by a runbook of its own and not by an apply, since a major "
        "upgrade stops the database for long and has no way back but a snapshot. Until there is one, by hand: "
        f"1. aws rds create-db-snapshot --db-instance-identifier {instance} "
        f"--db-snapshot-identifier {instance}-before-{major}; "
        f"2. aws rds modify-db-instance --db-instance-identifier {instance} --engine-version {wanted} "
        f"--allow-major-version-upgrade --db-parameter-group-name default.postgres{major} --apply-immediately; "
        f"3. when it is available, write {wanted} in the inventory and apply, which makes the new family's parameter "
        "group and gives it; 4. restart it, and run ANALYZE"
    )
