"""What hangs on resources and is listed by calls of its own."""

import pytest


def test_query_logging(aws, name, refused):
    zone = aws("route53").create_hosted_zone(Name=f"{name}.example", CallerReference=name)["HostedZone"]["Id"]
    zone = zone.rpartition("/")[2]
    assert aws("route53").list_query_logging_configs(HostedZoneId=zone)["QueryLoggingConfigs"] == []
    refused("NoSuchHostedZone", aws("route53").list_query_logging_configs, HostedZoneId="ZNONE")


@pytest.mark.parametrize("operation", ["list_function_url_configs", "list_provisioned_concurrency_configs"])
def test_lambda_lists(aws, operation, refused):
    refused("ResourceNotFoundException", getattr(aws("lambda"), operation), FunctionName="none")


def test_data_protection(aws, name):
    logs = aws("logs")
    logs.create_log_group(logGroupName=name)
    assert "policyDocument" not in logs.get_data_protection_policy(logGroupIdentifier=name)
    logs.put_data_protection_policy(logGroupIdentifier=name, policyDocument="{}")
    assert logs.get_data_protection_policy(logGroupIdentifier=name)["policyDocument"] == "{}"
    logs.delete_data_protection_policy(logGroupIdentifier=name)
    assert "policyDocument" not in logs.get_data_protection_policy(logGroupIdentifier=name)
