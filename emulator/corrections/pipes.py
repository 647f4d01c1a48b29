"""EventBridge Pipes: a pipe is made once, and settles in the state that is wanted."""

from moto.pipes.models import EventBridgePipesBackend as Backend
from moto.pipes.models import Pipe

from emulator.corrections import correction, replacing
from emulator.errors import AWSError


@correction("pipes", "a pipe settles in its desired state and stays there")
def states():
    @replacing(Pipe, "advance")
    def advance(_original, self):
        if self.status in ("CREATING", "STARTING", "STOPPING", "UPDATING"):
            self.status = self.desired_state


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


def _changes(name: str, leaves: str, shows: str) -> None:
    @replacing(Backend, name)
    def change(original, self, name):
        before = self.describe_pipe(name).status
        pipe = original(self, name)
        pipe.status = shows if before == leaves else before
        return pipe
