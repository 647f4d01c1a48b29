"""Flow logs: in each interval a record for each interface, written with the role that the flow log has.

No packet is seen here, so each record says NODATA, as AWS's do for an interface that had no traffic. AWS looks for the
group and the stream before it writes (VPC user guide, IAM role for publishing flow logs to CloudWatch Logs, which lists
what the role must be allowed); what it may not write makes the flow log's status FAILED, with "Access error"
(VPC user guide, troubleshoot VPC flow logs).
"""

from moto.ec2.models.flow_logs import FlowLogsBackend

from emulator import clock
from emulator.dataplane import targets
from emulator.dataplane.engine import ENGINE
from emulator.evidence import documented, does
from emulator.patching import replacing
from emulator.permissions import Role

PRINCIPAL = "vpc-flow-logs.amazonaws.com"


def install() -> None:
    """Let flow logs write."""

    @replacing(FlowLogsBackend, "create_flow_logs")
    def create(original, self, *args, **kwargs):
        made, unsuccessful = original(self, *args, **kwargs)
        for one in made:
            if one.log_destination_type == "cloud-watch-logs":
                ENGINE.after(one.max_aggregation_interval, _write, self, one)
        return made, unsuccessful


@does(
    'A flow log writes each aggregation interval, by default 10 minutes, and shows FAILED and "Access error" '
    "if its role may not.",
    documented("https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_FlowLog.html", "DeliverLogsErrorMessage"),
)
def _write(backend, flow_log) -> None:
    if flow_log.id not in backend.flow_logs:
        return
    ENGINE.after(flow_log.max_aggregation_interval, _write, backend, flow_log)
    of = flow_log.resource_id
    interfaces = [one for one in backend.enis.values() if of in (one.id, one.subnet.id, one.subnet.vpc_id)]
    good = all(_record(backend, flow_log, one.id) for one in interfaces)
    flow_log.deliver_logs_status = "SUCCESS" if good else "FAILED"
    flow_log.deliver_logs_error_message = None if good else "Access error"


@does(
    "A flow log's role is assumed with aws:SourceArn, and needs to describe groups and streams, make streams "
    "and write.",
    documented("https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html"),
)
@does(
    "An interface without traffic has a record that ends with NODATA.",
    documented("https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-records-examples.html", "NODATA"),
)
def _record(backend, flow_log, interface: str) -> bool:
    region, account = backend.region_name, backend.account_id
    itself = f"arn:aws:ec2:{region}:{account}:vpc-flow-log/{flow_log.id}"
    role = Role(flow_log.deliver_logs_permission_arn, PRINCIPAL, itself)
    group, stream = flow_log.log_group_name, f"{interface}-{flow_log.traffic_type.lower()}"
    end = int(clock.now())
    start = end - flow_log.max_aggregation_interval
    line = f"2 {account} {interface} {'- ' * 7}{start} {end} - NODATA"
    return targets.look_and_write(role.may, region, group, stream, [line])
