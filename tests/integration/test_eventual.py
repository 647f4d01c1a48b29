"""An AWS that is late: whole lives of the stacks and releases, each drawn from a seed, well at the first try.

``make eventual`` runs them for ten seeds, ``make eventual SEEDS="3 7"`` for these: they take too long for the gate, in
which tests/unit/emulator/test_eventual.py and the kinds' own tests show each lag alone.
"""

from __future__ import annotations

import json
import os
import time

import pytest

from emulator import lags
from emulator.ask import ask

from .conftest import CREDENTIALS, Emulator
from .releasing import DATABASE, LOGIN, OWNER, Story, Ultra, playing, release
from .test_cycle import INVENTORIES, life

SEEDS = os.environ.get("SEEDS", "").split()
# The longest of all lags: a look from outside waits for it, a run never does.
LATE = max(one.seconds for one in (*lags.NOT_YET, *lags.SHOWN, *lags.BUSY, *lags.ODD)) + 0.5
CLEAN = "0 to create, 0 to change, 0 to replace, 0 to delete"

pytestmark = pytest.mark.parametrize("seed", SEEDS)


@pytest.fixture
def say(capsys):
    def told(line):
        with capsys.disabled():
            print(f"\n{time.strftime('%H:%M:%S')} {line}", end="", flush=True)

    return told


def met(url):
    """Return how many answers were late, of how many sorts; a proof without any proves nothing."""
    told = ask(url, "eventual")["met"]
    assert len(told) > 5, told
    return f"{sum(told.values())} late answers of {len(told)} sorts"


@pytest.mark.parametrize("inventory", INVENTORIES)
def test_life(inventory, seed, emulator, play, say):
    ask(emulator.url, "eventual", {"seed": int(seed)})
    title = f"seed {seed}, {inventory}"
    try:
        broken = []
        for promise in life(inventory, emulator, play, lambda line: say(f"seed {seed}, {line}"), LATE):
            say(f"seed {seed}, broken: {promise}")  # at once, since the end may be far
            broken += [] if promise in broken else [promise]
        say(f"{title}: {met(emulator.url)}; {len(broken)} promises broken")
    finally:
        ask(emulator.url, "eventual", {"seed": None})
    if broken:
        pytest.fail(f"{title}:\n- " + "\n- ".join(broken), pytrace=False)


@pytest.mark.parametrize("profile", ["standard", "ultra"])
def test_releases(profile, seed, tmp_path, monkeypatch, say):
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("EMULATOR_TASK_SECONDS", "0.1")
    alone = Emulator()
    try:
        ask(alone.url, "eventual", {"seed": int(seed)})
        _releases(profile, alone.url, tmp_path, lambda line: say(f"seed {seed}, {profile}: {line}"))
        say(f"seed {seed}, {profile}, releases: {met(alone.url)}")
    finally:
        alone.stop()


def _releases(profile, url, folder, say):
    """Deploy, release two, go back, and see that nothing is left to do."""
    story = {"standard": Story, "ultra": Ultra}[profile](url, folder)
    story.play = playing(url, story.stack)
    if profile == "ultra":
        ask(url, "databases", {"databases": [DATABASE]})
        owner = story.client("secretsmanager").create_secret(Name="owner-login", SecretString=json.dumps(OWNER))["ARN"]
        story.play = playing(url, story.stack, "-e", f"external_database_owner_secret_arn={owner}")

    def well(playbook, *arguments):
        started = time.monotonic()
        rc, output = story.play(playbook, *arguments)
        assert rc == 0, f"{playbook}: {output[-4000:]}"
        say(f"{playbook} {' '.join(arguments)[:24]} took {time.monotonic() - started:.0f} s")
        return output

    well(f"{profile}.yml")
    time.sleep(LATE)
    if profile == "ultra":
        story.login(LOGIN)
    first, second = story.images("one"), story.images("two")
    for name, images in (("one", first), ("two", second)):
        well("runbooks/rollout.yml", *release(name, images))
        time.sleep(LATE)
        assert story.runs() == images
    well("runbooks/rollback.yml")
    time.sleep(LATE)
    assert story.runs() == first
    well(f"{profile}.yml")  # its schedules go on with the first release
    assert CLEAN in well(f"{profile}.yml", "--check")
    assert [one["verdict"] for one in story.book.get("one")["rollouts"]] == ["succeeded", "succeeded"]
