"""EventBridge Pipes: a pipe is made once, and settles in the state that is wanted."""

from moto.pipes.models import EventBridgePipesBackend as Backend
from moto.pipes.models import Pipe

from emulator.errors import AWSError
from emulator.evidence import documented, does, inferred
from emulator.patching import correction, replacing

API = "https://docs.aws.amazon.com/eventbridge/latest/pipes-reference/"

FAILS = {
    "CREATING": "CREATE_FAILED", "STARTING": "START_FAILED", "STOPPING": "STOP_FAILED", "UPDATING": "UPDATE_FAILED",
}  # fmt: skip


@correction("pipes", "a pipe settles in its desired state and stays there, or fails with what it was doing")
@does(
    "A pipe shows what it is doing (CREATING, STARTING, UPDATING, STOPPING), then its desired state.",
    documented(API + "API_Pipe.html", "CurrentState"),
)
@does(
    "A pipe that can't do it shows CREATE_FAILED, START_FAILED, UPDATE_FAILED or STOP_FAILED with a StateReason.",
    documented("https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-error-troubleshooting.html"),
)
def states():
    @replacing(Pipe, "advance")
    def advance(_original, self):
        if self.status in FAILS:
            failed = self.__dict__.pop("fails", None)
            self.status = FAILS[self.status] if failed else self.desired_state
            self.state_reason = failed

    Pipe.fail = _fail


def _fail(pipe, reason: str) -> None:
    """Let a pipe fail at what it is doing, with a reason, the next time that somebody looks."""
    if pipe.status in FAILS:
        pipe.fails = reason


@correction("pipes", "CreatePipe is refused for a name that exists")
def create():
    @replacing(Backend, "create_pipe")
    def create(original, self, name, *args, **kwargs):
        if name in self.pipes:
            raise AWSError("ConflictException", f"Pipe {name} already exists.")
        return original(self, name, *args, **kwargs)


@correction("pipes", "UpdatePipe changes the state too, and shows that it is updating")
def update():
    @replacing(Backend, "update_pipe")
    def update(original, self, name, *args, **kwargs):
        pipe = original(self, name, *args, **kwargs)
        pipe.status = "UPDATING"
        return pipe

    for name, leaves, shows in (("start_pipe", "STOPPED", "STARTING"), ("stop_pipe", "RUNNING", "STOPPING")):
        _changes(name, leaves, shows)


@does(
    "StartPipe and StopPipe of a pipe that is there already change nothing.",
    inferred("a call that changes nothing shows no STARTING", "StartPipe of a RUNNING pipe"),
)
def _changes(name: str, leaves: str, shows: str) -> None:
    @replacing(Backend, name)
    def change(original, self, name):
        before = self.describe_pipe(name).status
        pipe = original(self, name)
        tried = before in (leaves, "START_FAILED", "STOP_FAILED", "UPDATE_FAILED")
        pipe.status = shows if tried else before
        return pipe
