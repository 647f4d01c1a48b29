"""A newer AWS judges what we call drift: fields that it adds to its answers are none.

Whole stacks are looked at twice, the second time with a field more in every structure of every answer that no write
takes. It can't judge what a write takes as well, which somebody may have said; nor attributes by name (of queues and
topics), whose names are values. ``sh scripts/newest.sh`` runs the units with the newest boto3 that can be installed.
"""

from __future__ import annotations

import functools

import boto3
import botocore.session
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import Aws
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.inputs import READS
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.survey import survey
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import KINDS

from tests.integration.conftest import CREDENTIALS

STACKS = ("flow-builder-local", "flow-builder-local-ultra")
FIELD = "BrandNewField"
ENDS = ("member", "value")


@functools.cache
def written(service: str) -> frozenset[str]:
    """Return the names of the structures that a service's writes take: what is new in one can be said, too."""
    model, found = botocore.session.get_session().get_service_model(service), set()

    def walk(shape):
        if shape is not None and shape.name not in found:
            found.add(shape.name)
            for part in (*getattr(shape, "members", {}).values(), *(getattr(shape, end, None) for end in ENDS)):
                walk(part)

    for name in model.operation_names:
        if not name.startswith(READS):
            walk(model.operation_model(name).input_shape)
    return frozenset(found)


def added(shape, data, taken) -> int:
    """Put the field into every structure of an answer that no write takes, and return into how many."""
    if shape is None or data is None:
        return 0
    if shape.type_name == "structure":
        count = sum(added(member, data.get(name), taken) for name, member in shape.members.items())
        if shape.name in taken:
            return count
        data[FIELD] = "new"
        return count + 1
    if shape.type_name == "list":
        return sum(added(shape.member, item, taken) for item in data)
    return sum(added(shape.value, item, taken) for item in data.values()) if shape.type_name == "map" else 0


def test_what_aws_adds_is_no_drift(emulator, play, capsys):
    emulator.reset()
    run = play("site.yml", "-i", "inventories/local")
    assert run.rc == 0, run.output[-3000:]
    session = boto3.session.Session(*CREDENTIALS.values(), region_name="us-east-1")
    counts = {"structures": 0}

    def newer(service):
        made = session.client(service, endpoint_url=emulator.url)

        def answered(parsed, model, http_response, **_more):
            if http_response.status_code < 300:
                counts["structures"] += added(model.output_shape, parsed, written(service))

        made.meta.events.register("after-call", answered)
        return made

    told = []
    for stack in STACKS:
        then = survey(emulator.aws(), stack, KINDS)
        now = survey(Aws(newer, "us-east-1"), stack, KINDS)
        assert not then.unreadable and not now.unreadable
        assert then.count() == now.count() > 0
        for name, resources in then.resources.items():
            kind = KINDS[name]
            after = {kind.label(one): one for one in now.resources[name]}
            for one in resources:
                found = kind.differences(one, after[kind.label(one)])
                told += [f"{name} {kind.label(one)}: {difference.path}" for difference in found]
    with capsys.disabled():
        print(f"\n{counts['structures']} structures with a field more, {len(told)} differences")
    assert counts["structures"] > 400
    assert not told, "\n".join(told)
