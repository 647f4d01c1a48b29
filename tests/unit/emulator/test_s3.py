"""S3 as AWS answers it."""

import json


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
