"""Elastic Load Balancing: every attribute that AWS has, with its default."""

from moto.elbv2 import models
from moto.moto_api._internal import mock_random as random

from emulator.errors import AWSError
from emulator.evidence import documented, does
from emulator.patching import adds, answers, correction, replacing

API = "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/"

LOGS = {"access_logs.s3.enabled": "false", "access_logs.s3.bucket": "", "access_logs.s3.prefix": ""}
BALANCER = {
    "application": LOGS
    | {name.replace("access", kind): value for kind in ("connection", "health_check") for name, value in LOGS.items()}
    | {
        "client_keep_alive.seconds": "3600",
        "deletion_protection.enabled": "false",
        "idle_timeout.timeout_seconds": "60",
        "ipv6.deny_all_igw_traffic": "false",
        "load_balancing.cross_zone.enabled": "true",
        "routing.http.desync_mitigation_mode": "defensive",
        "routing.http.drop_invalid_header_fields.enabled": "false",
        "routing.http.preserve_host_header.enabled": "false",
        "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "false",
        "routing.http.xff_client_port.enabled": "false",
        "routing.http.xff_header_processing.mode": "append",
        "routing.http2.enabled": "true",
        "waf.fail_open.enabled": "false",
        "zonal_shift.config.enabled": "false",
    },
    "network": LOGS
    | {
        "deletion_protection.enabled": "false",
        "dns_record.client_routing_policy": "any_availability_zone",
        "ipv6.deny_all_igw_traffic": "false",
        "load_balancing.cross_zone.enabled": "false",
        "secondary_ips.auto_assigned.per_subnet": "0",
        "zonal_shift.config.enabled": "false",
    },
    "gateway": {"deletion_protection.enabled": "false", "load_balancing.cross_zone.enabled": "false"},
}
HEALTH = {
    "load_balancing.cross_zone.enabled": "use_load_balancer_configuration",
    "target_group_health.dns_failover.minimum_healthy_targets.count": "1",
    "target_group_health.dns_failover.minimum_healthy_targets.percentage": "off",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": "1",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": "off",
}
HTTP_GROUP = HEALTH | {
    "deregistration_delay.timeout_seconds": "300",
    "load_balancing.algorithm.anomaly_mitigation": "off",
    "load_balancing.algorithm.type": "round_robin",
    "slow_start.duration_seconds": "0",
    "stickiness.app_cookie.cookie_name": "",
    "stickiness.app_cookie.duration_seconds": "86400",
    "stickiness.enabled": "false",
    "stickiness.lb_cookie.duration_seconds": "86400",
    "stickiness.type": "lb_cookie",
}
TCP_GROUP = HEALTH | {
    "deregistration_delay.connection_termination.enabled": "false",
    "deregistration_delay.timeout_seconds": "300",
    "preserve_client_ip.enabled": "true",
    "proxy_protocol_v2.enabled": "false",
    "stickiness.enabled": "false",
    "stickiness.type": "source_ip",
}
RESPONSE_HEADERS = (
    "access_control_allow_credentials", "access_control_allow_headers", "access_control_allow_methods",
    "access_control_allow_origin", "access_control_expose_headers", "access_control_max_age", "content_security_policy",
    "strict_transport_security", "x_content_type_options", "x_frame_options",
)  # fmt: skip
HTTP_LISTENER = {"routing.http.response.server.enabled": "true"} | {
    f"routing.http.response.{name}.header_value": "" for name in RESPONSE_HEADERS
}
# The names under which a TLS listener passes on what it knows of the client.
REQUEST_HEADERS = {
    "x_amzn_mtls_clientcert": "X-Amzn-Mtls-Clientcert",
    "x_amzn_mtls_clientcert_issuer": "X-Amzn-Mtls-Clientcert-Issuer",
    "x_amzn_mtls_clientcert_leaf": "X-Amzn-Mtls-Clientcert-Leaf",
    "x_amzn_mtls_clientcert_serial_number": "X-Amzn-Mtls-Clientcert-Serial-Number",
    "x_amzn_mtls_clientcert_subject": "X-Amzn-Mtls-Clientcert-Subject",
    "x_amzn_mtls_clientcert_validity": "X-Amzn-Mtls-Clientcert-Validity",
    "x_amzn_tls_cipher_suite": "X-Amzn-Tls-Cipher-Suite",
    "x_amzn_tls_version": "X-Amzn-Tls-Version",
}
HTTPS_LISTENER = HTTP_LISTENER | {
    f"routing.http.request.{name}.header_name": header for name, header in REQUEST_HEADERS.items()
}


@correction("elbv2", "a load balancer has all attributes of its type, and refuses those of another")
def balancer_attributes():
    models.FakeLoadBalancer.VALID_ATTRS = set().union(*BALANCER.values())

    @replacing(models.FakeLoadBalancer, "__init__")
    def init(original, self, *args, **kwargs):
        original(self, *args, **kwargs)
        self.attrs = dict(BALANCER[self.type])

    @replacing(models.ELBv2Backend, "modify_load_balancer_attributes")
    def modify(original, self, arn, attrs):
        balancer = self.load_balancers.get(arn)
        for key in attrs if balancer else ():
            if key not in BALANCER[balancer.type]:
                raise AWSError("InvalidConfigurationRequest", f"Load balancer attribute key '{key}' is not recognized")
        return original(self, arn, attrs)


@correction("elbv2", "a target group has all attributes and health check defaults of its protocol")
def group_attributes():
    @replacing(models.FakeTargetGroup, "__init__")
    def init(original, self, *args, **kwargs):
        original(self, *args, **kwargs)
        if self.target_type == "lambda":
            self.attributes = HEALTH | {"lambda.multi_value_headers.enabled": "false"}
        elif self.protocol in ("HTTP", "HTTPS"):
            self.attributes = dict(HTTP_GROUP)
            self.protocol_version = self.protocol_version or "HTTP1"
        else:
            self.attributes = dict(TCP_GROUP)
        if self.health_check_protocol in ("HTTP", "HTTPS"):
            self.health_check_path = self.health_check_path or "/"
            if not kwargs.get("healthcheck_timeout_seconds"):
                self.health_check_timeout_seconds = 5


@correction("elbv2", "a listener has all attributes of its protocol")
def listener_attributes():
    @replacing(models.FakeListener, "__init__")
    def init(original, self, *args, **kwargs):
        original(self, *args, **kwargs)
        if self.protocol in ("HTTP", "HTTPS"):
            self.attributes = dict(HTTPS_LISTENER if self.protocol == "HTTPS" else HTTP_LISTENER)


@correction("elbv2", "a protected load balancer is not deleted; a deleted one leaves its target groups")
@does(
    "A load balancer with deletion protection isn't deleted, and a deleted one takes its listeners along but "
    "no target groups.",
    documented(API + "API_DeleteLoadBalancer.html"),
)
def delete_balancer():
    @replacing(models.ELBv2Backend, "delete_load_balancer")
    def delete(original, self, arn):
        balancer = self.load_balancers.get(arn)
        if balancer and balancer.attrs.get("deletion_protection.enabled") == "true":
            raise AWSError(
                "OperationNotPermitted",
                f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled",
            )
        for group in self.target_groups.values():
            group.load_balancer_arns = [one for one in group.load_balancer_arns if one != arn]
        return original(self, arn)


@correction("elbv2", "a load balancer that is there with the same settings is the answer to its creation")
@does(
    "CreateLoadBalancer with the settings of one that is there succeeds.",
    documented(API + "API_CreateLoadBalancer.html"),
)
def balancer_is_there():
    """CreateLoadBalancer is idempotent; strict mode refuses the name with other settings."""

    @replacing(models.ELBv2Backend, "create_load_balancer")
    def create(original, self, name, *args, **kwargs):
        there = next((one for one in self.load_balancers.values() if one.name == name), None)
        return there or original(self, name, *args, **kwargs)


@correction("elbv2", "a load balancer's address has a number of its own, and says when it is internal")
def address():
    @replacing(models.FakeLoadBalancer, "__init__")
    def init(original, self, *args, **kwargs):
        original(self, *args, **kwargs)
        name, _, rest = self.dns_name.partition("-1.")
        prefix = "internal-" if self.scheme == "internal" else ""
        self.dns_name = f"{prefix}{name}-{random.randrange(10**8, 10**10)}.{rest}"


# Reserved capacity


def _reserved(api, params):
    balancer = api.elbv2_backend.load_balancers.get(params["LoadBalancerArn"])
    if balancer is None:
        raise AWSError("LoadBalancerNotFound", f"Load balancer '{params['LoadBalancerArn']}' not found")
    return balancer


@adds("elbv2", "ModifyCapacityReservation", "keeps capacity for a load balancer, or gives it back")
def modify_reservation(api, params):
    balancer = _reserved(api, params)
    balancer.capacity = None if params.get("ResetCapacityReservation") else params["MinimumLoadBalancerCapacity"]
    return {"MinimumLoadBalancerCapacity": balancer.capacity} if balancer.capacity else {}


@answers("elbv2", "DescribeCapacityReservation", "tells what is kept for a load balancer; nothing where nobody asked")
def describe_reservation(api, params, moto):
    capacity = getattr(_reserved(api, params), "capacity", None)
    return {"MinimumLoadBalancerCapacity": capacity} | moto() if capacity else {}
