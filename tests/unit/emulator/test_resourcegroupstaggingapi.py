"""The Resource Groups Tagging API as AWS answers it."""


def test_more_kinds(aws, name):
    tags, ec2, tagging = [{"Key": name, "Value": "1"}], aws("ec2"), aws("resourcegroupstaggingapi")
    repository = aws("ecr").create_repository(repositoryName=name, tags=tags)["repository"]["repositoryArn"]
    aws("events").put_rule(Name=name, ScheduleExpression="rate(1 minute)", Tags=tags)
    aws("rds").create_db_parameter_group(
        DBParameterGroupName=name, DBParameterGroupFamily="postgres17", Description="d", Tags=tags
    )
    ec2.allocate_address(Domain="vpc", TagSpecifications=[{"ResourceType": "elastic-ip", "Tags": tags}])
    ec2.create_launch_template(
        LaunchTemplateName=name,
        LaunchTemplateData={"InstanceType": "t3.micro"},
        TagSpecifications=[{"ResourceType": "launch-template", "Tags": tags}],
    )
    queue = "arn:aws:sqs:us-east-1:123456789012:q"
    pipe = aws("pipes").create_pipe(
        Name=name, RoleArn="arn:aws:iam::123456789012:role/r", Source=queue, Target=queue, Tags={name: "1"}
    )["Arn"]

    found = [one["ResourceARN"] for one in tagging.get_resources(TagFilters=[{"Key": name}])["ResourceTagMappingList"]]
    kinds = sorted(":".join(arn.split(":")[2:3] + [arn.split(":")[5].split("/")[0]]) for arn in found)
    assert kinds == ["ec2:elastic-ip", "ec2:launch-template", "ecr:repository", "events:rule", "pipes:pipe", "rds:pg"]
    assert tagging.get_tag_keys()["TagKeys"].count(name) == 1
    assert tagging.tag_resources(ResourceARNList=[repository, pipe], Tags={"more": "2"})["FailedResourcesMap"] == {}
    assert {"Key": "more", "Value": "2"} in aws("ecr").list_tags_for_resource(resourceArn=repository)["tags"]
    assert aws("pipes").list_tags_for_resource(resourceArn=pipe)["tags"]["more"] == "2"
