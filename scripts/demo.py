"""What the try-out does beside the playbooks: a person's part, and a look into the databases.

``sh scripts/embedded.sh python scripts/demo.py outside|base|built|prepared|work|rows``; demo.sh plays between these.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import boto3
import psycopg

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "collections")]

from ansible_collections.flow_builder.aws.plugins.module_utils.images.builders import fault  # noqa: E402

from emulator.ask import ask  # noqa: E402
from emulator.prepared import prepare, run_from  # noqa: E402

URL, REGION = os.environ["AWS_ENDPOINT_URL"], "us-east-1"
STANDARD, ULTRA = "flow-builder-local", "flow-builder-local-ultra"
WORKFLOWS = ("invoices", "report", "newsletter", "sync", "archive")
APP, BASE = ROOT / "examples/app", "localhost/flow-builder-base"
COMPONENTS = {STANDARD: ["api", "worker", "scheduler", "cleanup"], ULTRA: ["worker", "scheduler"]}
# The application owns this database, as it does in a hosted one with a single user.
EXTERNAL = {
    "address": "db.example.com", "database": "flow_builder", "user": "flow_builder_app", "password": "of-a-try-out",
}  # fmt: skip
WAIT_SECONDS = 90


def client(service: str):
    """Return a client of the embedded AWS."""
    return boto3.client(service, region_name=REGION, endpoint_url=URL)


def login(stack: str) -> dict:
    """Return what the stack's application logs in with."""
    return json.loads(client("secretsmanager").get_secret_value(SecretId=f"{stack}/database")["SecretString"])


def connect(stack: str):
    """Connect as the stack's application does."""
    at, name = EXTERNAL["address"], EXTERNAL["database"]
    if stack == STANDARD:
        at = f"{stack}-db"
        (instance,) = client("rds").describe_db_instances(DBInstanceIdentifier=at)["DBInstances"]
        name = instance["DBName"]
    given = login(stack)
    return psycopg.connect(
        host=at, hostaddr=ask(URL, "dataplane")["databases"][at], dbname=name, user=given["username"],
        password=given["password"], sslmode="require", autocommit=True,
    )  # fmt: skip


def outside() -> None:
    """Start the database that is no part of AWS, and set the value of the secret that waits for its login."""
    ask(URL, "databases", {"databases": [EXTERNAL]})
    value = json.dumps({"username": EXTERNAL["user"], "password": EXTERNAL["password"]})
    client("secretsmanager").put_secret_value(SecretId=f"{ULTRA}/database", SecretString=value)
    print(f"{EXTERNAL['address']} serves, and {ULTRA}/database has its login")


def base() -> None:
    """Make the base of the sample application's images, or say why none can be built here."""
    if reason := fault("podman"):
        sys.exit(f"podman {reason}: no image is built here")
    made = subprocess.run([sys.executable, APP / "base.py", BASE], capture_output=True, text=True, check=False)
    if made.returncode:
        sys.exit(f"no base image can be made here: {(made.stderr.strip() or made.stdout.strip()).splitlines()[-1]}")
    keep("images", {"images_arguments": {"BASE": BASE}, "images_allow_dirty": True, "images_scan_pause": 0.5})


def built() -> None:
    """Take the newest images that were built and pushed; here their processes run from the checkout."""
    ecr, images = client("ecr"), {}
    for stack, components in COMPONENTS.items():
        images[stack] = {}
        for component in components:
            name = f"{stack}-{component}"
            pushed = [
                one for one in ecr.describe_images(repositoryName=name)["imageDetails"]
                if one.get("imageTags", ["bootstrap"]) != ["bootstrap"]
            ]  # fmt: skip
            newest = max(pushed, key=lambda one: one["imagePushedAt"])["imageDigest"]
            (repository,) = ecr.describe_repositories(repositoryNames=[name])["repositories"]
            images[stack][component] = f"{repository['repositoryUri']}@{newest}"
        run_from(URL, images[stack], APP)
    print("built, scanned and pushed; the embedded AWS runs their processes from the checkout")
    release(images)


def prepared() -> None:
    """Push the sample application's images as they are, without a builder."""
    print("a prepared layout: pushed as it is, no image builder is used; processes run from the checkout")
    release({stack: prepare(URL, stack, APP, REGION, "", of) for stack, of in COMPONENTS.items()})


def release(images: dict) -> None:
    """Write the variables of the images' rollout."""
    for made in images.values():
        print("\n".join(made.values()))
    name = "demo-" + images[STANDARD]["worker"][-64:][:8]
    variables = {"demo_images": images, "release_name": name, "release_images": "{{ demo_images[stack_name] }}"}
    keep("release", variables | {"release_pause": 1, "release_steady_seconds": 5})


def work() -> None:
    """Add workflows: the standard stack's scheduler queues them, the ultra stack gets jobs."""
    with connect(ULTRA) as connection:
        ids = add(connection, "now() + interval '1 hour'")
    keep("jobs", {"send_jobs_bodies": [json.dumps({"workflow_id": one}) for one in ids]})
    with connect(STANDARD) as connection:
        ids = add(connection, "now()")
    # CloudWatch's alarms would do so on AWS, when messages wait; here no alarm is evaluated.
    client("ecs").update_service(cluster=f"{STANDARD}-cluster", service=f"{STANDARD}-worker", desiredCount=1)
    answer = client("lambda").invoke(FunctionName=f"{STANDARD}-scheduler", Qualifier="live", Payload=b"{}")
    print(f"{STANDARD}: {len(ids)} workflows are due; the scheduler function says {answer['Payload'].read().decode()}")
    print(f"{ULTRA}: {len(WORKFLOWS)} workflows for the pipe")


def add(connection, when: str) -> list[int]:
    """Add the workflows, due then, and return their ids."""
    insert = f"INSERT INTO workflows (name, every_seconds, next_run) VALUES (%s, 3600, {when}) RETURNING id"
    return [connection.execute(insert, [name]).fetchone()[0] for name in WORKFLOWS]


def rows() -> None:
    """Wait until every workflow has run, and show the rows."""
    for stack in (STANDARD, ULTRA):
        with connect(stack) as connection:
            deadline = time.monotonic() + WAIT_SECONDS
            while missing := connection.execute(
                "SELECT name FROM workflows w WHERE NOT EXISTS (SELECT FROM executions e WHERE e.workflow_id = w.id)"
            ).fetchall():
                if time.monotonic() > deadline:
                    sys.exit(f"{stack}: no rows of {', '.join(one for (one,) in missing)} after {WAIT_SECONDS} s")
                time.sleep(0.3)
            found = connection.execute(
                "SELECT id, result, finished_at::timestamp(0), message_id FROM executions ORDER BY id"
            ).fetchall()
        print(f"{stack}: {len(found)} executions in PostgreSQL")
        for row in found:
            print("  {:>3}  {:<16}  {}  {}".format(*row[:2], *map(str, row[2:])))


def keep(name: str, variables: dict) -> None:
    """Write variables where demo.sh finds them."""
    path = ROOT / "reports" / f"demo-{name}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(variables, indent=2) + "\n")


if __name__ == "__main__":
    {one.__name__: one for one in (outside, base, built, prepared, work, rows)}[sys.argv[1]]()
