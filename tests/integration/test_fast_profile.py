"""A whole profile gives the same results in process as at stock: every task's, from an empty account to the second run.

At stock speed a profile takes minutes: ``make proofs`` compares both; the gate has test_fast.py, which compares tasks.
"""

import json
import re

import pytest

from tests.integration.conftest import PROOFS
from tests.integration.test_fast import FAST, ROOT, STOCK, differences

PROFILES = ("ultra", "standard") if PROOFS else ()
RUNS = {"check from empty": ("--check", "--diff"), "apply": ("--diff",), "no-op check": ("--check", "--diff")}
# A lock's id and age, a commit, the end of a secret's ARN.
OWN_ID = re.compile(r"\b[0-9a-f]{32}\b|\b[0-9a-f]{40}\b\+?|(?<=/app-)\w{6}\b|(?<=/database-)\w{6}\b|\d+ s ago")
# The look at the whole stack is for forks of one parent: at stock there is nobody to keep it for.
LOOK = "Look at the whole stack at once"


@pytest.mark.parametrize("profile", PROFILES)
def test_a_whole_profile_gives_the_stock_results(play, emulator, profile, capsys):
    told = {}
    for way, settings in {"stock": STOCK, "fast": FAST}.items():
        emulator.reset()
        for title, arguments in RUNS.items():
            # No callback tells what was done: the record's role knows it from the tasks.
            done = play(ROOT / f"playbooks/{profile}.yml", "-i", ROOT / "inventories/local", *arguments, **settings)
            assert done.rc == 0, done.output[-3000:]
            done.results = json.loads(OWN_ID.sub("id", json.dumps(done.results)))
            done.results = [result for result in done.results if LOOK not in result["task"]]
            told[way, title] = done
    for title in RUNS:
        stock, fast = told["stock", title], told["fast", title]
        assert len(fast.results) > 40
        assert [result["task"] for result in fast.results] == [result["task"] for result in stock.results]
        assert differences(stock, fast) == [], title
        with capsys.disabled():
            print(f"\n{profile}, {title}: stock {stock.seconds:.1f} s, in process {fast.seconds:.1f} s", end="")
