"""WAF as AWS answers it."""


def test_resources_of_an_acl(aws, name):
    waf, ec2 = aws("wafv2"), aws("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.4.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.4.{i}.0/24", AvailabilityZone=f"us-east-1{zone}")["Subnet"][
            "SubnetId"
        ]
        for i, zone in enumerate("ab")
    ]
    made = aws("elbv2").create_load_balancer(Name=name, Subnets=subnets, Scheme="internal")
    balancer = made["LoadBalancers"][0]["LoadBalancerArn"]
    visibility = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "m"}
    acl = waf.create_web_acl(Name=name, Scope="REGIONAL", DefaultAction={"Allow": {}}, VisibilityConfig=visibility)[
        "Summary"
    ]["ARN"]
    assert waf.list_resources_for_web_acl(WebACLArn=acl)["ResourceArns"] == []
    waf.associate_web_acl(WebACLArn=acl, ResourceArn=balancer)
    assert waf.list_resources_for_web_acl(WebACLArn=acl)["ResourceArns"] == [balancer]
