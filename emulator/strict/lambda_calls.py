"""Lambda: what AWS refuses of asynchronous calls and of event sources."""

from emulator import policies
from emulator.grants import may, region_of, service_of
from emulator.strict import MEASURED, RECORDED, rule
from emulator.strict.lambda_ import BAD, DESTINATIONS, WRITES, backend_of, function_of, role_of

# Asynchronous calls

INVOKE = ("PutFunctionEventInvokeConfig", "UpdateFunctionEventInvokeConfig")


def _destinations(call) -> list[str]:
    given = call.parameters.get("DestinationConfig", {})
    return [one.get("Destination") for one in given.values() if one and one.get("Destination")]


def _there(call, arn: str) -> bool:
    """Tell whether a queue or function exists; of other things nothing is known here."""
    if region_of(arn) != call.region or policies.account_of(arn) != policies.account_of(policies.ROOT):
        return True
    if service_of(arn) == "sqs":
        return any(one.queue_arn == arn for one in call.backend("sqs").queues.values())
    if service_of(arn) == "lambda":
        functions = backend_of(call).list_functions()
        return any(arn == one.function_arn or arn.startswith(f"{one.function_arn}:") for one in functions)
    return True


@rule("lambda", *INVOKE, code=BAD, source=RECORDED)
def invoke_config_says_something(call):
    """The configuration of asynchronous calls says how often, how long, or where to."""
    given = call.parameters
    if not any(
        given.get(name) is not None
        for name in ("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig")
    ):
        return "You must specify at least one of error handling or destination setting."
    return None


@rule("lambda", *INVOKE, code=BAD, source=RECORDED + ", " + MEASURED + "pf-lambda-eic-destination-no-sqs-fifo")
def destination_is_usable(call):
    """A destination exists, is no FIFO queue, and isn't the function itself."""
    found = function_of(call)
    for arn in _destinations(call):
        if found is not None and arn == found.function_arn:
            return "You can't specify the function as a destination for itself."
        if arn.endswith(".fifo") or not _there(call, arn):
            return f"The destination ARN {arn} is invalid."
    return None


@rule("lambda", *INVOKE, code=BAD, source="Lambda developer guide, destinations")
def role_may_send_to_destinations(call):
    """A function's role may send to its destinations."""
    for arn in _destinations(call) if function_of(call) is not None else ():
        action = DESTINATIONS.get(service_of(arn))
        if action and not may(role_of(call), action, arn):
            return f"The function's execution role does not have permissions to call {action.split(':')[1]} on {arn}"
    return None


@rule(
    "lambda",
    *WRITES,
    code=BAD,
    source="Lambda developer guide, dead-letter queues, " + MEASURED + "pf-lambda-dlq-no-fifo",
)
def dead_letters_can_be_sent(call):
    """A function's dead-letter target is a standard queue or topic to which its role may send."""
    arn = call.parameters.get("DeadLetterConfig", {}).get("TargetArn")
    if not arn:
        return None
    service = service_of(arn)
    if service not in ("sqs", "sns") or arn.endswith(".fifo"):
        return f"The dead letter target {arn} is invalid."
    action = DESTINATIONS[service]
    if not may(role_of(call), action, arn):
        return (
            f"The provided execution role does not have permissions to call {action.split(':')[1]} on {service.upper()}"
        )
    return None


# Event sources


def _queue(call):
    arn = call.parameters.get("EventSourceArn", "")
    if service_of(arn) != "sqs":
        return arn, None
    return arn, next((one for one in call.backend("sqs").queues.values() if one.queue_arn == arn), None)


@rule("lambda", "CreateEventSourceMapping", code=BAD, source=RECORDED)
def event_source_exists(call):
    """A queue that a function reads exists."""
    arn, found = _queue(call)
    if service_of(arn) == "sqs" and found is None:
        return (
            "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error "
            "Message: The specified queue does not exist."
        )
    return None


@rule("lambda", "CreateEventSourceMapping", code="ResourceConflictException", source=RECORDED)
def event_source_is_mapped_once(call):
    """A queue is mapped to a function once."""
    arn, found = _queue(call)
    function = function_of(call)
    for one in backend_of(call).list_event_source_mappings("", "") if found is not None and function else ():
        if one.event_source_arn == arn and one.function_arn == function.function_arn:
            return (
                f'An event source mapping with SQS arn (" {arn} ") and function (" {function.function_name} ") already '
                f"exists. Please update or delete the existing mapping with UUID {one.uuid}"
            )
    return None


@rule("lambda", "CreateEventSourceMapping", code=BAD, source="Lambda developer guide, SQS event sources")
def queue_hides_messages_long_enough(call):
    """A queue hides messages at least as long as the function may run."""
    _, found = _queue(call)
    function = function_of(call)
    if found is not None and function is not None and int(found.visibility_timeout) < int(function.timeout):
        return (
            f"Queue visibility timeout: {found.visibility_timeout} seconds is less than Function timeout: "
            f"{function.timeout} seconds"
        )
    return None


@rule("lambda", "CreateEventSourceMapping", code=BAD, source="Lambda developer guide, SQS event sources")
def role_may_read_the_source(call):
    """A function's role may read, delete and look at the messages of its queue."""
    arn, found = _queue(call)
    for action in (
        ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes") if found is not None and function_of(call) else ()
    ):
        if not may(role_of(call), f"sqs:{action}", arn):
            return f"The provided execution role does not have permissions to call {action} on SQS"
    return None


@rule("lambda", "CreateEventSourceMapping", "UpdateEventSourceMapping", code=BAD, source=RECORDED)
def large_batches_have_a_window(call):
    """Batches of more than ten messages are gathered over some time."""
    given = call.parameters
    arn = given.get("EventSourceArn") or getattr(_mapping(call), "event_source_arn", "")
    if service_of(arn) == "sqs" and given.get("BatchSize", 0) > 10 and not given.get("MaximumBatchingWindowInSeconds"):
        return "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"
    return None


def _mapping(call):
    return backend_of(call)._event_source_mappings.get(call.parameters.get("UUID"))
