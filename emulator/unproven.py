"""What a run against the embedded AWS does not prove, said once: the demo prints it, the documentation lists it."""

UNPROVEN = {
    "Network traffic": "security groups, routes, NAT, endpoints and the load balancer are kept and checked, but no "
    "packet passes through them; a NAT instance takes over its routes without running its user data, whose rules the "
    "tests try in network namespaces, and whose set-up on 512 MB only with stand-ins for the package manager",
    "IAM of the caller": "whoever deploys may do everything; roles are judged for what services do with them, and "
    "permission boundaries and organisation policies are not",
    "Images": "that AWS Lambda accepts the bootstrap image, and that an application's image starts on Fargate's own "
    "platform version",
    "Volumes": "that a container may write to its task's volumes: on Fargate they belong to root (mode 0755) unless "
    "the image declares them; what runs here has this machine's own folders",
    "ECS Exec": "sessions are opened and logged as far as the task's role may, but nobody gets into a container, above "
    "all not into one with a read-only root file system",
    "Certificates": "validation follows the record in Route 53 at once; the delegation of a real domain, which may "
    "take hours, does not happen",
    "Subscriptions": "email subscriptions of the alarm topic need no confirmation here",
    "Metrics": "of AWS's own metrics only the calls of functions are published and no alarm is evaluated, so alarms "
    "stay without data, unless somebody sets one, which tells its topic; and autoscaling moves nothing by itself",
    "Blue/green deployments": "stages, weights, alarms and rollbacks follow the documentation; no packet tells which "
    "target group it reached, and there are no lifecycle hooks and no test listener",
    "Capacity and quotas": "Fargate and Spot capacity is there unless a fault is asked for; of the quotas only those "
    "in the table of rules are known",
    "Time": "AWS shows many writes late; here only fresh roles and deleted names take their time, with --provisioning "
    "slow resources, and with --eventual what a table with sources lists, for seconds where AWS may take minutes",
    "Backups": "snapshots and replicated backups exist as records; restoring data from them is not tried",
    "Prices": "nothing is billed",
}


def text() -> str:
    """Return the list for a terminal."""
    return "\n".join(f"  - {what}: {why}" for what, why in UNPROVEN.items())


def markdown() -> str:
    """Return the list for the documentation."""
    return "\n".join(f"- **{what}**: {why}." for what, why in UNPROVEN.items())
