"""The in-process runner gives what the stock way gives, and leaves to it what is unusual."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.soon import soon

ROOT = Path(__file__).resolve().parents[2]
STOCK = {"ANSIBLE_ACTION_PLUGINS": "/nowhere", "ANSIBLE_CALLBACKS_ENABLED": "harness"}
FAST = {
    "ANSIBLE_ACTION_PLUGINS": ROOT / "plugins/fast",
    "ANSIBLE_CALLBACKS_ENABLED": "harness,flow_builder.aws.preload",
}

ODD = """#!/usr/bin/python
import atexit, logging, os, signal, sys, threading, time

from ansible.module_utils._text import to_text
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.community.aws.plugins.module_utils import seen


def main():
    if seen.times:
        print("not the first to run")
    seen.times.append(1)
    logging.getLogger("botocore").info("not for anybody's log")
    module = AnsibleModule(
        {"how": {"default": "exit"}, "secret": {"no_log": True}, "old": {"removed_in_version": "99.0.0", "removed_from_collection": "community.aws"}},
        supports_check_mode=True,
    )
    how = module.params["how"]
    # Never a part of the comparison: which way it went.
    told = {"fast": "ansible.executor.task_queue_manager" in sys.modules}
    if how == "warn":
        module.warn("mind the gap")
        module.deprecate("goes away", version="99.0.0", collection_name="community.aws")
        module.deprecate("goes away too", date="2099-01-01")
        seen.deprecates(module)
    elif how == "fail":
        module.fail_json("as told", secret=module.params["secret"], **told)
    elif how == "fail_with":
        try:
            {}["missing"]
        except KeyError as error:
            module.fail_json("as told", exception=error, **told)
    elif how == "raise":
        raise ValueError("unforeseen")
    elif how == "wrong":
        module.exit_json(it=object())
    elif how == "garbage":
        print("neither JSON nor")
        sys.stderr.write("anything else")
        sys.exit(3)
    elif how == "noise":
        print("before the result")
        os.write(1, b"past Python")
    elif how == "says":
        sys.exit("a sentence")
    elif how == "returns":
        return
    elif how == "killed":
        os.kill(os.getpid(), signal.SIGTERM)  # of a SIGKILL the shell would write
    elif how == "sleep":
        open(os.environ["PID"], "w").write(str(os.getpid()))
        time.sleep(60)
    elif how == "state":
        told["where"] = os.getcwd()
        told["environment"] = {key: os.environ.get(key) for key in ("ONE", "TWO", "TZ")} | {"hours": time.strftime("%z", time.localtime(0))}
        told["input"] = sys.stdin.read()
        told["arguments"] = sys.argv[1:]
        told["name"] = __name__
        told["temporary"] = os.path.isdir(module.tmpdir)
        told["handlers"] = len(logging.root.handlers)
        told["children"] = module.run_command(["sh", "-c", "printenv ONE; cat; trap"], data="in")
        threading.Thread(target=lambda: (time.sleep(0.1), open(os.environ["LATE"], "a").write("thread ended, "))).start()
        atexit.register(lambda: open(os.environ["LATE"], "a").write("exit function ran. "))
        os.environ["ONE"] = seen.__doc__ = "left behind"
        os.chdir("/")
        print("x" * 200000, file=sys.stderr)
    module.exit_json(changed=not module.check_mode, diff={"before": "a", "after": "b"}, text=to_text("\\u00e9\\udc80" if how == "text" else ""), secrets=[module.params["secret"]], **told)


main()
"""
SEEN = "times = []\n\n\ndef deprecates(module):\n    module.deprecate('so does this', version='99.0.0')\n"

ODD_TASKS = [
    *({"community.aws.odd": {"how": how}, "ignore_errors": True} for how in (
        "exit", "warn", "fail", "fail_with", "raise", "wrong", "garbage", "noise", "says", "returns", "killed", "text",
    )),
    {"community.aws.odd": {"secret": "hush"}},
    {"community.aws.odd": {"secret": "hush", "how": "fail"}, "ignore_errors": True},
    {"community.aws.odd": {"secret": "hush"}, "no_log": True},
    {"community.aws.odd": {"old": 1}},
    {"community.aws.odd": {"unknown": 1}, "ignore_errors": True},
    {"community.aws.odd": {"how": {"a": ["{{ 1 + 1 }}"]}}},
    {"community.aws.odd": {}, "check_mode": True, "diff": True},
    {"community.aws.odd": {}, "register": "told", "failed_when": "told is changed", "ignore_errors": True},
    {"community.aws.odd": {}, "register": "told", "changed_when": False, "until": "told is success", "retries": 1},
    {"community.aws.odd": {"how": "{{ item }}"}, "loop": ["exit", "warn", "fail", "exit"], "ignore_errors": True},
    {"community.aws.odd": {"how": "state"}, "environment": {"ONE": "1 '\"$x", "TWO": "{{ item }}", "TZ": "Asia/Tokyo"}, "loop": [2, None]},
    {"community.aws.odd": {"how": "state"}},
    {"community.aws.odd": {"how": "sleep"}, "timeout": 1, "ignore_errors": True},
    {"community.aws.odd": {}, "delegate_to": "localhost"},
    {"community.aws.odd": {}, "vars": {"ansible_check_mode": True}, "collections": ["community.aws"]},
]  # fmt: skip

NOT_USUAL = {
    "async": {"async": 20, "poll": 1},
    "become": {"become": True, "become_method": "ansible.builtin.su"},
    "interpreter": {"vars": {"ansible_python_interpreter": "{{ ansible_playbook_python }} -B"}},
    "discovery": {"vars": {"ansible_python_interpreter": "auto_silent"}},
    "environment of a starting Python": {"environment": {"PYTHONUTF8": "1"}},
    "limit of open files": {"vars": {"ansible_python_module_rlimit_nofile": 512}},
    "another collection": {"other": True},
}


@pytest.fixture(scope="module")
def run(play, tmp_path_factory):
    """Run tasks one way or the other, beside a collection with a module that does everything odd."""
    base = tmp_path_factory.mktemp("fast")
    for collection in ("community", "other"):
        plugins = base / "ansible_collections" / collection / "aws/plugins"
        for name, text in (("modules/odd.py", ODD), ("module_utils/seen.py", SEEN)):
            (plugins / name).parent.mkdir(parents=True)
            (plugins / name).write_text(text)

    def run(tasks, *arguments, odd=True, **environment):
        named = [{"name": f"{number} {next(iter(task))}", **task} for number, task in enumerate(tasks)]
        (base / "play.yml").write_text(yaml.safe_dump([{"hosts": "all", "gather_facts": False, "tasks": named}]))
        where = f"{base}:" if odd else ""
        (base / "late").unlink(missing_ok=True)
        done = play(
            base / "play.yml", "-i", "stack,", "-c", "local", *arguments,
            **{"ANSIBLE_COLLECTIONS_PATH": f"{where}{ROOT / 'collections'}", "ANSIBLE_INJECT_INVOCATION": "true",
               "ANSIBLE_PYTHON_INTERPRETER": "{{ ansible_playbook_python }}", "ONE": None,
               "LATE": base / "late", "PID": base / "pid", **environment},
        )  # fmt: skip
        done.late = (base / "late").read_text() if (base / "late").exists() else ""
        return done

    run.base = base
    return run


NOT_COMPARED = ("fast", "date", "request_id", "x-amzn-requestid")


def comparable(value, names=None):
    """Put a number, by first appearance, for what differs from run to run: ids, addresses, times."""
    names = {} if names is None else names
    if isinstance(value, dict):
        if value.get("rc", 0) > 128:  # the shell's word on the signal
            value = {**value, "module_stderr": ""}
        return {comparable(k, names): comparable(v, names) for k, v in value.items() if k not in NOT_COMPARED}
    if isinstance(value, list):
        return [comparable(item, names) for item in value]
    if isinstance(value, str):
        varying = r"0x[0-9a-f]+|[0-9a-f]{8}-[0-9a-f-]{27}|(?<=:secret:a-)\w{6}|\b[0-9a-z]{20}\b|[0-9a-f]{17}|A[A-Z]{3}[A-Z0-9]{17}|\d{4}-\d\d-\d\dT[\d:.]+|\d{10}\.\d+"
        return re.sub(varying, lambda found: names.setdefault(found[0], f"<{len(names)}>"), value)
    return value


def differences(stock, fast):
    """Return the tasks whose results differ, each with the fields that do."""
    told = []
    for one, other in zip(map(comparable, stock.results), map(comparable, fast.results), strict=True):
        one, other = ({**told.pop("result"), **told} for told in (one, other))
        fields = {key for key in one | other if one.get(key, ...) != other.get(key, ...)}
        if fields:
            told.append((one["task"], {key: (one.get(key, ...), other.get(key, ...)) for key in fields}))
    return told


def went(results):
    """Return the way that each task went."""
    return {result["task"]: result["result"].get("fast") for result in results if "fast" in result["result"]}


@pytest.mark.parametrize("arguments", [(), ("--check", "--diff", "-vvv")], ids=["apply", "plan"])
def test_whatever_a_module_does_the_result_is_the_stock_one(run, arguments):
    stock, fast = run(ODD_TASKS, *arguments, **STOCK), run(ODD_TASKS, *arguments, **FAST)
    assert not any(went(stock.results).values())
    assert all(went(fast.results).values())
    assert len(fast.results) == len(ODD_TASKS), fast.output[-3000:]
    assert differences(stock, fast) == []
    assert fast.rc == stock.rc
    assert fast.late == stock.late != ""


@pytest.mark.parametrize("reason", NOT_USUAL)
def test_what_is_unusual_goes_the_stock_way(run, reason):
    keywords = dict(NOT_USUAL[reason])
    module = "other.aws.odd" if keywords.pop("other", False) else "community.aws.odd"
    done = run([{module: {}, "ignore_errors": True, **keywords}, {"community.aws.odd": {}}], **FAST)
    first, second = done.results
    assert first["result"].get("fast", False) is False, done.output
    assert second["result"]["fast"] is True, done.output


def test_the_same_python_by_another_name_is_the_same(run):
    name = "{{ ansible_playbook_python | dirname }}/python3"
    done = run([{"community.aws.odd": {}, "vars": {"ansible_python_interpreter": name}}], **FAST)
    assert done.results[0]["result"]["fast"] is True


def test_files_kept_goes_the_stock_way(run):
    done = run([{"community.aws.odd": {}}], **FAST, ANSIBLE_KEEP_REMOTE_FILES="1")
    assert went(done.results) == {done.results[0]["task"]: False}


def test_without_the_preload_it_works_too(run):
    done = run([{"community.aws.odd": {}}], **{**FAST, "ANSIBLE_CALLBACKS_ENABLED": "harness"})
    assert done.results[0]["result"]["fast"] is True


def test_an_interrupt_leaves_no_module_behind(run):
    pid = run.base / "pid"
    pid.unlink(missing_ok=True)
    run([], **FAST)  # writes the play, and finds everything once
    (run.base / "play.yml").write_text(
        yaml.safe_dump([{"hosts": "all", "gather_facts": False, "tasks": [{"community.aws.odd": {"how": "sleep"}}]}])
    )
    environment = {
        **os.environ, "PID": str(pid), "ANSIBLE_COLLECTIONS_PATH": f"{run.base}:{ROOT / 'collections'}",
        "ANSIBLE_PYTHON_INTERPRETER": sys.executable, "ANSIBLE_ACTION_PLUGINS": str(ROOT / "plugins/fast"),
    }  # fmt: skip
    command = [sys.executable, "-m", "ansible", "playbook", str(run.base / "play.yml"), "-i", "stack,", "-c", "local"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    module = int(soon(lambda: pid.exists() and pid.read_text(), "the module"))
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    soon(lambda: not Path(f"/proc/{module}").exists(), "the module's end")


TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
AWS_TASKS = [
    {"amazon.aws.ec2_vpc_net": {"name": "a", "cidr_block": "10.0.0.0/16"}, "check_mode": True},
    {"amazon.aws.ec2_vpc_net": {"name": "a", "cidr_block": "10.0.0.0/16"}, "register": "net"},
    {"amazon.aws.ec2_vpc_net": {"name": "a", "cidr_block": "10.0.0.0/16"}},
    {"amazon.aws.ec2_vpc_subnet": {"vpc_id": "{{ net.vpc.id }}", "cidr": "10.0.{{ item }}.0/24", "az": "us-east-1a"}, "loop": [1, 2, 1]},
    {"amazon.aws.ec2_vpc_subnet": {"vpc_id": "vpc-00000000", "cidr": "10.0.9.0/24"}, "ignore_errors": True},
    {"amazon.aws.ec2_vpc_subnet": {"cidr": "10.0.9.0/24"}, "ignore_errors": True},
    {"amazon.aws.iam_role": {"name": "a", "assume_role_policy_document": TRUST}, "register": "role"},
    {"amazon.aws.iam_role": {"name": "a", "state": "absent"}, "diff": True},
    {"amazon.aws.iam_instance_profile": {"name": "a", "tags": {"A": "b"}}, "diff": True},
    {"community.aws.sqs_queue": {"name": "a", "region": "us-east-1"}, "failed_when": False},
    {"community.aws.sqs_queue": {"name": "b", "region": "nowhere-1", "profile": "unknown"}, "ignore_errors": True},
    {"community.aws.secretsmanager_secret": {"name": "a", "secret": "hush", "region": "us-east-1"}},
    {"flow_builder.aws.described": {"region": "us-east-1", "amazon.aws.ec2_vpc_net": {"name": "b", "cidr_block": "10.1.0.0/16"}}, "diff": True},
    {"flow_builder.aws.cloudwatchlogs_log_group": {"name": "/a", "tags": {"A": "b"}, "retention_in_days": "{{ item }}"}, "diff": True, "loop": [7, 14, 14]},
    {"amazon.aws.aws_caller_info": {}, "environment": {"AWS_ACCESS_KEY_ID": "another"}},
    {"amazon.aws.aws_caller_info": {"endpoint_url": "http://127.0.0.1:{{ silent_port }}"}, "timeout": 2, "ignore_errors": True},
]  # fmt: skip


def test_aws_modules_give_the_stock_results(run, emulator):
    told = []
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        for way in (STOCK, FAST):
            emulator.reset()
            told.append(run(AWS_TASKS, "-e", f"silent_port={port}", odd=False, AWS_REGION="us-east-1", **way))
    stock, fast = told
    assert len(fast.results) == len(AWS_TASKS), fast.output
    assert differences(stock, fast) == []
    assert [(r["service"], r["operation"]) for r in fast.requests] == [
        (r["service"], r["operation"]) for r in stock.requests
    ]
