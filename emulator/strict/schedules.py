"""The grammar of schedules: cron(), rate() and at(), as EventBridge, its Scheduler and scaling plans read them."""

import re

_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
# least, most, names, and what else a value can be; years are not checked by AWS.
_FIELDS = (
    (0, 59, (), ""),
    (0, 23, (), ""),
    (1, 31, (), r"\?|L|LW|L-\d+|\d+W"),
    (1, 12, _MONTHS, ""),
    (1, 7, _DAYS, r"\?|L|\w+L|\w+#[1-5]"),
    (0, 9999, (), ""),
)
_AT = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?")


def cron(text: str, lengths=(6,)) -> bool:
    """Tell whether text is what can stand in ``cron()``."""
    fields = text.split(" ")
    if len(fields) not in lengths or (fields[2] == "?") == (fields[4] == "?"):
        return False
    return all(_field(value, *kind) for value, kind in zip(fields, _FIELDS, strict=False))


def _field(text: str, least: int, most: int, names, special: str) -> bool:
    def value(one: str) -> bool:
        return one.upper() in names or (one.isdigit() and least <= int(one) <= most)

    def item(one: str) -> bool:
        if special and re.fullmatch(special, one.upper()):
            return True
        span, slash, step = one.partition("/")
        if slash and not step.isdigit():
            return False
        return span == "*" or all(map(value, span.split("-", 1)))

    return bool(text) and all(map(item, text.split(",")))


def rate(text: str, strict: bool = False) -> bool:
    """Tell whether text is what can stand in ``rate()``; ``strict`` says 1 minute, 2 minutes."""
    found = re.fullmatch(r"(\d+) (minute|hour|day)(s?)" if strict else r"(\d+) *(minute|hour|day)(s?)", text)
    return bool(found) and int(found[1]) > 0 and (not strict or (found[1] == "1") == (found[3] == ""))


def of_rule(expression: str) -> bool:
    """Tell whether EventBridge takes a rule's schedule."""
    found = re.fullmatch(r"(cron|rate)\((.*)\)", expression)
    return bool(found) and (cron(found[2]) if found[1] == "cron" else rate(found[2], strict=True))


def of_schedule(expression: str) -> bool:
    """Tell whether EventBridge Scheduler, or Application Auto Scaling, takes a schedule."""
    found = re.fullmatch(r"(cron|rate|at)\((.*)\)", expression, re.IGNORECASE)
    if not found:
        return False
    kind, text = found[1].lower(), found[2]
    if kind == "at":
        return bool(_AT.fullmatch(text))
    return cron(text, (5, 6)) if kind == "cron" else rate(text.lower())
