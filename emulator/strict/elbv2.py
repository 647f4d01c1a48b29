"""Elastic Load Balancing: balancers, target groups, listeners and their certificates."""

import ipaddress
import re

from emulator.corrections.elbv2 import BALANCER, HTTP_GROUP, TCP_GROUP
from emulator.strict import MEASURED, Refusal, rule

API = "Elastic Load Balancing API reference"
FORWARDS = ("CreateListener", "ModifyListener", "CreateRule", "ModifyRule")
CERTIFIED = ("CreateListener", "ModifyListener", "AddListenerCertificates")


def _ec2(call):
    return call.backend("ec2")


def _subnets(call, ids) -> list:
    held = [one for zone in _ec2(call).subnets.values() for one in zone.values()]
    return [one for one in held if one.id in (ids or [])]


def _subnet_ids(call) -> list[str]:
    given = call.parameters
    return given.get("Subnets") or [one["SubnetId"] for one in given.get("SubnetMappings") or []]


def _is_application(call) -> bool:
    if call.operation == "CreateLoadBalancer":
        return call.parameters.get("Type", "application") == "application"
    balancer = call.backend().load_balancers.get(call.parameters["LoadBalancerArn"])
    return balancer is not None and balancer.type == "application"


# Balancers


@rule("elbv2", "CreateLoadBalancer", code="ValidationError", source=MEASURED + "pf-elbv2-lb-name")
def balancer_name_is_valid(call):
    """A load balancer's name has up to 32 letters, digits and inner hyphens, and doesn't begin with "internal-"."""
    name = call.parameters["Name"]
    said = f"The load balancer name '{name}' can"
    if len(name) > 32:
        return f"{said}not be longer than '32' characters"
    if not re.fullmatch(r"[a-zA-Z0-9-]*", name):
        return f"{said} only contain characters that are alphanumeric characters and hyphens(-)"
    if name.startswith("-") or name.endswith("-"):
        return f"{said}not {'begin' if name.startswith('-') else 'end'} with a hyphen(-)"
    return f"{said}not begin with 'internal-'" if name.startswith("internal-") else None


@rule(
    "elbv2", "CreateLoadBalancer", code="DuplicateLoadBalancerName", source="CreateLoadBalancer API reference, errors"
)
def balancer_name_is_free(call):
    """A name in use comes with the same settings."""
    given = call.parameters
    for one in call.backend().load_balancers.values():
        settings = (one.scheme or "internet-facing", one.type or "application")
        if one.name == given["Name"] and settings != (
            given.get("Scheme") or "internet-facing",
            given.get("Type") or "application",
        ):
            return f"A load balancer with the same name '{one.name}' exists, but with different settings"
    return None


@rule(
    "elbv2",
    "CreateLoadBalancer",
    "SetSubnets",
    code="ValidationError",
    source="CreateLoadBalancer API reference, Subnets",
)
def balancer_is_in_two_zones(call):
    """An application load balancer is in two zones."""
    zones = [one.availability_zone for one in _subnets(call, _subnet_ids(call))]
    if _is_application(call) and len(zones) == 1:
        return "At least two subnets in two different Availability Zones must be specified"
    if len(zones) != len(set(zones)):
        return Refusal(
            "InvalidConfigurationRequest",
            "A load balancer cannot be attached to multiple subnets in the same Availability Zone",
        )
    return None


@rule("elbv2", "CreateLoadBalancer", "SetSecurityGroups", code="InvalidConfigurationRequest", source=f"{API}, errors")
def groups_are_of_the_balancers_vpc(call):
    """A load balancer's security groups exist in its VPC."""
    if call.operation == "SetSecurityGroups":
        balancer = call.backend().load_balancers.get(call.parameters["LoadBalancerArn"])
        vpc = balancer.vpc_id if balancer else None
    else:
        vpc = next((one.vpc_id for one in _subnets(call, _subnet_ids(call))), None)
    if vpc and any(one not in _ec2(call).groups.get(vpc, {}) for one in call.parameters.get("SecurityGroups") or []):
        return "One or more security groups are invalid"
    return None


@rule("elbv2", "CreateLoadBalancer", code="InvalidSubnet", source=f"{API}, errors")
def internet_facing_needs_a_gateway(call):
    """An internet-facing load balancer is in a VPC with an internet gateway."""
    vpc = next((one.vpc_id for one in _subnets(call, _subnet_ids(call))), None)
    attached = (one.vpc.id for one in _ec2(call).internet_gateways.values() if one.vpc)
    if vpc and call.parameters.get("Scheme", "internet-facing") == "internet-facing" and vpc not in attached:
        return f"VPC {vpc} has no internet gateway"
    return None


RANGES = {
    "client_keep_alive.seconds": (60, 604800),
    "deregistration_delay.timeout_seconds": (0, 3600),
    "idle_timeout.timeout_seconds": (1, 4000),
    "slow_start.duration_seconds": (30, 900),
    "stickiness.app_cookie.duration_seconds": (1, 604800),
    "stickiness.lb_cookie.duration_seconds": (1, 604800),
}


@rule(
    "elbv2",
    "ModifyLoadBalancerAttributes",
    "ModifyTargetGroupAttributes",
    code="ValidationError",
    source=f"{API}, attributes",
)
def attributes_are_in_range(call):
    """Seconds among the attributes are in their ranges."""
    for one in call.parameters.get("Attributes") or []:
        key, value = one["Key"], one.get("Value", "")
        low, high = RANGES.get(key, (None, None))
        if low is None or key.startswith("slow_start") and value == "0":
            continue
        if not value.isdigit() or not low <= int(value) <= high:
            return f"'{key}' value '{value}' must be between '{low}-{high}' inclusive"
    return None


@rule("elbv2", "ModifyTargetGroupAttributes", code="ValidationError", source=MEASURED + "pf-elbv2-tg-attr-key-known")
def group_attributes_are_known(call):
    """A target group's attributes are known."""
    for one in call.parameters["Attributes"]:
        if one["Key"] not in HTTP_GROUP | TCP_GROUP and not one["Key"].startswith(("lambda.", "target_failover.")):
            return f"Target group attribute key '{one['Key']}' is not recognized"
    return None


@rule(
    "elbv2", "ModifyLoadBalancerAttributes", code="ValidationError", source=MEASURED + "pf-elbv2-lb-attr-boolean-value"
)
def switches_are_true_or_false(call):
    """A load balancer's attributes that are switches are true or false."""
    for one in call.parameters["Attributes"]:
        switch = any(held.get(one["Key"]) in ("true", "false") for held in BALANCER.values())
        if switch and one.get("Value") not in ("true", "false"):
            return f"The value of '{one['Key']}' must be 'true' or 'false', but was '{one.get('Value', '')}'"
    return None


@rule(
    "elbv2", "ModifyLoadBalancerAttributes", code="ValidationError",
    source=MEASURED + "pf-elbv2-lb-attr-access-logs-bucket-required",
)  # fmt: skip
def logs_go_to_a_bucket(call):
    """Who lets a load balancer log says into which bucket."""
    given = {one["Key"]: one.get("Value") for one in call.parameters["Attributes"]}
    balancer = call.backend().load_balancers.get(call.parameters["LoadBalancerArn"])
    key = "access_logs.s3.bucket"
    if balancer and given.get("access_logs.s3.enabled") == "true" and not (given.get(key) or balancer.attrs.get(key)):
        return f"The key '{key}' must set in order to enable access logs"
    return None


@rule("elbv2", "ModifyLoadBalancerAttributes", code="InvalidConfigurationRequest", source="ELB user guide, access logs")
def log_bucket_takes_the_logs(call):
    """The bucket for a load balancer's logs exists and has a policy."""
    given = {one["Key"]: one.get("Value") for one in call.parameters["Attributes"]}
    for kind in ("access_logs", "connection_logs", "health_check_logs"):
        bucket = given.get(f"{kind}.s3.bucket")
        if given.get(f"{kind}.s3.enabled") == "true" and bucket:
            found = call.backend("s3").buckets.get(bucket)
            if found is None or found.policy is None:
                return f"Access Denied for bucket: {bucket}. Please check S3bucket permission"
    return None


# Target groups


@rule("elbv2", "ModifyTargetGroup", code="ValidationError", source="ModifyTargetGroup API reference")
def timeout_is_below_the_interval(call):
    """A health check's timeout is shorter than its interval."""
    given, group = call.parameters, call.backend().target_groups.get(call.parameters["TargetGroupArn"])
    if group is None:
        return None
    timeout = given.get("HealthCheckTimeoutSeconds") or int(group.health_check_timeout_seconds or 0)
    interval = given.get("HealthCheckIntervalSeconds") or int(group.health_check_interval_seconds or 0)
    if interval and timeout >= interval:
        return f"Health check timeout '{timeout}' must be smaller than the interval '{interval}'"
    return None


@rule("elbv2", "CreateTargetGroup", "ModifyTargetGroup", code="ValidationError", source=f"{API}, Matcher")
def health_codes_are_http(call):
    """A health check's codes are from 200 to 499 (gRPC's from 0 to 99)."""
    given = call.parameters
    codes = (given.get("Matcher") or {}).get("HttpCode")
    if not codes or not re.fullmatch(r"[\d,-]+", codes):
        return None
    for code in re.findall(r"\d+", codes):
        if not 200 <= int(code) <= 599:
            return f"Health check matcher HTTP code '{code}' must be within '200-499' inclusive"
    return None


@rule(
    "elbv2", "CreateTargetGroup", code="ValidationError", source="CreateTargetGroup API reference, HealthCheckProtocol"
)
def health_check_speaks_http(call):
    """The health check of an HTTP target group is by HTTP."""
    given = call.parameters
    protocol, check = given.get("Protocol"), given.get("HealthCheckProtocol")
    if protocol in ("HTTP", "HTTPS") and check and check not in ("HTTP", "HTTPS"):
        return f"Health check protocol '{check}' is not supported for target groups with the protocol '{protocol}'"
    return None


@rule(
    "elbv2",
    "RegisterTargets",
    code="ValidationError",
    source="aws/eks-charts#392",
)
def targets_outside_the_vpc_are_in_all_zones(call):
    """An address outside the VPC is registered for all zones."""
    group = call.backend().target_groups.get(call.parameters["TargetGroupArn"])
    vpc = _ec2(call).vpcs.get(group.vpc_id) if group and group.target_type == "ip" else None
    if vpc is None:
        return None
    blocks = [ipaddress.ip_network(one["cidr_block"]) for one in vpc.get_cidr_block_association_set()]
    for target in call.parameters["Targets"]:
        try:
            address = ipaddress.ip_address(target["Id"])
        except ValueError:
            return f"The IP address '{target['Id']}' is not a valid IPv4 address"
        if (
            target.get("AvailabilityZone") != "all"
            and address.version == 4
            and not any(address in one for one in blocks)
        ):
            return (
                f"The Availability Zone for IP address '{target['Id']}' must be 'all' for Application Load Balancer "
                "target groups, when not within the VPC"
            )
    return None


# Listeners and rules


def _balancer(call):
    """Return the load balancer that a listener or rule in the call is or will be of."""
    given, balancers = call.parameters, call.backend().load_balancers
    arn = given.get("LoadBalancerArn")
    if not arn:
        # .../listener/app/name/id/listener and .../listener-rule/app/name/id/listener/rule
        path = (given.get("ListenerArn") or given.get("RuleArn") or "").replace(":listener-rule/", ":listener/")
        arn = "/".join(path.replace(":listener/", ":loadbalancer/").split("/")[:4])
    return balancers.get(arn)


def _actions(call) -> list[dict]:
    return call.parameters.get("DefaultActions") or call.parameters.get("Actions") or []


def _group_arns(actions: list[dict]) -> list[str]:
    found = []
    for one in actions:
        found += [one["TargetGroupArn"]] if one.get("TargetGroupArn") else []
        found += [each["TargetGroupArn"] for each in (one.get("ForwardConfig") or {}).get("TargetGroups") or []]
    return list(dict.fromkeys(found))


def _groups(call) -> list:
    held = call.backend().target_groups
    return [held[arn] for arn in _group_arns(_actions(call)) if arn in held]


@rule(
    "elbv2", *FORWARDS, code="InvalidConfigurationRequest", source="kubernetes-sigs/aws-load-balancer-controller#1045"
)
def group_is_of_the_balancers_vpc(call):
    """A listener forwards to target groups of the load balancer's VPC."""
    balancer = _balancer(call)
    for group in _groups(call):
        if balancer and group.vpc_id and group.vpc_id != balancer.vpc_id:
            return f"Target group '{group.arn}' is in a different VPC than load balancer '{balancer.arn}'"
    return None


@rule("elbv2", *FORWARDS, code="TargetGroupAssociationLimit", source=f"{API}, errors")
def group_has_one_balancer(call):
    """A target group belongs to one load balancer."""
    balancer = _balancer(call)
    for group in _groups(call):
        if balancer and any(arn != balancer.arn for arn in group.load_balancer_arns):
            return f"The following target groups cannot be associated with more than one load balancer: {group.arn}"
    return None


@rule("elbv2", "CreateListener", code="DuplicateListener", source=f"{API}, errors")
def port_is_free(call):
    """A load balancer has one listener on a port."""
    balancer = _balancer(call)
    for one in balancer.listeners.values() if balancer else ():
        if str(one.port) == str(call.parameters.get("Port")):
            return f"A listener already exists on this port for this load balancer '{balancer.arn}'"
    return None


@rule("elbv2", "CreateListener", code="ValidationError", source="pulumi/pulumi-awsx#1242")
def https_has_a_certificate(call):
    """An HTTPS listener has a certificate."""
    if call.parameters.get("Protocol") == "HTTPS" and not call.parameters.get("Certificates"):
        return "A certificate must be specified for HTTPS listeners"
    return None


@rule("elbv2", "CreateListener", code="ValidationError", source="CreateListener API reference, Certificates")
def http_has_no_certificate(call):
    """An HTTP listener has no certificate."""
    if call.parameters.get("Protocol") == "HTTP" and call.parameters.get("Certificates"):
        return "A certificate cannot be specified for HTTP listeners"
    return None


@rule("elbv2", *CERTIFIED, code="UnsupportedCertificate", source="hashicorp/terraform-provider-aws#41789")
def certificate_is_issued(call):
    """A listener's certificate is issued."""
    held = call.backend("acm")._certificates
    for one in call.parameters.get("Certificates") or []:
        found = held.get(one.get("CertificateArn"))
        if found is None:
            continue
        found.check()
        if found.status != "ISSUED":
            return (
                f"The certificate '{found.arn}' must have a fully-qualified domain name, a supported signature, "
                "and a supported key size."
            )
    return None


# Names as AWS gives them; new ones follow the same form.
_POLICY = re.compile(
    r"ELBSecurityPolicy-(?:20\d\d-\d\d|FS(?:-1-[12])?(?:-Res)?-20\d\d-\d\d|TLS-1-[0-2](?:-Ext)?-20\d\d-\d\d"
    r"|TLS13-1-[0-3](?:-(?:Ext[0-3]?|Res|FIPS|PQ))*-20\d\d-\d\d)"
)


@rule("elbv2", "CreateListener", "ModifyListener", code="SSLPolicyNotFound", source="ELB user guide, security policies")
def ssl_policy_exists(call):
    """A listener's security policy has a name as AWS gives them."""
    name = call.parameters.get("SslPolicy")
    return f"SSL policy '{name}' not found" if name and not _POLICY.fullmatch(name) else None


@rule("elbv2", *FORWARDS, code="InvalidLoadBalancerAction", source=MEASURED + "pf-elbv2-action-redirect-no-change")
def redirect_leads_elsewhere(call):
    """A redirect changes protocol, host, port or path."""
    for one in _actions(call):
        redirect = one.get("RedirectConfig")
        if redirect is not None and not any(
            redirect.get(part, unchanged) not in (unchanged, f"/{unchanged}")
            for part, unchanged in (
                ("Protocol", "#{protocol}"),
                ("Host", "#{host}"),
                ("Port", "#{port}"),
                ("Path", "#{path}"),
            )
        ):
            return "The redirect configuration is not valid because it creates a loop."
    return None
