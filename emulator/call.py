"""A request as AWS understands it: who calls which operation of which service with which parameters."""

import re
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import UnknownServiceError
from moto.core.model import OperationModel
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model
from werkzeug.exceptions import NotFound

from emulator import ACCOUNT
from emulator.errors import service_of

MASK = "(secret)"
_CREDENTIAL = re.compile(r"Credential=([^/]+)/\d+/([^/]+)/")


@dataclass
class Call:
    """One request, parsed by botocore's own model of the service."""

    service: str
    operation: str
    parameters: dict[str, Any]
    region: str
    caller: str
    model: OperationModel = field(repr=False)

    def backend(self, folder: str | None = None, region: str | None = None) -> Any:
        """Return moto's state of this service, or of another one, in the call's account and region."""
        from moto.backends import get_backend

        backends = get_backend((folder or self.service).replace("-", ""))[ACCOUNT]
        return backends[region or self.region] if (region or self.region) in backends else backends["aws"]

    def masked(self) -> Any:
        """Return the parameters as people may see them: what botocore's model calls sensitive is hidden."""
        return _masked(self.model.input_shape, self.parameters)


def read(folder: str, request: Request) -> Call:
    """Parse a request to one of moto's services.

    Raises werkzeug's NotFound for what is no operation of the service.
    """
    service = service_of(folder, request)
    try:
        model = get_service_model(service)
    except UnknownServiceError:
        raise NotFound from None
    operation, labels = get_service_router(service).match(request)
    parser = PROTOCOL_PARSERS[determine_request_protocol(model, request.content_type)](operation, map_type=dict)
    parameters = parser.parse(
        {
            "method": request.method,
            "values": request.values,
            "headers": request.headers,
            "body": request.data,
            "url_path": request.path,
            "url_params": labels,
        }
    )
    caller, region = (_CREDENTIAL.search(request.headers.get("Authorization", "")) or _NOBODY).groups()
    return Call(service, operation.name, parameters or {}, region, caller, operation)


_NOBODY = _CREDENTIAL.search("Credential=anonymous/0/us-east-1/")


def _masked(shape, value):
    if shape is None or value is None:
        return value
    if shape.metadata.get("sensitive") or shape.serialization.get("sensitive"):
        return MASK
    if shape.type_name == "structure" and isinstance(value, dict):
        return {key: _masked(shape.members.get(key), item) for key, item in value.items()}
    if shape.type_name == "list" and isinstance(value, list):
        return [_masked(shape.member, item) for item in value]
    if shape.type_name == "map" and isinstance(value, dict):
        return {key: _masked(shape.value, item) for key, item in value.items()}
    return f"({len(value)} bytes)" if isinstance(value, bytes) else value
