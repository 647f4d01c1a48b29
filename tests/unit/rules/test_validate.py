"""What the validate action says of one variable."""

from __future__ import annotations

import datetime
import re

import pytest
from ansible import constants as C
from ansible.parsing.dataloader import DataLoader
from ansible_collections.flow_builder.aws.plugins.action import validate
from ansible_collections.flow_builder.aws.plugins.action.validate import checked, origins, unknown

INPUTS = {"stack_region", "stack_protected", "database_instance_class", "database_port", "ecs_user"}
PREFIXES = ("stack_", "database_", "ecs_", "network_")
NESTED = {"type": "list", "elements": "dict", "options": {"weight": {"type": "int"}, "token": {"type": "str"}}}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("database_instnace_class", "did you mean database_instance_class?"),
        ("database_instance_klass", "did you mean database_instance_class?"),
        ("databse_instance_class", "did you mean database_instance_class?"),
        ("ecs_usr", "did you mean ecs_user?"),
        ("ecs_api_cpu", "is no variable any more: say stack_components: {api: {cpu: ...}}"),
        ("stack_xyzzy_quux", "named like one"),
        ("confirm_destroy", ""),
        ("group_names", ""),
        ("inventory_hostname", ""),
        ("ansible_stack_region", ""),
        ("__stack_region", ""),
        ("region", ""),
        ("environment", ""),
    ],
)
def test_unknown_variables(name, words):
    told = unknown(name, INPUTS, PREFIXES)
    assert words in told and bool(told) is bool(words)


@pytest.mark.parametrize(
    ("spec", "value", "converted"),
    [
        ({}, "a", "a"),
        ({"type": "str"}, 7, "7"),
        ({"type": "list", "elements": "str"}, ["a", 1], ["a", "1"]),
        ({"type": "int"}, "7", 7),
        ({"type": "int"}, 7, 7),
        ({"type": "bool"}, True, True),
        ({"type": "list", "elements": "int"}, [1, "2"], [1, 2]),
        ({"type": "dict"}, {"a": 1}, {"a": 1}),
        ({"type": "str", "choices": ["a", "b"]}, "b", "b"),
        ({"type": "str"}, None, ""),
        (NESTED, [{"weight": "1"}], [{"weight": 1, "token": None}]),
    ],
)
def test_right_values(spec, value, converted):
    assert checked("x", spec, value) == ([], {"x": converted})


@pytest.mark.parametrize(
    ("spec", "value", "sentence"),
    [
        ({"type": "int"}, "many", "x is 'many': it must be a whole number"),
        ({"type": "int"}, 1.5, "x is 1.5: it must be a whole number"),
        ({"type": "bool"}, "maybe", "x is 'maybe', a text: it must be true or false"),
        ({"type": "bool"}, "false", "x is 'false', a text: it must be true or false; on the command line: -e '{\"x\": false}'"),
        ({"type": "bool"}, "true", "-e '{\"x\": true}'"),
        ({"type": "bool"}, "No", "-e '{\"x\": false}'"),
        ({"type": "list"}, "a,b", "-e '{\"x\": [...]}'"),
        ({"type": "list"}, "a,b", "x is 'a,b', a text: it must be a list"),
        ({"type": "list", "elements": "int"}, [1, "b"], "x is [1, 'b']: it must be a list, each item a whole number"),
        ({"type": "dict"}, "a=b", "x is 'a=b', a text: it must be a mapping"),
        ({"type": "dict"}, ["a"], "x is ['a']: it must be a mapping"),
        ({"type": "str"}, ["a"], "x is ['a']: it must be text"),
        ({"type": "str", "choices": ["a", "b"]}, "c", "x is 'c': allowed are a, b"),
        ({"type": "int", "choices": [1, 2]}, "3", "x is '3': allowed are 1, 2"),
        ({"type": "list", "elements": "str", "choices": ["a"]}, ["a", "c"], "x is ['a', 'c']: allowed are a"),
        ({"type": "str", "required": True}, None, "x is not set: it must be text"),
        ({"type": "str", "required": True, "choices": ["a"]}, None, "x is not set: allowed are a"),
        ({"type": "str"}, 17.1, "x is 17.1, no text to YAML, which may have changed it: put it in quotes"),
        ({"type": "str"}, True, "x is True, no text to YAML"),
        ({"type": "str"}, datetime.date(2026, 11, 29), "x is datetime.date(2026, 11, 29), no text to YAML"),
        ({"type": "list", "elements": "str"}, ["a", 1.5], "x[1] is 1.5, no text to YAML"),
        (NESTED, [{"token": 1.5}], "x[0].token is 1.5, no text to YAML"),
        (NESTED, [{"weight": "heavy"}], "weight"),
        (NESTED, [{"wieght": 1}], "wieght"),
    ],
)
def test_wrong_values(spec, value, sentence):
    sentences, values = checked("x", spec, value)
    assert len(sentences) == 1 and sentence in sentences[0] and values == {}


def test_no_value_is_right_where_none_is_required():
    assert checked("x", {"type": "int"}, None) == ([], {})


@pytest.mark.parametrize(
    ("spec", "value"),
    [
        ({"type": "int", "no_log": True}, "hunter2"),
        ({"type": "bool", "no_log": True}, "hunter2"),
        ({"type": "dict", "no_log": True}, "hunter2"),
        ({"type": "str", "no_log": True}, ["hunter2"]),
        ({"type": "str", "no_log": True}, 12345678901),
        ({"type": "dict", "options": {"a": {"type": "str", "no_log": True}}}, {"a": 12345678901}),
        ({"type": "str", "no_log": True, "choices": ["a"]}, "hunter2"),
        ({"type": "dict", "options": {"a": {"type": "int", "no_log": True}}}, {"a": "hunter2"}),
    ],
)
def test_secret_values_are_not_told(spec, value):
    ((sentence,), values) = checked("x", spec, value)
    assert re.match(r"x(\.a)? is \(secret\)", sentence) and values == {}
    assert "hunter2" not in sentence and "12345678901" not in sentence


@pytest.mark.parametrize(
    ("written", "fits"),
    [("17", True), ("1000 # a comment", True), ("-1", True), ("0012", False), ("1_000", False), ("1:30", False), ("0x1F", False), ("+5", False)],
)
def test_a_whole_number_is_text_where_it_is_written_as_it_is_read(tmp_path, written, fits):
    file = tmp_path / "all.yml"
    file.write_text(f"---\nx: {written}\ny:\n  - [a, {written}]\n".replace(" # a comment]", "]"))
    read = DataLoader().load_from_file(str(file))
    for value, spec in ((read["x"], {}), (read["y"][0], {"type": "list", "elements": "str"})):
        sentences, values = checked("x", spec, value)
        assert bool(values) == fits and bool(sentences) != fits


def test_what_a_default_is_made_of_is_known_through_the_profiles_table():
    table = {"standard": {"sslmode": "require", "port": "{{ a }}"}, "ultra": {"sslmode": "{{ theirs_sslmode }}", "port": "{{ b }}"}}
    variables = {"__stack_profiles": table}
    assert origins("{{ stack_defaults.sslmode }}", variables) >= {"theirs_sslmode"}
    assert not origins("{{ stack_defaults.sslmode }}", variables) & {"a", "b"}
    assert origins("verify-full", variables) == set()


@pytest.mark.parametrize(
    ("value", "sentences", "values"),
    [
        ("true", [], {"x": True}),
        ("no", [], {"x": False}),
        (True, [], {"x": True}),
        ("perhaps", ["x is 'perhaps': it must be true or false"], {}),
    ],
)
def test_a_playbooks_own_bool_may_be_a_text(value, sentences, values):
    """Whoever uses it converts it; a role's tasks don't."""
    assert checked("x", {"type": "bool"}, value, texts=True) == (sentences, values)


@pytest.mark.parametrize(
    ("known", "actions", "callbacks", "told"),
    [
        (True, [str(validate.PLUGINS / "fast")], [validate.PRELOAD], ""),
        (True, [], [validate.PRELOAD], "action_plugins"),
        (True, [str(validate.PLUGINS / "fast")], [], "callbacks_enabled"),
        (False, [], [], "isn't known"),
    ],
)
def test_that_a_run_is_not_fast_is_said(known, actions, callbacks, told, monkeypatch):
    said = []
    monkeypatch.setattr(validate.core, "known", known)
    monkeypatch.setattr(C, "DEFAULT_ACTION_PLUGIN_PATH", actions)
    monkeypatch.setattr(C, "CALLBACKS_ENABLED", callbacks)
    monkeypatch.setattr(validate.Display, "display", lambda _self, text, **_more: said.append(text))
    monkeypatch.setattr(validate.core, "warn", lambda: said.append("isn't known"))
    validate.announce()
    assert (told in said[0] if told else said == []) and len(said) < 2
