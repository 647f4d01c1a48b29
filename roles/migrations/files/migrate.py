"""Migrates the database with alembic, inside of a task of the image that brings the migrations.

It makes the application's own user, holds a lock so that no other migration runs meanwhile, says what is there and what
is to come, runs the command, and asks the database what came of it. Its last line is the result as JSON. With
MIGRATE_ASK=true it changes nothing and only asks: for a migration whose last line got lost.

The lock is a session's, so it needs a connection that keeps its backend: a pooler that gives each transaction another
one is refused. While the command runs the connection idles, so it is asked now and then whether it still holds it.

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
# What NAT gateways (350 seconds), load balancers and poolers count as idle is longer than this.
ALIVE_SECONDS = 30
KEEPALIVE = {"keepalives": "1", "keepalives_idle": "30", "keepalives_interval": "10", "keepalives_count": "6"}
HOLDS = sa.text(
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid = pg_backend_pid() "
    "AND (classid::bigint << 32) + objid::bigint = :key"
)


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
    tls = {"sslmode": os.environ["DB_SSLMODE"], "connect_timeout": "10", **KEEPALIVE} if driver != "pg8000" else {}
    url = sa.URL.create(
        f"postgresql+{driver}", os.environ["DB_USER"], os.environ["DB_PASSWORD"], os.environ["DB_HOST"],
        int(os.environ["DB_PORT"]), os.environ["DB_NAME"], tls,
    )  # fmt: skip
    # Each connection is a fresh one.
    return sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)


def pooled(one, other):
    """Say whether a pooler gives the transactions of two connections to whichever backend is free."""
    backends = [set(), set()]
    for index in (0, 0, 1, 0, 1, 1):  # a pooler may take the last one that was used, or each in its turn
        pid = sa.select(sa.func.pg_backend_pid())
        backends[index].add((one, other)[index].execute(pid).scalar())
    return len(backends[0]) > 1 or len(backends[1]) > 1 or backends[0] == backends[1]


def lock(connection, database):
    """Take the lock, with a connection on which it holds."""
    with database.connect() as other:
        shared = pooled(connection, other)
    if not shared and not connection.execute(sa.select(sa.func.pg_try_advisory_lock(LOCK))).scalar():
        fail(4, "another migration of this database is running and holds its lock")
    if shared or not connection.execute(HOLDS, {"key": LOCK}).scalar():
        connection.execute(sa.select(sa.func.pg_advisory_unlock_all()))
        fail(
            2, f"migrations_database_address is {os.environ['DB_HOST']}, with migrations_database_port "
            f"{os.environ['DB_PORT']}, a pooler that gives each transaction another connection, through which no lock "
            "holds: name the database's own address for migrations, or the pooler's for whole sessions",
        )  # fmt: skip


def run(command, connection):
    """Run the command to its end, and return its exit code; see meanwhile that the connection still has the lock."""
    going, held = subprocess.Popen(command), True
    while True:
        try:
            return going.wait(ALIVE_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        try:
            now = held and connection.execute(HOLDS, {"key": LOCK}).scalar()
        except sa.exc.DBAPIError:
            now = False
        if held and not now:
            say("the connection that held the lock is gone; the command goes on without it")
        held = now


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
    asks = os.environ.get("MIGRATE_ASK") == "true"
    script = ScriptDirectory.from_config(Config(os.environ.get("MIGRATE_CONFIG") or "alembic.ini"))
    wanted = sorted(script.get_heads())
    if not wanted:
        fail(2, "the image has no migrations")
    target = target_of(script, command)
    database = engine()
    with database.connect() as connection:
        lock(connection, database)
        # Where the record saw the database last: a run that was killed has recorded nothing of what it did.
        since = json.loads(os.environ.get("MIGRATE_SINCE") or "null")
        if asks:
            tell(script, since or [], heads(connection), wanted, target)
            return
        make_user(connection)
        before, upgrade = heads(connection), "upgrade" in command
        coming = pending(script, before, wanted if target is None else target) if upgrade else []
        say(f"the database is at {', '.join(before) or 'nothing'}, the image at {', '.join(wanted)}")
        for one in coming:
            say(f"to come: {one['revision']} {one['says']}{' (contract)' if one['contract'] else ''}")
        contracting = [one["revision"] for one in coming if one["contract"]]
        if contracting and os.environ.get("MIGRATE_CONTRACT") != "true":
            fail(3, f"the release that runs now can't live with {', '.join(contracting)}")
        say(f"$ {' '.join(command)}")
        code = run(command, connection)
        with database.connect() as fresh:  # that one may be gone by now
            after = heads(fresh)
        at = tell(script, before, after, wanted, None if code else target, since or before)
    if code:
        fail(code, f"{command[0]} ended with {code}; the database is at {at}")


def tell(script, before, after, wanted, target, since=None):
    """Say the result, and return in words where the database is, which must be the target if there is one."""
    result = {
        "before": before, "after": after, "wanted": wanted,
        "applied": between(script, before if since is None else since, before, after),
        "undone": between(script, after, before),
    }  # fmt: skip
    say(json.dumps({"migration": result}))
    at = ", ".join(after) or "nothing"
    if target is not None and not (set(target) <= set(after) if target else not after):
        fail(5, f"the database is at {at} and not at {', '.join(target) or 'nothing'}")
    return at


main()
