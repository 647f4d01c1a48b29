"""Patterns, lengths, ranges and enums of botocore's models; botocore itself checks types and required fields only."""

import functools

import regex

from emulator.errors import AWSError

# How a service calls a parameter that breaks its model, where it isn't the protocol's usual name.
CODES = {
    "ec2": "InvalidParameterValue",
    "ecs": "InvalidParameterException",
    "ecr": "InvalidParameterException",
    "logs": "InvalidParameterException",
    "rds": "InvalidParameterValue",
    "sqs": "InvalidParameterValue",
    "sns": "InvalidParameter",
    "secretsmanager": "InvalidParameterException",
    "kms": "ValidationException",
    "elbv2": "ValidationError",
}
# What a service takes though its model's enum lacks it: SQS's old name for the names of a message's attributes.
# Lambda judges runtimes by itself, S3 locations; EC2's fleets know older names, too.
UNCHECKED = {
    ("sqs", "ReceiveMessage"): {"AttributeNames"}, ("lambda", "CreateFunction"): {"Runtime"},
    ("lambda", "UpdateFunctionConfiguration"): {"Runtime"},
    # S3 takes no tags at all, and judges a location by the region that is asked.
    ("s3", "PutBucketTagging"): {"Tagging"}, ("s3", "CreateBucket"): {"CreateBucketConfiguration"},
    ("ec2", "CreateFleet"): {"ExcessCapacityTerminationPolicy", "SpotOptions"},
}  # fmt: skip
# What isn't repeated in an error though no model calls it sensitive.
UNTOLD = {"logGroupIdentifier"}
HIDDEN = object()  # in place of a value that is a secret
QUERY = {"query": "ValidationError", "ec2": "InvalidParameterValue"}


def validate(call) -> None:
    """Raise the service's validation error, in AWS's words, for the first parameters that break the model."""
    broken = list(_by_parameter(call))
    if not broken:
        return
    if call.service == "s3":
        raise _s3_error(call, *broken[0])
    found = [problem for _name, problem in broken]
    code = CODES.get(call.service) or QUERY.get(call.model.service_model.protocol, "ValidationException")
    count = f"{len(found)} validation error{'s' if len(found) > 1 else ''} detected"
    raise AWSError(code, f"{count}: {'; '.join(found)}")


def _by_parameter(call):
    """Yield each problem with the parameter that has it."""
    shape, unchecked = call.model.input_shape, UNCHECKED.get((call.service, call.operation), ())
    if shape is None:
        return
    for name in shape.required_members:
        if name not in unchecked and call.parameters.get(name) is None:
            yield name, _told(None, name, "Member must not be null")
    for name, value in call.parameters.items():
        if name not in unchecked:
            yield from ((name, problem) for problem in _problems(shape.members.get(name), value, f"{name}."))


def _problems(shape, value, path):
    if shape is None or value is None:
        return
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict):
        for name in shape.required_members:
            if value.get(name) is None:
                yield _told(None, f"{path}{name}", "Member must not be null")
        for name, item in value.items():
            yield from _problems(shape.members.get(name), item, f"{path}{name}.")
        return
    yield from _bounds(shape, value, path.rstrip("."))
    if kind == "list" and isinstance(value, list):
        if shape.member.type_name == "string" and any(True for one in value for _ in _bounds(shape.member, one, "")):
            constraints = ", ".join(_constraints(shape.member))
            shown = HIDDEN if _secret(shape) else value
            yield _told(shown, path.rstrip("."), f"Member must satisfy constraint: [{constraints}]")
            return
        for index, item in enumerate(value, 1):
            yield from _problems(shape.member, item, f"{path}{index}.member.")
    elif kind == "map" and isinstance(value, dict):
        for key, item in value.items():
            yield from _problems(shape.key, key, f"{path}key.")
            yield from _problems(shape.value, item, f"{path}{key}.")


def _secret(shape) -> bool:
    """Tell whether an error may not repeat a value: a secret, or a list or map of such."""
    inner = {"list": ("member",), "map": ("key", "value")}.get(shape.type_name, ())
    own = shape.metadata.get("sensitive") or shape.type_name == "blob"
    return bool(own) or any(_secret(getattr(shape, name)) for name in inner)


# S3 judges what comes in a body by its XML schema, and each header by itself.
HEADERS = {
    "EncodingType": ("InvalidArgument", "Invalid Encoding Method specified in Request", "encoding-type"),
    "ObjectOwnership": ("InvalidArgument", "Invalid x-amz-object-ownership header: {}", "x-amz-object-ownership"),
    "TransitionDefaultMinimumObjectSize": (
        "InvalidRequest", "Invalid TransitionDefaultMinimumObjectSize found: {}", None,
    ),
}  # fmt: skip
MALFORMED = "The XML you provided was not well-formed or did not validate against our published schema"


def _s3_error(call, name: str, problem: str) -> AWSError:
    """Return S3's error for a parameter that breaks the model."""
    if "location" not in call.model.input_shape.members[name].serialization:
        return AWSError("MalformedXML", MALFORMED)
    if name not in HEADERS:
        return AWSError("InvalidArgument", problem)
    (code, message, argument), given = HEADERS[name], call.parameters[name]
    error = AWSError(code, message.format(given))
    error.members = {"ArgumentName": argument} if argument else {}
    error.members |= {"ArgumentValue": given or None} if "{}" not in message else {}
    return error


def _bounds(shape, value, path):
    facts, kind = shape.metadata, shape.type_name
    shown = HIDDEN if _secret(shape) else value
    if kind in ("string", "list", "map", "blob") and hasattr(value, "__len__"):
        if len(value) < facts.get("min", 0):
            yield _told(shown, path, f"Member must have length greater than or equal to {facts['min']}")
        if "max" in facts and len(value) > facts["max"]:
            yield _told(shown, path, f"Member must have length less than or equal to {facts['max']}")
    elif kind in ("integer", "long", "float", "double") and isinstance(value, (int, float)):
        if "min" in facts and value < facts["min"]:
            yield _told(shown, path, f"Member must have value greater than or equal to {facts['min']}")
        if "max" in facts and value > facts["max"]:
            yield _told(shown, path, f"Member must have value less than or equal to {facts['max']}")
    if kind == "string" and isinstance(value, str):
        if facts.get("enum") and value not in facts["enum"]:
            yield _told(shown, path, f"Member must satisfy enum value set: [{', '.join(facts['enum'])}]")
        if facts.get("pattern") and not _pattern(facts["pattern"])(value):
            yield _told(shown, path, f"Member must satisfy regular expression pattern: {_bare(facts['pattern'])}")


def _constraints(shape):
    """Yield all that the elements of a list have to satisfy, which is told of the whole list."""
    facts = shape.metadata
    if "max" in facts:
        yield f"Member must have length less than or equal to {facts['max']}"
        yield f"Member must have length greater than or equal to {facts.get('min', 0)}"
    if facts.get("enum"):
        yield f"Member must satisfy enum value set: [{', '.join(facts['enum'])}]"
        yield "Member must not be null"
    if facts.get("pattern"):
        yield f"Member must satisfy regular expression pattern: {_bare(facts['pattern'])}"


def _bare(pattern: str) -> str:
    """Return a pattern as AWS tells it, without the anchors around the whole."""
    return pattern[1:-1] if pattern.startswith("^") and pattern.endswith("$") else pattern


@functools.cache
def _pattern(text):
    # The models are written for Java, whose match is of the whole value unless the pattern has anchors of its own.
    try:
        made = regex.compile(text)
    except regex.error:
        return lambda _value: True
    return made.search if text.startswith("^") or text.endswith("$") else made.fullmatch


def _told(value, path, constraint):
    at = ".".join(part[:1].lower() + part[1:] for part in path.split("."))
    shown = "null" if value is None else f"'{_shown(value)}'"
    told = "" if value is HIDDEN or at in UNTOLD else f" {shown}"
    return f"Value{told} at '{at}' failed to satisfy constraint: {constraint}"


def _shown(value) -> str:
    """Return a value as Java prints it."""
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={_shown(one)}" for key, one in value.items()) + "}"
    return str(value)
