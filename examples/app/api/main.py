"""The API: workflows and what was executed of them, and a run at once.

    GET  /health             for the load balancer: this process serves; the database isn't asked, because restarting
                             every task would not mend it
    GET  /workflows          all workflows
    POST /workflows          {"name": ..., "every_seconds": ...}
    POST /workflows/1/runs   asks the workers for a run now
    GET  /executions         the last hundred runs

What changes something wants ``Authorization: Bearer`` with Clerk's secret key where one is set. A real application
checks the session tokens of its users instead, at CLERK_FRONTEND_URL.
"""

import hmac
import json
import os
import re
import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
import sqlalchemy as sa
from shared.db import engine, executions, workflows
from shared.settings import clerk_secret_key, queue_url

RUNS = re.compile(r"/workflows/(\d+)/runs")


def rows(statement) -> list[dict]:
    """Return what a query finds."""
    with engine().connect() as connection:
        return [dict(row) for row in connection.execute(statement).mappings()]


def add(given: dict) -> dict:
    """Add a workflow."""
    values = {"name": str(given["name"]), "every_seconds": int(given["every_seconds"])}
    with engine().begin() as connection:
        made = connection.execute(sa.insert(workflows).values(values).returning(workflows.c.id)).scalar_one()
    return {"id": made, **values}


def run(workflow: int) -> dict:
    """Ask the workers for a run."""
    body = json.dumps({"workflow_id": workflow})
    return {"message_id": boto3.client("sqs").send_message(QueueUrl=queue_url(), MessageBody=body)["MessageId"]}


class Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    def do_GET(self):  # noqa: N802
        """Read."""
        if self.path == "/health":
            self._answer(200, {"status": "ok"})
        elif self.path == "/workflows":
            self._try(lambda: rows(sa.select(workflows).order_by(workflows.c.id)))
        elif self.path == "/executions":
            self._try(lambda: rows(sa.select(executions).order_by(executions.c.id.desc()).limit(100)))
        else:
            self._answer(404, {"error": "there is nothing here"})

    def do_POST(self):  # noqa: N802
        """Change something, if the caller may."""
        key = clerk_secret_key()
        if key and not hmac.compare_digest(self.headers.get("Authorization", ""), f"Bearer {key}"):
            self._answer(401, {"error": "say Authorization: Bearer and the key"})
        elif self.path == "/workflows":
            self._try(lambda: add(json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))), 201)
        elif found := RUNS.fullmatch(self.path):
            self._try(lambda: run(int(found[1])), 202)
        else:
            self._answer(404, {"error": "there is nothing here"})

    def _try(self, work, status: int = 200):
        try:
            answer = work()
        except (KeyError, TypeError, ValueError) as problem:
            self._answer(400, {"error": f"{type(problem).__name__}: {problem}"})
        except sa.exc.SQLAlchemyError as problem:
            print(f"database: {problem}", flush=True)
            self._answer(503, {"error": "the database doesn't answer"})
        else:
            self._answer(status, answer)

    def _answer(self, status: int, answer):
        body = json.dumps(answer, default=str).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main():
    """Serve until SIGTERM, and let the requests that have begun end."""
    server = ThreadingHTTPServer((os.environ.get("HOST", "0.0.0.0"), int(os.environ.get("PORT", "8080"))), Handler)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    print(f"serving on port {server.server_port}", flush=True)
    server.serve_forever()
    server.server_close()
    print("stopped", flush=True)


if __name__ == "__main__":
    main()
