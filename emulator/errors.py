"""AWS-shaped errors for what moto cannot answer itself."""

import json
import logging
from dataclasses import dataclass, field

from botocore.exceptions import UnknownServiceError
from moto.core.exceptions import ServiceException
from moto.core.loaders import create_loader
from moto.core.model import OperationModel
from moto.core.request import Request, determine_request_protocol
from moto.core.responses import boto3_service_name
from moto.core.routing import get_service_router
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model

log = logging.getLogger("emulator")

# Not one of the statuses that boto retries: asking again would get the same answer.
STATUS = 501


class AWSError(ServiceException):
    """An error with AWS's code and message. A class of ours: moto looks for the service of its own by module.

    ``status`` is the HTTP status where it isn't the usual one, ``members`` what else S3 tells in an error's body.
    """

    status: int | None = None
    members: dict = {}  # noqa: RUF012


@dataclass(frozen=True)
class Refusal:
    """An error code and a message of AWS's; S3's HTTP status, and what else S3 tells in an error's body."""

    code: str
    message: str
    status: int | None = None
    members: dict = field(default_factory=dict)

    def error(self) -> AWSError:
        """Return it as an error to raise."""
        made = AWSError(self.code, self.message)
        made.status, made.members = self.status, self.members
        return made


# moto leaves the hyphens out of its folders' names.
_SERVICES = {name.replace("-", ""): name for name in create_loader().list_available_services("service-2")}


def service_of(folder: str, request: Request) -> str:
    """Return botocore's name of the service that a request to one of moto's folders is for."""
    if folder == "elb" and request.values.get("Version") == "2015-12-01":
        return "elbv2"  # both generations share one address
    return _SERVICES.get(folder) or boto3_service_name.get(folder, folder)


def operation_of(service: str, request: Request) -> str:
    """Name the operation that a request asks for, as well as it can be told."""
    try:
        return get_service_router(service).match(request)[0].name
    except Exception:  # what cannot be routed is named by its path
        return f"{request.method} {request.path}"


def answer(service: str, request: Request, error: Exception | None = None) -> tuple[str, int, dict]:
    """Answer a request that moto does not implement (or, given an error, that it failed on)."""
    service = service_of(service, request)
    operation = operation_of(service, request)
    if error is None or isinstance(error, NotImplementedError):
        code, message = "NotImplemented", f"{service}:{operation} is not implemented by the emulator"
        log.error("%s", message)
    else:
        code = "EmulatorError"
        message = f"{service}:{operation} failed in the emulator: {type(error).__name__}: {error}"
        log.error("%s", message, exc_info=error)
    return _serialize(service, request, AWSError(code, message))


def refusal(service: str, request: Request, error: AWSError) -> tuple[str, int, dict]:
    """Answer a request with an error of AWS's own."""
    service = service_of(service, request)
    # S3 tells by its status, too, what is denied, isn't there or is in somebody's way.
    return _serialize(service, request, error, error.status or (None if service == "s3" else 400))


def complete(call, code: str, response) -> None:
    """Give an error of Lambda's or Secrets Manager's its members: the message by its own name, and whose fault it is.

    What isn't in the service's model stays as it is.
    """
    shape = (
        call.service in ("lambda", "secretsmanager") and code and call.model.service_model.shape_for_error_code(code)
    )
    if not shape:
        return
    told = json.loads(response.get_data() or b"{}")
    message = told.pop("message", None) or told.pop("Message", None)
    told |= {name: message for name in shape.members if name.lower() == "message"}
    if call.service == "lambda":
        told["Type"] = "User"
        response.status_code = shape.metadata.get("error", {}).get("httpStatusCode", response.status_code)
    else:
        response.status_code = 400
    response.set_data(json.dumps(told))


def _serialize(service: str, request: Request, error: AWSError, status: int | None = STATUS) -> tuple[str, int, dict]:
    try:
        model = get_service_model(service)
    except UnknownServiceError:
        body = json.dumps({"__type": error.code, "message": error.message})
        return body, status, {"Content-Type": "application/json"}
    protocol = determine_request_protocol(model, request.headers.get("Content-Type", ""))
    operation = OperationModel({}, model, name="Unknown")
    response = get_serializer_class(model.service_name, protocol)(operation).serialize(error)
    return response["body"], status or response["status_code"], dict(response["headers"])
