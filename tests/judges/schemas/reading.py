"""Which properties that somebody can set our reads would not show."""

from __future__ import annotations

import functools
import threading
from collections import defaultdict
from collections.abc import Iterator

import boto3
import botocore.session

from .agreement import settable
from .types import paths, plain

OTHERWISE = "the answers have it under another name"
FIFO = "only FIFO ones have it, and none of ours is one"
SAID = "only what is made from a snapshot, a cluster or another instance has it"
GAP = "a gap, for its price: each is a call more for each of many log groups"
NEVER_READ = {
    "load_balancer": {"SubnetMappings": f"{OTHERWISE}: AvailabilityZones"},
    "dashboard": {"Tags": "a dashboard had no tags until this year: none of ours has any"},
    "auto_scaling_group": {
        "LifecycleHookSpecificationList": "a part of the group",
        "MetricsCollection": f"{OTHERWISE}: EnabledMetrics",
        "NotificationConfiguration": "the older one of the two",
    },
    "security_group": {"SecurityGroupEgress": "security_group_rules reads it"},
    "nat_gateway": dict.fromkeys(
        (
            "AvailabilityZoneAddresses", "PrivateIpAddress", "SecondaryAllocationIds", "SecondaryPrivateIpAddressCount",
            "SecondaryPrivateIpAddresses",
        ),
        f"{OTHERWISE}: NatGatewayAddresses",
    ),
    "ecs_service": {"PlacementStrategies": f"{OTHERWISE}: placementStrategy", "Role": f"{OTHERWISE}: roleArn"},
    "iam_role": {"ManagedPolicyArns": f"{OTHERWISE}: AttachedManagedPolicies"},
    "lambda_function": {
        "FunctionScalingConfig": "only functions on instances of their own have it",
        "CodeSigningConfigArn": "a part of what is made from a zip; no image can be signed",
        "RuntimeManagementConfig": f"{OTHERWISE}: UpdateRuntimeOn",
    },
    "lambda_alias": {"ProvisionedConcurrencyConfig": "lambda_function reads it"},
    "lambda_permission": dict.fromkeys(
        ("EventSourceToken", "FunctionUrlAuthType", "InvokedViaFunctionUrl", "PrincipalOrgID"),
        "conditions of the statement, which the policy's text shows",
    ),
    "lambda_event_invoke_config": {"Qualifier": "the end of function_name"},
    "log_group": {
        "DataProtectionPolicy": f"{OTHERWISE}: policyDocument", "FieldIndexPolicies": GAP, "ResourcePolicyDocument": GAP,
    },
    "rds_instance": {
        **dict.fromkeys(
            ("AutomaticBackupReplicationRegion", "AutomaticBackupReplicationRetentionPeriod"),
            f"{OTHERWISE}: DBInstanceAutomatedBackupsReplications",
        ),
        **dict.fromkeys(("DBClusterSnapshotIdentifier", "SourceDBClusterIdentifier"), SAID),
        **dict.fromkeys(
            ("DomainAuthSecretArn", "DomainDnsIps", "DomainFqdn", "DomainIAMRoleName", "DomainOu"),
            f"{OTHERWISE}: DomainMemberships",
        ),
    },
    "s3_bucket": {
        "MetadataTableConfiguration": f"{OTHERWISE}: MetadataConfigurationResult",
        **dict.fromkeys(
            (
                "AccelerateConfiguration", "AnalyticsConfigurations", "CorsConfiguration",
                "IntelligentTieringConfigurations", "InventoryConfigurations", "LoggingConfiguration",
                "MetricsConfigurations", "NotificationConfiguration", "WebsiteConfiguration",
            ),
            "a part of the bucket, read by an operation of its own",
        ),
    },
    "sns_topic": {
        **dict.fromkeys(("ArchivePolicy", "ContentBasedDeduplication", "FifoThroughputScope", "FifoTopic"), FIFO),
        **dict.fromkeys(
            ("DataProtectionPolicy", "DeliveryStatusLogging", "MaximumMessageSize", "SignatureVersion", "TracingConfig"),
            "an attribute by name, which the model doesn't tell",
        ),
        "Subscription": "a part of the topic",
    },
    "sqs_queue": {
        **dict.fromkeys(("ContentBasedDeduplication", "DeduplicationScope", "FifoQueue", "FifoThroughputLimit"), FIFO),
        "KmsDataKeyReusePeriodSeconds": "an attribute by name, which the model doesn't tell",
    },
    "certificate": {"Id": "CloudFormation's own"},
    "hosted_zone": {
        "DelegationSetId": f"{OTHERWISE}: DelegationSet", "HostedZoneFeatures": f"{OTHERWISE}: Features",
        "QueryLoggingConfig": "a part of the zone",
    },
}  # fmt: skip
"""Properties, by kind, that can be set and that none of its reads shows by this name, and why."""


class Asked:
    """The operations that each kind asks, told by the clients that it gets."""

    def __init__(self, session: boto3.session.Session, url: str):
        self._session, self._url, self._now = session, url, threading.local()
        self.operations: dict[str, set[tuple[str, str]]] = defaultdict(set)

    def of(self, kind: str):
        """Tell what is asked from now on as this kind's."""
        self._now.kind = kind

    def client(self, service: str):
        """Return a client that tells."""
        made = self._session.client(service, endpoint_url=self._url)
        made.meta.events.register("before-call", self._tell)
        return made

    def _tell(self, model, **_more):
        self.operations[self._now.kind].add((model.service_model.service_name, model.name))


@functools.cache
def model(service: str):
    """Return a service's model."""
    return botocore.session.get_session().get_service_model(service)


def told(operations: set[tuple[str, str]]) -> set[str]:
    """Return all names, at any depth, that the answers of these operations can have."""
    names: set[str] = set()
    for service, operation in operations:
        _names(model(service).operation_model(operation).output_shape, names, set())
    return names


def _names(shape, names, seen):
    if shape is None or shape.name in seen:
        return
    seen.add(shape.name)
    for name, member in getattr(shape, "members", {}).items():
        names.add(plain(name))
        _names(member, names, seen)
    for part in ("member", "value"):
        _names(getattr(shape, part, None), names, seen)


def gaps() -> int:
    """Return how many properties are exceptions since nobody reads them at all."""
    return sum(why == GAP for whys in NEVER_READ.values() for why in whys.values())


def unread(kind, fields: set[str], operations: set[tuple[str, str]]) -> Iterator[str]:
    """Yield the properties that can be set and that neither a field nor any answer that the kind reads shows."""
    known = {plain(field) for field in fields} | told(operations)
    partly = {path.split("/")[0] for path in paths(kind.cloudformation, "writeOnly")}
    for name in sorted(settable(kind.cloudformation) - partly):
        mapped = any(path.split("/")[0] == name for path in kind.properties)
        if not mapped and plain(name) not in known:
            yield name
