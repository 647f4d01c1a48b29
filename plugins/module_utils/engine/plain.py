"""Text that somebody else wrote, made fit for a terminal, a record and a page.

A task's lines, AWS's reasons and what resources are called may hold anything: escape sequences that move the cursor,
rename the window or write to the clipboard, marks that turn the direction of the text, lines of megabytes.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any
from urllib.parse import urlsplit, urlunsplit

LONGEST = 2000
"""Characters of a line that are told."""
# Colours and cursors (CSI); titles, links and the clipboard (OSC and its kin), up to their end or the line's.
SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?"
)
UNFIT = ("Cc", "Cf", "Cs", "Zl", "Zp")  # controls, marks without a width, halves of characters, other ends of lines


def plain(text: str, longest: int = LONGEST) -> str:
    """Return text without escape sequences, other control characters spelt out, and each line cut.

    What remains of control characters are ends of lines and tabs.
    """
    lines = SEQUENCE.sub("", text.replace("\r\n", "\n")).split("\n")
    return "\n".join(_line(one, longest) for one in lines)


def _line(line: str, longest: int) -> str:
    # Cut first: spelling out a megabyte takes its time.
    cut, left = line[:longest], len(line) - longest
    if not cut.isprintable():
        cut = "".join(map(_spelt, cut))
    return f"{cut} ... and {left} more characters" if left > 0 else cut


def _spelt(character: str) -> str:
    if character == "\t" or unicodedata.category(character) not in UNFIT:
        return character
    return character.encode("unicode_escape").decode("ascii")


def without_credentials(address: str) -> str:
    """Return an address without what may be a password or a token in it; the user of ssh is neither."""
    parts = urlsplit(address)
    user, at, rest = parts.netloc.rpartition("@")
    if not parts.scheme or not at or (parts.scheme == "ssh" and ":" not in user):
        return address
    return urlunsplit(parts._replace(netloc=rest))


def plainly(value: Any, longest: int = LONGEST) -> Any:
    """Return a value of JSON with all of its texts plain."""
    if isinstance(value, str):
        return plain(value, longest)
    if isinstance(value, dict):
        return {plain(str(key), longest): plainly(one, longest) for key, one in value.items()}
    if isinstance(value, list):
        return [plainly(one, longest) for one in value]
    return value
