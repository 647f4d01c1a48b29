"""S3 as AWS answers it."""

import datetime
import json
import urllib.request

import pytest


def test_new_bucket(aws, refused, name):
    s3 = aws("s3")
    s3.create_bucket(Bucket=name)

    def algorithm():
        rules = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
        return rules[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"]

    assert algorithm() == "AES256"
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}, "BucketKeyEnabled": True}
    s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]})
    assert algorithm() == "aws:kms"
    s3.delete_bucket_encryption(Bucket=name)
    assert algorithm() == "AES256"
    assert set(s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"].values()) == {True}
    controls = s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]
    assert controls["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    s3.put_bucket_ownership_controls(
        Bucket=name, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
    )
    controls = s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]
    assert controls["Rules"] == [{"ObjectOwnership": "BucketOwnerPreferred"}]
    s3.put_object(Bucket=name, Key="k", Body=b"x")
    refused("BucketNotEmpty", s3.delete_bucket, Bucket=name)
    s3.delete_object(Bucket=name, Key="k")
    s3.delete_bucket(Bucket=name)


def test_policy_conditions(aws, refused, name):
    s3 = aws("s3")
    s3.create_bucket(Bucket=name)

    def deny(**more):
        statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": f"arn:aws:s3:::{name}/*", **more}
        s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))

    deny(Condition={"Bool": {"aws:SecureTransport": "false"}})
    s3.put_object(Bucket=name, Key="k", Body=b"x")
    deny()
    refused("403", s3.put_object, Bucket=name, Key="k", Body=b"x")


def test_last_delete_marker(aws, name):
    s3 = aws("s3")
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=name, Key="k", Body=b"x")
    s3.delete_object(Bucket=name, Key="k")
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Suspended"})
    listed = s3.list_object_versions(Bucket=name)
    versions = [{"Key": "k", "VersionId": one["VersionId"]} for one in listed["Versions"] + listed["DeleteMarkers"]]
    assert "Errors" not in s3.delete_objects(Bucket=name, Delete={"Objects": versions})
    assert "Versions" not in s3.list_object_versions(Bucket=name)
    s3.delete_bucket(Bucket=name)


def test_a_copy_in_place_changes_something(aws, refused, name):
    s3 = aws("s3")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="k", Body=b"x")
    place = {"Bucket": name, "Key": "k", "CopySource": f"{name}/k"}
    refused("InvalidRequest", s3.copy_object, **place)
    s3.copy_object(**place, MetadataDirective="REPLACE", Metadata={"a": "b"})
    s3.copy_object(**place, StorageClass="STANDARD")
    s3.copy_object(**{**place, "Key": "other"})
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]})
    s3.copy_object(**place)


def test_a_range_that_an_object_has_not(aws, refused, name):
    s3 = aws("s3")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="k", Body=b"x")
    answer = refused("416", s3.head_object, Bucket=name, Key="k", PartNumber=2)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 416


def test_a_location_is_judged_by_the_region_that_is_asked(aws, refused, name):
    wrong = {"Bucket": name, "CreateBucketConfiguration": {"LocationConstraint": "us-east-1"}}
    refused("InvalidLocationConstraint", aws("s3").create_bucket, **wrong)
    refused("IllegalLocationConstraintException", aws("s3", "us-west-2").create_bucket, **wrong)


# Buckets


def test_a_bucket_is_told_by_arn_and_region(aws, refused, name):
    s3, west = aws("s3"), f"{name}-west"
    tags = [{"Key": "a", "Value": "1"}]
    made = s3.create_bucket(Bucket=name, CreateBucketConfiguration={"Tags": tags})
    assert (made["Location"], made["BucketArn"]) == (f"/{name}", f"arn:aws:s3:::{name}")
    assert s3.get_bucket_tagging(Bucket=name)["TagSet"] == tags
    assert s3.create_bucket(Bucket=name)["BucketArn"] == made["BucketArn"]
    error = refused("BucketAlreadyOwnedByYou", s3.create_bucket, Bucket=name, CreateBucketConfiguration={"Tags": tags})
    assert (error["Error"]["BucketName"], error["ResponseMetadata"]["HTTPStatusCode"]) == (name, 409)
    made = s3.create_bucket(Bucket=west, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    assert made["Location"] == f"http://{west}.s3.amazonaws.com/"
    head = s3.head_bucket(Bucket=west)
    assert (head["BucketRegion"], head["BucketArn"]) == ("us-west-2", f"arn:aws:s3:::{west}")
    listed = s3.list_objects_v2(Bucket=west)["ResponseMetadata"]
    assert listed["HTTPHeaders"]["x-amz-bucket-region"] == "us-west-2"
    assert listed["RequestId"]
    assert listed["HostId"]


def test_buckets_are_listed_page_by_page(aws, name):
    s3 = aws("s3")
    names = [f"{name}-{letter}" for letter in "cab"]
    for one in names:
        s3.create_bucket(Bucket=one)
    first = s3.list_buckets(Prefix=name, MaxBuckets=2)
    assert [one["Name"] for one in first["Buckets"]] == sorted(names)[:2]
    assert (first["Prefix"], first["Buckets"][0]["BucketRegion"]) == (name, "us-east-1")
    assert set(first["Owner"]) == {"ID"}
    rest = s3.list_buckets(Prefix=name, MaxBuckets=2, ContinuationToken=first["ContinuationToken"])
    assert [one["Name"] for one in rest["Buckets"]] == sorted(names)[2:]
    assert "ContinuationToken" not in rest
    assert set(s3.list_buckets()["Buckets"][0]) == {"Name", "CreationDate"}


def test_the_service_has_a_host_of_its_own(aws, endpoint, name):
    s3 = aws("s3")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="k", Body=b"x", ACL="private")
    signed = s3.generate_presigned_url("get_object", Params={"Bucket": name, "Key": "k"})
    request = urllib.request.Request(signed, headers={"Host": "s3.localhost"})  # noqa: S310
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        assert answer.read() == b"x"


def test_tags_without_values(aws, refused, name):
    s3 = aws("s3")
    s3.create_bucket(Bucket=name)
    s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": [{"Key": "a", "Value": ""}]})
    assert s3.get_bucket_tagging(Bucket=name)["TagSet"] == [{"Key": "a", "Value": ""}]
    s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": []})
    refused("NoSuchTagSet", s3.get_bucket_tagging, Bucket=name)


# Versions


@pytest.fixture
def versions(aws, name):
    """A bucket with versions, by its name."""
    aws("s3").create_bucket(Bucket=name)
    aws("s3").put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


def suspend(s3, bucket):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})


def test_suspended_versioning_loses_no_version(aws, versions):
    s3 = aws("s3")
    ids = [s3.put_object(Bucket=versions, Key="k", Body=b"x")["VersionId"] for _ in range(2)]
    assert {len(one) for one in ids} == {32}
    suspend(s3, versions)
    for _ in range(2):
        assert "VersionId" not in s3.put_object(Bucket=versions, Key="k", Body=b"y")
    listed = s3.list_object_versions(Bucket=versions)["Versions"]
    assert [one["VersionId"] for one in listed] == ["null", ids[1], ids[0]]
    assert [one["IsLatest"] for one in listed] == [True, False, False]
    assert s3.get_object(Bucket=versions, Key="k")["VersionId"] == "null"
    marker = s3.delete_object(Bucket=versions, Key="k")
    assert (marker["DeleteMarker"], marker["VersionId"]) == (True, "null")
    listed = s3.list_object_versions(Bucket=versions)
    assert [one["VersionId"] for one in listed["Versions"]] == [ids[1], ids[0]]
    assert [one["VersionId"] for one in listed["DeleteMarkers"]] == ["null"]


def test_what_is_deleted(aws, refused, versions):
    s3 = aws("s3")
    version = s3.put_object(Bucket=versions, Key="k", Body=b"x")["VersionId"]
    marker = s3.delete_object(Bucket=versions, Key="k")["VersionId"]
    assert s3.delete_object(Bucket=versions, Key="never")["DeleteMarker"] is True
    error = refused("NoSuchKey", s3.get_object, Bucket=versions, Key="k")
    assert error["Error"]["Key"] == "k"
    assert error["ResponseMetadata"]["HTTPHeaders"]["x-amz-delete-marker"] == "true"
    refused("MethodNotAllowed", s3.get_object, Bucket=versions, Key="k", VersionId=marker)
    refused("405", s3.head_object, Bucket=versions, Key="k", VersionId=marker)
    refused("InvalidArgument", s3.get_object, Bucket=versions, Key="k", VersionId="x" * 32)
    refused("InvalidArgument", s3.delete_object, Bucket=versions, Key="k", VersionId="x" * 32)
    assert s3.delete_object(Bucket=versions, Key="k", VersionId=marker)["DeleteMarker"] is True
    assert "DeleteMarker" not in s3.delete_object(Bucket=versions, Key="k", VersionId=version)
    refused("NoSuchVersion", s3.get_object, Bucket=versions, Key="k", VersionId=version)
    error = refused("BucketNotEmpty", s3.delete_bucket, Bucket=versions)
    assert error["Error"]["Message"].endswith("You must delete all versions in the bucket.")


def test_several_are_deleted(aws, versions):
    s3 = aws("s3")
    s3.put_object(Bucket=versions, Key="k", Body=b"x")

    def delete(*objects, **more):
        return s3.delete_objects(Bucket=versions, Delete={"Objects": [*objects], **more})

    marked = delete({"Key": "k"}, {"Key": "never"})["Deleted"]
    assert [one["DeleteMarker"] for one in marked] == [True, True]
    gone = delete({"Key": "k", "VersionId": marked[0]["DeleteMarkerVersionId"]})["Deleted"]
    assert gone[0]["DeleteMarkerVersionId"] == marked[0]["DeleteMarkerVersionId"]
    wrong = delete({"Key": "k", "VersionId": "x" * 32})
    assert [(one["Key"], one["Code"]) for one in wrong["Errors"]] == [("k", "NoSuchVersion")]
    assert "Deleted" not in delete({"Key": "k"}, Quiet=True)


def test_pages_of_versions(aws, versions):
    s3 = aws("s3")
    keys = ["a/1", "a/2", "b &", "c"]
    for key in (*keys, "b &"):
        s3.put_object(Bucket=versions, Key=key, Body=b"x")
    found, marks = [], {}
    while True:
        page = s3.list_object_versions(Bucket=versions, Delimiter="/", MaxKeys=1, **marks)
        found += [one["Prefix"] for one in page.get("CommonPrefixes", ())]
        found += [(one["Key"], one["IsLatest"], one["ChecksumType"]) for one in page.get("Versions", ())]
        if not page["IsTruncated"]:
            break
        marks = {"KeyMarker": page["NextKeyMarker"], "VersionIdMarker": page.get("NextVersionIdMarker", "")}
        marks = {key: value for key, value in marks.items() if value}
    assert found == [
        "a/", ("b &", True, "FULL_OBJECT"), ("b &", False, "FULL_OBJECT"), ("c", True, "FULL_OBJECT"),
    ]  # fmt: skip
    after = s3.list_object_versions(Bucket=versions, KeyMarker="b &")
    assert [one["Key"] for one in after["Versions"]] == ["c"]


# Objects


def test_checksums(aws, refused, name):
    s3 = aws("s3")
    s3.create_bucket(Bucket=name)
    assert s3.put_object(Bucket=name, Key="k", Body=b"x")["ChecksumType"] == "FULL_OBJECT"
    assert s3.list_objects_v2(Bucket=name)["Contents"][0]["ChecksumType"] == "FULL_OBJECT"
    told = s3.put_object(Bucket=name, Key="k", Body=b"x", ChecksumSHA256=SHA256)
    assert told["ChecksumSHA256"] == SHA256
    assert s3.head_object(Bucket=name, Key="k", ChecksumMode="ENABLED")["ChecksumSHA256"] == SHA256
    refused("BadDigest", s3.put_object, Bucket=name, Key="k", Body=b"y", ChecksumSHA256=SHA256)


SHA256 = "LXEWQrcmsEQBYnyp+6wy9chTD7GQPMTbAiWHF5IaSIE="  # of x


@pytest.mark.parametrize("read", ["get_object", "head_object"])
def test_conditions_of_a_read(aws, refused, name, read):
    s3 = aws("s3")
    s3.create_bucket(Bucket=name)
    tag = s3.put_object(Bucket=name, Key="k", Body=b"x")["ETag"]
    ask = getattr(s3, read)
    now = s3.head_object(Bucket=name, Key="k")["LastModified"]
    day = datetime.timedelta(days=1)
    failed = "PreconditionFailed" if read == "get_object" else "412"
    refused(failed, ask, Bucket=name, Key="k", IfMatch="other", IfNoneMatch=tag)
    refused(failed, ask, Bucket=name, Key="k", IfUnmodifiedSince=now - day, IfNoneMatch=tag)
    refused("304", ask, Bucket=name, Key="k", IfNoneMatch=tag.strip('"'))
    refused("304", ask, Bucket=name, Key="k", IfModifiedSince=now)
    assert ask(Bucket=name, Key="k", IfModifiedSince=now + day)["ETag"] == tag
    assert ask(Bucket=name, Key="k", IfMatch=tag, IfUnmodifiedSince=now - day)["ETag"] == tag
    error = refused("NoSuchKey", s3.put_object, Bucket=name, Key="absent", IfMatch=tag)
    assert error["Error"]["Key"] == "absent"


def test_a_range_that_is_none(aws, refused, name):
    s3 = aws("s3")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="k", Body=b"0123")
    assert s3.get_object(Bucket=name, Key="k", Range="0-1")["Body"].read() == b"0123"
    assert s3.get_object(Bucket=name, Key="k", Range="bytes=1-2")["Body"].read() == b"12"
    refused("InvalidRange", s3.get_object, Bucket=name, Key="k", Range="bytes=9-10")


def test_metadata(aws, name):
    s3 = aws("s3")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="k", Metadata={"a": "=?UTF-8?B?YWJj?=", "b": "=?UTF-8?Q?=C3=84?=", "c": "d \t"})
    assert s3.get_object(Bucket=name, Key="k")["Metadata"] == {"a": "abc", "b": "=?UTF-8?Q?=C3=84?=", "c": "d"}


# Keys


def test_an_objects_key_is_told_by_its_arn_and_must_be_enabled(aws, refused, name):
    s3, kms = aws("s3"), aws("kms")
    s3.create_bucket(Bucket=name)
    key = kms.create_key()["KeyMetadata"]
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key["KeyId"]}
    rules = [{"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}]
    s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": rules})
    told = s3.put_object(Bucket=name, Key="k", Body=b"x")
    assert (told["SSEKMSKeyId"], told["BucketKeyEnabled"]) == (key["Arn"], True)
    managed = s3.put_object(Bucket=name, Key="m", Body=b"x", ServerSideEncryption="aws:kms")["SSEKMSKeyId"]
    assert managed != key["Arn"]
    assert kms.describe_key(KeyId=managed)["KeyMetadata"]["KeyManager"] == "AWS"
    assert "SSEKMSKeyId" not in s3.put_object(Bucket=name, Key="a", Body=b"x", ServerSideEncryption="AES256")
    encrypted = {"Bucket": name, "Key": "n", "ServerSideEncryption": "aws:kms"}
    refused("KMS.NotFoundException", s3.put_object, **encrypted, SSEKMSKeyId="no-key")
    kms.disable_key(KeyId=key["KeyId"])
    refused("KMS.DisabledException", s3.get_object, Bucket=name, Key="k")
    refused("KMS.DisabledException", s3.put_object, Bucket=name, Key="k", Body=b"x")
    assert s3.head_object(Bucket=name, Key="k")["SSEKMSKeyId"] == key["Arn"]
    kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
    refused("KMS.KMSInvalidStateException", s3.get_object, Bucket=name, Key="k")


def test_a_customers_key_is_needed_again(aws, refused, name):
    s3 = aws("s3")
    s3.create_bucket(Bucket=name)
    key = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}
    told = s3.put_object(Bucket=name, Key="k", Body=b"x", **key)
    assert (told["SSECustomerAlgorithm"], "ServerSideEncryption" in told) == ("AES256", False)
    assert s3.get_object(Bucket=name, Key="k", **key)["Body"].read() == b"x"
    refused("InvalidRequest", s3.get_object, Bucket=name, Key="k")
    refused("AccessDenied", s3.get_object, Bucket=name, Key="k", **key | {"SSECustomerKey": "o" * 32})


# Lifecycles


def test_a_lifecycle_is_as_it_was_given(aws, name):
    s3 = aws("s3")
    s3.create_bucket(Bucket=name)
    tags = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    rules = [
        {"ID": "old", "Status": "Enabled", "Filter": {"And": {"Tags": tags}}, "Expiration": {"Days": 3}},
        {"ID": "big", "Status": "Enabled", "Filter": {"ObjectSizeGreaterThan": 2}, "Expiration": {"Days": 5}},
        {"ID": "off", "Status": "Disabled", "Filter": {}, "Expiration": {"Days": 1}},
    ]
    minimum = {"TransitionDefaultMinimumObjectSize": "varies_by_storage_class"}
    written = s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": rules}, **minimum)
    shown = s3.get_bucket_lifecycle_configuration(Bucket=name)
    assert shown["Rules"] == rules
    assert {written["TransitionDefaultMinimumObjectSize"], shown["TransitionDefaultMinimumObjectSize"]} == {
        "varies_by_storage_class"
    }
    assert "Expiration" not in s3.put_object(Bucket=name, Key="k", Body=b"x", Tagging="a=1")
    assert 'rule-id="big"' in s3.put_object(Bucket=name, Key="k", Body=b"xyz", Tagging="a=1")["Expiration"]
    assert 'rule-id="old"' in s3.put_object(Bucket=name, Key="k", Body=b"xyz", Tagging="a=1&b=2")["Expiration"]
    due = s3.head_object(Bucket=name, Key="k")
    date = (due["LastModified"] + datetime.timedelta(days=4)).strftime("%a, %d %b %Y 00:00:00 GMT")
    assert due["Expiration"] == f'expiry-date="{date}", rule-id="old"'
    s3.put_bucket_lifecycle_configuration(
        Bucket=name, LifecycleConfiguration={"Rules": [{"Status": "Enabled", "Filter": {}, "Expiration": {"Days": 1}}]}
    )
    shown = s3.get_bucket_lifecycle_configuration(Bucket=name)
    assert shown["Rules"][0]["ID"]
    assert shown["TransitionDefaultMinimumObjectSize"] == "all_storage_classes_128K"


# Events


def test_events_tell_of_versions_and_markers(aws, versions):
    s3, sqs = aws("s3"), aws("sqs")
    url = sqs.create_queue(QueueName=versions)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    wanted = [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]}]
    s3.put_bucket_notification_configuration(Bucket=versions, NotificationConfiguration={"QueueConfigurations": wanted})
    sqs.purge_queue(QueueUrl=url)
    version = s3.put_object(Bucket=versions, Key="a b", Body=b"x")["VersionId"]
    s3.delete_object(Bucket=versions, Key="a b")
    s3.delete_object(Bucket=versions, Key="a b", VersionId=version)
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    told = {}
    for one in messages:
        record = json.loads(one["Body"])["Records"][0]
        told[record["eventName"]] = record["s3"]["object"]
        assert {"userIdentity", "requestParameters", "responseElements"} <= set(record)
    assert set(told) == {"ObjectCreated:Put", "ObjectRemoved:DeleteMarkerCreated", "ObjectRemoved:Delete"}
    assert set(told["ObjectCreated:Put"]) == {"key", "size", "eTag", "versionId", "sequencer"}
    assert set(told["ObjectRemoved:Delete"]) == {"key", "versionId", "sequencer"}
    assert told["ObjectRemoved:Delete"] == told["ObjectRemoved:Delete"] | {"key": "a+b", "versionId": version}
