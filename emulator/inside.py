"""boto3 from inside: clients whose requests the application answers in this process, without a socket."""

import functools
import io

import boto3
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from werkzeug.test import EnvironBuilder, run_wsgi_app

from emulator import ACCOUNT, endpoints, state

_session = boto3.Session("emulator-access-key-id", "emulator-secret-access-key", region_name="us-east-1")
_app = None
url = ""  # where processes that we start find the emulator


def answered_by(app) -> None:
    """Name the WSGI application that answers."""
    global _app  # noqa: PLW0603 -- one emulator for the process
    _app = app


def served_at(address: str) -> None:
    """Name the address for processes."""
    global url  # noqa: PLW0603
    url = address


class _Raw(io.BytesIO):
    def stream(self, **_kwargs):
        yield self.read()


def _answer(request, **_kwargs):
    sent = {key: value.decode() if isinstance(value, bytes) else value for key, value in request.headers.items()}
    environ = EnvironBuilder(path=request.url, method=request.method, data=request.body, headers=sent).get_environ()
    body, status, headers = run_wsgi_app(_app, environ)
    return AWSResponse(request.url, int(status.split()[0]), dict(headers), _Raw(b"".join(body)))


@functools.cache
def client(service: str, region: str, role: str = "", session: str = ""):
    """Return a boto3 client that tries once, with the permissions of a role's session where a role's ARN is given."""
    config = Config(retries={"max_attempts": 0}, inject_host_prefix=False, parameter_validation=False)
    keys = credentials(role, session) if role else {}
    made = _session.client(service, region, endpoint_url="http://127.0.0.1", config=config, **keys)
    made.meta.events.register("before-send", _answer)
    return made


@functools.cache
def credentials(role: str, session: str, subnets: tuple[str, ...] = ()) -> dict:
    """Assume a role by its ARN for a service that works with it, and return the session's keys as boto3 takes them.

    ``subnets`` are those that its requests come from: their VPC's endpoints judge them; without, none does.
    """
    from moto.sts.models import sts_backends

    assumed = sts_backends[ACCOUNT]["aws"].assume_role(
        region_name="us-east-1", role_session_name=session[:64], role_arn=role, policy="", duration=3600, external_id=""
    )
    endpoints.comes_from(assumed.access_key_id, subnets)
    return {
        "aws_access_key_id": assumed.access_key_id,
        "aws_secret_access_key": assumed.secret_access_key,
        "aws_session_token": assumed.session_token,
    }


# A reset makes sessions void.
state.at_reset(client.cache_clear)
state.at_reset(credentials.cache_clear)
