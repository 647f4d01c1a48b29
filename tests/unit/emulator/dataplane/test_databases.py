"""External databases: each is a real PostgreSQL, for the processes that know its name."""

import psycopg
import pytest

from emulator import inside
from emulator.dataplane import postgres

ONE = {"address": "db.example.com", "database": "things", "user": "owner", "password": "first"}


@pytest.fixture
def served(monkeypatch):
    monkeypatch.setattr(inside, "url", "http://127.0.0.1:4329")
    yield
    postgres.end_all()


def connect(password):
    (address,) = postgres.hosts("us-east-1", {"DB_HOST": "db.example.com"}).values()
    return psycopg.connect(
        host="db.example.com", hostaddr=address, dbname="things", user="owner", password=password, sslmode="require"
    )


def test_it_serves_those_who_know_its_name_and_password(served):
    postgres.use([ONE])
    with connect("first") as connection:
        connection.execute("CREATE TABLE kept (id int)")
    assert postgres.hosts("us-east-1", {"DB_HOST": "other.example.com"}) == {}
    postgres.use([{**ONE, "password": "second"}])
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        connect("first")
    with connect("second") as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)
    assert "second" not in str(postgres.use())
    postgres.use([])
    assert postgres.hosts("us-east-1", {"DB_HOST": "db.example.com"}) == {}


def test_a_database_is_said_in_full(served):
    with pytest.raises(ValueError, match="needed are address, database, user, password"):
        postgres.use([{"address": "db.example.com"}])
