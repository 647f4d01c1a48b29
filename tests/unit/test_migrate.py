"""The program that migrates, on a real PostgreSQL and through a real pooler."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from emulator import inside
from emulator.dataplane import postgres
from tests.soon import soon

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = (ROOT / "roles/migrations/files/migrate.py").read_text()
LOCK = 7235460198346121
POOLER = shutil.which("pgbouncer") or next(iter(map(str, Path("/usr/sbin").glob("pgbouncer"))), None)


@pytest.fixture(scope="module")
def server():
    """A PostgreSQL, reached by its socket."""
    before, inside.url = inside.url, "http://127.0.0.1:4331"
    made = postgres.Server(77)
    made.master("owner", "secret", "things")
    yield made
    made.end()
    inside.url = before


@pytest.fixture
def admin(server):
    """The server's own user; afterwards the database is empty."""
    with psycopg.connect(host=str(server.folder), user="postgres", dbname="things", autocommit=True) as connection:
        connection.execute("GRANT CREATE ON SCHEMA public TO owner")
        yield connection
        connection.execute("DROP OWNED BY owner CASCADE")


@pytest.fixture
def pooler(server, tmp_path, request):
    """A pgbouncer before it; return its address and port."""
    if not POOLER:
        pytest.skip("pgbouncer is absent")
    tmp_path.chmod(0o755)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (tmp_path / "users").write_text('"owner" "secret"\n')
    (tmp_path / "ini").write_text(
        f"[databases]\nthings = host={server.folder} port=5432 dbname=things\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
        f"listen_port = {port}\nunix_socket_dir =\nauth_type = trust\nauth_file = {tmp_path}/users\n"
        f"{request.param}\n"
    )
    words = [POOLER, *(() if os.geteuid() else ("-u", "nobody")), str(tmp_path / "ini")]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def serves():
        assert process.poll() is None, "pgbouncer has ended"
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(host="127.0.0.1", port=port, user="owner", dbname="things").close()
            return True

    soon(serves, "pgbouncer")
    yield "127.0.0.1", port
    process.kill()
    process.wait()


class Migration:
    """The program as the task runs it, in the folder of the sample application."""

    def __init__(self, host, port=5432, program=PROGRAM, **more):
        variables = {
            "DB_HOST": str(host), "DB_PORT": str(port), "DB_NAME": "things", "DB_USER": "owner", "DB_PASSWORD": "secret",
            "DB_SSLMODE": "disable", "PATH": f"{Path(sys.executable).parent}:{os.defpath}", **more,
        }  # fmt: skip
        self.process = subprocess.Popen(
            [sys.executable, "-c", program], cwd=ROOT / "examples/app", env=variables, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def end(self):
        """Return exit code and output."""
        output, _ = self.process.communicate(timeout=60)
        return self.process.returncode, output

    def result(self):
        """Return what its last line says."""
        rc, output = self.end()
        assert rc == 0, output
        return json.loads(output.splitlines()[-1])["migration"]


def command(text):
    return {"MIGRATE_COMMAND": json.dumps(["sh", "-c", text])}


def appears(path):
    """Wait until a command has made a file."""
    soon(path.exists, "the command")


def test_it_migrates_and_tells_what_was_done(server, admin):
    told = Migration(server.folder).result()
    assert (told["before"], told["after"]) == ([], ["0002"])
    assert [one["revision"] for one in told["applied"]] == ["0001", "0002"]
    again = Migration(server.folder, MIGRATE_SINCE='["0001"]').result()
    assert (again["before"], [one["revision"] for one in again["applied"]]) == (["0002"], ["0002"])


@pytest.mark.parametrize(
    "pooler",
    ["pool_mode = transaction", "pool_mode = transaction\nserver_round_robin = 1"],
    indirect=True, ids=["last used", "in turn"],
)  # fmt: skip
def test_a_pooler_that_gives_each_transaction_another_connection_is_refused(pooler, admin):
    """No lock holds through it: two migrations would both believe that they have it."""
    crowd = [psycopg.connect(host=pooler[0], port=pooler[1], user="owner", dbname="things") for _ in range(3)]
    for one in crowd:
        one.execute("SELECT 1")  # each has a connection of its own while its transaction is open
    for one in crowd:
        one.close()
    rc, output = Migration(*pooler).end()
    assert rc == 2, output
    last = output.splitlines()[-1]
    assert f"migrations_database_address is 127.0.0.1, with migrations_database_port {pooler[1]}, a pooler" in last
    assert "name the database's own address" in last
    assert admin.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'").fetchone() == (0,)
    assert admin.execute("SELECT to_regclass('alembic_version')").fetchone() == (None,)


@pytest.mark.parametrize("pooler", ["pool_mode = session"], indirect=True)
def test_a_pooler_of_sessions_is_as_good_as_the_database(pooler, admin, tmp_path):
    begun, end = tmp_path / "begun", tmp_path / "end"
    first = Migration(*pooler, **command(f"touch {begun}; until [ -e {end} ]; do sleep 0.1; done; alembic upgrade head"))
    appears(begun)
    rc, output = Migration(*pooler).end()
    end.touch()
    assert rc == 4 and "another migration of this database is running" in output, output
    assert first.result()["after"] == ["0002"]


def test_a_lost_connection_neither_ends_the_migration_nor_hides_what_it_did(server, admin, tmp_path):
    """The database, or what lies between, may cut a connection that idles while the command runs."""
    quick = PROGRAM.replace("ALIVE_SECONDS = 30", "ALIVE_SECONDS = 0.1")
    assert quick != PROGRAM
    begun = tmp_path / "begun"
    it = Migration(server.folder, program=quick, **command(f"touch {begun}; sleep 1; alembic upgrade head"))
    appears(begun)
    cut = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
    assert admin.execute(cut).fetchone() == (True,)
    rc, output = it.end()
    assert rc == 0, output
    assert output.count("the connection that held the lock is gone") == 1
    assert json.loads(output.splitlines()[-1])["migration"]["after"] == ["0002"]


def test_it_only_asks_where_the_result_of_a_migration_was_lost(server, admin):
    Migration(server.folder).result()
    asked = Migration(server.folder, MIGRATE_ASK="true", MIGRATE_SINCE='["0001"]', **command("exit 1")).result()
    assert (asked["before"], asked["after"]) == (["0001"], ["0002"])
    assert [one["revision"] for one in asked["applied"]] == ["0002"]
    # Where nothing is recorded, all that the database has may be new.
    asked = Migration(server.folder, MIGRATE_ASK="true").result()
    assert [one["revision"] for one in asked["applied"]] == ["0001", "0002"]
    # What went down is told too, and nothing goes down again.
    down = {"MIGRATE_COMMAND": '["alembic", "downgrade", "-1"]'}
    assert [one["revision"] for one in Migration(server.folder, **down).result()["undone"]] == ["0002"]
    asked = Migration(server.folder, MIGRATE_ASK="true", MIGRATE_SINCE='["0002"]', **down).result()
    assert (asked["after"], [one["revision"] for one in asked["undone"]]) == (["0001"], ["0002"])


def test_it_does_not_ask_while_the_migration_goes_on(server, admin):
    admin.execute("SELECT pg_advisory_lock(%s)", [LOCK])
    rc, output = Migration(server.folder, MIGRATE_ASK="true").end()
    assert rc == 4, output
