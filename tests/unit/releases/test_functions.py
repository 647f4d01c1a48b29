"""Functions under a release: their code, their versions and their aliases, whatever AWS answers meanwhile."""

import io

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.releases.context import Failed
from ansible_collections.flow_builder.aws.plugins.module_utils.releases.functions import (
    START_SECONDS,
    Functions,
    error_of,
)
from botocore.exceptions import ClientError


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (b'{"errorType": "KeyError", "errorMessage": "x"}', "KeyError: x"),
        (b"", "Unhandled: "),
        (b'"text"', "Unhandled: text"),
        (b"\xff no JSON \x1b[2J", "Unhandled: \ufffd no JSON "),
    ],
)
def test_what_a_function_says_of_its_failure(payload, said):
    assert error_of(payload, "Unhandled") == said


def test_no_answer_of_a_function_fills_a_record():
    """Lambda takes answers of up to 6 MB."""
    assert len(error_of(b'{"errorMessage": "' + b"x" * 6_000_000 + b'"}', "Unhandled")) < 3000


def refusal(code, operation):
    return ClientError({"Error": {"Code": code, "Message": "m"}}, operation)


# A change that is refused because it was done, and one that is because another one goes on.
LOST, OTHER = "ResourceConflictException", "other's ResourceConflictException"


class Lambda:
    """A function whose calls and changes answer as they are told to."""

    def __init__(self, *answers, timeout=300):
        self.answers, self.timeout, self.image, self.asked, self.clients = list(answers), timeout, "a", [], []

    def __call__(self, service, **more):
        self.clients.append((service, more))
        return self

    def get_function(self, **_asked):
        return {"Code": {"ResolvedImageUri": self.image}, "Configuration": {"Timeout": self.timeout, "LastModified": "1"}}

    def answer(self, operation):
        self.asked.append(operation)
        code = self.answers.pop(0)
        if code:
            raise refusal(code.removeprefix("other's "), operation)

    def invoke(self, **_asked):
        self.answer("invoke")
        return {"Payload": io.BytesIO(b"{}")}

    def update_function_code(self, ImageUri, **_asked):  # noqa: N803
        if self.answers[0] != OTHER:
            self.image = ImageUri
        self.answer("update")
        return {"LastModified": "1"}

    def get_alias(self, **_asked):
        raise refusal("ResourceNotFoundException", "GetAlias")

    def create_alias(self, **_asked):
        self.answer("create")
        return {"Name": "live"}

    def update_alias(self, **_asked):
        self.answer("point")
        return {"Name": "live"}

    def publish_version(self, **_asked):
        self.answer("publish")
        return {"Version": "2"}


@pytest.fixture
def functions(context):
    """Return what makes functions of a client."""
    return lambda aws: Functions(context(aws), ["scheduler", "cleanup"])


# Calls


def test_a_function_is_called_once_and_with_patience(functions):
    """A call that goes on for minutes must neither be given up before the function is, nor be sent again."""
    aws = Lambda(None)
    functions(aws).call("scheduler", "2")
    ((_service, more),) = [one for one in aws.clients if one[1]]
    assert more["read_timeout"] == 300 + START_SECONDS
    assert more["retries"]["total_max_attempts"] == 1


@pytest.mark.parametrize(
    "code",
    ["TooManyRequestsException", "ResourceConflictException", "ResourceNotFoundException", "EC2ThrottledException"],
)
def test_a_version_that_can_not_be_called_yet_is_called_a_moment_later(code, functions, clock):
    aws = Lambda(code, None)
    functions(aws).call("scheduler", "2")
    assert aws.asked == ["invoke", "invoke"]


# Code and versions


@pytest.mark.parametrize(
    "answers",
    [
        (None,),
        (LOST, None),  # done already, by the call whose answer was lost
        (OTHER, OTHER, None),  # another change was under way: this one is asked for again
    ],
)
def test_a_function_gets_its_code_whatever_is_under_way(answers, functions, clock):
    aws = Lambda(*answers)
    functions(aws)._set_code("scheduler", "b")
    assert aws.image == "b"
    assert len(aws.asked) == len(answers)


def test_a_version_waits_for_another_change_of_its_function(functions, clock):
    """PublishVersion is refused while an update goes on, which the read before it needn't have shown."""
    aws = Lambda(None, LOST, LOST, None)
    assert functions(aws).new_version("scheduler", "b") == "2"
    assert aws.asked == ["update", "publish", "publish", "publish"]


@pytest.fixture
def version_read(monkeypatch):
    """Let each read of a version show the next of these states, or that there is none."""

    def use(aws, *states):
        left = list(states)

        def get(Qualifier, **_asked):  # noqa: N803
            if Qualifier == "$LATEST":
                return Lambda.get_function(aws)
            state = left.pop(0)
            if state is None:
                raise refusal("ResourceNotFoundException", "GetFunction")
            return {"Configuration": {"State": state, "StateReason": "no such architecture"}}

        monkeypatch.setattr(aws, "get_function", get)

    return use


def test_a_version_is_shown_late(functions, version_read, clock):
    aws = Lambda(None)
    aws.image = "b"
    version_read(aws, None, None, "Pending", None, "Active")
    assert functions(aws).new_version("scheduler", "b") == "2"
    assert clock.now < 30


def test_a_version_that_failed_is_not_waited_for(functions, version_read, clock):
    aws = Lambda(None)
    aws.image = "b"
    version_read(aws, "Failed")
    with pytest.raises(Failed, match="version 2 of s-scheduler failed: no such architecture"):
        functions(aws).new_version("scheduler", "b")
    assert clock.now == 0


def test_an_early_read_of_a_function_does_not_pass_for_what_came_of_its_change(functions, clock, monkeypatch):
    """It shows the failure of the change before, which would end a good release, or the image that is to come back."""
    aws, reads = Lambda(None), []
    it = functions(aws)

    def get(**_asked):
        image, modified, status = reads.pop(0) if reads else (aws.image, "2", "Successful")
        more = {"LastModified": modified, "LastUpdateStatus": status, "LastUpdateStatusReason": "too large"}
        return {"Code": {"ResolvedImageUri": image}, "Configuration": more}

    monkeypatch.setattr(aws, "get_function", get)
    monkeypatch.setattr(aws, "update_function_code", lambda **asked: Lambda.update_function_code(aws, **asked) | {"LastModified": "2"})
    reads[:] = [("a", "1", "Failed")] * 4
    it._set_code("scheduler", "b")
    assert aws.asked == ["update"]
    # The way back, while reads still show what was before.
    aws.answers, reads[:] = [None], [("a", "1", "Successful")] * 3
    it._set_code("scheduler", "a")
    assert (aws.asked, aws.image) == (["update"] * 2, "a")


# The alias


def test_an_alias_that_is_there_already_is_no_failure(functions, clock):
    """It may show another version, so it is written: a call whose answer was lost, or a read that was too early."""
    aws = Lambda(LOST, None)
    functions(aws).switch("scheduler", "2")
    assert aws.asked == ["create", "point"]


def test_an_alias_waits_for_another_change_of_its_function(functions, clock):
    aws = Lambda(OTHER, OTHER, None)
    functions(aws).point("scheduler", "2", {"3": 0.1})
    assert aws.asked == ["create", "point", "create"]


class LateAlias:
    """An alias that reads show for some seconds as it was, whatever was written."""

    def __init__(self, clock, seconds=60, version="1"):
        self.clock, self.until, self.version, self.writes = clock, clock.now + seconds, version, []

    def get_alias(self, **_asked):
        return {"FunctionVersion": "1" if self.clock.now < self.until else self.version}

    def update_alias(self, FunctionVersion, **_asked):  # noqa: N803
        self.writes.append(FunctionVersion)
        self.version = FunctionVersion
        return {"FunctionVersion": FunctionVersion}

    create_alias = update_alias


def test_the_way_back_believes_no_early_read_of_an_alias(functions, clock):
    """What was just changed may still be shown as it was: it would look as if it were back already."""
    aws = LateAlias(clock)
    it = functions(aws)
    it.switch("scheduler", "2")
    it.switch("scheduler", "1")
    assert aws.writes == ["2", "1"]


def test_an_alias_is_looked_at_until_it_shows_its_version_alone(functions, clock):
    it = functions(LateAlias(clock, 20, "2"))
    it.alone({"scheduler": "2"})
    assert 15 < clock.now < 40
    with pytest.raises(Failed, match="the alias live of scheduler doesn't show version 3 alone"):
        it.alone({"scheduler": "3"})
    assert clock.now < 120
