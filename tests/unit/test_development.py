"""What docs/development.md sends people to is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs/development.md").read_text()
TABLE = TEXT.partition("## I want to …\n")[2].partition("\n## ")[0]
ROWS = [row.strip("| ").split(" | ") for row in TABLE.splitlines() if row.startswith("| ")][1:]


def opened(cell):
    """Return the paths, the commands and the single words that a cell names."""
    named = re.findall("`([^`]+)`", cell)
    paths = [one for one in named if "/" in one and " " not in one]
    return paths, [one for one in named if " " in one], [one for one in named if one not in paths and " " not in one]


def places(path):
    """Return what there is of a path, in which <...> stands for any one name."""
    return list(ROOT.glob(re.sub("<[^>]+>", "*", path)))


def test_the_table_is_read():
    assert len(ROWS) >= 20 and all(len(row) == 2 for row in ROWS)
    assert places("roles/<role>/defaults/main.yml") and not places("roles/<role>/nothing.yml")


@pytest.mark.parametrize(("wish", "cell"), ROWS)
def test_what_a_wish_leads_to_is_there(wish, cell):
    paths, commands, words = opened(cell)
    assert paths, "it leads nowhere"
    for path in paths:
        assert places(path), path
    for command in commands:
        known = {"make": re.findall("^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)}
        told = command.split()
        if told[0] == "make":
            assert told[1] in known["make"], command
        else:
            assert places(told[-1]), command
    files = [one for path in paths for one in places(path)]
    texts = [one.read_text() for one in files if one.is_file()]
    texts += [part.read_text() for one in files if one.is_dir() for part in one.rglob("*") if part.suffix in (".py", ".yml")]
    beside = {part.name for one in files for part in one.parent.iterdir()}
    for word in words:
        # A name to look for in one of the files, or a file beside them.
        name = word.partition(">")[2] or word
        assert word in beside or any(name in text for text in texts), f"{word} is in none of {paths}"
