"""What became of the tests that were run on AWS: on the embedded AWS, held against moto alone."""

from collections import defaultdict
from dataclasses import dataclass

PASSES, DIFFERS, UNJUDGED = "passes", "differs", "not judged"
COLUMNS = ("service", "tests of our operations", "pass", "differ", "tests of others", "pass", "differ", "not judged")
ALL = "all"


@dataclass(frozen=True)
class Result:
    """A test, and what came of it."""

    test: str
    kind: str
    """Passes, differs from moto alone that passes, or isn't judged: moto alone fails as well, or skips it."""
    called: bool
    """Whether it calls nothing but what we call."""
    why: str

    @property
    def service(self) -> str:
        """The folder, without its prefix."""
        return self.test.partition("/")[0].removeprefix("test_")


def judged(moto: dict[str, dict], ours: dict[str, dict], operations: set[str]) -> list[Result]:
    """Return the results; what was not even begun on the embedded AWS differs."""
    found = []
    for test, alone in moto.items():
        here = ours.get(test, {"outcome": "failed", "why": "it was not run"})
        if here["outcome"] == "passed" and alone["outcome"] != "skipped":
            kind = PASSES
        else:
            kind = DIFFERS if alone["outcome"] == "passed" else UNJUDGED
        found.append(Result(test, kind, bool(alone["calls"]) and set(alone["calls"]) <= operations, here["why"]))
    return found


def table(results: list[Result]) -> str:
    """Return the figures as a Markdown table, with their sums below."""
    rows = defaultdict(list)
    for one in results:
        rows[one.service].append(one)
    lines = [f"| {' | '.join(COLUMNS)} |", "|---" * len(COLUMNS) + "|"]
    lines += [_line(name, tests) for name, tests in [*sorted(rows.items()), (ALL, results)]]
    return "\n".join(lines)


def _line(name: str, tests: list[Result]) -> str:
    cells = [name]
    for called in (True, False):
        kinds = [one.kind for one in tests if one.called == called and one.kind != UNJUDGED]
        cells += [len(kinds), kinds.count(PASSES), kinds.count(DIFFERS)]
    return f"| {' | '.join(map(str, [*cells, sum(one.kind == UNJUDGED for one in tests)]))} |"


def problems(results: list[Result], reasons: dict[str, str]) -> list[str]:
    """Return what keeps a run from being good: differences without a reason, reasons that nothing needs any more."""
    found = [f"{one.test} differs: {one.why}" for one in results if one.kind == DIFFERS and not reasons.get(one.test)]
    found += [f"{one.test} has a reason and passes" for one in results if one.kind == PASSES and one.test in reasons]
    return found
