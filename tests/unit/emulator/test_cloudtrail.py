"""CloudTrail as AWS answers it."""


def test_lookup(aws, name):
    topic = aws("sns").create_topic(Name=name)["TopicArn"]
    aws("sns").get_topic_attributes(TopicArn=topic)
    aws("sns").set_topic_attributes(TopicArn=topic, AttributeName="DisplayName", AttributeValue="other")
    wanted = [{"AttributeKey": "ResourceName", "AttributeValue": name}]
    events = aws("cloudtrail").lookup_events(LookupAttributes=wanted)["Events"]
    assert [event["EventName"] for event in events] == ["SetTopicAttributes", "CreateTopic"]
    assert {event["Username"] for event in events} == {"emulator-access-key-id"}
