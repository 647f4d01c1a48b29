"""What RDS takes."""

from __future__ import annotations

import re

from .registry import Sentences, Variable, rule

DAY, WEEK, SHORTEST = 24 * 60, 7 * 24 * 60, 30
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
GP3 = (20, 65536)
MAJORS = (13, 14, 15, 16, 17, 18)
RESERVED = ("admin", "rdsadmin", "rds_superuser", "rdsrepladmin", "database", "user")
TIME = r"([01]\d|2[0-3]):([0-5]\d)"


def daily(text: str) -> tuple[int, int] | None:
    """Return start and length, in minutes of the day, of a window such as 03:00-04:00."""
    found = re.fullmatch(f"{TIME}-{TIME}", text)
    if not found:
        return None
    begin, end = (int(found[at]) * 60 + int(found[at + 1]) for at in (1, 3))
    return begin, (end - begin) % DAY


def weekly(text: str) -> tuple[int, int] | None:
    """Return start and length, in minutes of the week, of a window such as sun:04:00-sun:05:00."""
    day = "(" + "|".join(DAYS) + ")"
    found = re.fullmatch(f"{day}:{TIME}-{day}:{TIME}", text.lower())
    if not found:
        return None
    begin, end = (DAYS.index(found[at]) * DAY + int(found[at + 1]) * 60 + int(found[at + 2]) for at in (1, 4))
    return begin, (end - begin) % WEEK


def overlap(backup: tuple[int, int], maintenance: tuple[int, int]) -> bool:
    """Say whether a window of every day and one of the week share a minute; touching is fine."""
    return any(
        (maintenance[0] - begin) % WEEK < backup[1] or (begin - maintenance[0]) % WEEK < maintenance[1]
        for begin in range(backup[0], WEEK, DAY)
    )


@rule("database_backup_window", "database_maintenance_window")
def windows(backup: Variable, maintenance: Variable) -> Sentences:
    """RDS wants both windows, half an hour each, apart from each other."""
    each_day, each_week = daily(backup.value), weekly(maintenance.value)
    if each_day is None:
        yield f"{backup}: it must be a time of the day in UTC such as 03:00-04:00"
    elif each_day[1] < SHORTEST:
        yield f"{backup}: a window must be at least 30 minutes long"
    if each_week is None:
        yield f"{maintenance}: it must be a time of the week in UTC such as sun:04:00-sun:05:00"
    elif not SHORTEST <= each_week[1] < DAY:
        yield f"{maintenance}: a window must be at least 30 minutes and less than a day long"
    if each_day and each_week and overlap(each_day, each_week):
        yield f"{maintenance}, and {backup}: the windows must not overlap"


@rule("database_backup_retention_days")
def backups(days: Variable) -> Sentences:
    """RDS keeps backups for up to 35 days."""
    if not 0 <= days.value <= 35:
        yield f"{days}: allowed are 0 (no backups) to 35"


@rule("database_allocated_storage")
def storage(size: Variable) -> Sentences:
    """The sizes of a gp3 volume."""
    if not GP3[0] <= size.value <= GP3[1]:
        yield f"{size}: gp3 has {GP3[0]} to {GP3[1]} GiB"


@rule("database_allocated_storage", "database_max_allocated_storage")
def growth(size: Variable, longest: Variable) -> Sentences:
    """Storage may grow by a tenth at least, or not at all (0, or the same size)."""
    if longest.value and longest.value != size.value and not size.value * 1.1 <= longest.value <= GP3[1]:
        yield (
            f"{longest}, and {size}: allowed are 0 (it never grows) and a tenth more than it has, "
            f"{-(-size.value * 11 // 10)}, up to {GP3[1]} GiB"
        )


@rule("database_engine_version")
def version(text: Variable) -> Sentences:
    """Majors that RDS still makes, and that this collection knows."""
    found = re.fullmatch(r"(\d+)(\.\d+)?", text.value)
    if not found or int(found[1]) not in MAJORS:
        yield f"{text}: it must be a version of PostgreSQL {', '.join(map(str, MAJORS))}, for example '{MAJORS[-2]}'"


@rule("database_name")
@rule("database_master_username")
@rule("secrets_database_username")
def identifier(name: Variable) -> Sentences:
    """Names that RDS takes for databases and users."""
    if not re.fullmatch(r"[A-Za-z]\w{0,62}", name.value, re.ASCII) or name.value.lower() in RESERVED:
        yield (
            f"{name}: allowed are up to 63 letters, digits and underscores, a letter first, "
            f"and not {', '.join(RESERVED)}"
        )


@rule("database_master_username", "secrets_database_username")
def two_users(master: Variable, own: Variable) -> Sentences:
    """The application must not be the administrator."""
    if master.value == own.value:
        yield f"{own}, and {master}: the application needs a user of its own"


@rule("database_port")
def port(number: Variable) -> Sentences:
    """RDS listens on these."""
    if not 1150 <= number.value <= 65535:
        yield f"{number}: RDS allows 1150 to 65535"


@rule("database_instance_class")
def instance_class(name: Variable) -> Sentences:
    """Classes of RDS for PostgreSQL."""
    if not re.fullmatch(r"db\.[a-z]+\d[a-z]*\.(micro|small|medium|large|\d*xlarge)", name.value):
        yield f"{name}: it must be an RDS instance class such as db.t3.micro or db.m6g.2xlarge"
