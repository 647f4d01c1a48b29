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
from alembic.util import CommandError

LOCK = 7235460198346121
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


def pending(script, at, target):
    """Return the migrations from where the database is to the target, the first one first."""
    try:
        found = [*script.iterate_revisions(target, at or "base")]
    except CommandError as problem:
        fail(5, f"the image's migrations don't fit the database, which is at {at}: {problem}")
    return [
        {"revision": one.revision, "says": one.doc, "contract": bool(getattr(one.module, "contract", False))}
        for one in reversed(found)
    ]


def main():
    """Migrate."""
    command = json.loads(os.environ.get("MIGRATE_COMMAND") or '["alembic", "upgrade", "head"]')
    script = ScriptDirectory.from_config(Config(os.environ.get("MIGRATE_CONFIG") or "alembic.ini"))
    wanted = sorted(script.get_heads())
    if not wanted:
        fail(2, "the image has no migrations")
    with engine().connect() as connection:
        if not connection.execute(sa.select(sa.func.pg_try_advisory_lock(LOCK))).scalar():
            fail(4, "another migration of this database is running and holds its lock")
        make_user(connection)
        before, upgrade = heads(connection), "upgrade" in command
        coming = pending(script, before, wanted) if upgrade else []
        say(f"the database is at {', '.join(before) or 'nothing'}, the image at {', '.join(wanted)}")
        for one in coming:
            say(f"to come: {one['revision']} {one['says']}{' (contract)' if one['contract'] else ''}")
        contracting = [one["revision"] for one in coming if one["contract"]]
        if contracting and os.environ.get("MIGRATE_CONTRACT") != "true":
            fail(3, f"the release that runs now can't live with {', '.join(contracting)}")
        say(f"$ {' '.join(command)}")
        done = subprocess.run(command, check=False)
        after = heads(connection)
    result = {"before": before, "after": after, "wanted": wanted, "applied": coming if after != before else []}
    say(json.dumps({"migration": result}))
    if done.returncode:
        fail(done.returncode, f"{command[0]} ended with {done.returncode}; the database is at {', '.join(after)}")
    if upgrade and "head" in command[-1] and after != wanted:
        fail(5, f"the database is at {', '.join(after) or 'nothing'} and not at {', '.join(wanted)}")


main()
