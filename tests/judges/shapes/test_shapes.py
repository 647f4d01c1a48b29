"""What the kinds read of the embedded AWS, against Cloud Custodian's recordings: PLACEBO=DIR python -m pytest tests/judges/shapes."""

from __future__ import annotations

import os

import boto3
import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import Aws
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import KINDS

from tests.integration.conftest import CREDENTIALS
from tests.judges.shapes.compare import EXCEPTIONS, JUDGED, Answers, compare
from tests.judges.shapes.recordings import COMMIT

STACKS = ("flow-builder-local", "flow-builder-local-ultra")


def test_no_key_is_missing(emulator, play, capsys):
    clone = os.environ.get("PLACEBO")
    if not clone:
        pytest.fail(
            f"PLACEBO=DIR must name a clone of cloud-custodian/cloud-custodian that has {COMMIT}", pytrace=False
        )
    emulator.reset()
    run = play("site.yml", "-i", "inventories/local")
    assert run.rc == 0, run.output[-3000:]
    answers = Answers(boto3.session.Session(*CREDENTIALS.values(), region_name="us-east-1"), emulator.url)
    aws = Aws(answers.client, "us-east-1")
    for stack in STACKS:
        for kind in KINDS.values():
            for live in kind.stack(aws, stack):
                kind.read_children(aws, live)
    tables, missing = compare(clone, answers.objects)
    missing = [one for one in missing if (one.service, one.operation, one.path) not in EXCEPTIONS]
    with capsys.disabled():
        print("\n| service | operations | recorded objects | keys | missing |\n|---|---|---|---|---|")
        for service, table in sorted(tables.items()):
            if table.keys:
                lacks = sum(one.service == service for one in missing)
                print(f"| {service} | {len(table.operations)} | {table.objects} | {table.keys} | {lacks} |")
    assert set(JUDGED) <= set(tables)
    assert not missing, "\n".join(map(str, missing))
