"""JSON paths and templates, as EventBridge's rules and pipes read them."""

import json
import re
from collections.abc import Callable

from emulator.evidence import documented, does, recorded

MISSING = object()
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\['([^']+)'\]")
_VARIABLE = re.compile(r"<([^<>\s]+)>")


@does(
    "Paths have dots, indices in brackets and quoted names; text on the way that is JSON is read.",
    documented(
        "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-event-target.html",
        "Dynamic path parameters",
    ),
)
def find(path: str, value):
    """Follow a path such as ``$.body.user.id`` or ``$.items[0]``; MISSING if it leads nowhere.

    A text on the way that is JSON is read as such, which pipes do with the bodies of messages.
    """
    if not path.startswith("$"):
        return MISSING
    for name, index, quoted in _STEP.findall(path[1:]):
        if isinstance(value, str):
            value = read(value)
        key = int(index) if index else name or quoted
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return MISSING
    return value


def read(text: str):
    """Read a text as JSON, if it is."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def text(value) -> str:
    """Write a value where a text is wanted: texts as they are, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value)


@does(
    "In an input template a variable within quotes is text, without them JSON.",
    recorded("events/test_events_inputs", "TestInputTransformer::test_input_transformer_nested_keys_replacement"),
)
@does(
    "A variable whose path leads nowhere is empty.",
    recorded("events/test_events_inputs", "TestInputTransformer::test_put_events_with_input_transformer_missing_keys"),
)
def fill(template: str, lookup: Callable[[str], object]) -> str:
    """Fill in a template's ``<variables>``: within quotes as text, elsewhere as JSON; what is missing vanishes."""
    made, position = [], 0
    for found in _VARIABLE.finditer(template):
        value = lookup(found[1])
        made.append(template[position : found.start()])
        position = found.end()
        quotes = template.count('"', 0, found.start()) - template.count('\\"', 0, found.start())
        if value is MISSING:
            made.append("" if quotes % 2 else '""')
        elif quotes % 2:
            made.append(json.dumps(text(value))[1:-1])
        elif template.lstrip().startswith(("{", "[")):
            made.append(json.dumps(value))
        else:
            made.append(text(value))
    return "".join([*made, template[position:]])
