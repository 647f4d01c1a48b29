"""Which refusals of AWS are waited for, in a destroy and in an apply alike."""

import boto3
import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine import deleting
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.kind import Kind
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.sync import sync
from botocore.exceptions import ClientError

PROTECTED = "Cannot delete protected DB Instance, please disable deletion protection and try again."
# Service, operation, code and message as AWS gives them (terraform-provider-aws waits for the same).
LATE = [
    ("acm", "DeleteCertificate", "ResourceInUseException", "Certificate arn:aws:acm:... in account 1 is in use."),
    ("application-autoscaling", "DeregisterScalableTarget", "ConcurrentUpdateException", "You already have a pending update"),
    ("autoscaling", "DeleteAutoScalingGroup", "ResourceInUse", "You cannot delete an AutoScalingGroup while there are instances"),
    ("autoscaling", "DeleteAutoScalingGroup", "ScalingActivityInProgress", "You cannot delete it: a scaling activity is in progress"),
    ("ec2", "DeleteSecurityGroup", "DependencyViolation", "resource sg-1 has a dependent object"),
    ("ec2", "DeleteSecurityGroup", "InvalidGroup.InUse", "There are active instances using security group"),
    ("ec2", "ReleaseAddress", "InvalidIPAddress.InUse", "Address 1.2.3.4 is in use."),
    ("ecs", "DeleteCluster", "ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active."),
    ("ecs", "DeleteCluster", "ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active."),
    ("elbv2", "DeleteLoadBalancer", "OperationNotPermitted", "Load balancer 'x' cannot be deleted because deletion protection is enabled"),
    ("elbv2", "DeleteTargetGroup", "ResourceInUse", "Target group 'x' is currently in use by a listener or a rule"),
    ("events", "DeleteRule", "ConcurrentModificationException", "Rule x was modified concurrently."),
    ("events", "DeleteRule", "ValidationException", "Rule can't be deleted since it has targets."),
    ("iam", "DeleteRole", "DeleteConflict", "Cannot delete entity, must delete policies first."),
    ("lambda", "DeleteFunction", "ResourceConflictException", "The operation cannot be performed at this time. An update is in progress"),
    ("logs", "DeleteLogGroup", "OperationAbortedException", "A conflicting operation is currently in progress against this resource. Please try again."),
    ("logs", "DeleteLogGroup", "ValidationException", "Cannot delete log group with deletion protection enabled. Disable deletion protection first."),
    ("pipes", "DeletePipe", "ConflictException", "Pipe x is being updated"),
    ("rds", "DeleteDBInstance", "InvalidDBInstanceState", "Cannot create a snapshot because the database instance x is not currently in the available state."),
    ("rds", "DeleteDBInstance", "InvalidParameterCombination", PROTECTED),
    ("rds", "DeleteDBParameterGroup", "InvalidDBParameterGroupState", "One or more database instances are still members of this parameter group"),
    ("rds", "DeleteDBSubnetGroup", "InvalidDBSubnetGroupStateFault", "Cannot delete the subnet group"),
    ("route53", "DeleteHostedZone", "HostedZoneNotEmpty", "The specified hosted zone contains non-required resource record sets"),
    ("route53", "DeleteHostedZone", "PriorRequestNotComplete", "The request was rejected because Route 53 was still processing a prior request."),
    ("s3", "DeleteBucket", "BucketNotEmpty", "The bucket you tried to delete is not empty"),
    ("s3", "DeleteBucket", "OperationAborted", "A conflicting conditional operation is currently in progress against this resource."),
]  # fmt: skip
FINAL = [
    ("ec2", "DeleteSubnet", "UnauthorizedOperation", "You are not authorized to perform this operation."),
    ("events", "DeleteRule", "ValidationException", "1 validation error detected"),
    ("rds", "DeleteDBInstance", "InvalidParameterCombination", "FinalDBSnapshotIdentifier can not be specified when deleting a replica instance"),
    ("iam", "DeleteRole", "AccessDenied", "not authorized"),
    ("elbv2", "DeleteLoadBalancer", "OperationNotPermitted", "it is managed by another service"),
    ("lambda", "DeleteFunction", "ResourceConflictException", "The function already exists"),
]


def refusal(operation, code, message):
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


class Buoy(Kind):
    """A resource that AWS refuses to delete, once for each error."""

    name = title = "buoy"
    replaced = {"colour": "buoys are cast in one"}

    def __init__(self, *errors):
        self.errors, self.deleted = list(errors), False

    def find(self, _aws, want):
        return None if self.deleted else {"name": want["name"], "colour": "red"}

    def create(self, _aws, want):
        self.deleted = False
        self.find = lambda aws, want: want

    def delete(self, _aws, live):
        if self.errors:
            raise self.errors.pop(0)
        self.deleted = True


@pytest.mark.parametrize(("service", "operation", "code", "message"), LATE, ids=lambda value: value[:24])
@pytest.mark.parametrize("how", ["destroy", "absent", "replace"])
def test_what_is_still_in_use_is_waited_for(service, operation, code, message, how):
    assert operation in boto3.session.Session(region_name="us-east-1").client(service).meta.service_model.operation_names
    buoy = Buoy(refusal(operation, code, message), refusal(operation, code, message))
    if how == "destroy":
        deleting.delete(buoy, None, {"name": "b"}, 60)
    else:
        sync(buoy, None, {"name": "b", "colour": "blue"}, "absent" if how == "absent" else "present")
    assert not buoy.errors and buoy.deleted == (how != "replace")


@pytest.mark.parametrize(("service", "operation", "code", "message"), FINAL, ids=lambda value: value[:24])
def test_what_will_not_change_is_told_at_once(service, operation, code, message, clock):
    with pytest.raises(EngineError, match=f"buoy b: {operation} was refused with {code}"):
        deleting.delete(Buoy(refusal(operation, code, message)), None, {"name": "b"}, 60)
    assert clock.now == 0


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("InvalidDBInstanceState", "Instance x is already being deleted."),
        ("InvalidRequestException", "You can’t perform this operation on the secret because it was deleted."),
        ("InvalidRequestException", "You can't perform this operation on the secret because it was marked for deletion."),
    ],
)
def test_what_is_going_is_gone(code, message):
    deleting.delete(Buoy(refusal("Delete", code, message)), None, {"name": "b"}, 60)


def test_what_never_ends_is_told_with_aws_own_words():
    error = refusal("DeleteRole", "DeleteConflict", "must detach all policies first")
    with pytest.raises(EngineError, match="buoy b is still in use after 60 seconds: DeleteRole .* must detach all policies"):
        deleting.delete(Buoy(*[error] * 99), None, {"name": "b"}, 60)


def test_who_is_in_the_way_is_told_at_once(clock):
    buoy = Buoy(*[refusal("DeleteVpc", "DependencyViolation", "it has dependencies")] * 99)
    buoy.obstacles = lambda aws, live, ours: ["a whale sleeps on it"]
    with pytest.raises(EngineError, match="buoy b isn't deleted: a whale sleeps on it"):
        deleting.delete(buoy, None, {"name": "b"}, 60)
    assert clock.now == 0


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ({}, ""),
        ({"Unsuccessful": [{"ResourceId": "fl-1", "Error": {"Code": "InvalidFlowLogId.NotFound", "Message": "none"}}]}, ""),
        ({"Unsuccessful": [{"ResourceId": "fl-1", "Error": {"Code": "UnauthorizedOperation", "Message": "you may not"}}]}, "UnauthorizedOperation: you may not"),
        ({"failures": [{"failureCode": "ImageNotFound", "failureReason": "no"}]}, ""),
        ({"failures": [{"failureCode": "ImageReferencedByManifestList", "failureReason": "in a list"}]}, "in a list"),
        ({"failures": [{"arn": "a", "reason": "MISSING"}]}, ""),
        ({"failures": [{"arn": "a", "reason": "ACTIVE", "detail": "deregister it first"}]}, "deregister it first"),
    ],
)  # fmt: skip
def test_failures_inside_of_answers(answer, says):
    if says:
        with pytest.raises(EngineError, match=says):
            deleting.each_done(answer)
    else:
        deleting.each_done(answer)


def test_a_flow_log_that_stays_is_a_failure():
    from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.ec2_flow_log import FLOW_LOG

    class Ec2:
        def __call__(self, service):
            return self

        def delete_flow_logs(self, **arguments):
            return {"Unsuccessful": [{"ResourceId": "fl-1", "Error": {"Code": "UnauthorizedOperation", "Message": "you may not"}}]}

    with pytest.raises(EngineError, match="you may not"):
        FLOW_LOG.delete(Ec2(), {"id": "fl-1", "name": "f"})


REFUSED = {"Unsuccessful": [{"ResourceId": "vpce-1", "Error": {"Code": "UnauthorizedOperation", "Message": "you may not"}}]}


class Endpoints:
    """EC2 that answers the deletion of an endpoint with a failure inside."""

    def __call__(self, service):
        return self

    def pages(self, _service, operation, *_more, **_filters):
        return [{"VpcEndpointId": "vpce-1"}] if operation == "describe_vpc_endpoints" else []

    def delete_vpc_endpoints(self, **arguments):
        return REFUSED


def test_an_endpoint_that_stays_is_a_failure():
    from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.ec2_vpc_endpoint import VPC_ENDPOINT

    with pytest.raises(EngineError, match="VPC endpoint e: UnauthorizedOperation: you may not"):
        deleting.delete(VPC_ENDPOINT, Endpoints(), {"id": "vpce-1", "name": "e"}, 60)


def test_guarddutys_endpoint_that_stays_is_told_at_once(clock):
    from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.neighbours import leave_vpc

    with pytest.raises(EngineError, match="you may not"):
        leave_vpc(Endpoints(), {"id": "vpc-1"})
    assert clock.now == 0
