"""Lambda: aliases, each of a version."""

from __future__ import annotations

from ..engine import between
from ..engine.aws import unless
from ..engine.kind import Kind
from ..engine.unmodelled import watch, with_unmodelled
from .lambda_ import FUNCTION, MISSING, SETTLE_SECONDS

# What makes a version another one.
CONTENT = (
    "Architectures", "CodeSha256", "DeadLetterConfig", "Environment", "EphemeralStorage", "Handler",
    "ImageConfigResponse", "KMSKeyArn", "LoggingConfig", "MemorySize", "Role", "Runtime", "Timeout", "TracingConfig",
    "VpcConfig",
)  # fmt: skip


class Alias(Kind):
    """A name that shows one version of a function. A release lets it show another one."""

    name = "lambda_alias"
    title = "alias of Lambda function"
    service = "lambda"
    module = "flow_builder.aws.lambda_alias"
    cloudformation = "AWS::Lambda::Alias"
    properties = {"FunctionVersion": "version"}
    identity = ("function_name", "name")
    needs = ("lambda_function",)
    taggable = False
    externally_managed = {"version": "a release"}
    ignored = frozenset({"RevisionId"})
    # It comes while the function is Pending or changes, and where the alias is there already.
    settling = (("ResourceConflictException", ""),)
    settle_seconds = SETTLE_SECONDS

    def label(self, resource):
        """People know an alias by its function and its name."""
        return f"{resource.get('function_name')}:{resource.get('name')}"

    def want(self, arguments):
        """It is to show what the function is now."""
        return {**super().want(arguments), "newest": True}

    def find(self, aws, want):
        """Return the alias of this name."""
        function = want["function_name"]
        found = unless(MISSING, aws("lambda").get_alias, FunctionName=function, Name=want["name"])
        return self._live(aws, function, found) if found else None

    def stack(self, aws, stack):
        """Return the aliases of the stack's functions; they lag behind while a rollout waits for people."""
        found = [
            self._live(aws, function["name"], one)
            for function in FUNCTION.stack(aws, stack)
            for one in aws.pages("lambda", "list_aliases", "Aliases", FunctionName=function["name"])
        ]
        waits = any(not one["newest"] for one in found) and between.waiting(aws, stack)
        return [{**one, "lags": True} for one in found] if waits else found

    def external_manager(self, difference, recorded, live):
        """A rollout that is paused has given the function its code, and not yet to the alias."""
        if difference.path in ("newest", "lags") and live.get("lags"):
            return "a release that is paused"
        return super().external_manager(difference, recorded, live)

    @staticmethod
    def _live(aws, function, found):
        version = found["FunctionVersion"]
        shown, latest = (
            aws("lambda").get_function_configuration(FunctionName=function, Qualifier=qualifier)
            for qualifier in (version, "$LATEST")
        )
        found = watch({key: value for key, value in found.items() if key != "ResponseMetadata"})
        live = {
            "function_name": function,
            "name": found["Name"],
            "arn": found["AliasArn"],
            "version": found["FunctionVersion"],
            "weights": dict((found.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}),
            "newest": all(shown.get(key) == latest.get(key) for key in CONTENT),
        }
        return with_unmodelled(live, found)

    def create(self, aws, want):
        """Publish what the function is now, and let the alias show it."""
        aws("lambda").create_alias(
            FunctionName=want["function_name"], Name=want["name"], FunctionVersion=self._published(aws, want)
        )

    def update(self, aws, live, want, changes):
        """Let it show what the function is now."""
        aws("lambda").update_alias(
            FunctionName=want["function_name"], Name=want["name"], FunctionVersion=self._published(aws, want)
        )

    @staticmethod
    def _published(aws, want):
        return aws("lambda").publish_version(FunctionName=want["function_name"])["Version"]

    def consequences(self, want, changes):
        """Another version has another number."""
        return {"version": self.unknown(want, "version")} if changes else {}

    def delete(self, aws, live):
        """Delete the name; the versions stay with their function."""
        unless(MISSING, aws("lambda").delete_alias, FunctionName=live["function_name"], Name=live["name"])

    def computed(self, aws, want):
        """An alias's ARN can be computed."""
        return {
            "arn": aws.arn("lambda", f"function:{want['function_name']}:{want['name']}"),
            "version": self.unknown(want, "version"),
        }
ALIAS = Alias()
