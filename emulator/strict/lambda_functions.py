"""Lambda: which function, version or alias a call means, and what may be sent for one."""

import io
import re
import zipfile

from emulator import ACCOUNT
from emulator.strict import RECORDED, Refusal, rule
from emulator.strict.lambda_ import BAD, backend_of

NAMED = re.compile(
    r"(?:arn:[^:]+:lambda:)?(?:(?P<region>[a-z]{2}(?:-[a-z]+)+-\d):)?(?:(?P<account>\d{12}):)?(?:function:)?"
    r"(?P<name>[\w.-]+)(?::(?P<qualifier>[\w$.-]+))?"
)
ZIPPED, UNZIPPED = 52_428_800, 262_144_000
ANY = (
    "AddPermission", "DeleteFunction", "GetFunction", "GetFunctionConfiguration", "GetFunctionEventInvokeConfig",
    "GetPolicy", "Invoke", "RemovePermission",
)  # fmt: skip
REVISED = ("PublishVersion", "UpdateFunctionCode", "UpdateFunctionConfiguration")


def meant(call) -> tuple[str, str | None, str | None]:
    """Return the name of the function that a call means, the qualifier in its name, and that beside it."""
    found = NAMED.fullmatch(call.parameters["FunctionName"])
    name, inside = (found["name"], found["qualifier"]) if found else (call.parameters["FunctionName"], None)
    return name, inside, call.parameters.get("Qualifier")


def _held(call, name: str) -> dict | None:
    return backend_of(call)._lambdas._functions.get(name)


def _arn(call, name: str, qualifier: str | None = None) -> str:
    arn = f"arn:aws:lambda:{call.region}:{ACCOUNT}:function:{name}"
    return f"{arn}:{qualifier}" if qualifier else arn


@rule("lambda", *ANY, code=BAD, source=RECORDED)
def qualifiers_agree(call):
    """A version or alias in a function's name is the one that is named beside it."""
    _name, inside, beside = meant(call)
    if inside and beside and inside != beside:
        return "The derived qualifier from the function name does not match the specified qualifier."
    return None


@rule("lambda", "DeleteFunction", code=BAD, source=RECORDED)
def only_numbered_versions_are_deleted(call):
    """DeleteFunction deletes no alias, and $LATEST only with the whole function."""
    _name, inside, beside = meant(call)
    qualifier = inside or beside
    if qualifier == "$LATEST":
        return "$LATEST version cannot be deleted without deleting the function."
    if qualifier and not qualifier.isdigit() and not qualifier.startswith("$"):
        return "Deletion of aliases is not currently supported."
    return None


@rule("lambda", "AddPermission", "DeleteFunction", "GetFunction", "GetFunctionConfiguration", "Invoke",
      code="ResourceNotFoundException", source=RECORDED)  # fmt: skip
def function_is_there(call):
    """A function is there, and so is the version or alias of it that is meant, but to be deleted."""
    name, inside, beside = meant(call)
    held, qualifier = _held(call, name), inside or beside
    if held is None or held["latest"] is None:
        shown = None if call.operation == "DeleteFunction" else qualifier
        return f"Function not found: {_arn(call, name, shown or ('$LATEST' if call.operation == 'Invoke' else None))}"
    known = {"$LATEST", *(str(one.version) for one in held["versions"])}
    known |= set(backend_of(call)._lambdas._aliases.get(_arn(call, name), ()))
    if qualifier is None or qualifier in known or call.operation == "DeleteFunction":
        return None
    if call.operation == "AddPermission" and re.fullmatch(r"(?!\d+$)[\w-]+", qualifier):
        return f"Cannot find alias arn: {_arn(call, name, qualifier)}"
    return f"Function not found: {_arn(call, name, qualifier)}"


@rule(
    "lambda", "GetFunctionEventInvokeConfig", "GetFunctionUrlConfig", code="ResourceNotFoundException", source=RECORDED
)
def nothing_hangs_on_no_function(call):
    """Without a function there are neither asynchronous settings nor an address, and AWS says just that."""
    name, inside, beside = meant(call)
    if _held(call, name) is not None:
        return None
    if call.operation == "GetFunctionUrlConfig":
        return "The resource you requested does not exist."
    return f"The function {_arn(call, name, inside or beside or '$LATEST')} doesn't have an EventInvokeConfig"


@rule("lambda", "CreateFunction", "UpdateFunctionCode", code=BAD, source=RECORDED)
def package_can_be_unpacked(call):
    """A package is a zip archive of up to 50 MB, and of 250 MB when it is unpacked."""
    package = call.parameters.get("Code", call.parameters).get("ZipFile")
    if not package:
        return None
    if len(package) > ZIPPED:
        return Refusal("RequestEntityTooLargeException", f"Zipped size must be smaller than {ZIPPED} bytes")
    try:
        size = sum(one.file_size for one in zipfile.ZipFile(io.BytesIO(package)).infolist())
    except zipfile.BadZipFile:
        return "Could not unzip uploaded file. Please check your file, then try to upload again."
    return f"Unzipped size must be smaller than {UNZIPPED} bytes" if size >= UNZIPPED else None


@rule("lambda", "PublishVersion", code=BAD, source=RECORDED)
def published_code_is_the_expected(call):
    """A version is published only of the code that the caller expects."""
    expected, held = call.parameters.get("CodeSha256"), _held(call, meant(call)[0])
    if not expected or not held or held["latest"].code_sha_256 == expected:
        return None
    return (
        f"CodeSHA256 ({expected}) is different from current CodeSHA256 in $LATEST ({held['latest'].code_sha_256}). "
        "Please try again with the CodeSHA256 in $LATEST."
    )


@rule("lambda", *REVISED, code="PreconditionFailedException", source=RECORDED)
def revision_is_the_latest(call):
    """Who names a revision changes or publishes just that."""
    wanted, held = call.parameters.get("RevisionId"), _held(call, meant(call)[0])
    if not wanted or not held or held["latest"].revision_id == wanted:
        return None
    return (
        "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve "
        "the latest Revision Id"
    )


@rule("lambda", "TagResource", "UntagResource", "ListTags", code=BAD, source=RECORDED)
def tags_are_the_functions(call):
    """Tags are a function's, and no version's or alias's."""
    found = re.fullmatch(r"arn:[^:]+:lambda:[^:]+:\d+:function:[^:]+:(.+)", call.parameters["Resource"])
    return found and "Tags on function aliases and versions are not supported. Please specify a function ARN."
