"""All resources of the inventories against CloudFormation's schemas: python -m pytest tests/judges/schemas."""

from __future__ import annotations

import json

import boto3
import pytest
import yaml
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import Aws
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.unmodelled import UNMODELLED
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import KINDS

from tests.integration.conftest import CREDENTIALS, ROOT
from tests.judges.schemas import reading
from tests.judges.schemas.template import findings, template
from tests.judges.schemas.types import REGION

# Both profiles; the largest stack; and the NAT instance, with its group and template.
INVENTORIES = ("local", "prod", "dev")


def stacks(inventory):
    groups = yaml.safe_load((ROOT / f"inventories/{inventory}/hosts.yml").read_text())
    return [stack for group in groups.values() for stack in group["hosts"]]


def flat(kind, live):
    """Return all that is known of a resource side by side: its fields, its parts, the rest of AWS's description."""
    left = dict(live.pop(UNMODELLED, {}))
    for key in kind.wrapped:
        left |= left.pop(key, {}) or {}
    return json.loads(json.dumps({**left, **live}, default=str))


def seen(aws, asked, stack):
    """Return a stack's live resources by kind, each with its parts."""
    found = {}
    for kind in KINDS.values():
        asked.of(kind.name)
        for live in kind.stack(aws, stack):
            found.setdefault(kind.name, []).append(flat(kind, {**live, **kind.read_children(aws, live)}))
    return found


@pytest.mark.parametrize("inventory", INVENTORIES)
def test_live(inventory, emulator, play, capsys):
    emulator.reset()
    run = play("site.yml", "-i", f"inventories/{inventory}")
    assert run.rc == 0, run.output[-3000:]
    asked = reading.Asked(boto3.session.Session(*CREDENTIALS.values(), region_name=REGION), emulator.url)
    aws, wrong, lines = Aws(asked.client, REGION), [], []
    for stack in stacks(inventory):
        live = seen(aws, asked, stack)
        made, whose, left = template(live, KINDS)
        told = list(findings(made, whose))
        wrong += [f"{one.kind} {one.resource}: {one.path}: {one.says} ({one.rule})" for one in told]
        types = {one["Type"] for one in made["Resources"].values()}
        lines.append(
            f"{stack}: {sum(map(len, live.values()))} resources as {len(made['Resources'])} of {len(types)} types, "
            f"{len(told)} mismatches; {sum(map(len, left.values()))} fields of ours are no property"
        )
        for name, items in live.items():
            if KINDS[name].cloudformation:
                fields = {field for item in items for field in item}
                unread = set(reading.unread(KINDS[name], fields, asked.operations[name]))
                wrong += [
                    f"{name}: nothing reads {one}" for one in sorted(unread - set(reading.NEVER_READ.get(name, {})))
                ]
    with capsys.disabled():
        print("", *lines, sep="\n")
    assert not wrong, "\n- ".join(["", *dict.fromkeys(wrong)])
