"""Elastic Load Balancing and ACM refuse what AWS refuses."""

import itertools

import pytest
from rulecases import Case


class World:
    """Two VPCs, the first with an internet gateway, a load balancer and certificates."""

    def __init__(self, aws):
        self.elb, self.ec2, self.acm, self.s3 = map(aws, ("elbv2", "ec2", "acm", "s3"))
        self.number = itertools.count()
        self.vpc, self.other = (
            self.ec2.create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"] for cidr in ("10.82.0.0/16", "10.83.0.0/16")
        )
        gateway = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=self.vpc)
        self.one, self.two, self.same = (self.subnet(self.vpc, "82", *one) for one in ((0, "a"), (1, "b"), (2, "a")))
        self.closed = [self.subnet(self.other, "83", *one) for one in ((0, "a"), (1, "b"))]
        self.group, self.other_group = (
            self.ec2.create_security_group(GroupName="strict", Description="d", VpcId=vpc)["GroupId"]
            for vpc in (self.vpc, self.other)
        )
        self.balancer = self.make("strict")
        self.targets = self.target_group()

    def subnet(self, vpc, octet, third, zone):
        given = {"CidrBlock": f"10.{octet}.{third}.0/24", "AvailabilityZone": f"us-east-1{zone}"}
        return self.ec2.create_subnet(VpcId=vpc, **given)["Subnet"]["SubnetId"]

    def make(self, name=None, subnets=None, groups=None, **more):
        given = {"Name": name or f"strict-{next(self.number)}", "Subnets": subnets or [self.one, self.two]}
        made = self.elb.create_load_balancer(**given, SecurityGroups=groups or [], **more)
        return made["LoadBalancers"][0]["LoadBalancerArn"]

    def attribute(self, key, value, *others):
        pairs = [(key, value), *others]
        given = [{"Key": one, "Value": other} for one, other in pairs]
        self.elb.modify_load_balancer_attributes(LoadBalancerArn=self.balancer, Attributes=given)

    def bucket(self, policy):
        name = f"strict-logs-{next(self.number)}"
        self.s3.create_bucket(Bucket=name)
        if policy:
            text = (
                '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:PutObject", "Principal": '
                f'{{"Service": "logdelivery.elasticloadbalancing.amazonaws.com"}}, "Resource": "arn:aws:s3:::{name}/*"}}]}}'
            )
            self.s3.put_bucket_policy(Bucket=name, Policy=text)
        return name

    def logs(self, bucket):
        self.attribute("access_logs.s3.enabled", "true", ("access_logs.s3.bucket", bucket))

    def target_group(self, vpc=None, **more):
        given = {"Protocol": "HTTP", "Port": 80, "VpcId": vpc or self.vpc, "TargetType": "ip"} | more
        made = self.elb.create_target_group(Name=f"strict-{next(self.number)}", **given)
        return made["TargetGroups"][0]["TargetGroupArn"]

    def group_attribute(self, key, value):
        given = [{"Key": key, "Value": value}]
        self.elb.modify_target_group_attributes(TargetGroupArn=self.target_group(), Attributes=given)

    def modify_group(self, **given):
        self.elb.modify_target_group(TargetGroupArn=self.target_group(), **given)

    def register(self, address, **more):
        self.elb.register_targets(TargetGroupArn=self.target_group(), Targets=[{"Id": address, **more}])

    def listener(self, balancer=None, targets=None, port=None, **more):
        actions = [{"Type": "forward", "TargetGroupArn": targets or self.target_group()}]
        given = {"Protocol": "HTTP", "Port": port or 2000 + next(self.number), "DefaultActions": actions} | more
        made = self.elb.create_listener(LoadBalancerArn=balancer or self.balancer, **given)
        return made["Listeners"][0]["ListenerArn"]

    def rule(self, targets):
        condition = {"Field": "path-pattern", "Values": ["/x"]}
        self.elb.create_rule(
            ListenerArn=self.listener(), Priority=1, Conditions=[condition],
            Actions=[{"Type": "forward", "TargetGroupArn": targets}],
        )  # fmt: skip

    def certificate(self, name="strict.example.com"):
        return self.acm.request_certificate(DomainName=name, ValidationMethod="DNS")["CertificateArn"]

    def issued(self):
        from moto.acm.models import acm_backends

        made = self.certificate()
        bundle = acm_backends["123456789012"]["us-east-1"]._certificates[made]
        bundle.status, bundle.type = "ISSUED", "IMPORTED"
        return made

    def https(self, certificate, **more):
        certificates = [{"CertificateArn": certificate}] if certificate else []
        return self.listener(Protocol="HTTPS", Certificates=certificates, **more)

    def redirect(self, **more):
        self.listener(DefaultActions=[{"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301", **more}}])


@pytest.fixture(scope="module")
def world(aws):
    return World(aws)


def named(bad, says):
    return Case(
        "balancer_name_is_valid", "ValidationError", says,
        lambda world: world.make(bad), lambda world: world.make(f"Strict-a-{next(world.number)}"),
    )  # fmt: skip


CASES = [
    named("a" * 33, "longer than '32' characters"),
    named("a_b", "only contain characters that are alphanumeric"),
    named("-ab", "cannot begin with a hyphen"),
    named("ab-", "cannot end with a hyphen"),
    named("internal-ab", "cannot begin with 'internal-'"),
    Case(
        "balancer_name_is_free", "DuplicateLoadBalancerName", "exists, but with different settings",
        lambda world: world.make("strict", Scheme="internal"), lambda world: world.make("strict"),
    ),
    Case(
        "balancer_is_in_two_zones", "ValidationError", "two different Availability Zones",
        lambda world: world.make(subnets=[world.one]), lambda world: world.make(),
    ),
    Case(
        "balancer_is_in_two_zones", "InvalidConfigurationRequest", "multiple subnets in the same Availability Zone",
        lambda world: world.make(subnets=[world.one, world.same]),
        lambda world: world.make(subnets=[world.two, world.same]),
    ),
    Case(
        "groups_are_of_the_balancers_vpc", "InvalidConfigurationRequest", "One or more security groups are invalid",
        lambda world: world.make(groups=[world.other_group]), lambda world: world.make(groups=[world.group]),
    ),
    Case(
        "internet_facing_needs_a_gateway", "InvalidSubnet", "has no internet gateway",
        lambda world: world.make(subnets=world.closed), lambda world: world.make(subnets=world.closed, Scheme="internal"),
    ),
    Case(
        "attributes_are_in_range", "ValidationError", "must be between '1-4000' inclusive",
        lambda world: world.attribute("idle_timeout.timeout_seconds", "0"),
        lambda world: world.attribute("idle_timeout.timeout_seconds", "4000"),
    ),
    Case(
        "attributes_are_in_range", "ValidationError", "must be between '30-900' inclusive",
        lambda world: world.group_attribute("slow_start.duration_seconds", "10"),
        lambda world: world.group_attribute("slow_start.duration_seconds", "0"),
    ),
    Case(
        "group_attributes_are_known", "ValidationError", "'stickiness' is not recognized",
        lambda world: world.group_attribute("stickiness", "true"),
        lambda world: world.group_attribute("stickiness.enabled", "true"),
    ),
    Case(
        "switches_are_true_or_false", "ValidationError", "must be 'true' or 'false', but was 'yes'",
        lambda world: world.attribute("routing.http2.enabled", "yes"),
        lambda world: world.attribute("routing.http2.enabled", "true"),
    ),
    Case(
        "logs_go_to_a_bucket", "ValidationError", "'access_logs.s3.bucket' must set",
        lambda world: world.attribute("access_logs.s3.enabled", "true"),
        lambda world: world.logs(world.bucket(policy=True)),
    ),
    Case(
        "log_bucket_takes_the_logs", "InvalidConfigurationRequest", "Access Denied for bucket",
        lambda world: world.logs(world.bucket(policy=False)), lambda world: world.logs(world.bucket(policy=True)),
    ),
    Case(
        "timeout_is_below_the_interval", "ValidationError", "'40' must be smaller than the interval '30'",
        lambda world: world.modify_group(HealthCheckTimeoutSeconds=40),
        lambda world: world.modify_group(HealthCheckTimeoutSeconds=40, HealthCheckIntervalSeconds=41),
    ),
    Case(
        "health_codes_are_http", "ValidationError", "HTTP code '100' must be within '200-499'",
        lambda world: world.target_group(Matcher={"HttpCode": "100-200"}),
        lambda world: world.target_group(Matcher={"HttpCode": "200-399,404"}),
    ),
    Case(
        "health_check_speaks_http", "ValidationError", "protocol 'TCP' is not supported",
        lambda world: world.target_group(HealthCheckProtocol="TCP"),
        lambda world: world.target_group(HealthCheckProtocol="HTTPS"),
    ),
    Case(
        "targets_outside_the_vpc_are_in_all_zones", "ValidationError", "must be 'all' for Application Load Balancer",
        lambda world: world.register("10.0.3.84"), lambda world: world.register("10.82.3.84"),
    ),
    Case(
        "targets_outside_the_vpc_are_in_all_zones", "ValidationError", "'i-123' is not a valid IPv4 address",
        lambda world: world.register("i-123"), lambda world: world.register("10.0.3.84", AvailabilityZone="all"),
    ),
    Case(
        "group_is_of_the_balancers_vpc", "InvalidConfigurationRequest", "is in a different VPC than load balancer",
        lambda world: world.rule(world.target_group(world.other)), lambda world: world.rule(world.target_group()),
    ),
    Case(
        "group_has_one_balancer", "TargetGroupAssociationLimit", "with more than one load balancer",
        lambda world: [world.listener(targets=world.targets), world.listener(world.make(), world.targets)],
        lambda world: world.listener(targets=world.targets),
    ),
    Case(
        "port_is_free", "DuplicateListener", "A listener already exists on this port",
        lambda world: [world.listener(port=1234), world.listener(port=1234)],
        lambda world: world.listener(world.make(), port=1234),
    ),
    Case(
        "https_has_a_certificate", "ValidationError", "must be specified for HTTPS listeners",
        lambda world: world.https(None), lambda world: world.https(world.issued()),
    ),
    Case(
        "http_has_no_certificate", "ValidationError", "cannot be specified for HTTP listeners",
        lambda world: world.listener(Certificates=[{"CertificateArn": world.issued()}]),
        lambda world: world.listener(),
    ),
    Case(
        "certificate_is_issued", "UnsupportedCertificate", "must have a fully-qualified domain name",
        lambda world: world.https(world.certificate()), lambda world: world.https(world.issued()),
    ),
    Case(
        "ssl_policy_exists", "SSLPolicyNotFound", "'ELBSecurityPolicy-TLS13-2021-06' not found",
        lambda world: world.https(world.issued(), SslPolicy="ELBSecurityPolicy-TLS13-2021-06"),
        lambda world: world.https(world.issued(), SslPolicy="ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"),
    ),
    Case(
        "redirect_leads_elsewhere", "InvalidLoadBalancerAction", "creates a loop",
        lambda world: world.redirect(Host="#{host}"), lambda world: world.redirect(Protocol="HTTPS", Port="443"),
    ),
    Case(
        "first_name_fits", "ValidationException", "no longer than 64 octets",
        lambda world: world.certificate("a" * 53 + ".example.com"),
        lambda world: world.certificate("a" * 52 + ".example.com"),
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda one: one.rule)
def test_rule(case, world, refused):
    case.check(world, refused)


@pytest.mark.parametrize(
    "name",
    [
        "2016-08", "2015-05", "FS-2018-06", "FS-1-2-Res-2020-10", "TLS-1-1-2017-01", "TLS-1-2-Ext-2018-06",
        "TLS13-1-2-2021-06", "TLS13-1-2-Ext2-2021-06", "TLS13-1-3-2021-06", "TLS13-1-0-2021-06",
        "TLS13-1-2-Res-FIPS-2023-04", "TLS13-1-2-Ext0-FIPS-2023-04", "TLS13-1-3-PQ-2025-09",
    ],
)  # fmt: skip
def test_names_of_security_policies(name):
    from emulator.strict.elbv2 import _POLICY

    assert _POLICY.fullmatch(f"ELBSecurityPolicy-{name}")
