"""Live against recorded: what changed, what is gone, what nobody declared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from . import deleting, listings, unmanaged
from . import elsewhere as regions
from . import tags as tagging
from .errors import EngineError
from .record import identity, kinds_of, unrecorded
from .remediation import remediate
from .severity import LEVELS, Severity, severity
from .stack import waves
from .survey import Survey, find_unlisted, result_or_reason, survey
from .sync import steady, unnamed_loss
from .trail import who
from .unmanaged import Unmanaged

if TYPE_CHECKING:
    from .aws import Aws
    from .kind import Kind
    from .typed import Kinds, Record, Report, Resource


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it was recorded."""

    category: str
    """changed, removed or extra."""
    kind: str
    name: str
    path: str = ""
    """The field, down to the value; nothing for a whole resource."""
    recorded: Any = None
    live: Any = None
    where: str = ""
    """For something beside the stack's resources: how it was found."""
    owner: str = ""
    """Who moves the field after an apply: such a finding is no drift."""
    rows: tuple[Severity, ...] = ()
    """How bad findings of its kind are, besides what holds for all kinds."""

    @property
    def field(self) -> str:
        """The field of the resource."""
        return self.path.partition(".")[0].partition("[")[0]

    @property
    def severity(self) -> str:
        """How bad it is: one of LEVELS."""
        return "info" if self.owner else severity(self, self.rows)

    def as_dict(self, **more: Any) -> Report:
        """Return the finding as reports have it, with more that is known of it: who did it, how it is put right."""
        said = {name: getattr(self, name) for name in REPORTED}
        return cast("Report", {**said, **UNSAID, "variables": [], **more})


REPORTED = ("category", "kind", "name", "path", "field", "recorded", "live", "where", "owner", "severity")
UNSAID = dict.fromkeys(("who", "when", "event", "revert", "loses", "accept"), "")


@dataclass
class Drift:
    """What a comparison found."""

    findings: list[Finding] = field(default_factory=list)
    externally_managed: list[Finding] = field(default_factory=list)
    unreadable: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    seen: Survey = field(default_factory=Survey)
    unmanaged: dict[tuple, Unmanaged] = field(default_factory=dict)
    changed_by: dict[int, dict[str, str]] = field(default_factory=dict)
    """Who changed what a finding is about, when, by which event; by the finding's id()."""


def drift(aws: Aws, stack: str, kinds: Kinds, record: Record, *, trail: bool = True) -> Drift:
    """Compare a stack with its record."""
    kinds = regions.known(kinds, kinds_of(record))
    found = Drift(seen=survey(aws, stack, kinds))
    found.unreadable = dict(found.seen.unreadable)
    severities = listings.severities(kinds)
    for name in sorted({*record["resources"], *found.seen.resources}):
        if name not in kinds:
            found.unreadable[name] = f"the record has {name}, which this version of the collection doesn't know"
        elif name in record["kinds"]:
            _kind(aws, kinds[name], record, found, severities.get(name, ()))
        else:
            found.notes.append(f"{name} is new in this version of the collection; the next apply records it")
    unseen = {name: record["resources"].get(name, []) for name in found.unreadable}
    others, refused = unmanaged.find(aws, stack, kinds, found.seen, unseen)
    found.unreadable = refused | found.unreadable
    accepted = {tuple(pair) for pair in record.get("beside", [])}
    for other in (one for one in others if (one.kind, one.name) not in accepted):
        found.unmanaged[other.kind, other.name] = other
        rows = severities.get(other.kind, ())
        found.findings.append(Finding("extra", other.kind, other.name, live=other.live, where=other.where, rows=rows))
    for findings in (found.findings, found.externally_managed):
        findings.sort(key=lambda one: (LEVELS.index(one.severity), one.kind, one.name, one.path))
    found.notes += sorted(aws.notes)
    if trail and found.findings:
        _who(aws, kinds, record, found)
    _unfinished(kinds, record, found)
    return found


def _kind(aws: Aws, kind: Kind, record: Record, found: Drift, rows: tuple[Severity, ...]) -> None:
    recorded = [tagging.without_foreign(one, aws.ignored_tags) for one in record["resources"].get(kind.name, [])]
    live = list(found.seen.resources.get(kind.name, []))
    seen_all = kind.name not in found.unreadable or bool(live)
    for one, other in pairs(kind, recorded, live):
        recorded.remove(one)
        live.remove(other)
        _compare(kind, one, other, found, rows)
    for one in recorded if seen_all else []:
        other, told = find_unlisted(aws, kind, one)
        if told:
            found.unreadable.setdefault(kind.name, told)
        elif other is None:
            found.findings.append(Finding("removed", kind.name, kind.label(one), recorded=one, rows=rows))
        else:
            live = [each for each in live if each != other]
            found.seen.resources.setdefault(kind.name, []).append(other)
            found.seen.live.setdefault(kind.name, []).append(other)
            _compare(kind, one, other, found, rows)
    for one in live:
        found.findings.append(Finding("extra", kind.name, kind.label(one), live=one, rows=rows))


def pairs(kind: Kind, recorded: list[dict], live: list[dict]) -> list[tuple[dict, dict]]:
    """Return the resources that are the same ones: by AWS's id, then by what identifies them."""
    made: list[tuple[Resource, Resource]] = []
    free = list(live)
    for same in (_by_id, lambda one, other: identity(kind, one) == identity(kind, other)):
        for one in recorded:
            if any(one is done for done, _other in made):
                continue
            other = next((each for each in free if same(one, each)), None)
            if other is not None:
                made.append((one, other))
                free = [each for each in free if each is not other]
    return made


def _by_id(one: Any, other: Any) -> bool:
    return any(one.get(key) and one.get(key) == other.get(key) for key in ("id", "arn", "url"))


def _compare(kind: Kind, recorded: Resource, live: Resource, found: Drift, rows: tuple[Severity, ...]) -> None:
    for difference in kind.differences(recorded, live):
        owner = kind.external_manager(difference, recorded, live)
        finding = Finding(
            difference.category, kind.name, kind.label(recorded), difference.path, difference.recorded,
            difference.live, owner=owner, rows=rows,
        )  # fmt: skip
        (found.externally_managed if owner else found.findings).append(finding)
        if owner and finding.field in kind.noted:
            what = f"{kind.title} {kind.label(recorded)}: {finding.field}"
            found.notes.append(f"{what} set by {owner}: no drift, and a revert leaves it")


def _unfinished(kinds: Kinds, record: Record, found: Drift) -> None:
    """Tell what runs changed that ended before their record: a run knows that better than AWS's log of events."""
    for finding in (one for one in found.findings if one.kind in kinds):
        kind = kinds[finding.kind]
        lives = found.seen.resources.get(finding.kind, [])
        live = next((one for one in lives if kind.label(one) == finding.name), None)
        by = unrecorded(record, kind, live, finding.name, finding.field)
        if by:
            found.changed_by[id(finding)] = by
            note = f"the next apply records what was changed by {by['who']}, {by['event']}, {by['when']}"
            found.notes += [] if note in found.notes else [note]


def _who(aws: Aws, kinds: Kinds, record: Record, found: Drift) -> None:
    names = {}
    for finding in found.findings:
        plain = kinds[finding.kind].event_name(finding.name) if finding.kind in kinds else finding.name
        whole: Resource = {} if finding.path else finding.live or finding.recorded or {}
        names[id(finding)] = whole.get("id") or _id(finding, record) or plain
    of = {id(finding): kinds[finding.kind].region if finding.kind in kinds else "" for finding in found.findings}
    for region in sorted(set(of.values())):
        those = {one: name for one, name in names.items() if of[one] == region}
        known, told = who(regions.there(aws, region), list(those.values()), record.get("time", ""))
        if told:
            found.notes.append(told)
        found.changed_by |= {one: known[name] for one, name in those.items() if name in known}


def _id(finding: Finding, record: Record) -> str:
    """Return the id under which CloudTrail knows an EC2 resource, whose name is only a tag."""
    for one in record["resources"].get(finding.kind, []):
        if finding.name in (one.get("name"), one.get("alias")) and one.get("id"):
            return one["id"]
    return ""


# Setting things right


def put_back(
    aws: Aws, kinds: Kinds, record: Record, found: Drift, named: Callable[[Finding], Any]
) -> tuple[list[str], list[str]]:
    """Put back what an apply doesn't say, and take off what nobody declared where ``named`` says so.

    What would be lost by it is put back only where it is named, then also what somebody moved who may. Returns what
    was put back, and what has to be done by hand.
    """
    done, left = [], []
    of: dict[tuple, list[Finding]] = {}
    for finding in (*found.findings, *(one for one in found.externally_managed if _asked(aws, kinds, one))):
        if finding.path and finding.kind in kinds:
            of.setdefault((finding.kind, finding.name), []).append(finding)
    for (name, label), findings in of.items():
        kind = kinds[name]
        recorded = next(one for one in record["resources"][name] if kind.label(one) == label)
        children = {child.field for child in kind.children} | set(kind.follows)
        fields = {finding.field for finding in findings}
        chosen = [finding for finding in findings if finding.field in children and named(finding)]
        why: dict[str, str] = {}
        put, told = result_or_reason(lambda: _put(kind, aws, recorded, fields - children, chosen, why))  # noqa: B023 - at once
        done += [f"{name} {label}: {one}" for one in sorted(put or ())]
        left += [
            f"{name} {label}: {one}" + (f": {why.get(one) or told}" if one in why or told else "")
            for one in sorted(fields - (put or set()))
        ]
    return done, left


def _asked(aws: Aws, kinds: Kinds, finding: Finding) -> bool:
    """Say whether a field is to be put back that somebody moved who may."""
    noted = finding.kind in kinds and finding.field in kinds[finding.kind].noted
    return noted and f"{finding.kind}/{finding.name}" in aws.may_lose


def _put(
    kind: Kind, aws: Aws, recorded: Resource, fields: set[str], chosen: list[Finding], why: dict[str, str]
) -> set[str]:
    aws = regions.there(aws, kind.region)
    live = steady(kind, aws, recorded)
    if live is None:
        return set()
    extra = [finding for finding in chosen if finding.category == "extra"]
    taken = {finding.field for finding in extra if kind.remove_child(aws, live, finding)}
    want = {**live, **recorded}
    for one in sorted(fields):
        told = kind.refused(aws, live, want, {one}) or unnamed_loss(kind, aws, live, want, {one})
        if told:
            why[one] = told
    return remediate(kind, aws, live, recorded, fields - why.keys()) | taken


def take_away(aws: Aws, kinds: Kinds, found: Drift, named: Callable[[Finding], Any]) -> tuple[list[str], list[str]]:
    """Delete whole resources that nobody declared, where ``named`` says so; return what was, and what wasn't.

    One that holds what nobody can bring back must be named itself: ``all`` is no name.
    """
    done: list[str] = []
    left: list[str] = []
    chosen = [one for one in found.findings if one.category == "extra" and not one.path and named(one)]
    order = [name for wave in waves(kinds) for name in wave]
    chosen.sort(key=lambda one: order.index(one.kind) if one.kind in order else -1)
    for finding in chosen:
        _none, told = result_or_reason(lambda: _end(aws, kinds, found, finding, named(finding)))  # noqa: B023 - called at once
        (left if told else done).append(f"{finding.kind} {finding.name}{told and ': '}{told}")
    return done, left


def _end(aws: Aws, kinds: Kinds, found: Drift, finding: Finding, how: Any) -> None:
    kind, other, live = kinds.get(finding.kind), found.unmanaged.get((finding.kind, finding.name)), None
    if kind and not other:
        live = next(one for one in found.seen.live[kind.name] if kind.label(one) == finding.name)
    elif kind and kind.identity == ("name",):
        live = kind.find(aws, {"name": finding.name})
    lost = kind.loses(aws, live, None, set()) if kind and live and how == "all" else ""
    if lost:
        name = f"{finding.kind}/{finding.name}"
        raise EngineError(f"{lost}: it is deleted only where it is named, by drift_delete={name}")
    if other:
        unmanaged.delete(aws, other, kinds)
    elif kind and live:
        deleting.delete(kind, aws, live, deleting.ALONE_SECONDS)
