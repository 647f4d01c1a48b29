"""Migrates the database with alembic, inside of a task of the image that brings the migrations.

It makes the application's own user, holds a lock so that no other migration runs meanwhile, says what is there and what
is to come, runs the command, and asks the database what came of it. Its last line is the result as JSON.

Exit codes: 0 done, 2 wrong settings, 3 refused because of a contracting migration, 4 another migration holds the lock,
5 the database is not where it should be; otherwise the command's own.
"""

import importlib.util
import json
import os
import subprocess
import sys

import sqlalchemy as sa
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.script.revision import RevisionError
from alembic.util import CommandError

LOCK = 7235460198346121
# What alembic raises for a revision that it doesn't know or that doesn't lie where it should.
UNKNOWN = (CommandError, RevisionError)
DRIVERS = ("psycopg", "psycopg2", "pg8000")


def say(text):
    """Print now: somebody reads along."""
    print(text, flush=True)


def fail(code, text):
    """End with a code and the reason."""
    say(f"FAILED: {text}")
    sys.exit(code)


def engine():
    """Return an engine for the master user."""
    driver = next((one for one in DRIVERS if importlib.util.find_spec(one)), None)
    if driver is None:
        fail(2, f"the image has none of the drivers {', '.join(DRIVERS)}")
    tls = {} if driver == "pg8000" else {"sslmode": os.environ["DB_SSLMODE"], "connect_timeout": "10"}
    url = sa.URL.create(
        f"postgresql+{driver}", os.environ["DB_USER"], os.environ["DB_PASSWORD"], os.environ["DB_HOST"],
        int(os.environ["DB_PORT"]), os.environ["DB_NAME"], tls,
    )  # fmt: skip
    return sa.create_engine(url, isolation_level="AUTOCOMMIT")


def make_user(connection):
    """Make the application's user, with its password as the secret has it now, for data and nothing else."""
    name, password = os.environ.get("APP_DB_USER"), os.environ.get("APP_DB_PASSWORD")
    if not name or name == os.environ["DB_USER"]:
        return
    quote = connection.dialect.identifier_preparer.quote
    user, owner, database = quote(name), quote(os.environ["DB_USER"]), quote(os.environ["DB_NAME"])
    literal = "'" + password.replace("'", "''") + "'"
    known = connection.execute(sa.text("SELECT 1 FROM pg_roles WHERE rolname = :name"), {"name": name}).scalar()
    made = "ALTER" if known else "CREATE"
    connection.exec_driver_sql(f"{made} ROLE {user} LOGIN PASSWORD {literal}".replace("%", "%%"))
    for grant in (
        f"GRANT CONNECT ON DATABASE {database} TO {user}",
        f"GRANT USAGE ON SCHEMA public TO {user}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {user}",
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {user}",
        f"ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public "
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {user}",
        f"ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {user}",
    ):
        connection.exec_driver_sql(grant)
    say(f"user {name}: {'password set' if known else 'made'}")


def heads(connection):
    """Return what the database says that it is at."""
    return sorted(MigrationContext.configure(connection).get_current_heads())


def told(found):
    """Return migrations as the result has them, the first one first."""
    return [
        {"revision": one.revision, "says": one.doc, "contract": bool(getattr(one.module, "contract", False))}
        for one in reversed([*found])
    ]


def pending(script, at, target):
    """Return the migrations from where the database is to the target."""
    try:
        return told(script.iterate_revisions(target, at or "base"))
    except UNKNOWN as problem:
        fail(5, f"the image's migrations don't fit the database, which is at {at}: {problem}")


def between(script, *places):
    """Return the migrations up to the last place, from the first of the others that the image knows below it."""
    *starts, end = places
    for start in starts:
        try:
            return told(script.iterate_revisions(end or "base", start or "base")) if start != end else []
        except UNKNOWN:
            continue
    return []


def target_of(script, command):
    """Return the heads that the command is to end with; None if only alembic can say it.

    Refuses a target that the image's migrations don't have, before anything is done.
    """
    target = command[-1].rpartition("@")[2]
    fixed = {"head": sorted(script.get_heads()), "heads": sorted(script.get_heads()), "base": []}
    if not {"upgrade", "downgrade", "stamp"} & set(command[:-1]) or target[:1] in "+-" or ":" in target:
        return None
    if target in fixed:
        return fixed[target]
    try:
        found = [one.revision for one in script.get_revisions(target) if one]
    except UNKNOWN:
        found = []
    if not found:
        there = ", ".join(sorted(one.revision for one in script.walk_revisions()))
        said = json.dumps(command)
        fail(2, f"release_migration_command is {said}: there is no migration {target}; there are {there}")
    return found


def main():
    """Migrate."""
    command = json.loads(os.environ.get("MIGRATE_COMMAND") or '["alembic", "upgrade", "head"]')
    script = ScriptDirectory.from_config(Config(os.environ.get("MIGRATE_CONFIG") or "alembic.ini"))
    wanted = sorted(script.get_heads())
    if not wanted:
        fail(2, "the image has no migrations")
    target = target_of(script, command)
    with engine().connect() as connection:
        if not connection.execute(sa.select(sa.func.pg_try_advisory_lock(LOCK))).scalar():
            fail(4, "another migration of this database is running and holds its lock")
        make_user(connection)
        before, upgrade = heads(connection), "upgrade" in command
        # Where the record saw the database last: a run that was killed has recorded nothing of what it did.
        since = json.loads(os.environ.get("MIGRATE_SINCE") or "null") or before
        coming = pending(script, before, wanted if target is None else target) if upgrade else []
        say(f"the database is at {', '.join(before) or 'nothing'}, the image at {', '.join(wanted)}")
        for one in coming:
            say(f"to come: {one['revision']} {one['says']}{' (contract)' if one['contract'] else ''}")
        contracting = [one["revision"] for one in coming if one["contract"]]
        if contracting and os.environ.get("MIGRATE_CONTRACT") != "true":
            fail(3, f"the release that runs now can't live with {', '.join(contracting)}")
        say(f"$ {' '.join(command)}")
        done = subprocess.run(command, check=False)
        after = heads(connection)
    result = {
        "before": before, "after": after, "wanted": wanted,
        "applied": between(script, since, before, after), "undone": between(script, after, before),
    }  # fmt: skip
    say(json.dumps({"migration": result}))
    at = ", ".join(after) or "nothing"
    if done.returncode:
        fail(done.returncode, f"{command[0]} ended with {done.returncode}; the database is at {at}")
    if target is not None and not (set(target) <= set(after) if target else not after):
        fail(5, f"the database is at {at} and not at {', '.join(target) or 'nothing'}")


main()
