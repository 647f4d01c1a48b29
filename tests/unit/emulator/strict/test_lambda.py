"""Lambda refuses what AWS's Lambda refuses."""

import itertools
import json

import images
import pytest
from rulecases import Case

from emulator import clock, provisioning

NUMBER = itertools.count()
ACCOUNT = "123456789012"
BAD, CONFLICT = "InvalidParameterValueException", "ResourceConflictException"
LAYER = f"arn:aws:lambda:us-east-1:{ACCOUNT}:layer:l"

EMPTY = b"PK\x05\x06" + b"\0" * 18

class World:
    """Functions of an image, with a role that may do much and one that may do nothing."""

    def __init__(self, aws):
        self.functions, self.iam, self.sqs, ec2 = map(aws, ("lambda", "iam", "sqs", "ec2"))
        self.uri = aws("ecr").create_repository(repositoryName="strict-lambda")["repository"]["repositoryUri"]
        images.push(aws("ecr"), "strict-lambda", "v1", b"one")
        self.able = self.make_role("strict-able", ["ec2:*", "sqs:*", "sns:*", "lambda:*", "xray:*"])
        self.poor = self.make_role("strict-poor-function", ["logs:PutLogEvents"])
        vpcs = [ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")["Vpc"]["VpcId"] for number in (60, 61)]
        self.subnets = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.{60 + index}.0.0/24")["Subnet"]["SubnetId"] for index, vpc in enumerate(vpcs)
        ]
        self.groups = [
            ec2.create_security_group(VpcId=vpc, GroupName="strict-lambda", Description="d")["GroupId"] for vpc in vpcs
        ]

    def make_role(self, name, actions):
        def document(**statement):
            return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow"} | statement]})

        trust = document(Principal={"Service": "lambda.amazonaws.com"}, Action="sts:AssumeRole")
        role = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        self.iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document(Action=actions, Resource="*"))
        return role

    def make(self, name=None, role=None, uri=None, **more):
        name = name or f"f{next(NUMBER)}"
        given = {"PackageType": "Image", "Code": {"ImageUri": uri or f"{self.uri}:v1"}, "Role": role or self.able} | more
        self.functions.create_function(FunctionName=name, **{key: value for key, value in given.items() if value is not None})
        return name

    def zipped(self, runtime="python3.13", **more):
        return self.make(PackageType="Zip", Code={"ZipFile": EMPTY}, Runtime=runtime, **({"Handler": "a.b"} | more))

    def variables(self, **variables):
        return self.make(Environment={"Variables": variables})

    def network(self, subnets, groups, **more):
        return self.make(VpcConfig={"SubnetIds": subnets, "SecurityGroupIds": groups}, **more)

    def reserve(self, number, name=None):
        name = name or self.make()
        self.functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=number)
        self.functions.delete_function_concurrency(FunctionName=name)

    def permit(self, name=None, **more):
        given = {"StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "events.amazonaws.com"} | more
        self.functions.add_permission(FunctionName=name or self.make(), **given)

    def permit_twice(self, other):
        name = self.make()
        self.permit(name)
        self.permit(name, StatementId=other)

    def queue(self, **attributes):
        name = f"strict-lambda-{next(NUMBER)}{'.fifo' if 'FifoQueue' in attributes else ''}"
        self.sqs.create_queue(QueueName=name, Attributes=attributes)
        return f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}"

    def send_to(self, arn, role=None):
        name = self.make(role=role)
        given = {"OnFailure": {"Destination": arn or f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{name}"}}
        self.functions.put_function_event_invoke_config(FunctionName=name, DestinationConfig=given)

    def update_code(self, name, **code):
        self.functions.update_function_code(FunctionName=name, **code)

    def get(self, name, qualifier=None):
        return self.functions.get_function(FunctionName=name, **({"Qualifier": qualifier} if qualifier else {}))

    def delete(self, name, qualifier=None):
        self.functions.delete_function(FunctionName=name, **({"Qualifier": qualifier} if qualifier else {}))

    def publish(self, **more):
        self.functions.publish_version(FunctionName=self.zipped(), **more)

    def tag(self, qualifier):
        arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{self.zipped()}{qualifier}"
        self.functions.tag_resource(Resource=arn, Tags={"k": "v"})

    def read(self, arn=None, role=None, timeout=3, name=None, **more):
        name = name or self.make(role=role, Timeout=timeout)
        self.functions.create_event_source_mapping(FunctionName=name, EventSourceArn=arn or self.queue(), **more)

    def read_twice(self, second=None):
        name, arn = self.make(), self.queue()
        self.read(arn, name=name)
        self.read(second or arn, name=name)

    def share(self, weights, shown="1", update=False):
        name = self.make()
        self.functions.publish_version(FunctionName=name)
        self.functions.update_function_configuration(FunctionName=name, Timeout=4)
        self.functions.publish_version(FunctionName=name)
        given = {"FunctionVersion": shown, "RoutingConfig": {"AdditionalVersionWeights": weights}}
        if update:
            self.functions.create_alias(FunctionName=name, Name="a", FunctionVersion=given.pop("FunctionVersion"))
        call = self.functions.update_alias if update else self.functions.create_alias
        call(FunctionName=name, Name="a", **given)


@pytest.fixture(scope="module")
def world(aws):
    return World(aws)


@pytest.fixture
def no_wait(monkeypatch):
    """Roles are known at once."""
    monkeypatch.setenv("EMULATOR_ROLE_SECONDS", "0")


CASES = [
    Case("qualifiers_agree", BAD, "derived qualifier", lambda w: w.get("nobody:1", "2"), lambda w: w.get(w.zipped(), "$LATEST")),
    Case("only_numbered_versions_are_deleted", BAD, "Deletion of aliases", lambda w: w.delete(w.zipped(), "live"), lambda w: w.delete(w.zipped(), "7")),
    Case("only_numbered_versions_are_deleted", BAD, "$LATEST version cannot", lambda w: w.delete(w.zipped(), "$LATEST"), lambda w: w.delete(w.zipped())),
    Case("function_is_there", "ResourceNotFoundException", "function:nobody", lambda w: w.get("nobody"), lambda w: w.get(w.zipped())),
    Case("function_is_there", "ResourceNotFoundException", ":7", lambda w: w.get(w.zipped(), "7"), lambda w: w.get(w.zipped(), "$LATEST")),
    Case("nothing_hangs_on_no_function", "ResourceNotFoundException", "nobody:$LATEST doesn't have", lambda w: w.functions.get_function_event_invoke_config(FunctionName="nobody"), lambda w: w.send_to(w.queue())),
    Case("package_can_be_unpacked", BAD, "Could not unzip", lambda w: w.update_code(w.zipped(), ZipFile=b"PK"), lambda w: w.update_code(w.zipped(), ZipFile=EMPTY)),
    Case("package_can_be_unpacked", "RequestEntityTooLargeException", "smaller than 52428800 bytes", lambda w: w.update_code(w.zipped(), ZipFile=b"P" * 52_428_801), lambda w: w.update_code(w.zipped(), ZipFile=EMPTY)),
    Case("published_code_is_the_expected", BAD, "different from current", lambda w: w.publish(CodeSha256="none"), lambda w: w.publish()),
    Case("revision_is_the_latest", "PreconditionFailedException", "does not match the latest", lambda w: w.publish(RevisionId="none"), lambda w: w.publish()),
    Case("tags_are_the_functions", BAD, "aliases and versions", lambda w: w.tag(":$LATEST"), lambda w: w.tag("")),
    Case("runtime_is_supported", BAD, "or be a valid ARN", lambda w: w.zipped("PYTHON3.12"), lambda w: w.zipped("python3.12")),
    Case("function_name_is_short", BAD, "less than or equal to 64", lambda w: w.make("f" * 65), lambda w: w.make("f" * 64)),
    Case("no_reserved_variables", BAD, "this request: AWS_REGION", lambda w: w.variables(AWS_REGION="r"), lambda w: w.variables(AWS_LWA_PORT="r")),
    Case("environment_fits", BAD, "String measured: {\"K0\":", lambda w: w.variables(K0="v" * 4095), lambda w: w.variables(K0="v" * 4087)),
    Case("image_is_in_ecr_here", BAD, "is not valid", lambda w: w.make(uri=f"{w.uri.replace('us-east-1', 'us-west-2')}:v1"), lambda w: w.make()),
    Case("image_is_in_ecr_here", BAD, "is not valid", lambda w: w.make(uri="public.ecr.aws/a/b:1"), lambda w: w.make()),
    Case("package_has_its_parts", BAD, "don't provide Runtime", lambda w: w.make(Runtime="python3.13"), lambda w: w.make()),
    Case("package_has_its_parts", BAD, "mandatory", lambda w: w.zipped(Handler=None), lambda w: w.zipped()),
    Case("package_has_its_parts", BAD, "don't provide ImageUri", lambda w: w.make(PackageType="Zip", Runtime="python3.13", Handler="a.b"), lambda w: w.make()),
    Case("code_keeps_its_package_type", BAD, "provide ImageUri when updating", lambda w: w.update_code(w.make(), ZipFile=b"z"), lambda w: w.update_code(w.make(), ImageUri=f"{w.uri}:v1")),
    Case("code_keeps_its_package_type", BAD, "don't provide ImageUri", lambda w: w.update_code(w.zipped(), ImageUri=f"{w.uri}:v1"), lambda w: w.update_code(w.zipped(), ZipFile=EMPTY)),
    Case("runtime_is_supported", BAD, "no longer supported", lambda w: w.zipped("python3.7"), lambda w: w.zipped("python3.12")),
    Case("five_different_layers", BAD, "more than 5", lambda w: w.zipped(Layers=[f"{LAYER}{number}:1" for number in range(6)]), lambda w: w.zipped(Layers=[])),
    Case("five_different_layers", BAD, "Two different versions", lambda w: w.zipped(Layers=[f"{LAYER}:1", f"{LAYER}:2"]), lambda w: w.zipped(Layers=[])),
    Case("fifty_tags", BAD, "tag limit", lambda w: w.make(Tags={f"k{number}": "v" for number in range(51)}), lambda w: w.make(Tags={f"k{number}": "v" for number in range(50)})),
    Case("network_has_both_parts", BAD, "must coexist", lambda w: w.network(w.subnets[:1], []), lambda w: w.network([], [])),
    Case("function_is_in_one_vpc", BAD, "Security Groups are required", lambda w: w.network(w.subnets[:1], w.groups[1:]), lambda w: w.network(w.subnets[:1], w.groups[:1])),
    Case("function_is_in_one_vpc", BAD, "Subnets are required", lambda w: w.network(w.subnets, w.groups[:1]), lambda w: w.network(w.subnets[1:], w.groups[1:])),
    Case("role_may_trace", BAD, "call PutTraceSegments on XRAY", lambda w: w.make(role=w.poor, TracingConfig={"Mode": "Active"}), lambda w: w.make(TracingConfig={"Mode": "Active"})),
    Case("role_may_make_interfaces", BAD, "call CreateNetworkInterface on EC2", lambda w: w.network(w.subnets[:1], w.groups[:1], role=w.poor), lambda w: w.network(w.subnets[:1], w.groups[:1])),
    Case("some_concurrency_stays_unreserved", BAD, "minimum value of [100]", lambda w: w.reserve(901), lambda w: w.reserve(900)),
    Case("statement_ids_differ", CONFLICT, "The statement id (s) provided already exists", lambda w: w.permit_twice("s"), lambda w: w.permit_twice("t")),
    Case("permitted_principal_exists", BAD, "principal was invalid", lambda w: w.permit(Principal="event.amazonaws.com"), lambda w: w.permit(Principal="scheduler.amazonaws.com")),
    Case("no_permission_on_latest", BAD, "$LATEST", lambda w: w.permit(Qualifier="$LATEST"), lambda w: w.permit()),
    Case("invoke_config_says_something", BAD, "at least one of", lambda w: w.functions.put_function_event_invoke_config(FunctionName=w.make()), lambda w: w.functions.put_function_event_invoke_config(FunctionName=w.make(), MaximumRetryAttempts=0)),
    Case("destination_is_usable", BAD, "is invalid", lambda w: w.send_to(f"arn:aws:sqs:us-east-1:{ACCOUNT}:none"), lambda w: w.send_to(w.queue())),
    Case("destination_is_usable", BAD, "as a destination for itself", lambda w: w.send_to(None), lambda w: w.send_to(f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{w.make()}")),
    Case("destination_is_usable", BAD, "is invalid", lambda w: w.send_to(w.queue(FifoQueue="true")), lambda w: w.send_to(w.queue())),
    Case("role_may_send_to_destinations", BAD, "permissions to call SendMessage on", lambda w: w.send_to(w.queue(), w.poor), lambda w: w.send_to(w.queue())),
    Case("dead_letters_can_be_sent", BAD, "SendMessage on SQS", lambda w: w.make(role=w.poor, DeadLetterConfig={"TargetArn": w.queue()}), lambda w: w.make(DeadLetterConfig={"TargetArn": w.queue()})),
    Case("event_source_exists", BAD, "NonExistentQueue", lambda w: w.read(f"arn:aws:sqs:us-east-1:{ACCOUNT}:none"), lambda w: w.read()),
    Case("event_source_is_mapped_once", CONFLICT, "already exists", lambda w: w.read_twice(), lambda w: w.read_twice(w.queue())),
    Case("queue_hides_messages_long_enough", BAD, "30 seconds is less than Function timeout: 31", lambda w: w.read(timeout=31), lambda w: w.read(timeout=30)),
    Case("role_may_read_the_source", BAD, "ReceiveMessage on SQS", lambda w: w.read(role=w.poor), lambda w: w.read()),
    Case("one_version_shares_an_alias", BAD, "greater than 1", lambda w: w.share({"2": 0.1, "3": 0.1}), lambda w: w.share({"2": 0.1})),
    Case("weights_are_of_published_versions", BAD, "$LATEST is not supported", lambda w: w.share({"2": 0.1}, "$LATEST"), lambda w: w.share({}, "$LATEST")),
    Case("weights_are_of_published_versions", BAD, "$LATEST is not supported", lambda w: w.share({"2": 0.1}, "$LATEST", update=True), lambda w: w.share({"2": 0.1}, update=True)),
    Case("another_version_shares_an_alias", BAD, "already included", lambda w: w.share({"1": 0.1}), lambda w: w.share({"1": 0.1}, "2")),
    Case("weighted_version_exists", "ResourceNotFoundException", "Function not found", lambda w: w.share({"9": 0.1}), lambda w: w.share({"2": 0.1})),
    Case("large_batches_have_a_window", BAD, "greater than 0", lambda w: w.read(BatchSize=11), lambda w: w.read(BatchSize=11, MaximumBatchingWindowInSeconds=1)),
]  # fmt: skip


@pytest.mark.usefixtures("no_wait")
@pytest.mark.parametrize("case", CASES, ids=lambda one: one.rule)
def test_rule(case, world, refused):
    case.check(world, refused)


@pytest.mark.usefixtures("no_wait")
@pytest.mark.parametrize(("concurrency", "kept", "most"), [(10, 10, 0), (400, 40, 360), (1000, 100, 900)])
def test_how_much_stays_unreserved(world, refused, monkeypatch, concurrency, kept, most):
    monkeypatch.setenv("EMULATOR_QUOTAS", f'{{"L-B99A9384": {concurrency}}}')
    told = refused(BAD, world.reserve, most + 1)
    assert f"minimum value of [{kept}]" in told["Error"]["Message"]
    world.reserve(most)


@pytest.mark.usefixtures("no_wait")
def test_function_is_not_pending(world, refused, monkeypatch):
    monkeypatch.setattr(provisioning, "scale", 1)
    name = {"FunctionName": world.make()}
    functions = world.functions
    given = {"StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "events.amazonaws.com"}
    for call, more in (
        (functions.put_function_concurrency, {"ReservedConcurrentExecutions": 1}),
        (functions.add_permission, given),
        (functions.update_function_configuration, {"MemorySize": 256}),
        (functions.publish_version, {}),
        (functions.put_function_event_invoke_config, {"MaximumRetryAttempts": 0}),
        (functions.invoke, {}),
    ):
        assert "in the following state: Pending" in refused(CONFLICT, call, **name, **more)["Error"]["Message"]
    clock.move(41)
    functions.put_function_concurrency(**name, ReservedConcurrentExecutions=1)
    functions.add_permission(**name, **given)
