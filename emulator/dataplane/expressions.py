"""Schedule expressions: when ``rate(…)``, ``cron(…)`` and ``at(…)`` are due next."""

import calendar
import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from emulator.evidence import documented, does

SECONDS = {"minute": 60, "hour": 3600, "day": 86400}
MONTHS = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if name}
DAYS = {name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), 1)}
_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_CRON = re.compile(r"cron\(([^)]+)\)")
_AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")
YEARS = 8  # to the next one that has a 29th of February


@does(
    "rate, cron and at say when; a day of a rate has 24 hours, also where the clocks change.",
    documented("https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html", "Daylight savings time"),
)
def following(expression: str, after: float, begun: float, zone: str = "UTC") -> float | None:
    """Return the first time after ``after`` that an expression is due; rates count from ``begun``, a time of theirs."""
    if found := _RATE.fullmatch(expression):
        every = int(found[1]) * SECONDS[found[2]]
        return begun + every * max(0, int((after - begun) // every) + 1)
    if found := _AT.fullmatch(expression):
        when = datetime.fromisoformat(found[1]).replace(tzinfo=ZoneInfo(zone)).timestamp()
        return when if when > after else None
    if found := _CRON.fullmatch(expression):
        return _cron(found[1], after, ZoneInfo(zone))
    raise ValueError(f"no schedule expression: {expression}")


@does(
    "A cron time that the clocks skip in spring isn't fired, and one that they show twice in autumn is fired once.",
    documented("https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html", "Daylight savings time"),
)
def _cron(text: str, after: float, zone: ZoneInfo) -> float | None:
    minutes, hours, days, months, weekdays, years = text.split()
    wanted_minutes, wanted_hours = _values(minutes, 0, 59), _values(hours, 0, 23)
    wanted_months, wanted_years = _values(months, 1, 12, MONTHS), _values(years, 1970, 2199)
    local = datetime.fromtimestamp(after, UTC).astimezone(zone)
    day = local.date()
    for _ in range(366 * YEARS):
        if day.year in wanted_years and day.month in wanted_months and _day(day, days, weekdays):
            for hour in wanted_hours:
                for minute in wanted_minutes:
                    asked = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)
                    when = asked.timestamp()
                    # What the clocks skip comes back as another time.
                    if when > after and asked.replace(tzinfo=None) == _shown(when, zone):
                        return when
        day += timedelta(days=1)
    return None


def _shown(when: float, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(when, UTC).astimezone(zone).replace(tzinfo=None)


def _values(text: str, low: int, high: int, names: dict | None = None) -> list[int]:
    """Return the numbers that a field stands for: ``*``, ``5``, ``1-5``, ``0/15``, ``MON,WED``."""
    found: set[int] = set()

    def number(one: str) -> int:
        return (names or {}).get(one.upper()) or int(one)

    for part in text.split(","):
        span, _, step = part.partition("/")
        if span in ("*", "?"):
            first, last = low, high
        elif "-" in span:
            first, last = map(number, span.split("-"))
        else:
            first, last = number(span), high if step else number(span)
        found.update(range(first, last + 1, int(step or 1)))
    return sorted(found)


@does(
    "cron knows L, W and # for days, and one of day and weekday is ?.",
    documented(
        "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html",
        "Cron expressions",
    ),
)
def _day(day, days: str, weekdays: str) -> bool:
    last = calendar.monthrange(day.year, day.month)[1]
    weekday = day.isoweekday() % 7 + 1  # Sunday is 1
    if days != "?":
        if days == "L":
            return day.day == last
        if days.endswith("W"):
            return day.day == _nearest_weekday(day, last, int(days[:-1]))
        return day.day in _values(days, 1, 31)
    if weekdays.endswith("L") and weekdays != "L":
        wanted = DAYS.get(weekdays[:-1].upper()) or int(weekdays[:-1])
        return weekday == wanted and day.day > last - 7
    if "#" in weekdays:
        name, nth = weekdays.split("#")
        wanted = DAYS.get(name.upper()) or int(name)
        return weekday == wanted and (day.day - 1) // 7 + 1 == int(nth)
    return weekday in _values("7" if weekdays == "L" else weekdays, 1, 7, DAYS)


def _nearest_weekday(day, last: int, wanted: int) -> int:
    date = day.replace(day=min(wanted, last))
    if date.isoweekday() == 6:
        return date.day - 1 if date.day > 1 else date.day + 2
    if date.isoweekday() == 7:
        return date.day + 1 if date.day < last else date.day - 2
    return date.day
