"""The entries of a batch: read one by one, wrong ones refused with a sentence, each after what it needs."""

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.plugin_utils import batch

VARIABLES = {"stack": "x", "yes": True, "zones": ["a", "b"], "groups": {"api": "API", "db": "Database"}}
VPC = {"ec2_vpc_net": {"name": "x-vpc", "cidr_block": "10.0.0.0/16"}}
IN_VPC = "{{ 'x-vpc' | flow_builder.aws.ref('vpc') }}"
GROUP = {"ec2_security_group": {"name": "x-{{ item.key }}", "description": "{{ item.value }}", "vpc_id": IN_VPC}}
SUBNET = {"ec2_vpc_subnet": {"vpc_id": IN_VPC, "cidr": "10.0.{{ index }}.0/24", "az": "{{ item }}", "tags": {"Name": "x-{{ item }}"}}}
QUEUE = {"sqs_queue": {"name": "x-q"}}


def trusted(value):
    if isinstance(value, dict):
        return {key: trusted(item) for key, item in value.items()}
    if isinstance(value, list):
        return [trusted(item) for item in value]
    return trust_as_template(value) if isinstance(value, str) else value


def read(*entries):
    return batch.read(trusted(list(entries)), Templar(DataLoader(), trusted(VARIABLES)))


def labels(*entries):
    return [(entry.kind.name, entry.label) for entry in read(*entries)]


def test_each_item_is_an_entry_with_variables_of_its_own():
    made = read({**SUBNET, "for_each": "{{ zones }}"}, {**GROUP, "for_each": "{{ groups }}"})
    assert [one.label for one in made] == ["x-a", "x-b", "x-api", "x-db"]
    assert [one.arguments.get("cidr") or one.arguments["description"] for one in made] == ["10.0.0.0/24", "10.0.1.0/24", "API", "Database"]
    assert made[0].arguments["vpc_id"] == "known-after-apply<vpc/x-vpc/id>"


@pytest.mark.parametrize(
    ("condition", "there"),
    [("yes", True), ("not yes", False), (["yes", "stack == 'y'"], False), ("zones | length == 2", True), (True, True), (False, False)],
)
def test_a_condition_decides(condition, there):
    assert bool(labels({**QUEUE, "when": condition})) is there


def test_a_condition_knows_the_item():
    assert labels({"sqs_queue": {"name": "{{ item }}"}, "for_each": ["a", "b"], "when": "index < 1"}) == [("sqs_queue", "a")]


def test_what_is_not_to_be_is_not_templated():
    assert labels({"sqs_queue": {"name": "{{ undefined }}"}, "when": "not yes"}) == []


def test_what_is_omitted_is_left_out():
    (one,) = read({"sqs_queue": {"name": "a", "delay_seconds": "{{ omit }}"}})
    assert one.arguments == {"name": "a"}


def test_a_module_is_named_with_or_without_its_collection():
    assert labels(VPC, {"amazon.aws.ec2_vpc_igw": {"vpc_id": "vpc-1", "tags": {"Name": "i"}}}, {"flow_builder.aws.sqs_queue": {"name": "q"}}) == [
        ("vpc", "x-vpc"), ("internet_gateway", "i"), ("sqs_queue", "q"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        ("x", "resources must be a list"),
        (["x"], r"resources\[0\] must be a module with its arguments"),
        ([{"when": True}], r"resources\[0\] names no module: an entry is one module"),
        ([{"name": "Both", "sqs_queue": {}, "sns_queue": {}}], r"resources\[0\] 'Both' names sqs_queue and sns_queue: an entry is one"),
        ([{"sqs_queu": {}}], r"resources\[0\] names 'sqs_queu', which is no module of a resource; did you mean sqs_queue\?"),
        ([{"zzzzzz": {}}], "which is no module of a resource; these are known: acm_certificate, "),
        ([QUEUE, {"sqs_queue": {"nam": "q"}}], r"resources\[1\]: 'nam' is no argument of flow_builder.aws.sqs_queue; did you mean name\?"),
        ([{"sqs_queue": {"name": "q", "qqqqq": 1}}], "'qqqqq' is no argument of flow_builder.aws.sqs_queue; it takes delay_seconds, "),
        ([{"sqs_queue": {"name": "q", "region": "eu-west-1"}}], "'region' is no argument of flow_builder.aws.sqs_queue"),
        ([{"sqs_queue": {}}], r"resources\[0\]: flow_builder.aws.sqs_queue: missing required arguments: name"),
        ([{"sqs_queue": {"name": "q", "delay_seconds": "soon"}}], "'delay_seconds'.* unable to convert to int"),
        ([{"sqs_queue": {"name": "q", "sqs_managed_sse_enabled": True, "kms_master_key_id": "k"}}], "mutually exclusive"),
        ([{"sqs_queue": ["q"]}], r"resources\[0\]: the arguments of sqs_queue must be a mapping"),
        ([{"ec2_vpc_subnet": {"cidr": "10.0.0.0/24"}}], r"resources\[0\]: its tags need a Name"),
        ([{"sqs_queue": {"name": "{{ nothing }}"}}], r"resources\[0\]: .*'nothing' is undefined"),
        ([{"sqs_queue": {"name": "q"}, "for_each": "{{ stack }}"}], r"resources\[0\]: for_each must be a list or a mapping, not 'x'"),
        ([{"sqs_queue": {"name": "q{{ nothing }}"}, "for_each": ["a"]}], r"resources\[0\], item 0: .*'nothing' is undefined"),
        ([{"sqs_queue": {"name": IN_VPC}}], "the name of a queue must be known"),
        ([QUEUE, QUEUE], r"resources\[1\] and resources\[0\] are both queue x-q"),
    ],
)
def test_what_can_not_be_meant_is_refused(entries, told):
    with pytest.raises(EngineError, match=told):
        batch.read(trusted(entries), Templar(DataLoader(), trusted(VARIABLES)))


def needs(*entries):
    made = read(*entries)
    names = [f"{one.kind.name} {one.label}" for one in made]
    return {name: {names[number] for number in one.needs} for name, one in zip(names, made, strict=True)}


def test_an_entry_comes_after_what_it_speaks_of_wherever_that_stands():
    queue = {"sqs_queue": {"name": "b", "redrive_policy": {"deadLetterTargetArn": "{{ 'a' | flow_builder.aws.ref('sqs_queue', 'arn') }}"}}}
    told = needs(queue, {"sqs_queue": {"name": "a"}}, QUEUE)
    assert told == {"sqs_queue b": {"sqs_queue a"}, "sqs_queue a": set(), "sqs_queue x-q": set()}


def test_an_entry_comes_after_earlier_ones_that_its_kind_is_built_on():
    role = {"iam_role": {"name": "r", "assume_role_policy_document": {}}}
    policy = {"iam_policy": {"iam_name": "r", "policy_name": "p", "policy_json": {}}}
    assert needs(role, policy) == {"iam_role r": set(), "iam_policy r/p": {"iam_role r"}}
    assert needs(policy, role)["iam_policy r/p"] == set(), "what stands later may be for others"


def test_a_deletion_comes_after_all_that_stands_before():
    gone = {"sqs_queue": {"name": "old", "state": "absent"}}
    assert needs(VPC, QUEUE, gone, {"sqs_queue": {"name": "new"}})["sqs_queue old"] == {"vpc x-vpc", "sqs_queue x-q"}


def test_a_circle_is_refused():
    def queue(name, other):
        ref = f"{{{{ '{other}' | flow_builder.aws.ref('sqs_queue', 'arn') }}}}"
        return {"sqs_queue": {"name": name, "redrive_policy": {"deadLetterTargetArn": ref}}}

    with pytest.raises(EngineError, match="each of queue a, queue b needs another one of them first"):
        read(queue("a", "b"), queue("b", "a"), QUEUE)


def test_what_speaks_of_itself_needs_nothing():
    itself = {"sqs_queue": {"name": "a", "tags": {"me": "{{ 'a' | flow_builder.aws.ref('sqs_queue', 'arn') }}"}}}
    assert needs(itself) == {"sqs_queue a": set()}


def test_a_communitys_arguments_are_those_that_it_documents():
    (good,), (bad,) = read(VPC), read({"ec2_vpc_net": {"name": "v", "cidr_block": "10.0.0.0/16", "dns_suport": True}})
    batch.judge_theirs(good)
    with pytest.raises(EngineError, match=r"'dns_suport' is no argument of amazon.aws.ec2_vpc_net; did you mean dns_support\?"):
        batch.judge_theirs(bad)


def test_an_alias_of_an_argument_is_it():
    assert labels({"rds_instance": {"name": "db"}}) == [("rds_instance", "db")]


def test_secrets_are_known_to_be_such():
    (one,) = read({"secretsmanager_secret": {"name": "s", "value": {"KEY": "hunter2"}}})
    taken = one.taken(one.arguments)
    assert "hunter2" not in str(taken.shown({"msg": "it is hunter2", "diff": {"after": ["hunter2"]}}))


def test_the_preload_sees_which_modules_entries_name():
    said = [{**VPC, "for_each": "{{ zones }}"}, QUEUE, {"zzz": {}}, "x"]
    assert batch.modules(said) == ["amazon.aws.ec2_vpc_net", "flow_builder.aws.sqs_queue"]
    assert batch.modules("{{ later }}") == batch.modules(None) == []


@pytest.mark.parametrize(
    ("variables", "made"),
    [
        ({"said": "{{ stack }}!"}, ["x!", "x!"]),
        ({"said": "{{ item }}!"}, ["a!", "b!"]),
        ({"said": "{{ far }}!", "far": "{{ item }}"}, ["a!", "b!"]),
        # It would be something without an item, too, and another thing.
        ({"said": "{{ item.none | default(item) | default('none') }}"}, ["a", "b"]),
        ({"said": "{{ far }}", "far": "{{ said2 }}{{ index }}", "said2": "{{ far2 | default('') }}", "far2": "{{ stack }}"}, ["x0", "x1"]),
    ],
)
def test_a_variable_is_templated_once_unless_it_is_made_of_an_item(variables, made):
    said = trusted([{"sqs_queue": {"name": "q{{ index }}", "tags": {"a": "{{ said }}"}}, "for_each": ["a", "b"]}])
    found = batch.read(said, Templar(DataLoader(), trusted({**VARIABLES, **variables})))
    assert [one.arguments["tags"]["a"] for one in found] == made


def test_what_several_entries_share_is_templated_once(monkeypatch):
    asked = []
    templar = Templar(DataLoader(), trusted({"shared": "{{ base }}-q", "base": "x"}))
    real = Templar.template
    monkeypatch.setattr(Templar, "template", lambda self, value, *more, **most: asked.append(value) or real(self, value, *more, **most))
    batch.read(trusted([{"sqs_queue": {"name": "{{ shared }}{{ item }}"}, "for_each": ["a", "b", "c"]}]), templar)
    assert asked.count("{{ base }}-q") == 1
