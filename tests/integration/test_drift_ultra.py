"""Drift of the ultra profile cannot hide either; and what else a drift check, a plan and a destroy must say."""

from __future__ import annotations

import http.server
import json
import re
import threading

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine import record, state
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.survey import survey
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import KINDS

from emulator.ask import ask

from .conftest import ROOT
from .drifting import deployed, drifted, found_and_healed, told
from .mutations_ultra import ALSO, PIPE, ROWS, S

REGION = "us-east-1"
WHERE = ("-i", "inventories/local", "--limit", S, "-e", "drift_trail=false")


@pytest.fixture(scope="module")
def aws(emulator):
    return emulator.aws(REGION)


@pytest.fixture(scope="module")
def stack(emulator, play):
    return deployed(emulator, play, WHERE)


@pytest.fixture
def deny(emulator):
    """Deny calls, until the test's end."""

    def faults(**body):
        ask(emulator.url, "faults", body)

    yield lambda *calls: faults(deny=calls)
    faults()


@pytest.fixture
def webhook():
    """A server on the loopback that keeps what it is told."""
    told_here = []

    class Hook(http.server.BaseHTTPRequestHandler):
        def do_POST(self):  # noqa: N802 - the library's name
            told_here.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(500 if "broken" in self.path else 204)
            self.end_headers()

        def log_message(self, *_words):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/drift", told_here
    server.shutdown()


@pytest.mark.parametrize("batch", sorted({row[0] for row in ROWS}))
def test_found_and_healed(stack, aws, play, batch):
    found_and_healed(aws, play, S, [row for row in ROWS if row[0] == batch], WHERE, ALSO)


def test_a_value_that_people_set_is_theirs(stack, aws, play):
    """No placeholder and no older value goes over it: neither by a revert, even where it is named, nor by an apply."""
    secrets, secret = aws("secretsmanager"), f"{S}/database"

    def value():
        return json.loads(secrets.get_secret_value(SecretId=secret)["SecretString"])["password"]

    def people_set(password):
        text = json.dumps({"username": "flow_builder_app", "password": password})
        secrets.put_secret_value(SecretId=secret, SecretString=text)

    naming = ("-e", json.dumps({"stack_may_lose": [f"secret/{secret}"]}))
    people_set("set-by-hand")
    run = play("playbooks/drift.yml", *WHERE)
    assert (run.rc, told(drifted(run))) == (0, []), run.output[-2000:]
    (note,) = [one for one in run.by_task["Show"]["msg"] if "secret" in one]
    assert re.fullmatch(rf"secret {secret}: version set by people since .* UTC: no drift, and a revert leaves it", note)
    assert play("playbooks/drift.yml", *WHERE, "-e", "drift_action=revert").rc == 0 and value() == "set-by-hand"
    back = play("playbooks/drift.yml", *WHERE, "-e", "drift_action=revert", *naming)
    assert value() == "set-by-hand"
    assert [one for one in back.by_task["Show"]["msg"] if one.startswith("not put back: ") and "placeholder" in one]

    inventory = ("-e", json.dumps({"external_database_password": "of-the-inventory"}))
    applied = play("site.yml", *WHERE, *inventory)
    assert (applied.rc, value()) == (0, "set-by-hand"), applied.output[-2000:]
    assert f"the secret {secret} keeps the value that people set, which isn't the inventory's" in applied.output
    assert play("site.yml", *WHERE, *inventory, *naming).rc == 0 and value() == "of-the-inventory"

    people_set("rotated")
    assert play("playbooks/drift.yml", *WHERE).rc == 0
    back = play("playbooks/drift.yml", *WHERE, "-e", "drift_action=revert", *naming)
    assert (back.rc, value()) == (0, "of-the-inventory"), back.output[-2000:]


def test_there_are_enough_rows():
    assert len([row for row in ROWS if row[1] != "quiet"]) >= 35
    assert len([row for row in ROWS if row[1] == "quiet"]) >= 5
    assert {row[1] for row in ROWS} == {"changed", "removed", "extra", "quiet"}


def test_others_are_told_what_was_accepted_is_silent_and_the_code_is_pending(stack, aws, play, webhook):
    """One life of two changes: told to a topic and a webhook, accepted, and then what the code would change."""
    url, heard = webhook
    topic = aws("sns").create_topic(Name="drift")["TopicArn"]
    letters = aws("sqs").create_queue(QueueName="letters")["QueueUrl"]
    address = aws("sqs").get_queue_attributes(QueueUrl=letters, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    aws("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=address)
    aws("pipes").update_pipe(
        Name=PIPE, RoleArn=aws("pipes").describe_pipe(Name=PIPE)["RoleArn"], Description="foreign"
    )
    aws("sqs").create_queue(QueueName=f"{S}-stray")
    others = ("-e", f"drift_topic_arn={topic}", "-e", f"drift_webhook_url={url}")

    run = play("playbooks/drift.yml", *WHERE, *others)
    assert run.rc != 0
    assert sorted((one["category"], one["kind"]) for one in drifted(run)) == [("changed", "pipes_pipe"), ("extra", "sqs_queue")]
    assert len(heard) == 1, run.output[-3000:]
    (told_there,) = heard
    (message,) = aws("sqs").receive_message(QueueUrl=letters)["Messages"]
    for text in (told_there["text"], json.loads(message["Body"])["Message"]):
        assert f"changed  pipes_pipe {PIPE} description" in text
        assert f"extra    sqs_queue {S}-stray" in text
    assert json.loads(message["Body"])["Subject"] == f"Drift of {S}: 2"

    for address, said in ((f"{url}/broken/T0KEN", "HTTP status 500"), ("http://127.0.0.1:1/T0KEN", "it can't be reached")):
        deaf = play("playbooks/drift.yml", *WHERE, "-e", json.dumps({"drift_webhook_url": address}))
        assert deaf.rc != 0 and f"drift_webhook_url didn't take the news of {S}" in deaf.output and said in deaf.output
        assert "T0KEN" not in deaf.output + json.dumps(deaf.results), "the address is the password"
    heard.clear()

    accepted = play("playbooks/drift.yml", *WHERE, "-e", "drift_action=accept")
    assert accepted.rc == 0, accepted.output[-2000:]
    clean = play("playbooks/drift.yml", *WHERE, *others)
    assert (clean.rc, drifted(clean), heard) == (0, [], []), "a clean check tells nobody"
    assert not any(one["task"].startswith("flow_builder.aws.network") for one in clean.results), "it loads no profile"

    pending = play("playbooks/drift.yml", *WHERE, *others, "-e", "drift_pending=true")
    assert pending.rc != 0 and drifted(pending) == []
    assert [one for one in pending.requests if one["writes"] and one["service"] != "sns"] == []
    (line,) = pending.by_task["Show"]["msg"]
    assert line.startswith(f"medium   pending  ~ update  pipes_pipe {PIPE}")
    assert f"{S} has drifted: 1 findings (and 1 pending)" in pending.output
    assert line in heard[-1]["text"]

    back = play("playbooks/drift.yml", *WHERE, "-e", "drift_action=revert")
    assert back.rc == 0, back.output[-2000:]
    assert aws("pipes").describe_pipe(Name=PIPE)["Description"] != "foreign"
    aws("sqs").delete_queue(QueueUrl=aws("sqs").get_queue_url(QueueName=f"{S}-stray")["QueueUrl"])


def test_what_only_the_command_line_can_say_is_refused_from_an_inventory(stack, play, tmp_path):
    """A check that was asked for what is pending, and did not look, would be silently clean."""
    (tmp_path / "hosts.yml").write_text(json.dumps({"ultra": {"hosts": {S: {"drift_pending": True}}}}))
    (tmp_path / "group_vars").symlink_to(f"{ROOT}/inventories/local/group_vars")
    run = play("playbooks/drift.yml", "-i", tmp_path)
    assert run.rc != 0 and "taken from -e only" in run.output
    assert run.requests == []


def test_where_it_may_not_look(stack, aws, play, deny):
    """One kind is denied: it is told, the others' findings are still shown, and the end says both."""
    group = f"/aws/ecs/{S}-worker"
    aws("sqs").set_queue_attributes(QueueUrl=aws("sqs").get_queue_url(QueueName=f"{S}-workflow")["QueueUrl"], Attributes={"DelaySeconds": "7"})
    aws("logs").put_retention_policy(logGroupName=group, retentionInDays=1)
    deny("logs:DescribeLogGroups")
    run = play("playbooks/drift.yml", *WHERE)
    found = run.by_task["Compare with the record"]
    assert [(one["kind"], one["field"]) for one in found["findings"]] == [("sqs_queue", "delay_seconds")]
    assert list(found["blind"]) == ["log_group"] and "logs:DescribeLogGroups" in found["blind"]["log_group"]
    assert run.rc != 0 and f"could not look at log_group of {S}" in run.output and "of all else 1 findings" in run.output
    assert "has drifted" not in run.output
    (failed,) = run.failures
    assert failed["task"] == "Could everything be looked at?"
    deny()
    assert play("playbooks/drift.yml", *WHERE, "-e", "drift_action=revert").rc == 0


def test_a_task_that_cannot_be_checked_makes_the_plan_unknown(stack, play, tmp_path):
    """Never silently clean: a module without check mode leaves a hole in the plan."""
    profile = tmp_path / "site.yml"
    task = {"name": "Unchecked", "community.aws.sns": {"topic": "x", "msg": "x", "region": REGION}}
    plays = [
        {"hosts": "ultra", "connection": "local", "gather_facts": False, "check_mode": True, "tasks": [task]},
        {"name": "Plan", "ansible.builtin.import_playbook": f"{ROOT}/playbooks/plan.yml"},
    ]
    profile.write_text(json.dumps(plays))
    run = play(profile, *WHERE, "-e", json.dumps({"plan_directory": str(tmp_path)}))
    assert run.rc != 0
    assert f"The plan of {S} is unknown: Unchecked: " in run.output
    plan = json.loads((tmp_path / "plan.json").read_text())
    assert plan["changes"] == [] and len(plan["unknown"]) == 1
    assert plan["run"]["profile"] == "ultra"


def test_a_lost_record_is_written_anew_and_nothing_else(stack, aws, play):
    """Adopt: one apply records a stack that is there already."""
    bucket = state.bucket(aws, S)
    for version in aws("s3").list_object_versions(Bucket=bucket)["Versions"]:
        aws("s3").delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])
    assert record.read(aws, S) is None
    lost = play("playbooks/drift.yml", *WHERE)
    assert lost.rc != 0 and f"{S} has no record: one apply makes it" in lost.output
    adopted = play("site.yml", *WHERE)
    assert adopted.rc == 0 and adopted.resources("create", "update", "replace", "delete") == []
    clean = play("playbooks/drift.yml", *WHERE)
    assert (clean.rc, told(drifted(clean))) == (0, [])


def test_tags_of_an_organisation_stay(stack, aws, play):
    """On every resource, through an apply that writes all their tags; the destroy after it finds them all the same."""
    mark, own = {"map-migrated": "mig-1"}, {"Team": "core"}
    ignored = ("-e", json.dumps({"stack_ignored_tags": ["map-*"], "stack_extra_tags": own}))
    tagged = [(KINDS[name], live) for name, lives in survey(aws, S, KINDS).live.items() for live in lives if "tags" in live]
    for kind, live in tagged:
        kind.tag(aws, live, mark, [])
    written = play("site.yml", *WHERE, *ignored)
    assert written.rc == 0, written.output[-2000:]
    found = survey(aws, S, KINDS).live
    bare = [
        f"{name} {KINDS[name].label(live)}: {live['tags']}"
        for name, lives in found.items()
        for live in lives
        if "tags" in live and not (mark | own).items() <= live["tags"].items()
    ]
    assert not bare and len(tagged) > 20, bare
    again = play("site.yml", *WHERE, *ignored)
    assert (again.rc, again.changed()) == (0, [])
    clean = play("playbooks/drift.yml", *WHERE, *ignored)
    assert (clean.rc, told(drifted(clean))) == (0, [])


def test_destroy_takes_what_only_the_record_knows(stack, aws, play):
    """Its tag was taken off, so no list of the stack has it; last, because it ends the stack."""
    url = aws("sqs").get_queue_url(QueueName=f"{S}-failed-jobs")["QueueUrl"]
    aws("sqs").untag_queue(QueueUrl=url, TagKeys=["Stack"])
    other = aws("sqs").get_queue_url(QueueName=f"{S}-lambda-failures")["QueueUrl"]
    aws("sqs").tag_queue(QueueUrl=other, Tags={"Stack": "another"})
    run = play("playbooks/destroy.yml", *WHERE)
    assert run.rc == 0, run.output[-2000:]
    left = aws("sqs").list_queues(QueueNamePrefix=S).get("QueueUrls", [])
    assert left == [other], "somebody else's by now stays"
