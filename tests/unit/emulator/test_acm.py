"""ACM as AWS answers it."""


def describe(acm, arn):
    return acm.describe_certificate(CertificateArn=arn)["Certificate"]


def test_dns_validation(aws, name):
    acm, route53, domain = aws("acm"), aws("route53"), f"{name}.example.com"
    arn = acm.request_certificate(DomainName=domain, SubjectAlternativeNames=[f"www.{domain}"], ValidationMethod="DNS")[
        "CertificateArn"
    ]
    seen = describe(acm, arn)
    assert seen["Status"] == "PENDING_VALIDATION"
    assert [one["DomainName"] for one in seen["DomainValidationOptions"]] == [domain, f"www.{domain}"]
    zone = route53.create_hosted_zone(Name=domain, CallerReference=name)["HostedZone"]["Id"]
    for option in seen["DomainValidationOptions"]:
        assert describe(acm, arn)["Status"] == "PENDING_VALIDATION"
        record = option["ResourceRecord"]
        change = {"Name": record["Name"], "Type": "CNAME", "TTL": 60, "ResourceRecords": [{"Value": record["Value"]}]}
        route53.change_resource_record_sets(
            HostedZoneId=zone, ChangeBatch={"Changes": [{"Action": "UPSERT", "ResourceRecordSet": change}]}
        )
    assert describe(acm, arn)["Status"] == "ISSUED"


def test_issued_without_dns_when_asked_to(aws, monkeypatch):
    monkeypatch.setenv("EMULATOR_CERTIFICATE_LOOKS", "2")
    arn = aws("acm").request_certificate(DomainName="elsewhere.example.com", ValidationMethod="DNS")["CertificateArn"]
    assert [describe(aws("acm"), arn)["Status"] for _ in range(3)] == ["PENDING_VALIDATION"] * 2 + ["ISSUED"]


def test_in_use_until_its_listener_is_gone(aws, refused, name, monkeypatch):
    monkeypatch.setenv("EMULATOR_CERTIFICATE_LOOKS", "1")
    acm, elb, ec2 = aws("acm"), aws("elbv2"), aws("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.6.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.6.{i}.0/24", AvailabilityZone=f"us-east-1{zone}")["Subnet"]["SubnetId"]
        for i, zone in enumerate("ab")
    ]
    arn = acm.request_certificate(DomainName=f"{name}.example.com", ValidationMethod="DNS")["CertificateArn"]
    assert [describe(acm, arn)["Status"] for _ in range(2)][1] == "ISSUED"
    made = elb.create_load_balancer(Name=name, Subnets=subnets, Scheme="internal")
    balancer = made["LoadBalancers"][0]["LoadBalancerArn"]
    listener = elb.create_listener(
        LoadBalancerArn=balancer, Port=443, Protocol="HTTPS", Certificates=[{"CertificateArn": arn}], SslPolicy="ELBSecurityPolicy-TLS13-1-2-2021-06",
        DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
    )["Listeners"][0]["ListenerArn"]  # fmt: skip
    assert describe(acm, arn)["InUseBy"] == [balancer]
    refused("ResourceInUseException", acm.delete_certificate, CertificateArn=arn)
    elb.delete_listener(ListenerArn=listener)
    assert describe(acm, arn)["InUseBy"] == []
    acm.delete_certificate(CertificateArn=arn)
