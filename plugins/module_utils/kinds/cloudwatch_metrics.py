"""The metrics that AWS publishes, for the services that we use.

CloudWatch takes any name: an alarm on a metric that nobody publishes is silent for ever. Here is what exists, so that
a name or a set of dimensions that doesn't is refused.
"""

from __future__ import annotations

from difflib import get_close_matches

_CONNECT = (
    "ActiveConnectionCount ClientTLSNegotiationErrorCount GrpcRequestCount HTTPCode_Target_2XX_Count "
    "HTTPCode_Target_3XX_Count HTTPCode_Target_4XX_Count HTTPCode_Target_5XX_Count NewConnectionCount ProcessedBytes "
    "RequestCount RequestCountPerTarget TargetProcessedBytes TargetResponseTime TargetTLSNegotiationErrorCount"
)
_INSIGHTS = (
    "CpuReserved CpuUtilized EphemeralStorageReserved EphemeralStorageUtilized MemoryReserved MemoryUtilized "
    "NetworkRxBytes NetworkTxBytes RestartCount StorageReadBytes StorageWriteBytes TaskCpuUtilization "
    "TaskMemoryUtilization"
)
_REQUESTS = (
    "HTTPCode_Target_2XX_Count HTTPCode_Target_3XX_Count HTTPCode_Target_4XX_Count HTTPCode_Target_5XX_Count "
    "RequestCount TargetConnectionErrorCount TargetResponseTime TargetTLSNegotiationErrorCount"
)
_BALANCER = (
    "ActiveConnectionCount ClientTLSNegotiationErrorCount DesyncMitigationMode_NonCompliant_Request_Count "
    "DroppedInvalidHeaderRequestCount ForwardedInvalidHeaderRequestCount HTTPCode_ELB_3XX_Count "
    "HTTPCode_ELB_4XX_Count HTTPCode_ELB_500_Count HTTPCode_ELB_502_Count HTTPCode_ELB_503_Count "
    "HTTPCode_ELB_504_Count HTTPCode_ELB_5XX_Count HTTP_Fixed_Response_Count HTTP_Redirect_Count "
    "HTTP_Redirect_Url_Limit_Exceeded_Count NewConnectionCount ProcessedBytes RejectedConnectionCount"
)
_HOSTS = (
    "AnomalousHostCount HealthyHostCount HealthyStateDNS HealthyStateRouting MitigatedHostCount UnHealthyHostCount "
    "UnhealthyRoutingRequestCount UnhealthyStateDNS UnhealthyStateRouting"
)
_DATABASE = (
    "BinLogDiskUsage BurstBalance CPUCreditBalance CPUCreditUsage CPUSurplusCreditBalance CPUSurplusCreditsCharged "
    "CPUUtilization CheckpointLag ConnectionAttempts DBLoad DBLoadCPU DBLoadNonCPU DBLoadRelativeToNumVCPUs "
    "DatabaseConnections DiskQueueDepth EBSByteBalance% EBSIOBalance% FreeLocalStorage FreeStorageSpace "
    "FreeStorageSpaceLogVolume FreeableMemory MaximumUsedTransactionIDs NetworkReceiveThroughput "
    "NetworkTransmitThroughput OldestLogicalReplicationSlotLag OldestReplicationSlotLag ReadIOPS ReadLatency "
    "ReadThroughput ReplicaLag ReplicationSlotDiskUsage SwapUsage TransactionLogsDiskUsage TransactionLogsGeneration "
    "WriteIOPS WriteLatency WriteThroughput"
)
_FUNCTION = (
    "AsyncEventAge AsyncEventsDropped AsyncEventsReceived ConcurrentExecutions DeadLetterErrors "
    "DestinationDeliveryFailures Duration Errors Invocations IteratorAge OffsetLag OversizedRecordCount "
    "PostRuntimeExtensionsDuration ProvisionedConcurrencyInvocations ProvisionedConcurrencySpilloverInvocations "
    "ProvisionedConcurrencyUtilization ProvisionedConcurrentExecutions RecursiveInvocationsDropped "
    "SignatureValidationErrors Throttles"
)
_RULE = (
    "DeadLetterInvocations FailedInvocations IngestionToInvocationCompleteLatency IngestionToInvocationStartLatency "
    "InvocationAttempts Invocations InvocationsFailedToBeSentToDlq InvocationsSentToDlq MatchedEvents "
    "RetryInvocationAttempts SuccessfulInvocationAttempts ThrottledRules TriggeredRules"
)
_SCHEDULES = (
    "InvocationAttemptCount InvocationDroppedCount InvocationThrottleCount InvocationsFailedToBeSentToDeadLetterCount "
    "InvocationsSentToDeadLetterCount InvocationsSentToDeadLetterCount_Truncated_MessageSizeExceeded TargetErrorCount "
    "TargetErrorThrottledCount"
)
_INSTANCE = (
    "CPUCreditBalance CPUCreditUsage CPUSurplusCreditBalance CPUSurplusCreditsCharged CPUUtilization DiskReadBytes "
    "DiskReadOps DiskWriteBytes DiskWriteOps EBSByteBalance% EBSIOBalance% EBSReadBytes EBSReadOps EBSWriteBytes "
    "EBSWriteOps MetadataNoToken MetadataNoTokenRejected NetworkIn NetworkOut NetworkPacketsIn NetworkPacketsOut "
    "StatusCheckFailed StatusCheckFailed_AttachedEBS StatusCheckFailed_Instance StatusCheckFailed_System"
)
_LOGS = "IncomingBytes IncomingLogEvents"
_FORWARDED = "DeliveryErrors DeliveryThrottling ForwardedBytes ForwardedLogEvents"
_WAF = "AllowedRequests BlockedRequests CaptchaRequests ChallengeRequests CountedRequests PassedRequests"

# namespace: {dimensions: metrics}. The empty set is the sum over all resources.
PUBLISHED: dict[str, dict[str, str]] = {
    "AWS/ApplicationELB": {
        "LoadBalancer": f"{_BALANCER} {_REQUESTS} ConsumedLCUs GrpcRequestCount IPv6ProcessedBytes IPv6RequestCount "
        "NonStickyRequestCount PeakLCUs RuleEvaluations",
        "AvailabilityZone LoadBalancer": f"{_BALANCER} {_REQUESTS}",
        "LoadBalancer TargetGroup": f"{_HOSTS} {_REQUESTS} RequestCountPerTarget",
        "AvailabilityZone LoadBalancer TargetGroup": f"{_HOSTS} {_REQUESTS}",
        "TargetGroup": "RequestCountPerTarget",
    },
    "AWS/AutoScaling": {
        "AutoScalingGroupName": "GroupDesiredCapacity GroupInServiceInstances GroupMaxSize GroupMinSize "
        "GroupPendingInstances GroupStandbyInstances GroupTerminatingInstances GroupTotalInstances",
    },
    "AWS/CertificateManager": {"CertificateArn": "DaysToExpiry"},
    "AWS/CloudFront": {
        "DistributionId Region": "4xxErrorRate 5xxErrorRate BytesDownloaded BytesUploaded CacheHitRate OriginLatency "
        "Requests TotalErrorRate",
    },
    "AWS/EC2": {
        "": _INSTANCE,
        "AutoScalingGroupName": _INSTANCE,
        "ImageId": _INSTANCE,
        "InstanceId": _INSTANCE,
        "InstanceType": _INSTANCE,
    },
    "AWS/ECS": {
        "ClusterName": "CPUReservation CPUUtilization GPUReservation MemoryReservation MemoryUtilization",
        "ClusterName ServiceName": f"CPUUtilization EBSFilesystemUtilization MemoryUtilization {_CONNECT}",
        "ClusterName DiscoveryName ServiceName": _CONNECT,
    },
    "AWS/Events": {
        "": "Invocations MatchedEvents TriggeredRules PutEventsApproximateCallCount PutEventsFailedEntriesCount",
        "RuleName": _RULE,
        "EventBusName": _RULE,
        "EventBusName RuleName": _RULE,
    },
    "AWS/EventBridge/Pipes": {
        "PipeName": "Concurrency Duration EnrichmentStageDuration EnrichmentStageFailed EventCount EventSize "
        "ExecutionFailed ExecutionPartiallyFailed ExecutionThrottled ExecutionTimeout Invocations TargetStageDuration "
        "TargetStageFailed TargetStagePartiallyFailed TargetStageSkipped",
        "": "Concurrency EventCount EventSize ExecutionFailed ExecutionThrottled ExecutionTimeout Invocations",
    },
    "AWS/Lambda": {
        "": f"{_FUNCTION} ClaimedAccountConcurrency UnreservedConcurrentExecutions",
        "FunctionName": _FUNCTION,
        "FunctionName Resource": _FUNCTION,
        "ExecutedVersion FunctionName Resource": _FUNCTION,
    },
    "AWS/Logs": {
        "": _LOGS,
        "LogGroupName": _LOGS,
        "DestinationType FilterName LogGroupName": _FORWARDED,
    },
    "AWS/NATGateway": {
        "NatGatewayId": "ActiveConnectionCount BytesInFromDestination BytesInFromSource BytesOutToDestination "
        "BytesOutToSource ConnectionAttemptCount ConnectionEstablishedCount ErrorPortAllocation IdleTimeoutCount "
        "PacketsDropCount PacketsInFromDestination PacketsInFromSource PacketsOutToDestination PacketsOutToSource "
        "PeakBytesPerSecond PeakPacketsPerSecond",
    },
    "AWS/RDS": {
        "": _DATABASE,
        "DBInstanceIdentifier": _DATABASE,
        "DatabaseClass": _DATABASE,
        "EngineName": _DATABASE,
    },
    "AWS/S3": {"BucketName StorageType": "BucketSizeBytes NumberOfObjects"},
    "AWS/SNS": {
        "TopicName": "NumberOfMessagesPublished NumberOfNotificationsDelivered NumberOfNotificationsFailed "
        "NumberOfNotificationsFailedToRedriveToDlq NumberOfNotificationsFilteredOut "
        "NumberOfNotificationsRedrivenToDlq PublishSize",
    },
    "AWS/SQS": {
        "QueueName": "ApproximateAgeOfOldestMessage ApproximateNumberOfGroupsWithInflightMessages "
        "ApproximateNumberOfMessagesDelayed ApproximateNumberOfMessagesNotVisible ApproximateNumberOfMessagesVisible "
        "ApproximateNumberOfNoisyGroups NumberOfDeduplicatedSentMessages NumberOfEmptyReceives NumberOfMessagesDeleted "
        "NumberOfMessagesReceived NumberOfMessagesSent SentMessageSize",
    },
    "AWS/Scheduler": {"": _SCHEDULES, "ScheduleGroup": _SCHEDULES},
    "AWS/States": {
        "StateMachineArn": "ExecutionThrottled ExecutionTime ExecutionsAborted ExecutionsFailed ExecutionsStarted "
        "ExecutionsSucceeded ExecutionsTimedOut",
    },
    "AWS/Usage": {"Class Resource Service Type": "CallCount ResourceCount ThrottleCount"},
    "AWS/WAFV2": {"Rule WebACL": _WAF, "Region Rule WebACL": _WAF},
    "ECS/ContainerInsights": {
        "ClusterName": f"ContainerInstanceCount ServiceCount TaskCount {_INSIGHTS}",
        "ClusterName ServiceName": "DeploymentCount DesiredTaskCount PendingTaskCount RunningTaskCount TaskSetCount "
        f"{_INSIGHTS}",
        "ClusterName TaskDefinitionFamily": _INSIGHTS,
    },
}


def refusal(namespace: str, metric: str, dimensions) -> str:
    """Say why a metric can't exist, in one sentence with its near matches; nothing when it can.

    Namespaces of the user's own are the user's: only AWS's are looked at.
    """
    if namespace not in PUBLISHED:
        if not namespace.startswith("AWS/"):
            return ""
        return f"the catalogue of AWS's metrics has no namespace {namespace}{_near(namespace, PUBLISHED)}"
    sets = PUBLISHED[namespace]
    metrics = sorted({name for names in sets.values() for name in names.split()})
    if metric not in metrics:
        return f"{namespace} has no metric {metric}{_near(metric, metrics)}"
    allowed = [names.split() for names, published in sets.items() if metric in published.split()]
    if sorted(dimensions) in allowed:
        return ""
    told = " or ".join(" and ".join(names) or "no dimension" for names in allowed)
    given = " and ".join(sorted(dimensions)) or "no dimension"
    return f"{namespace} publishes {metric} with {told}, not with {given}"


def _near(name, names) -> str:
    close = get_close_matches(name, names, n=3, cutoff=0.6)
    return f"; did you mean {' or '.join(close)}?" if close else ""
