"""What came of the recorded tests, counted, and held against what was reached before and against the goals."""

from dataclasses import dataclass, fields
from pathlib import Path

from tests.judges.others import reasons

HERE = Path(__file__).resolve().parent
FIGURES = HERE / "figures.txt"
DIFFERENCES = HERE / "differences.txt"
ALL = "all"
COLUMNS = ("service", "tests", "as AWS", "%", "accepted", "%", "refusals", "same code", "%", "other", "not reached")


@dataclass(frozen=True)
class Figures:
    """A service's tests that call nothing but what we call, in numbers."""

    tests: int
    whole: int
    """Tests that saw AWS's answers, key by key."""
    accepted: int
    """Tests to which the embedded AWS answered where AWS refused."""
    refusals: int
    """Errors on their record."""
    same: int
    """Of these, met with the same code."""
    other: int
    """Of these, met with another code."""

    @property
    def missed(self) -> list[str]:
        """The goals that aren't reached."""
        goals = (
            (self.accepted * 100 <= self.tests * 2, "accepted though AWS refused: at most 2 %"),
            (self.same * 100 >= self.refusals * 95, "same code as the recorded refusal: at least 95 %"),
            (self.whole * 100 >= self.tests * 80, "as AWS in whole: at least 80 %"),
        )
        return [goal for reached, goal in goals if not reached]

    def worse(self, before: "Figures") -> list[str]:
        """Return what was better before."""
        better = {"tests": 1, "whole": 1, "accepted": -1, "refusals": 1, "same": 1}
        return [
            f"{name} {getattr(self, name)}, and was {getattr(before, name)}"
            for name, sign in better.items()
            if (getattr(self, name) - getattr(before, name)) * sign < 0
        ]


def verdict(result: dict) -> str:
    """Return what a test's result is: as AWS, accepted (where AWS refused), or differs."""
    if "DID NOT RAISE" in result["why"] or any(ours == "" for _key, _code, ours in result["refusals"]):
        return "accepted"
    return "as AWS" if result["outcome"] == "passed" else "differs"


def count(results: list[dict]) -> Figures:
    """Return the figures of some tests."""
    verdicts = [verdict(one) for one in results]
    refusals = [(code, ours) for one in results for _key, code, ours in one["refusals"]]
    return Figures(
        tests=len(results),
        whole=verdicts.count("as AWS"),
        accepted=verdicts.count("accepted"),
        refusals=len(refusals),
        same=sum(code == ours for code, ours in refusals),
        other=sum(bool(ours) and code != ours for code, ours in refusals),
    )


def total(figures: dict[str, Figures]) -> Figures:
    """Return the sums over all services."""
    return Figures(*(sum(getattr(one, field.name) for one in figures.values()) for field in fields(Figures)))


def table(figures: dict[str, Figures]) -> str:
    """Return the figures as a Markdown table, with their sums below."""
    lines = [f"| {' | '.join(COLUMNS)} |", "|---" * len(COLUMNS) + "|"]
    for name, one in [*sorted(figures.items()), (ALL, total(figures))]:
        unjudged = one.refusals - one.same - one.other
        cells = (
            name, one.tests, one.whole, _share(one.whole, one.tests), one.accepted, _share(one.accepted, one.tests),
            one.refusals, one.same, _share(one.same, one.refusals), one.other, unjudged,
        )  # fmt: skip
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}" if whole else "-"


# What was reached before


def read() -> dict[str, Figures]:
    """Return the committed figures by service."""
    rows = (line.split() for line in FIGURES.read_text().splitlines() if not line.startswith("#"))
    return {name: Figures(*map(int, numbers)) for name, *numbers in rows}


def write(figures: dict[str, Figures]) -> None:
    """Write figures of services over those that are committed."""
    kept = {**(read() if FIGURES.exists() else {}), **figures}
    lines = [f"# service {' '.join(field.name for field in fields(Figures))}"]
    lines += [
        " ".join([name, *(str(getattr(one, field.name)) for field in fields(Figures))])
        for name, one in sorted(kept.items())
    ]
    FIGURES.write_text("\n".join(lines) + "\n")


def problems(results: dict[str, list[dict]]) -> list[str]:
    """Return what keeps a run from being good: worse figures, missed goals, and differences without a reason."""
    before, known, found = read(), reasons(DIFFERENCES), []
    for service, tests in results.items():
        figures = count(tests)
        found += [f"{service}: {worse}" for worse in (figures.worse(before[service]) if service in before else ())]
        found += [f"{service}: {goal}" for goal in figures.missed]
        names = [f"{service}/{one['test']}" for one in tests if verdict(one) != "as AWS"]
        found += [f"{name}: has no reason in {DIFFERENCES.name}" for name in names if not known.get(name)]
    return found
