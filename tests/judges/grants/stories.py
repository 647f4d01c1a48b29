"""A stack of each profile with all that an inventory can turn on, and all that goes on in it."""

from __future__ import annotations

import base64
import contextlib
import copy
import http.client
import json
import re
import urllib.request

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.releases.rollout import Options, roll_out
from botocore.exceptions import ClientError

from emulator import policies
from emulator.ask import ask
from tests.integration.policies import policies as policies_of
from tests.integration.releasing import COMPONENTS, DATABASE, LOGIN, OWNER, Story, Ultra, playing, release
from tests.soon import soon

STANDARD = {
    "stack_components_once": {"api": {"bake_minutes": 0, "deployment_strategy": "BLUE_GREEN"}},
    "ecs_execute_command": True,
    "lambda_tracing": True,
    "network_flow_logs": True,
    "network_interface_endpoints": ["logs", "sqs", "secretsmanager", "ecr.api", "ecr.dkr", "ssmmessages"],
    "network_nat": "instance",
    "stack_own_key": True,
}
ULTRA = {"ecs_execute_command": True, "lambda_tracing": True, "stack_own_key": True}
DAY = 86400


def until(what):
    """Wait until something is there, and return it."""
    return soon(what, getattr(what, "__name__", ""), 0.2)


class Seen:
    """What a judge sees and does, whatever the profile."""

    def documents(self):
        """Return the account's policies."""
        return list(policies_of(self.client))

    def calls(self):
        """Return what AWS asked for, as far as policies were judged."""
        return ask(self.url, "grants")

    def clock(self, seconds: float):
        """Let time pass."""
        ask(self.url, "clock", {"seconds": seconds})

    def lines(self, group: str) -> str:
        """Return all that stands in a log group."""
        return "\n".join(
            one["message"] for one in self.client("logs").filter_log_events(logGroupName=group)["events"]
        )  # fmt: skip

    def alarm(self):
        """Let one alarm go off."""
        alarms = self.client("cloudwatch").describe_alarms()["MetricAlarms"]
        name = next(one["AlarmName"] for one in alarms if one["AlarmActions"])
        for state in ("OK", "ALARM"):
            self.client("cloudwatch").set_alarm_state(AlarmName=name, StateValue=state, StateReason="tried")

    def fires(self, name: str, seconds: float):
        """Let time pass until one schedule is due, and no other one's times are made up for."""
        events = self.client("events")
        on = [
            one["Name"]
            for one in events.list_rules()["Rules"]
            if "ScheduleExpression" in one and one["State"] == "ENABLED"
        ]
        assert name in on, f"{name} isn't on"
        others = [one for one in on if one != name]
        for one in others:
            events.disable_rule(Name=one)
        self.clock(seconds)
        for one in others:
            events.enable_rule(Name=one)

    def letters(self, queue: str) -> list[dict]:
        """Take the messages of a queue: bodies and attributes."""
        sqs = self.client("sqs")
        url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]).get(
            "Messages", []
        )
        for one in found:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
        return found

    def undeliverable(self, queue: str) -> dict:
        """Wait for an event that reached nobody, and return what AWS says of it."""

        def told():
            found = [one.get("MessageAttributes", {}) for one in self.letters(queue)]
            return [one for one in found if "ERROR_CODE" in one]

        return until(told)[0]

    def stopped(self, family: str, container: str, **more) -> dict:
        """Run a task by hand and return what it was when it had stopped."""
        ecs, cluster = self.client("ecs"), f"{self.stack}-cluster"
        definition = ecs.describe_task_definition(taskDefinition=family)["taskDefinition"]
        assert container in [one["name"] for one in definition["containerDefinitions"]]
        run = ecs.run_task(
            cluster=cluster, taskDefinition=definition["taskDefinitionArn"], launchType="FARGATE",
            networkConfiguration=self.network(), **more,
        )  # fmt: skip
        (task,) = run["tasks"]

        def over():
            (found,) = ecs.describe_tasks(cluster=cluster, tasks=[task["taskArn"]])["tasks"]
            return found if found["lastStatus"] == "STOPPED" else None

        return until(over)

    @contextlib.contextmanager
    def without(self, label: str, action: str, resource: str = ""):
        """Take a grant away, by patterns, and give it back in the end."""
        found = [one for one in self.documents() if re.search(label, one.label)]
        held = []
        for one in found:
            document = copy.deepcopy(one.document)
            for statement in policies.statements(document):
                actions = policies.listed(statement["Action"])
                resources = policies.listed(statement.get("Resource"))
                if statement["Effect"] != "Allow" or action not in actions:
                    continue
                if resource and not any(re.search(resource, each) for each in resources):
                    continue
                held.append(one)
                rest = statement | {"Action": [each for each in actions if each != action] or ["none:None"]}
                kept = [each for each in resources if resource and not re.search(resource, each)]
                document["Statement"] = [
                    *(each for each in policies.statements(document) if each is not statement), rest,
                    *([statement | {"Sid": "Rest", "Action": action, "Resource": kept}] if kept else []),
                ]  # fmt: skip
            if one in held:
                self._write(one, document)
        assert held, f"there is no grant of {action} in {label}"
        try:
            yield
        finally:
            for one in held:
                self._write(one, one.document)

    def _write(self, policy, document: dict):
        sort, text = policy.label.split()[0], json.dumps(document)
        if sort == "role":
            role, name = re.fullmatch(r"role (\S+), policy (\S+)", policy.label).groups()
            self.client("iam").put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=text)
        elif sort == "trust":
            role = policy.label.split()[-1]
            self.client("iam").update_assume_role_policy(RoleName=role, PolicyDocument=text)
        elif sort == "key":
            self.client("kms").put_key_policy(
                KeyId=policy.owner, PolicyName="default", Policy=text, BypassPolicyLockoutSafetyCheck=True
            )
        elif sort == "topic":
            self.client("sns").set_topic_attributes(
                TopicArn=policy.owner, AttributeName="Policy", AttributeValue=text
            )  # fmt: skip
        elif sort == "endpoint":
            self.client("ec2").modify_vpc_endpoint(VpcEndpointId=policy.owner, PolicyDocument=text)
        elif sort == "queue":
            url = self.client("sqs").get_queue_url(QueueName=policy.label.split()[-1])["QueueUrl"]
            self.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": text})
        else:
            raise AssertionError(f"{policy.label} can't be written here")


class Standard(Seen, Story):
    """The standard profile."""

    def network(self):
        """Return where tasks are."""
        (service,) = self.client("ecs").describe_services(
            cluster=f"{self.stack}-cluster", services=[f"{self.stack}-api"]
        )["services"]
        return service["networkConfiguration"]

    def deploy(self):
        """Deploy it, and release the sample application twice: the second time the traffic moves."""
        self.play = playing(self.url, self.stack, "-e", json.dumps(STANDARD))
        self.good("standard.yml")
        self.good("runbooks/rollout.yml", *release("one", self.images("one")))
        self.good("standard.yml")
        self.second = self.images("two")
        self.good("runbooks/rollout.yml", *release("two", self.second))

    def good(self, playbook, *arguments):
        """Run a playbook that succeeds."""
        rc, output = self.play(playbook, *arguments)
        assert rc == 0, output[-4000:]
        return output

    def address(self) -> str:
        """Return where the API serves."""
        ecs, cluster = self.client("ecs"), f"{self.stack}-cluster"
        (task,) = ecs.list_tasks(cluster=cluster, serviceName=f"{self.stack}-api")["taskArns"][:1]
        return f"http://{ask(self.url, 'dataplane')['hosts'][task]['api']}:8080"

    def asked(self, path: str) -> dict:
        """Ask the API to change something."""
        with urllib.request.urlopen(
            urllib.request.Request(self.address() + path, b"", method="POST"), timeout=10
        ) as answer:
            return json.load(answer)

    def starts(self, component: str) -> str:
        """Run a task of a component that can't start or go on, and say why."""
        task = self.stopped(f"{self.stack}-{component}", component)
        return f"{task['stopCode']}: {task['stoppedReason']}\n{self.lines(f'/aws/ecs/{self.stack}-{component}')}"

    def invoked(self, component: str) -> str:
        """Call a function that fails, with a workflow that is due, and return what it said."""
        with self.database(f"{self.stack}/database") as connection:
            connection.execute("UPDATE workflows SET next_run = now()")
        answer = self.client("lambda").invoke(
            FunctionName=f"{self.stack}-{component}", Qualifier="live", LogType="Tail", Payload=b"{}"
        )
        assert answer.get("FunctionError") == "Unhandled", answer
        return base64.b64decode(answer["LogResult"]).decode()

    def migrated(self) -> str:
        """Run the migrations by their runbook, which fails, and return what it said."""
        rc, output = self.play("runbooks/migrate.yml", *release("two"))
        assert rc == 2, output[-3000:]
        return " ".join(output.split())

    def refused_run(self) -> str:
        """Ask the API for a run that it may not ask the queue for, and return what stands in its log."""
        with contextlib.suppress(OSError, http.client.HTTPException):
            self.asked("/workflows/1/runs")
        return self.lines(f"/aws/ecs/{self.stack}-api")

    def moved(self) -> str:
        """Roll a release out whose traffic can't be moved, and return what its service told."""
        self.book.make("three", self.images("three"), {})
        with pytest.raises(EngineError):
            roll_out(
                self.aws, self.stack, "three", "rollout", Options(COMPONENTS, timeout=12, pause=0.2, steady=1.0),
                self.said.append,
            )
        (service,) = self.client("ecs").describe_services(
            cluster=f"{self.stack}-cluster", services=[f"{self.stack}-api"]
        )["services"]
        return "\n".join(one["message"] for one in service["events"])

    def flows(self) -> str:
        """Let an interval of the flow log end, and return its status."""
        self.clock(600)

        def told():
            (one,) = self.client("ec2").describe_flow_logs()["FlowLogs"]
            return (
                f"{one['DeliverLogsStatus']} {one['DeliverLogsErrorMessage']}"
                if one.get("DeliverLogsErrorMessage")
                else ""
            )

        return until(told)

    def replaced(self, word: str) -> str:
        """Let the NAT instance be replaced, and return what the new one says when it has come to a word."""
        groups, ec2 = self.client("autoscaling"), self.client("ec2")

        def instances():
            (group,) = groups.describe_auto_scaling_groups()["AutoScalingGroups"]
            return {one["InstanceId"] for one in group["Instances"]}

        (old,) = before = instances()
        groups.terminate_instance_in_auto_scaling_group(InstanceId=old, ShouldDecrementDesiredCapacity=False)
        (new,) = until(lambda: instances() - before)

        def said():
            text = ec2.get_console_output(InstanceId=new).get("Output", "")
            return text if word in text else ""

        return until(said)

    def unentered(self) -> str:
        """Try to get into a task, and return why it isn't possible."""
        with pytest.raises(ClientError) as refused:
            self.enter("worker")
        return str(refused.value)

    def worked(self) -> str:
        """Let the worker do a job, and return what stands in its log."""
        group = f"/aws/ecs/{self.stack}-worker"
        before = self.lines(group).count("protection: ")
        self.asked("/workflows/1/runs")
        until(lambda: self.lines(group).count("protection: ") > before)
        return self.lines(group)

    def unlogged(self) -> str:
        """Call a function that may not write its log, and return whether it did."""
        group = f"/aws/lambda/{self.stack}-cleanup"
        before = self.lines(group)
        self.client("lambda").invoke(FunctionName=f"{self.stack}-cleanup", Qualifier="live", Payload=b"{}")
        return "nothing was written" if self.lines(group) == before else "something was written"

    def dead_letter(self, component: str) -> str:
        """Let a rule call a function that it may not call, and return what AWS says of it."""
        attributes = self.undelivered(component)
        return " ".join(attributes[key]["StringValue"] for key in ("ERROR_CODE", "ERROR_MESSAGE"))

    def works(self):
        """Let everything happen that happens in a stack."""
        self.client("ecs").update_service(
            cluster=f"{self.stack}-cluster", service=f"{self.stack}-worker", desiredCount=1
        )
        with self.database(f"{self.stack}/database") as connection:
            connection.execute("INSERT INTO workflows (name, every_seconds) VALUES ('report', 60)")
        self.fires(f"{self.stack}-scheduler", 300)
        self.executed(1)
        self.asked("/workflows/1/runs")
        self.executed(2)
        self.fires(f"{self.stack}-cleanup", DAY)
        self.replaced("finished")
        for component in ("api", "worker"):
            self.enter(component)
        self.alarm()
        for component in ("scheduler", "cleanup"):
            self.fails(component)
            self.undelivered(component)

    def executed(self, count: int):
        """Wait until so many runs are in the database."""
        with self.database(f"{self.stack}/database") as connection:
            until(lambda: connection.execute("SELECT count(*) FROM executions").fetchone()[0] >= count)

    def enter(self, component: str):
        """Run a command in a task."""
        ecs, cluster = self.client("ecs"), f"{self.stack}-cluster"
        listed = {"cluster": cluster, "serviceName": f"{self.stack}-{component}"}
        task = until(lambda: ecs.list_tasks(**listed)["taskArns"])[0]
        return ecs.execute_command(cluster=cluster, task=task, container=component, command="/bin/sh", interactive=True)

    def fails(self, component: str):
        """Let an asynchronous call of a function fail to its end, which is its destination."""
        image = self.client("lambda").get_function(FunctionName=f"{self.stack}-{component}")["Code"]["ImageUri"]
        known = ask(self.url, "images")["images"]
        self.behaves(image, run=["python3", "-c", "raise SystemExit('boom')"])
        self.client("lambda").invoke(
            FunctionName=f"{self.stack}-{component}", Qualifier="live", InvocationType="Event", Payload=b"{}"
        )

        def told():
            self.clock(130)
            return [one for one in self.letters(f"{self.stack}-lambda-failures") if "requestPayload" in one["Body"]]

        until(told)
        ask(self.url, "images", {"images": known})

    def undelivered(self, component: str):
        """Let a rule fail to call its function, because it may not, and return the dead letter's attributes."""
        with self.uncallable(component):
            self.fires(f"{self.stack}-{component}", 300 if component == "scheduler" else DAY)
            return self.undeliverable(f"{self.stack}-lambda-failures")

    @contextlib.contextmanager
    def uncallable(self, component: str):
        """Take the rule's permission to call a function away."""
        functions, name = self.client("lambda"), f"{self.stack}-{component}"
        of = {"FunctionName": name, "Qualifier": "live"}
        (held,) = json.loads(functions.get_policy(**of)["Policy"])["Statement"]
        functions.remove_permission(**of, StatementId=held["Sid"])
        try:
            yield
        finally:
            functions.add_permission(
                **of, StatementId=held["Sid"], Action=held["Action"], Principal=held["Principal"]["Service"],
                SourceArn=held["Condition"]["ArnLike"]["AWS:SourceArn"],
            )  # fmt: skip


class Small(Seen, Ultra):
    """The ultra profile."""

    def network(self):
        """Return where tasks are."""
        pipe = self.client("pipes").describe_pipe(Name=f"{self.stack}-worker-pipe")
        told = pipe["TargetParameters"]["EcsTaskParameters"]["NetworkConfiguration"]["awsvpcConfiguration"]
        names = {"Subnets": "subnets", "SecurityGroups": "securityGroups", "AssignPublicIp": "assignPublicIp"}
        return {"awsvpcConfiguration": {names[key]: value for key, value in told.items()}}

    def deploy(self):
        """Deploy it, with a database outside of AWS, and release the sample application."""
        ask(self.url, "databases", {"databases": [DATABASE]})
        owner = self.client("secretsmanager").create_secret(Name="owner-login", SecretString=json.dumps(OWNER))["ARN"]
        variables = ULTRA | {"external_database_owner_secret_arn": owner}
        self.play = playing(self.url, self.stack, "-e", json.dumps(variables))
        self.good("ultra.yml")
        self.login(LOGIN)
        self.good("runbooks/rollout.yml", *release("one", self.images("one")))
        self.good("ultra.yml")  # which turns the schedule on

    good = Standard.good

    def jobs(self, *workflows: int) -> str:
        """Send jobs, and return what became of them."""
        bodies = [json.dumps({"workflow_id": one}) for one in workflows]
        return self.good("runbooks/send_jobs.yml", "-e", json.dumps({"send_jobs_bodies": bodies}))

    def send(self, workflow: int):
        """Lay a job into the queue and go."""
        url = self.client("sqs").get_queue_url(QueueName=f"{self.stack}-workflow")["QueueUrl"]
        self.client("sqs").send_message(QueueUrl=url, MessageBody=json.dumps({"workflow_id": workflow}))

    def works(self):
        """Let everything happen that happens in a stack."""
        with self.database() as connection:
            connection.execute("INSERT INTO workflows (name, every_seconds) VALUES ('report', 60)")
        assert "1 of 1 done" in self.jobs(1)
        assert "1 in failed jobs" in self.jobs(99)
        ask(self.url, "faults", {"seed": 1, "spot": 1.0})
        assert "1 of 1 done" in self.jobs(1)
        ask(self.url, "faults", {})
        self.fires(f"{self.stack}-scheduler", 300)
        self.enter()
        self.alarm()
        Standard.fails(self, "scheduler")
        self.undelivered("scheduler")
        self.unheard()

    uncallable = Standard.uncallable
    dead_letter = Standard.dead_letter
    undelivered = Standard.undelivered
    starts = Standard.starts

    def piped(self) -> str:
        """Send a job that the pipe can't start, and return what stands in the pipe's log."""
        pipe = self.client("pipes").describe_pipe(Name=f"{self.stack}-worker-pipe")
        group = pipe["LogConfiguration"]["CloudwatchLogsLogDestination"]["LogGroupArn"].split(":log-group:")[1]
        group = group.removesuffix(":*")
        before = self.lines(group)
        self.send(1)
        return until(lambda: self.lines(group).removeprefix(before))

    def unpolled(self) -> str:
        """Send a job that the pipe can't take, and return why it doesn't."""
        self.send(1)
        return until(lambda: self.client("pipes").describe_pipe(Name=f"{self.stack}-worker-pipe").get("StateReason"))

    def looked_after(self, spot: float = 0.0) -> str:
        """Send a job that fails, or whose capacity is taken away, and return what is said by the function that looks after
        it when that fails itself."""
        group = f"/aws/lambda/{self.stack}-resubmit"
        before = len(self.lines(group))
        ask(self.url, "faults", {"seed": 1, "spot": spot})
        self.send(1 if spot else 99)
        return until(lambda: next(iter(re.findall("(?s).*AccessDenied.*", self.lines(group)[before:])), ""))

    def enter(self):
        """Run a command in a job's task, which lasts for as long as it takes."""
        ecs, cluster = self.client("ecs"), f"{self.stack}-cluster"
        known = ask(self.url, "images")["images"]
        self.behaves(self.runs()["worker"], run=["python3", "-c", "import time; time.sleep(600)"])
        self.send(1)
        (task,) = until(lambda: [
            one["taskArn"]
            for one in ecs.describe_tasks(cluster=cluster, tasks=ecs.list_tasks(cluster=cluster)["taskArns"] or ["none"])["tasks"]
            if one["lastStatus"] == "RUNNING"
        ])  # fmt: skip
        try:
            ecs.execute_command(cluster=cluster, task=task, container="worker", command="/bin/sh", interactive=True)
        finally:
            ask(self.url, "images", {"images": known})
            ecs.stop_task(cluster=cluster, task=task)

    def unheard(self):
        """Let a task's end not reach the function that looks at it: the event is kept."""
        functions, name = self.client("lambda"), f"{self.stack}-resubmit"
        (held,) = json.loads(functions.get_policy(FunctionName=name)["Policy"])["Statement"]
        functions.remove_permission(FunctionName=name, StatementId=held["Sid"])
        self.send(99)
        told = self.undeliverable(f"{self.stack}-failed-jobs")
        functions.add_permission(
            FunctionName=name, StatementId=held["Sid"], Action=held["Action"], Principal=held["Principal"]["Service"],
            SourceArn=held["Condition"]["ArnLike"]["AWS:SourceArn"],
        )  # fmt: skip
        return told
