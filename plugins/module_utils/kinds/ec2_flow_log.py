"""EC2: flow logs."""

from __future__ import annotations

from uuid import uuid4

from ..engine.aws import unless
from ..engine.deleting import each_done
from .ec2 import Ec2Kind, in_vpc, named


class FlowLog(Ec2Kind):
    """A VPC's flow log to a log group."""

    name = "flow_log"
    title = "flow log"
    module = "flow_builder.aws.ec2_flow_log"
    cloudformation = "AWS::EC2::FlowLog"
    properties = {"DeliverLogsPermissionArn": "role_arn", "ResourceId": "vpc_id", "ResourceType": "=VPC"}
    needs = ("vpc", "log_group", "iam_role")
    describe = "describe_flow_logs"
    key = "FlowLogs"
    filters = "Filter"
    tag_type = "vpc-flow-log"
    ignored = frozenset({"deliver_logs_status", "deliver_logs_error"})
    replaced = dict.fromkeys(
        ("vpc_id", "traffic_type", "log_group_name", "role_arn", "max_aggregation_interval", "log_format"),
        "AWS can't change a flow log",
    )
    settling = (("InvalidParameter", "role"), ("InvalidParameter", "Access"))
    unmanaged = (
        in_vpc(
            "describe_flow_logs", "FlowLogs", "FlowLogId", ("delete_flow_logs", "FlowLogIds[]"),
            "resource-id", "Filter",
        ),
    )  # fmt: skip

    def live(self, aws, item):
        """Return the flow log."""
        return {
            "id": item["FlowLogId"],
            "vpc_id": item["ResourceId"],
            "traffic_type": item["TrafficType"],
            "log_group_name": item.get("LogGroupName", ""),
            "role_arn": item.get("DeliverLogsPermissionArn", ""),
            "max_aggregation_interval": item.get("MaxAggregationInterval", 600),
            "log_format": item.get("LogFormat", ""),
            "deliver_logs_status": item.get("DeliverLogsStatus", ""),
            "deliver_logs_error": item.get("DeliverLogsErrorMessage", ""),
            **named(item),
        }

    def create(self, aws, want):
        """Create the flow log; AWS answers per resource, not with an error."""
        more = {"LogFormat": want["log_format"]} if want.get("log_format") else {}
        answer = aws("ec2").create_flow_logs(
            ResourceIds=[want["vpc_id"]], ResourceType="VPC", TrafficType=want["traffic_type"],
            ClientToken=str(uuid4()), LogDestinationType="cloud-watch-logs", LogGroupName=want["log_group_name"],
            DeliverLogsPermissionArn=want["role_arn"], MaxAggregationInterval=want["max_aggregation_interval"],
            TagSpecifications=self.specification(want), **more,
        )  # fmt: skip
        each_done(answer, gone=())

    def delete(self, aws, live):
        """Delete the flow log, whose log group stays; AWS answers per flow log, not with an error."""
        call = aws("ec2").delete_flow_logs
        each_done(unless("InvalidFlowLogId.NotFound", call, FlowLogIds=[live["id"]], otherwise={}))
FLOW_LOG = FlowLog()
