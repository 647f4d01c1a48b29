"""What the ultra profile takes: a VPC and a database that aren't its own, a pipe, and jobs that are run again."""

from __future__ import annotations

import re

from ..engine.secrets import secret as exposed
from ..kinds.pipes import PATH
from .network import network
from .registry import Sentences, Variable, rule

# What the role pipes and the function of the role jobs say themselves.
OWN = (
    "EVENTBRIDGE_PIPES_MODE", "EXIT_AFTER_COMPLETION", "JOB_ATTEMPT", "POLLING_MODE", "SQS_BODY", "SQS_MESSAGE_ID",
)  # fmt: skip
# The attempt's number keeps one digit, so that the overrides get no longer.
MOST_RETRIES = 8


@rule("public_network_create", "public_network_vpc_id", "public_network_vpc_filter")
def one_vpc(create: Variable, vpc: Variable, tags: Variable) -> Sentences:
    """The VPC is found in one way, or made."""
    if bool(create.value) + bool(vpc.value) + bool(tags.value) != 1:
        yield (f"{create}, {vpc}, and {tags}: say one of the three, true for a new VPC, the id of one, or its tags")


@rule("public_network_vpc_id", "public_network_subnet_ids")
def ids(vpc: Variable, subnets: Variable) -> Sentences:
    """Ids as AWS makes them."""
    if vpc.value and not re.fullmatch(r"vpc-[0-9a-f]{8,17}", vpc.value):
        yield f"{vpc}: it must be the id of a VPC, such as vpc-0123456789abcdef0"
    for subnet in subnets.value:
        if not re.fullmatch(r"subnet-[0-9a-f]{8,17}", str(subnet)):
            yield f"{subnets.name} has {subnet!r}: it must be the id of a subnet, such as subnet-0123456789abcdef0"


@rule("public_network_subnet_ids", "public_network_subnet_filter")
def one_choice_of_subnets(ids: Variable, tags: Variable) -> Sentences:
    """Subnets are named in one way."""
    if ids.value and tags.value:
        yield f"{ids}, and {tags}: say ids or tags, not both"


@rule("public_network_cidr", "public_network_zone_count")
def zones_fit(cidr: Variable, zones: Variable) -> Sentences:
    """Each zone gets a /26."""
    made = network(cidr.value)
    if made and not 1 <= zones.value <= min(6, 2 ** max(0, 26 - made.prefixlen)):
        yield f"{zones}, and {cidr}: each zone needs a /26 of it, and there are 1 to 6 zones"
    elif made and made.prefixlen > 26:
        yield f"{cidr}: it must hold a /26 for each zone"


@rule("public_network_free_addresses")
def some_addresses(count: Variable) -> Sentences:
    """A task needs an address."""
    if count.value < 1:
        yield f"{count}: at least 1 is allowed, for each task takes one"


@rule("external_database_address")
def host(address: Variable) -> Sentences:
    """A host, and nothing around it."""
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?", address.value):
        yield f"{address}: it must be a host alone, such as db.example.com, without scheme, user or port"


@rule("external_database_port")
def port(number: Variable) -> Sentences:
    """Ports have sixteen bits."""
    if not 1 <= number.value <= 65535:
        yield f"{number}: allowed are 1 to 65535"


@rule("migrations_database_address", "migrations_database_port")
def whole_sessions(address: Variable, port: Variable) -> Sentences:
    """Poolers that are known by their names to give each transaction another connection: no lock holds there.

    Others are known when the migration asks the database.
    """
    neon = re.fullmatch(r"[^.]+-pooler\..+\.neon\.tech", str(address.value))
    supabase = str(address.value).endswith(".pooler.supabase.com") and port.value == 6543
    if neon or supabase:
        allowed = "the same host without -pooler" if neon else "port 5432 of it, or the database's own host"
        yield f"{address}, and {port}: migrations need one session of the database for their lock, so say {allowed}"


@rule("external_database_owner_secret_arn", "stack_region")
@rule("external_database_secret_arn", "stack_region")
def secret(arn: Variable, region: Variable) -> Sentences:
    """ECS reads secrets of its own region, by whole ARN."""
    shaped = rf"arn:aws[a-z-]*:secretsmanager:{re.escape(region.value)}:\d{{12}}:secret:.+"
    if arn.value and not re.fullmatch(shaped, arn.value):
        yield f"{arn}: it must be the whole ARN of a secret in {region.value}, the stack's region"


@rule("external_database_password", "external_database_secret_arn")
def one_login(password: Variable, arn: Variable) -> Sentences:
    """The login comes from one place."""
    if password.value and arn.value:
        yield f"{password}, and {arn}: say one of them, the password or the secret that has it"


@rule("release_snapshot", "stack_profile")
def no_snapshot(snapshot: Variable, profile: Variable) -> Sentences:
    """What isn't RDS can't be asked for a snapshot."""
    if snapshot.value and profile.value == "ultra":
        yield f"{snapshot}: only false is allowed, for the database isn't AWS's; let its provider back it up"


@rule("pipes_body")
def body(path: Variable) -> Sentences:
    """A pipe replaces whole values only."""
    if not PATH.fullmatch(path.value):
        yield f"{path}: it must be as a whole a path into the message, such as $.body or $.body.id"


@rule("pipes_environment")
@rule("component.environment")
def environment(variables: Variable) -> Sentences:
    """Variables of tasks are texts, no secrets, and not ours."""
    for name, value in variables.value.items():
        where = f"{variables.name} has {name} with the value {value!r}"
        if exposed(name, value):
            yield f"{variables.name} has {name}: everybody who may look at tasks can read it, so put it into a secret"
        elif not isinstance(value, str):
            yield f"{where}: it must be text, so write it in quotes"
        elif variables.name == "pipes_environment" and name in OWN:
            yield f"{where}: that one is made by the roles; choose another name"
        elif variables.name == "pipes_environment" and "$." in value and not PATH.fullmatch(value):
            yield f"{where}: a pipe puts in a part of a message only where the whole value is its path, such as $.body"


@rule("jobs_retries")
def retries(count: Variable) -> Sentences:
    """A number of one digit."""
    if not 0 <= count.value <= MOST_RETRIES:
        yield f"{count}: allowed are 0, for never, to {MOST_RETRIES}"
