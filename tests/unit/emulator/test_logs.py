"""CloudWatch Logs as AWS answers it."""

import json


def test_log_groups(aws, refused, name):
    logs = aws("logs")
    logs.create_log_group(logGroupName=f"/{name}/a", tags={"a": "b"})
    refused("InvalidParameterException", logs.put_retention_policy, logGroupName=f"/{name}/a", retentionInDays=31)
    logs.put_retention_policy(logGroupName=f"/{name}/a", retentionInDays=30)
    services = ["logs.us-east-1.amazonaws.com"]
    statements = [
        {"Effect": "Allow", "Principal": principal, "Action": "kms:*", "Resource": "*"}
        for principal in ({"AWS": "123456789012"}, {"Service": services})
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    key = aws("kms").create_key(Policy=policy)["KeyMetadata"]["Arn"]
    logs.associate_kms_key(logGroupName=f"/{name}/a", kmsKeyId=key)
    seen = logs.describe_log_groups(logGroupNamePrefix=f"/{name}")["logGroups"]
    assert [(one["retentionInDays"], one["kmsKeyId"]) for one in seen] == [(30, key)]
    assert logs.list_tags_for_resource(resourceArn=seen[0]["logGroupArn"])["tags"] == {"a": "b"}
    logs.disassociate_kms_key(logGroupName=f"/{name}/a")
    assert "kmsKeyId" not in logs.describe_log_groups(logGroupNamePrefix=f"/{name}")["logGroups"][0]
    logs.delete_log_group(logGroupName=f"/{name}/a")
    refused("ResourceNotFoundException", logs.associate_kms_key, logGroupName=f"/{name}/a", kmsKeyId=key)


def test_saved_queries(aws, refused, name):
    logs = aws("logs")
    made = logs.put_query_definition(name=f"{name}/q", queryString="fields @message")["queryDefinitionId"]
    logs.put_query_definition(queryDefinitionId=made, name=f"{name}/q", queryString="fields @timestamp")
    seen = logs.describe_query_definitions(queryDefinitionNamePrefix=name)["queryDefinitions"]
    assert [one["queryString"] for one in seen] == ["fields @timestamp"]
    logs.delete_query_definition(queryDefinitionId=made)
    refused("ResourceNotFoundException", logs.delete_query_definition, queryDefinitionId=made)
