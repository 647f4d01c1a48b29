"""Lambda: what becomes of asynchronous calls."""

from __future__ import annotations

from ..engine.aws import unless
from ..engine.kind import Kind
from ..engine.unmodelled import watch, with_unmodelled
from .lambda_ import MISSING, SETTLE_SECONDS
from .lambda_permission import callable_names


class EventInvokeConfig(Kind):
    """What Lambda does with asynchronous calls that fail."""

    name = "lambda_event_invoke_config"
    title = "asynchronous calls of Lambda function"
    ignored = frozenset({"FunctionArn", "LastModified", "ResponseMetadata"})
    service = "lambda"
    module = "flow_builder.aws.lambda_event_invoke_config"
    cloudformation = "AWS::Lambda::EventInvokeConfig"
    properties = {
        "MaximumEventAgeInSeconds": "maximum_event_age",
        "DestinationConfig/OnFailure/Destination": "on_failure",
        "DestinationConfig/OnSuccess/Destination": "on_success",
    }
    identity = ("function_name",)
    needs = ("lambda_function", "lambda_alias")
    taggable = False
    settling = (
        # Lambda tries the destination with the function's role, which may have been allowed a moment ago.
        ("InvalidParameterValueException", "does not have permission"),
        ("InvalidParameterValueException", "is invalid"),
        ("ResourceConflictException", ""),
    )
    settle_seconds = SETTLE_SECONDS

    def find(self, aws, want):
        """Return the function's settings, if it has its own."""
        said = unless(MISSING, aws("lambda").get_function_event_invoke_config, FunctionName=want["function_name"])
        if said is None:
            return None
        said = watch(said)
        sent = said.get("DestinationConfig", {})
        live = {
            "function_name": want["function_name"],
            "maximum_retry_attempts": said.get("MaximumRetryAttempts", 2),
            "maximum_event_age": said.get("MaximumEventAgeInSeconds", 21600),
            "on_failure": sent.get("OnFailure", {}).get("Destination", ""),
            "on_success": sent.get("OnSuccess", {}).get("Destination", ""),
        }
        return with_unmodelled(live, said)

    def stack(self, aws, stack):
        """Return the settings of the stack's functions."""
        found = (self.find(aws, {"function_name": name}) for name in callable_names(aws, stack))
        return [one for one in found if one]

    def create(self, aws, want):
        """Set all that is said; Lambda forgets what isn't."""
        said = {
            key: want[name]
            for name, key in {
                "maximum_retry_attempts": "MaximumRetryAttempts", "maximum_event_age": "MaximumEventAgeInSeconds",
            }.items()
            if name in want
        }  # fmt: skip
        sent = {
            key: {"Destination": want[name]}
            for name, key in {"on_failure": "OnFailure", "on_success": "OnSuccess"}.items()
            if want.get(name)
        }
        aws("lambda").put_function_event_invoke_config(
            FunctionName=want["function_name"], DestinationConfig=sent, **said
        )

    def update(self, aws, live, want, changes):
        """Set everything again."""
        self.create(aws, {**live, **want})

    def delete(self, aws, live):
        """Go back to Lambda's own settings."""
        unless(
            MISSING, aws("lambda").delete_function_event_invoke_config, FunctionName=live["function_name"]
        )

    def computed(self, aws, want):
        """AWS adds nothing to it."""
        return {}
EVENT_INVOKE_CONFIG = EventInvokeConfig()
