"""KMS as AWS answers it."""


def test_key_by_arn(aws, refused):
    kms = aws("kms")
    arn = kms.create_key()["KeyMetadata"]["Arn"]
    kms.enable_key_rotation(KeyId=arn)
    assert kms.get_key_rotation_status(KeyId=arn)["KeyRotationEnabled"]
    kms.tag_resource(KeyId=arn, Tags=[{"TagKey": "a", "TagValue": "b"}])
    assert kms.list_resource_tags(KeyId=arn.split("/")[1])["Tags"] == [{"TagKey": "a", "TagValue": "b"}]
    kms.update_key_description(KeyId=arn, Description="d")
    kms.disable_key(KeyId=arn)
    kms.enable_key(KeyId=arn)
    assert kms.schedule_key_deletion(KeyId=arn, PendingWindowInDays=7)["DeletionDate"]
    assert kms.describe_key(KeyId=arn)["KeyMetadata"]["KeyState"] == "PendingDeletion"
    refused("KMSInvalidStateException", kms.schedule_key_deletion, KeyId=arn)
    kms.cancel_key_deletion(KeyId=arn)
