"""awx/configure.yml and awx/remove.yml with the modules of awx.awx 24.6.1, against a double of AWX's API: no real AWX."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
import yaml

from tests.controller.collection import place
from tests.controller.double import Served

from .conftest import PROOFS, ROOT

sys.path[:0] = [str(ROOT / "scripts")]

import awx_vars as awx  # noqa: E402

RELEASE = "prod: release"

SECRET = "awxawxawxsecretaccesskey"


class Loader(yaml.SafeLoader):
    """Reads what AWX is to template, too."""


Loader.add_constructor("!unsafe", lambda loader, node: awx.Unsafe(loader.construct_scalar(node)))
OTHERS = ("teams", "credential_types", "credentials", "execution_environments", "notification_templates", "projects")


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What AWX is told of one environment; in the gate only a workflow and what it is made of."""
    folder = tmp_path_factory.mktemp("awx")
    subprocess.run([sys.executable, ROOT / "scripts/awx_vars.py", "prod", "--into", folder], check=True, cwd=ROOT)
    if not PROOFS:
        flows = cut(folder, "controller_workflows", lambda one: one["name"] == RELEASE)
        kept = {node.get("unified_job_template") for flow in flows for node in flow["simplified_workflow_nodes"]}
        cut(folder, "controller_templates", lambda one: one["name"] in kept)
        cut(folder, "controller_roles", lambda one: RELEASE in one.get("workflows", ()) or "organizations" in one)
        path = folder / "controller_roles.yml"
        path.write_text(re.sub(r" *- 'prod: (environment \w+|release with a pause)'\n", "", path.read_text()))
    return folder


def cut(folder, name, keeps):
    """Leave in a file only some of its items, and return them."""
    path = folder / f"{name}.yml"
    items = [one for one in yaml.load(path.read_text(), Loader)[name] if keeps(one)]
    path.write_text(yaml.dump({name: items}, Dumper=awx.Dumper, sort_keys=False))
    return items


def run(playbook, folder, url, *arguments, **changed):
    """Run a playbook as people do who have installed awx/requirements.yml."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "CONTROLLER_", "FLOW_"))} | {
        "ANSIBLE_COLLECTIONS_PATH": f"{place()}:{ROOT / 'collections'}",
        "CONTROLLER_HOST": url, "CONTROLLER_OAUTH_TOKEN": "token",
        "FLOW_BUILDER_AWS_PROD_ACCESS_KEY_ID": "AKIAEXAMPLE", "FLOW_BUILDER_AWS_PROD_SECRET_ACCESS_KEY": SECRET,
        "FLOW_BUILDER_AWS_PROD_ROLE_ARN": "arn:aws:iam::123456789012:role/flow-builder", "FLOW_BUILDER_NOTIFICATION_URL": "https://example.com/hook",
    }  # fmt: skip
    environment |= changed
    command = [sys.executable, "-m", "ansible", "playbook", f"awx/{playbook}.yml", "-e", f"awx_vars={folder}", *arguments]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False,
        env={name: value for name, value in environment.items() if value is not None},
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def controllers():
    made = []

    def serve(prefix="/api/"):
        made.append(Served(prefix))
        return made[-1]

    yield serve
    for one in made:
        one.stop()


def test_configure_creates_all_then_nothing_and_remove_leaves_nothing(controllers, told):
    served = controllers()
    rc, output = run("configure", told, served.url)
    assert rc == 0 and "[WARNING]" not in output, output
    controller = served.controller
    assert {"prod: migrate", "prod: drift", "prod: rollout"} <= controller.names("job_templates")
    assert RELEASE in controller.names("workflow_job_templates")
    assert all(controller.count()[kind] > controller.there[kind] for kind in OTHERS)
    # Jinja that AWX is to template arrives as it is written.
    (rollout,) = [one for one in controller.objects["job_templates"].values() if one["name"] == "prod: rollout"]
    assert '"release_migrate": "{{ survey_release_migrate | bool }}"' in rollout["extra_vars"]
    (schedule,) = controller.objects["schedules"].values()
    assert schedule["rrule"] == "DTSTART;TZID=Etc/UTC:20260101T061500 RRULE:FREQ=HOURLY;INTERVAL=6"
    (keys,) = [one for one in controller.objects["credentials"].values() if one["name"] == "Flow Builder AWS prod"]
    assert keys["inputs"]["secret_access_key"] == SECRET and SECRET not in output and "example.com/hook" not in output

    controller.writes.clear()
    rc, output = run("configure", told, served.url)
    assert rc == 0 and "changed=0 " in output and controller.writes == [], (controller.writes, output)

    rc, output = run("remove", told, served.url)
    assert rc != 0 and "removed only with -e confirm_remove=\"Flow Builder\"" in " ".join(output.split())
    rc, output = run("remove", told, served.url, "-e", '{"confirm_remove": "Flow Builder"}')
    assert rc == 0 and controller.count() == controller.there, (controller.count(), output)
    rc, output = run("remove", told, served.url, "-e", '{"confirm_remove": "Flow Builder"}')
    assert rc == 0 and "changed=0 " in output, output


def test_behind_the_gateway(controllers, tmp_path):
    """Its paths begin otherwise; what is told is the least that says so."""
    served = controllers("/api/controller/")
    for name in ("aap_organizations", "controller_credential_types", "controller_credentials", "controller_notifications"):
        (tmp_path / f"{name}.yml").write_text(f"{name}: []\n")
    where = {"CONTROLLER_OPTIONAL_API_URLPATTERN_PREFIX": "/api/controller/"}
    (tmp_path / "controller_credential_types.yml").write_text((ROOT / "awx/vars/controller_credential_types.yml").read_text())
    rc, output = run("configure", tmp_path, served.url, "--start-at-task", "Take what AWX is told", **where)
    assert "changed: [localhost] => (item=Flow Builder AWS)" in output and served.controller.names("credential_types") > {"Flow Builder AWS"}
    rc, output = run("configure", tmp_path, served.url)
    assert rc != 0 and "say CONTROLLER_OPTIONAL_API_URLPATTERN_PREFIX=/api/controller/ too" in " ".join(output.split())


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"CONTROLLER_HOST": None}, "CONTROLLER_HOST is '': the environment has to say where AWX is"),
        ({"CONTROLLER_OAUTH_TOKEN": None}, "and CONTROLLER_OAUTH_TOKEN, or CONTROLLER_USERNAME and CONTROLLER_PASSWORD"),
        ({"CONTROLLER_HOST": "http://127.0.0.1:9"}, "isn't AWX's API"),
        ({"FLOW_BUILDER_AWS_PROD_SECRET_ACCESS_KEY": None}, "not set in the environment: FLOW_BUILDER_AWS_PROD_SECRET_ACCESS_KEY"),
        ({"FLOW_BUILDER_NOTIFICATION_URL": None}, "not set in the environment: FLOW_BUILDER_NOTIFICATION_URL"),
    ],
)
def test_what_is_missing_is_said_before_anything_is_told(controllers, told, changed, words):
    served = controllers()
    rc, output = run("configure", told, served.url, **changed)
    assert rc != 0 and served.controller.writes == []
    assert words in " ".join(output.split()) and "Traceback" not in output


def test_an_environment_that_is_not_there(tmp_path):
    done = subprocess.run([sys.executable, ROOT / "scripts/awx_vars.py", "stagng", "--into", tmp_path], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode != 0 and done.stderr == "stagng is no environment: allowed are dev, prod, staging, which are folders of inventories/\n"
