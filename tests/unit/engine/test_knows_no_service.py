"""The engine walks the catalogue of kinds and knows none of them, and no service of AWS's but those that it works with."""

import ast
import re
from pathlib import Path

import botocore.session
import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine import listings
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.names import NAMES
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import KINDS

ENGINE = Path(listings.__file__).resolve().parent
KIND_NAMES = {*KINDS, *(one.kind for kind in KINDS.values() for one in listings.of(kind))}
SERVICES = set(botocore.session.get_session().get_available_services()) - {"account"}  # also a word
S3 = "the stack's bucket, with its records and its lock, is the engine's own"
TAGS = "one call tells the tags of all services"
STS = "whose account it is"
# By file: the words that it may say, and why.
EXCEPTIONS = {
    "aws.py": {"sts": STS, "resourcegroupstaggingapi": TAGS},
    "keeper.py": {"s3": S3},
    "lease.py": {"sts": STS},
    "lock.py": {"s3": S3},
    "owner.py": {"s3": S3},
    "stack.py": {"s3": S3},
    "state.py": {"s3": S3},
    "regions.py": {"ec2": "EC2 is in every region, so botocore's list of its regions is the list of all"},
    "trail.py": {"cloudtrail": "who changed something"},
    "unmanaged.py": {"resourcegroupstaggingapi": TAGS},
    "names.py": dict.fromkeys(NAMES, "a table of the product's: what the roles call what they make"),
    "severity.py": {"security_group": "fields of many kinds begin so"},
}


def said(text: str):
    """Yield the texts of a file, but for the docstrings."""
    tree = ast.parse(text)
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.value


def named(text: str) -> set[str]:
    """Return the kinds and services that a file's texts name: as a whole, or as a word that can mean nothing else."""
    found = set()
    for one in said(text):
        words = set(re.findall(r"[a-z0-9]+(?:[_-][a-z0-9]+)+", one))
        found |= ({one} | words) & (KIND_NAMES | SERVICES)
        found |= {one for kind in ("iam_", "rds_", "lambda_", "ecs_", "s3_", "sqs_") if one.startswith(kind)}
    return found


@pytest.mark.parametrize("path", sorted(ENGINE.glob("*.py")), ids=lambda path: path.name)
def test_a_file_of_the_engine_names_no_kind_and_no_service(path):
    found, excused = named(path.read_text()), set(EXCEPTIONS.get(path.name, {}))
    assert not found - excused, "say it with a kind, or give a reason"
    assert path.name == "names.py" or not excused - found, "excused, and not there"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('aws("rds").describe()', {"rds"}),
        ('kind.name == "vpc"', {"vpc"}),
        ('ROW = ("iam_*", "*")', {"iam_*"}),
        ('NAMED = f"{one} of the auto_scaling_group {other}"', {"auto_scaling_group"}),
        ('"""Of the vpc_endpoint."""', set()),
        ('WORDS = "its secret, its subnet"', set()),
    ],
)
def test_a_name_is_seen(text, words):
    assert named(text) == words
