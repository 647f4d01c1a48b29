"""Which metrics AWS's services publish, and with which dimensions.

A rule of the project, not of AWS's: CloudWatch takes any name, and what watches it has no data for ever. Only the
namespaces here are judged, and only for what isn't in them; namespaces of one's own and of other services pass.
Written from each service's own page of metrics.
"""

import re
from difflib import get_close_matches

SOURCE = "project: AWS accepts it and there is no data for ever"
_ALB = (
    "ActiveConnectionCount ClientTLSNegotiationErrorCount ConsumedLCUs DesyncMitigationMode_NonCompliant_Request_Count "
    "DroppedInvalidHeaderRequestCount ForwardedInvalidHeaderRequestCount GrpcRequestCount HTTPCode_ELB_3XX_Count "
    "HTTPCode_ELB_4XX_Count HTTPCode_ELB_500_Count HTTPCode_ELB_502_Count HTTPCode_ELB_503_Count "
    "HTTPCode_ELB_504_Count "
    "HTTPCode_ELB_5XX_Count HTTP_Fixed_Response_Count HTTP_Redirect_Count HTTP_Redirect_Url_Limit_Exceeded_Count "
    "IPv6ProcessedBytes IPv6RequestCount NewConnectionCount NonStickyRequestCount PeakLCUs ProcessedBytes "
    "RejectedConnectionCount RuleEvaluations LowReputationPacketsDropped LowReputationRequestsDenied "
    "ELBAuthError ELBAuthFailure ELBAuthLatency ELBAuthRefreshTokenSuccess ELBAuthSuccess "
    "ELBAuthUserClaimsSizeExceeded "
    "BYoIPUtilPercentage ZonalShiftedHostCount"
)
_REQUESTS = (
    "RequestCount HTTPCode_Target_2XX_Count HTTPCode_Target_3XX_Count HTTPCode_Target_4XX_Count "
    "HTTPCode_Target_5XX_Count "
    "TargetConnectionErrorCount TargetResponseTime TargetTLSNegotiationErrorCount LambdaInternalError "
    "LambdaTargetProcessedBytes "
    "LambdaUserError"
)
_HOSTS = (
    "HealthyHostCount UnHealthyHostCount AnomalousHostCount MitigatedHostCount HealthyStateDNS HealthyStateRouting "
    "UnhealthyStateDNS UnhealthyStateRouting UnhealthyRoutingRequestCount ZonalShiftedHostCount"
)
_FUNCTION = (
    "AsyncEventAge AsyncEventsDropped AsyncEventsReceived ConcurrentExecutions DeadLetterErrors "
    "DestinationDeliveryFailures Duration Errors Invocations IteratorAge OffsetLag OversizedRecordCount "
    "PostRuntimeExtensionsDuration "
    "ProvisionedConcurrencyInvocations ProvisionedConcurrencySpilloverInvocations ProvisionedConcurrencyUtilization "
    "ProvisionedConcurrentExecutions RecursiveInvocationsDropped Throttles UrlRequestCount UrlRequestLatency "
    "Url4xxCount Url5xxCount"
)
_DATABASE = (
    "BinLogDiskUsage BurstBalance CPUCreditBalance CPUCreditUsage CPUSurplusCreditBalance CPUSurplusCreditsCharged "
    "CPUUtilization CheckpointLag ConnectionAttempts DBLoad DBLoadCPU DBLoadNonCPU DBLoadRelativeToNumVCPUs "
    "DatabaseConnections DiskQueueDepth DiskQueueDepthLogVolume EBSByteBalance% EBSIOBalance% "
    "FailedSQLServerAgentJobsCount "
    "FreeLocalStorage FreeLocalStoragePercent FreeStorageSpace FreeStorageSpaceLogVolume FreeableMemory "
    "MaximumUsedTransactionIDs NetworkReceiveThroughput NetworkTransmitThroughput OldestLogicalReplicationSlotLag "
    "OldestReplicationSlotLag ReadIOPS ReadIOPSLocalStorage ReadIOPSLogVolume ReadLatency ReadLatencyLocalStorage "
    "ReadLatencyLogVolume ReadThroughput ReadThroughputLocalStorage ReadThroughputLogVolume ReplicaLag "
    "ReplicationChannelLag ReplicationSlotDiskUsage SwapUsage TransactionLogsDiskUsage TransactionLogsGeneration "
    "WriteIOPS WriteIOPSLocalStorage WriteIOPSLogVolume WriteLatency WriteLatencyLocalStorage WriteLatencyLogVolume "
    "WriteThroughput WriteThroughputLocalStorage WriteThroughputLogVolume"
)
_TASKS = (
    "CpuReserved CpuUtilized EphemeralStorageReserved EphemeralStorageUtilized MemoryReserved MemoryUtilized "
    "NetworkRxBytes "
    "NetworkTxBytes StorageReadBytes StorageWriteBytes RestartCount UnHealthyContainerHealthStatus TaskCpuUtilization "
    "TaskMemoryUtilization TaskEphemeralStorageUtilization ContainerCpuUtilization ContainerMemoryUtilization"
)
# namespace: {dimensions: metrics}; no dimensions are the sum over all.
CATALOGUE: dict[str, dict[str, str]] = {
    "AWS/ApplicationELB": {
        "LoadBalancer": f"{_ALB} {_REQUESTS}",
        "AvailabilityZone LoadBalancer": f"{_ALB} {_REQUESTS}",
        "LoadBalancer TargetGroup": f"{_HOSTS} {_REQUESTS} RequestCountPerTarget",
        "AvailabilityZone LoadBalancer TargetGroup": f"{_HOSTS} {_REQUESTS} RequestCountPerTarget",
        "TargetGroup": "RequestCountPerTarget",
    },
    "AWS/ECS": {
        "ClusterName": "CPUReservation CPUUtilization GPUReservation MemoryReservation MemoryUtilization "
        "EBSFilesystemUtilization",
        "ClusterName ServiceName": "CPUUtilization MemoryUtilization EBSFilesystemUtilization ActiveConnectionCount "
        "NewConnectionCount ProcessedBytes RequestCount GrpcRequestCount TargetProcessedBytes",
        "ClusterName DiscoveryName ServiceName": "ActiveConnectionCount GrpcRequestCount HTTPCode_Target_2XX_Count "
        "HTTPCode_Target_3XX_Count HTTPCode_Target_4XX_Count HTTPCode_Target_5XX_Count NewConnectionCount "
        "ProcessedBytes "
        "RequestCount RequestCountPerTarget TargetProcessedBytes TargetResponseTime ClientTLSNegotiationErrorCount "
        "TargetTLSNegotiationErrorCount",
        "DiscoveryName": "ActiveConnectionCount NewConnectionCount ProcessedBytes RequestCount GrpcRequestCount",
        "ClusterName ServiceName TargetDiscoveryName": "RequestCountPerTarget TargetProcessedBytes TargetResponseTime "
        "HTTPCode_Target_2XX_Count HTTPCode_Target_3XX_Count HTTPCode_Target_4XX_Count HTTPCode_Target_5XX_Count "
        "TargetTLSNegotiationErrorCount",
        "TargetDiscoveryName": "RequestCountPerTarget TargetProcessedBytes TargetResponseTime "
        "HTTPCode_Target_2XX_Count "
        "HTTPCode_Target_3XX_Count HTTPCode_Target_4XX_Count HTTPCode_Target_5XX_Count TargetTLSNegotiationErrorCount",
    },
    "ECS/ContainerInsights": {
        "ClusterName": f"{_TASKS} ContainerInstanceCount ServiceCount TaskCount InstanceCpuUtilization "
        "InstanceMemoryUtilization",
        "ClusterName ServiceName": f"{_TASKS} DeploymentCount DesiredTaskCount PendingTaskCount RunningTaskCount "
        "TaskSetCount",
        "ClusterName TaskDefinitionFamily": _TASKS,
        "ClusterName TaskDefinitionFamily TaskId": _TASKS,
        "ClusterName ServiceName TaskId": _TASKS,
        "ClusterName ServiceName TaskDefinitionFamily TaskId": _TASKS,
        "ClusterName ContainerName ServiceName": _TASKS,
        "ClusterName ContainerName TaskDefinitionFamily": _TASKS,
    },
    "AWS/Lambda": {
        "": f"{_FUNCTION} ClaimedAccountConcurrency UnreservedConcurrentExecutions",
        "FunctionName": _FUNCTION,
        "FunctionName Resource": _FUNCTION,
        "ExecutedVersion FunctionName Resource": _FUNCTION,
    },
    "AWS/RDS": {
        "": _DATABASE,
        "DBInstanceIdentifier": _DATABASE,
        "DatabaseClass": _DATABASE,
        "EngineName": _DATABASE,
        "SourceRegion": "CrossRegionReplicaLag",
    },
    "AWS/SQS": {
        "QueueName": "ApproximateAgeOfOldestMessage ApproximateNumberOfGroupsWithInflightMessages "
        "ApproximateNumberOfMessagesDelayed ApproximateNumberOfMessagesNotVisible ApproximateNumberOfMessagesVisible "
        "ApproximateNumberOfNoisyGroups NumberOfDeduplicatedSentMessages NumberOfEmptyReceives NumberOfMessagesDeleted "
        "NumberOfMessagesReceived NumberOfMessagesSent SentMessageSize",
    },
    "AWS/SNS": {
        "TopicName": "NumberOfMessagesPublished NumberOfNotificationsDelivered NumberOfNotificationsFailed "
        "NumberOfNotificationsFailedToRedriveToDlq NumberOfNotificationsFilteredOut "
        "NumberOfNotificationsFilteredOut-InvalidAttributes NumberOfNotificationsFilteredOut-InvalidMessageBody "
        "NumberOfNotificationsFilteredOut-MessageAttributes NumberOfNotificationsFilteredOut-MessageBody "
        "NumberOfNotificationsFilteredOut-NoMessageAttributes NumberOfNotificationsRedrivenToDlq PublishSize",
    },
    "AWS/NATGateway": {
        "NatGatewayId": "ActiveConnectionCount BytesInFromDestination BytesInFromSource BytesOutToDestination "
        "BytesOutToSource "
        "ConnectionAttemptCount ConnectionEstablishedCount ErrorPortAllocation IdleTimeoutCount PacketsDropCount "
        "PacketsInFromDestination PacketsInFromSource PacketsOutToDestination PacketsOutToSource PeakBytesPerSecond "
        "PeakPacketsPerSecond",
    },
}


def refusal(namespace: str | None, metric: str | None, dimensions) -> str | None:
    """Say why a metric has no data, or nothing."""
    sets = CATALOGUE.get(namespace or "")
    if sets is None:
        close = get_close_matches(namespace or "", CATALOGUE, n=1, cutoff=0.9)
        return f"There is no namespace {namespace}; did you mean {close[0]}?" if close else None
    published = [names.split() for names, metrics in sets.items() if metric in metrics.split()]
    if not published:
        every = {name for metrics in sets.values() for name in metrics.split()}
        close = get_close_matches(metric or "", every, n=1)
        return f"{namespace} has no metric {metric}" + (f"; did you mean {close[0]}?" if close else ".")
    if sorted(dimensions) not in published:
        told = " or ".join(" and ".join(names) or "no dimension" for names in published)
        return (
            f"{namespace} publishes {metric} with {told}, not with "
            f"{' and '.join(sorted(dimensions)) or 'no dimension'}."
        )
    return None


def of(given: dict) -> str | None:
    """Say why a metric, as CloudWatch's API writes it, has no data, or nothing."""
    return refusal(
        given.get("Namespace"), given.get("MetricName"), [one["Name"] for one in given.get("Dimensions") or []]
    )


_STATISTIC = re.compile(
    r"SampleCount|Average|Sum|Minimum|Maximum|IQM"
    r"|(p|tm|tc|ts|wm)(\d{1,2}|100)(\.\d+)?|(PR|TM|TC|TS|WM)\([^()]*:[^()]*\)",
    re.IGNORECASE,
)


def is_statistic(text: str) -> bool:
    """Tell whether a text is one of CloudWatch's statistics."""
    return bool(_STATISTIC.fullmatch(text))
