"""Many requests at the same time are answered as if they came one by one."""

from concurrent.futures import ThreadPoolExecutor

from tests.soon import SECONDS


def test_parallel_requests(aws, name):
    ec2, ecs, logs = aws("ec2"), aws("ecs"), aws("logs")
    vpc = ec2.create_vpc(CidrBlock="10.3.0.0/16")["Vpc"]["VpcId"]

    def work(number):
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.3.{number}.0/24")
        logs.create_log_group(logGroupName=f"/{name}/{number}")
        ecs.create_cluster(clusterName=f"{name}-{number}", tags=[{"key": "n", "value": str(number)}])
        asked = {"include": ["TAGS"]} if number % 2 else {}
        seen = ecs.describe_clusters(clusters=[f"{name}-{number}"], **asked)["clusters"][0]
        return bool(seen.get("tags")) == bool(number % 2)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(24)))
    assert len(ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]) == 24
    assert len(logs.describe_log_groups(logGroupNamePrefix=f"/{name}")["logGroups"]) == 24


def test_waiting_for_messages_holds_up_nobody(aws, name, receiving):
    sqs = aws("sqs")
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    with ThreadPoolExecutor(1) as pool:
        receives = pool.submit(sqs.receive_message, QueueUrl=queue, WaitTimeSeconds=20)
        assert receiving.wait(SECONDS)
        # Held up until nobody waits any more, it would come too late for the receiver.
        sqs.send_message(QueueUrl=queue, MessageBody="m")
        assert receives.result()["Messages"][0]["Body"] == "m"
