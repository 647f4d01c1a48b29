"""ECR and CloudWatch Logs refuse what AWS's refuse."""

import itertools
import json

import images
import pytest
from rulecases import Case

NUMBER = itertools.count()
ACCOUNT = "123456789012"
PARAMETER = "InvalidParameterException"
STREAM = f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/s"


def document(**statement):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow"} | statement]})


class World:
    """Repositories, log groups and keys."""

    def __init__(self, aws):
        self.ecr, self.logs, self.kms = map(aws, ("ecr", "logs", "kms"))

    def repository(self, **more):
        return self.ecr.create_repository(repositoryName=f"strict-{next(NUMBER)}", **more)["repository"]["repositoryName"]

    def lifecycle(self, *rules):
        """Put a lifecycle policy; each rule is (priority, selection)."""
        written = [{"rulePriority": number, "selection": one, "action": {"type": "expire"}} for number, one in rules]
        self.ecr.put_lifecycle_policy(repositoryName=self.repository(), lifecyclePolicyText=json.dumps({"rules": written}))

    def select(self, status="tagged", kind="imageCountMoreThan", **more):
        self.lifecycle((1, selection(status, kind, **more)))

    def policy(self, **statement):
        given = {"Principal": "*", "Action": "ecr:BatchGetImage"} | statement
        text = document(**{key: value for key, value in given.items() if value is not None})
        self.ecr.set_repository_policy(repositoryName=self.repository(), policyText=text)

    def key(self, region="us-east-1", arn=f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:*"):
        """Make a key that a region's Logs may use for some log groups."""
        account = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"}
        logs = {
            "Effect": "Allow", "Principal": {"Service": f"logs.{region}.amazonaws.com"}, "Resource": "*",
            "Action": ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
            "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": arn}},
        }  # fmt: skip
        text = json.dumps({"Version": "2012-10-17", "Statement": [account, logs]})
        return self.kms.create_key(Policy=text)["KeyMetadata"]["Arn"]

    def disabled(self):
        key = self.key()
        self.kms.disable_key(KeyId=key)
        return key

    def group(self, name=None, **more):
        name = name or f"strict-{next(NUMBER)}"
        self.logs.create_log_group(logGroupName=name, **more)
        return name

    def protected(self, delete, protection=True, **more):
        """Delete something of a group whose protection was on, and is now as given."""
        name = self.group(deletionProtectionEnabled=True)
        self.logs.create_log_stream(logGroupName=name, logStreamName="s")
        self.logs.put_log_group_deletion_protection(logGroupIdentifier=name, deletionProtectionEnabled=protection)
        delete(logGroupName=name, **more)

    def metric(self, pattern="", namespace="Own", **more):
        one = {"metricName": "m", "metricNamespace": namespace, "metricValue": "1"} | more
        self.logs.put_metric_filter(
            logGroupName=self.group(), filterName="f", filterPattern=pattern, metricTransformations=[one]
        )


def selection(status="tagged", kind="imageCountMoreThan", **more):
    return {"tagStatus": status, "countType": kind, "countNumber": 1} | more


TAGGED, ANY, UNTAGGED = selection(tagPrefixList=["v"]), selection("any"), selection("untagged")


@pytest.fixture(scope="module")
def world(aws):
    return World(aws)


CASES = [
    Case("priorities_order_the_rules", PARAMETER, "Duplicate priority", lambda w: w.lifecycle((1, TAGGED), (1, UNTAGGED)), lambda w: w.lifecycle((1, TAGGED), (2, UNTAGGED))),
    Case("priorities_order_the_rules", PARAMETER, "highest rulePriority", lambda w: w.lifecycle((1, ANY), (2, UNTAGGED)), lambda w: w.lifecycle((2, ANY), (1, UNTAGGED))),
    Case("priorities_order_the_rules", PARAMETER, "Only one rule", lambda w: w.lifecycle((1, ANY), (2, ANY)), lambda w: w.lifecycle((1, ANY))),
    Case("priorities_order_the_rules", PARAMETER, "minimum: 1", lambda w: w.lifecycle((0, ANY)), lambda w: w.lifecycle((1, ANY))),
    Case("tagged_rules_name_tags", PARAMETER, "Must specify tagPrefixList or tagPatternList", lambda w: w.select(), lambda w: w.select(tagPatternList=["*"])),
    Case("tagged_rules_name_tags", PARAMETER, "only one of", lambda w: w.select(tagPatternList=["*"], tagPrefixList=["v"]), lambda w: w.select(tagPrefixList=["v"])),
    Case("tagged_rules_name_tags", PARAMETER, "with tagStatus untagged", lambda w: w.select("untagged", tagPrefixList=["v"]), lambda w: w.select("untagged")),
    Case("tagged_rules_name_tags", PARAMETER, "Invalid tag pattern", lambda w: w.select(tagPatternList=["*****"]), lambda w: w.select(tagPatternList=["****"])),
    Case("ages_have_a_unit", PARAMETER, "exactly one schema", lambda w: w.select("any", "sinceImagePushed"), lambda w: w.select("any", "sinceImagePushed", countUnit="days")),
    Case("ages_have_a_unit", PARAMETER, "exactly one schema", lambda w: w.select("any", countUnit="days"), lambda w: w.select("any")),
    Case("own_encryption_has_no_key", PARAMETER, "should not be set for AES256", lambda w: w.repository(encryptionConfiguration={"encryptionType": "AES256", "kmsKey": w.key()}), lambda w: w.repository(encryptionConfiguration={"encryptionType": "KMS", "kmsKey": w.key()})),
    Case("repository_key_is_here", "KmsException", "Invalid arn us-west-2", lambda w: w.repository(encryptionConfiguration={"encryptionType": "KMS", "kmsKey": w.key().replace("us-east-1", "us-west-2")}), lambda w: w.repository(encryptionConfiguration={"encryptionType": "KMS"})),
    Case("exclusions_go_with_their_mutability", PARAMETER, "not allowed", lambda w: w.repository(imageTagMutability="IMMUTABLE", imageTagMutabilityExclusionFilters=[{"filterType": "WILDCARD", "filter": "dev*"}]), lambda w: w.repository(imageTagMutability="IMMUTABLE_WITH_EXCLUSION", imageTagMutabilityExclusionFilters=[{"filterType": "WILDCARD", "filter": "dev*"}])),
    Case("repository_policy_lets_in", PARAMETER, "Invalid repository policy", lambda w: w.policy(Action="s3:GetObject"), lambda w: w.policy(Action=["ecr:*"])),
    Case("repository_policy_lets_in", PARAMETER, "Invalid repository policy", lambda w: w.policy(Principal=None), lambda w: w.policy(Principal={"Service": "lambda.amazonaws.com"})),
    Case("repository_policy_lets_in", PARAMETER, "Invalid repository policy", lambda w: w.policy(Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:role/none"}), lambda w: w.policy(Principal={"AWS": ACCOUNT})),
    Case("tag_is_a_tag", PARAMETER, "Invalid image tag", lambda w: images.push(w.ecr, w.repository(), "-v", b"one"), lambda w: images.push(w.ecr, w.repository(), "v1.0_a-b", b"one")),
    Case("group_name_is_not_reserved", PARAMETER, "reserved for AWS", lambda w: w.group("aws/mine"), lambda w: w.group("/aws/mine")),
    Case("logs_may_use_the_key", "AccessDeniedException", "is not allowed to be used with", lambda w: w.group(kmsKeyId=w.kms.create_key()["KeyMetadata"]["Arn"]), lambda w: w.group(kmsKeyId=w.key())),
    Case("groups_are_looked_for_by_one_thing", "InvalidParameterException", "mutually exclusive", lambda w: w.logs.describe_log_groups(logGroupNamePrefix="a", logGroupNamePattern="b"), lambda w: w.logs.describe_log_groups(logGroupNamePattern="b")),
    Case("protected_group_stays", "ValidationException", "Disable deletion protection first", lambda w: w.protected(w.logs.delete_log_group), lambda w: w.protected(w.logs.delete_log_group, False)),
    Case("protected_group_stays", "ValidationException", "Disable deletion protection first", lambda w: w.protected(w.logs.delete_log_stream, logStreamName="s"), lambda w: w.protected(w.logs.delete_log_stream, False, logStreamName="s")),
    Case("logs_may_use_the_key", "AccessDeniedException", "log-group:strict-", lambda w: w.group(kmsKeyId=w.key(arn=f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:other*")), lambda w: w.group(kmsKeyId=w.key(arn=f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:strict*"))),
    Case("logs_may_use_the_key", "AccessDeniedException", "does not exist", lambda w: w.group(kmsKeyId=w.key("us-west-2")), lambda w: w.logs.associate_kms_key(logGroupName=w.group(), kmsKeyId=w.key())),
    Case("logs_may_use_the_key", "AccessDeniedException", "does not exist", lambda w: w.group(kmsKeyId=w.disabled()), lambda w: w.group()),
    Case("filter_pattern_is_closed", PARAMETER, "must end with ']'", lambda w: w.metric("[a, b"), lambda w: w.metric("[a, b]")),
    Case("metric_of_a_filter_is_its_own", PARAMETER, "reserved for AWS", lambda w: w.metric(namespace="AWS/Own"), lambda w: w.metric()),
    Case("logs_policy_is_a_policy", PARAMETER, "IAM grammar", lambda w: w.logs.put_resource_policy(policyName="p", policyDocument="{}"), lambda w: w.logs.put_resource_policy(policyName="p", policyDocument=document(Principal="*", Action="logs:*", Resource="*"))),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda one: one.rule)
def test_rule(case, world, refused):
    case.check(world, refused)


def test_subscription_role_fits_its_vendor(world, refused, aws):
    group, kinesis = world.group(), aws("kinesis")
    kinesis.create_stream(StreamName="s", ShardCount=1)

    def put(**more):
        world.logs.put_subscription_filter(logGroupName=group, filterName="f", filterPattern="", destinationArn=STREAM, **more)

    answer = refused(PARAMETER, put)
    assert "vendor kinesis cannot be used without roleArn" in answer["Error"]["Message"]
    put(roleArn=f"arn:aws:iam::{ACCOUNT}:role/r")
