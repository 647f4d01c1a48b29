"""The least that a run can cost: its requests by a warm boto3 process, and its tasks without anything in them."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import boto3
import botocore.exceptions
from botocore import xform_name
from botocore.config import Config

from bench.processes import CREDENTIALS, Aws


def empty(folder: Path, tasks: int) -> Path:
    """Write a playbook of so many tasks that do nothing, and return it."""
    path = folder / "empty.yml"
    play = {"hosts": "all", "connection": "local", "gather_facts": False}
    path.write_text(json.dumps([{**play, "tasks": [{"ansible.builtin.debug": {"msg": ""}}] * tasks}]))
    return path


def replay(aws: Aws, requests: list[dict], threads: int) -> float:
    """Ask the questions of a run again and return the seconds; what it wrote can't be written twice and is left out."""
    session = boto3.session.Session(*CREDENTIALS.values(), region_name="us-east-1")
    config = Config(max_pool_connections=threads, retries={"max_attempts": 0})
    clients = {
        service: session.client(service, endpoint_url=aws.url, config=config)
        for service in sorted({one["service"] for one in requests})
    }
    asked = [one for one in requests if one["operation"].startswith(("Describe", "Get", "List", "Head"))]

    def ask(one):
        with suppress(botocore.exceptions.ClientError, botocore.exceptions.ParamValidationError):
            getattr(clients[one["service"]], xform_name(one["operation"]))(**one["parameters"])

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(ask, asked[:8]))  # connections are open, models are parsed
        started = time.monotonic()
        list(pool.map(ask, asked))
        return time.monotonic() - started
