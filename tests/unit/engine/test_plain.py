"""Text of others: what a terminal would obey is spelt out or gone, and nothing is endless."""

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError, sentence
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.plain import plain, plainly, without_credentials

ESC, BEL = "\x1b", "\x07"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("all is well: Grüße, 你好, ✓ 🎉", "all is well: Grüße, 你好, ✓ 🎉"),
        ("two\nlines\tand a tab\r\n", "two\nlines\tand a tab\n"),
        (f"{ESC}[31mred{ESC}[0m and {ESC}[2J{ESC}[1;1Hempty", "red and empty"),
        (f"{ESC}]0;title{BEL}a window's title", "a window's title"),
        (f"{ESC}]52;c;cm0gLXJm{ESC}\\the clipboard", "the clipboard"),
        (f"{ESC}]8;;https://example.com{ESC}\\a link", "a link"),
        (f"{ESC}P1$r{ESC}\\a device", "a device"),
        (f"{ESC}]0;without an end\nthe next line", "\nthe next line"),
        ("\x9b31mone character alone", "one character alone"),
        (f"a bell{BEL}", "a bell\\x07"),
        (f"alone {ESC}", "alone \\x1b"),
        ("over\rwritten", "over\\rwritten"),
        ("\x00\x7f\x85", "\\x00\\x7f\\x85"),
        ("turned \u202egnorw", "turned \\u202egnorw"),
        ("a line\u2028of another kind", "a line\\u2028of another kind"),
        ("half a character \ud800", "half a character \\ud800"),
    ],
)
def test_plain(text, shown):
    assert plain(text) == shown
    plain(text).encode()


def test_each_line_is_cut():
    told = plain("x" * 5_000_000 + "\nshort", 10)
    assert told == "xxxxxxxxxx ... and 4999990 more characters\nshort"
    assert len(plain(BEL * 5_000_000)) < 10_000


def test_a_value_of_json():
    assert plainly({f"a{BEL}": [f"{ESC}[1mb", 1, None, {"c": "d" * 9}]}, 5) == {"a\\x07": ["b", 1, None, {"c": "ddddd ... and 4 more characters"}]}


def test_a_sentence_is_plain():
    assert sentence(EngineError(f"the function said {ESC}[31mno{BEL}"), f"function {ESC}[1mf") == "function f: the function said no\\x07"


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://me:secret@git.example.com/a.git", "https://git.example.com/a.git"),
        ("https://token@git.example.com:8443/a.git?x=1", "https://git.example.com:8443/a.git?x=1"),
        ("ssh://me:secret@git.example.com/a", "ssh://git.example.com/a"),
        *((one, one) for one in ("", "/srv/a", "git@git.example.com:a.git", "ssh://git@git.example.com/a", "https://git.example.com/a@b")),
    ],
)
def test_an_address_without_credentials(address, shown):
    assert without_credentials(address) == shown
