"""The life of a task: from PROVISIONING to STOPPED by itself, with an event for every step."""

import json
import os

from emulator import ACCOUNT, clock, endpoints, eventual, inside
from emulator.corrections import ecs_services, ecs_tasks
from emulator.dataplane import agents, bus, faults, images, services, targets
from emulator.dataplane.engine import ENGINE, log
from emulator.dataplane.task_events import ECS, detail
from emulator.errors import AWSError
from emulator.evidence import documented, does, inferred, lacks, recorded
from emulator.lock import LOCK
from emulator.permissions import Role, key_of_secret

lacks(__name__, "Task states", "ACTIVATING, DEACTIVATING and STOPPING are passed over")

# Seconds of the emulator's clock for each of PROVISIONING, PENDING and DEPROVISIONING. Fargate takes 10 to 30.
STEP = "EMULATOR_TASK_SECONDS"
PRINCIPAL = "ecs-tasks.amazonaws.com"


INITIALIZING = "ResourceInitializationError:"


class CannotStart(Exception):
    """A task that never runs, with the reason that it shows."""


@does(
    "A task goes through PROVISIONING, PENDING, RUNNING, DEPROVISIONING and STOPPED, its version counting each.",
    recorded("stepfunctions/v2/services/test_ecs_task_service", "TestTaskServiceECS::test_run_task_sync"),
)
class Life:
    """What happens to one task."""

    def __init__(self, task, service: bool = False):
        self.task, self.service, self.step = task, service, float(os.environ.get(STEP, "0.3"))
        self.backend = task._backend
        self.definition = self.backend.describe_task_definition(task.task_definition_arn)
        self.subnets = tuple(filter(None, [ecs_tasks.interface(task, "subnetId")]))
        self.running: dict[str, images.Running] = {}
        self.hosts: dict[str, str] = {}  # where each container is, by its name
        self.fault, self.dice = faults.draw(task)
        self.stopping = False
        task.version, task.connectivity, task.stop_code = 0, "CONNECTED", None
        task.started_at = None
        if service:  # its service counts it as running at once
            self._start()
        else:
            self._show("PROVISIONING")
            ENGINE.after(self.step, self._pend)

    # Forward

    @does(
        "A fresh task is PROVISIONING, its containers PENDING, while its network interface is made.",
        recorded("stepfunctions/v2/services/test_ecs_task_service", "TestTaskServiceECS::test_run_task"),
    )
    def _pend(self) -> None:
        if not self.stopping:
            self._show("PENDING")
            ENGINE.after(self.step, self._start)

    def _start(self) -> None:
        if self.stopping:
            return
        task = self.task
        try:
            self._never()
            made = [self._prepare(one) for one in self.definition.container_definitions]
        except CannotStart as problem:
            self._failed(str(problem))
            return
        except Exception as problem:  # a mistake of ours must not leave the task for ever between two states
            log.exception("%s doesn't start", task.task_arn)
            self._failed(f"EmulatorError: {problem}")
            return
        task.started_at = clock.utc()
        self._show("RUNNING")
        agents.begin(self)
        if self.fault == faults.CRASH:
            code, reason = self.dice.choice(
                ((1, None), (137, "OutOfMemoryError: Container killed due to memory usage"))
            )
            ENGINE.after(self.step, self._exited, task.containers[0], code, reason)
            return
        for container, (chosen, arguments, variables, line) in zip(task.containers, made, strict=True):
            self.running[container.name] = images.Running(
                chosen, arguments, variables, line, lambda code, one=container: self._exited(one, code)
            )
            if "run" in chosen:
                services.watch(self, task, container, self._definition_of(container), variables)
        if self.fault == faults.SPOT:
            ENGINE.after(0, self.stop, "SpotInterruption", "Your Spot Task was interrupted.")

    @does(
        "A task that can't start has stopCode TaskFailedToStart, a time at which its execution stopped, and "
        "none at which it started.",
        recorded(
            "stepfunctions/v2/services/test_ecs_task_service",
            "TestTaskServiceECS::test_run_task_sync_raise_failure",
        ),
    )
    def _failed(self, reason: str) -> None:
        self.task.execution_stopped_at = clock.utc()
        self._stopping("TaskFailedToStart", reason)
        self._deprovision()

    @does(
        'A Spot task for which there is no capacity ends with TaskFailedToStart and "Capacity is unavailable '
        'at this time".',
        inferred(
            "RunTask is said to fail with these words (repost.aws, ecs-fargate-runtask-capacity)",
            "DescribeTasks of a Spot task without capacity",
        ),
    )
    def _never(self) -> None:
        if self.fault != faults.START:
            return
        spot = self.task.capacity_provider_name == "FARGATE_SPOT"
        reason = self.dice.choice(faults.NEVER) if spot else faults.NEVER[0]
        image = self.definition.container_definitions[0]["image"]
        raise CannotStart(reason.format(image=image))

    # Containers

    def _prepare(self, container: dict) -> tuple:
        """Return what a container needs to run: what runs, its arguments, its environment and where its lines go."""
        override: dict = next(
            (one for one in self.task.overrides.get("containerOverrides", []) if one.get("name") == container["name"]),
            {},
        )
        variables = {one["name"]: one["value"] for one in container.get("environment", [])}
        variables |= {one["name"]: one.get("value", "") for one in override.get("environment", [])}
        repository = _repository(container["image"])
        if repository:
            self._log_in()
        variables |= {one["name"]: self._secret(one["valueFrom"]) for one in container.get("secrets", [])}
        line = self._log(container)
        chosen = images.entry(container["image"]) or ({"stays": True} if self.service else images.UNMAPPED)
        if repository:
            self._pull(container["image"], repository, "run" in chosen)
        keys = {}
        if self.role.arn and "run" in chosen:
            keys = inside.credentials(self.role.arn, self.task.id, self.subnets)
        variables |= agents.variables(self.task)
        arguments = override.get("command") or container.get("command") or []
        if "run" in chosen:
            arguments = [*(container.get("entryPoint") or chosen["run"]), *arguments]
        environment = images.environment(self.task.region_name, keys, variables)
        self.hosts[container["name"]] = environment["HOST"]
        return chosen, arguments, environment, line

    @does(
        "With an image in ECR the execution role first gets a token for the registry.",
        documented(ECS + "task_execution_IAM_role.html"),
    )
    def _log_in(self) -> None:
        """Get a token for the registry, as ECS does with the execution role before all else."""
        try:
            self._must("ecr:GetAuthorizationToken", "*")
        except AWSError as problem:
            raise CannotStart(
                f"{INITIALIZING} unable to pull secrets or registry auth: execution resource retrieval failed: unable "
                f"to retrieve ecr registry auth: service call has been retried 1 time(s): {problem.code}: "
                f"{problem.message}"
            ) from problem

    @does(
        "What can't be pulled is a CannotPullContainerError of the task, not of a container.",
        recorded(
            "stepfunctions/v2/services/test_ecs_task_service",
            "TestTaskServiceECS::test_run_task_sync_raise_failure",
        ),
    )
    @does(
        "An image's layers come from a bucket of ECR's, through the VPC's gateway endpoint of S3 if it has one.",
        documented(
            "https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html",
            "the Amazon S3 gateway endpoint",
        ),
    )
    @does(
        'A refused pull says "403 Forbidden" of manifests or blobs.',
        inferred(
            "messages of containerd that people show, of other registries",
            "a task whose execution role lacks ecr:BatchGetImage",
        ),
    )
    def _pull(self, image: str, repository: str, runs: bool) -> None:
        """Refuse an image of our own registry that isn't there, or that the execution role may not read."""
        host, _, rest = image.partition("/")
        name, _, digest = rest.partition("@")
        for action in ("ecr:BatchGetImage", "ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer"):
            if not (self._execution_role().may(action, repository) and self._leaves(action, repository)):
                what = f"manifests {digest or rest.partition(':')[2]}" if action == "ecr:BatchGetImage" else "blobs"
                raise CannotStart(
                    "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref "
                    f"{image}: pulling from host {host} failed with status code [{what}]: 403 Forbidden"
                )
        # Layers lie in a bucket of ECR's own, whose addresses are signed (ECR user guide, the gateway endpoint of S3).
        layers = f"arn:aws:s3:::prod-{self.task.region_name}-starport-layer-bucket/{digest or name}"
        if not self._leaves("s3:GetObject", layers, {"aws:ResourceAccount": "ecr"}):
            raise CannotStart(
                "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to copy: "
                f"httpReadSeeker: failed open: unexpected status code {layers}: 403 Forbidden"
            )
        held = targets.backend("ecr", self.task.region_name).repositories.get(name)
        if runs and digest and (held is None or all(one.get_image_digest() != digest for one in held.images)):
            raise CannotStart(
                "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref "
                f"{image}: {image}: not found"
            )

    def _execution_role(self) -> Role:
        named = self.task.overrides.get("executionRoleArn") or getattr(self.definition, "execution_role_arn", None)
        return Role(named or "", PRINCIPAL, self.task.task_arn)

    @property
    def role(self) -> Role:
        """What its containers may do."""
        named = self.task.overrides.get("taskRoleArn") or getattr(self.definition, "task_role_arn", None)
        return Role(named or "", PRINCIPAL, self.task.task_arn)

    def _must(self, action: str, resource: str, context=None) -> None:
        role = self._execution_role()
        role.must(action, resource, self.task.id, context)
        if not self._leaves(action, resource):
            raise role.denied(action, resource, self.task.id, "VPC endpoint")

    def _leaves(self, action: str, resource: str, context=None) -> bool:
        """Tell whether a request gets out of the task's VPC: on Fargate all of a task's do by its own interface."""
        return endpoints.passes(self.subnets, self.task.region_name, action, resource, context)

    @does(
        "A task's secrets are read with the execution role as it starts; what is rotated later reaches new tasks only.",
        documented(ECS + "secrets-envvar-secrets-manager.html"),
    )
    @does(
        "A secret that can't be read keeps the task from starting, with ResourceInitializationError.",
        documented(
            "https://docs.aws.amazon.com/AmazonECS/latest/userguide/stopped-task-error-codes.html",
            "ResourceInitializationError",
        ),
    )
    def _secret(self, source: str) -> str:
        """Read a value as ECS does before it starts a container: with the execution role."""
        service = source.split(":")[2] if source.startswith("arn:") else "ssm"
        region = self.task.region_name
        try:
            if service == "ssm":
                name = source.split(":parameter")[-1].lstrip("/")
                arn = f"arn:aws:ssm:{region}:{ACCOUNT}:parameter/{name}"
                self._must("ssm:GetParameters", arn)
                return targets.backend("ssm", region).get_parameter(name).value
            parts = source.split(":")
            arn, key, stage, version = ":".join(parts[:7]), *[*parts[7:], "", "", ""][:3]
            self._must("secretsmanager:GetSecretValue", arn)
            secrets = targets.backend("secretsmanager", region)
            value = secrets.get_secret_value(arn, version or None, stage or None)["SecretString"]
            held = key_of_secret(secrets.secrets[arn], region)
            if held and not self._execution_role().may_use(held[0], "kms:Decrypt", held[1]):
                raise AWSError("AccessDeniedException", "Access to KMS is not allowed")
            return str(json.loads(value)[key]) if key else value
        except Exception as problem:
            told = f"{problem.code}: {problem.message}" if isinstance(problem, AWSError) else str(problem)
            place = "ssm" if service == "ssm" else "asm"
            raise CannotStart(
                f"{INITIALIZING} unable to pull secrets or registry auth: execution resource retrieval failed: unable "
                f"to retrieve secret from {place}: service call has been retried 1 time(s): {told}"
            ) from problem

    @does(
        "Without its log group or the right to make a stream a task doesn't start.",
        documented(
            "https://docs.aws.amazon.com/AmazonECS/latest/userguide/stopped-task-error-codes.html",
            "ResourceInitializationError: failed to initialize logging driver",
        ),
    )
    @does(
        "Lines that may not be written are lost, and the container goes on.",
        inferred(
            "the driver only makes the stream before the container starts",
            "a task whose role has CreateLogStream and no PutLogEvents",
        ),
    )
    def _log(self, container: dict):
        settings = container.get("logConfiguration") or {}
        if settings.get("logDriver") != "awslogs":
            return lambda _line: None
        options = settings["options"]
        group, region = options["awslogs-group"], options.get("awslogs-region", self.task.region_name)
        stream = "/".join([options.get("awslogs-stream-prefix", ""), container["name"], self.task.id]).lstrip("/")
        arn = f"arn:aws:logs:{region}:{ACCOUNT}:log-group:{group}:log-stream:{stream}"
        try:
            self._must("logs:CreateLogStream", arn)
            if not targets.write(region, group, stream, []):
                raise AWSError("ResourceNotFoundException", "The specified log group does not exist.")
        except AWSError as problem:
            raise CannotStart(
                f"{INITIALIZING} failed to validate logger args: create stream has been retried 1 times: failed to "
                f"create Cloudwatch log stream: {problem.code}: {problem.message} : exit status 1"
            ) from problem
        # What may not be written is lost, and the container goes on.
        if not self._execution_role().may("logs:PutLogEvents", arn):
            return lambda _line: None

        later, life = eventual.lines(stream), ENGINE.life

        def line(text: str) -> None:
            if later:
                ENGINE.after(later, targets.write, region, group, stream, [text], life=life)
                return
            with LOCK:
                targets.write(region, group, stream, [text])

        return line

    # To the end

    @does(
        "A task that is to stop gets SIGTERM, and SIGKILL after its stopTimeout, by default 30 seconds.",
        documented("https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopTask.html"),
    )
    @does(
        "That a task is to stop is an event of its own, with desiredStatus STOPPED; of an interrupted Spot "
        "task it comes two minutes before the end.",
        documented("https://repost.aws/knowledge-center/fargate-spot-termination-notice"),
    )
    def stop(self, code: str, reason: str) -> None:
        """Let it end: its containers get SIGTERM, and SIGKILL after their stopTimeout."""
        if self.stopping:
            return
        self._stopping(code, reason)
        if not self.running:
            self._deprovision()
            return
        self._show(self.task.status)  # the wish alone is an event, too: it's how an interruption is announced
        for container in self.definition.container_definitions:
            if container["name"] in self.running:
                self.running[container["name"]].stop(float(container.get("stopTimeout", 30)))

    def _stopping(self, code: str, reason: str) -> None:
        self.stopping = True
        self.task.desired_status, self.task.stop_code, self.task.stopped_reason = "STOPPED", code, reason
        self.task.stopping_at = clock.utc()

    @does(
        'A task whose essential container ends stops with EssentialContainerExited and "Essential container in '
        'task exited".',
        recorded("stepfunctions/v2/services/test_ecs_task_service", "TestTaskServiceECS::test_run_task_sync"),
    )
    @does(
        "When an essential container ends the others are stopped.",
        documented("https://repost.aws/knowledge-center/ecs-task-stopped"),
    )
    def _exited(self, container, code: int, reason: str | None = None) -> None:
        if self.task.status == "STOPPED":
            return
        container.last_status, container.exitCode = "STOPPED", code
        if reason:
            container.reason = reason
        self.running.pop(container.name, None)
        definition = self._definition_of(container)
        if not self.stopping and (definition.get("essential", True) or not self.running):
            self.task.execution_stopped_at = clock.utc()
            if self.running:
                self.stop("EssentialContainerExited", "Essential container in task exited")
            else:
                self._stopping("EssentialContainerExited", "Essential container in task exited")
        if self.stopping and not self.running:
            self._deprovision()

    def _definition_of(self, container) -> dict:
        return next(one for one in self.definition.container_definitions if one["name"] == container.name)

    @does(
        "A stopped task gives its network interface back, whose attachment is DELETED then.",
        recorded("stepfunctions/v2/services/test_ecs_task_service", "TestTaskServiceECS::test_run_task_sync"),
    )
    def _deprovision(self) -> None:
        self._show("DEPROVISIONING")
        ENGINE.after(self.step, self._stopped)

    def _stopped(self) -> None:
        if self.task.status == "STOPPED":
            return
        ecs_tasks.stop(self.backend, self.task, self.task.stopped_reason)
        if self.service:
            ENGINE.after(self.step, _settle, self.backend, self.task)

    def cut(self) -> None:
        """Show that it's over, however it came to that."""
        self.stopping = True
        for one in list(self.running.values()):
            one.stop(0)
        self.running.clear()
        self._show("STOPPED")

    # What others see

    @does(
        "Each change of a task's state is an ECS Task State Change on the default bus.",
        documented(ECS + "ecs_task_events.html"),
    )
    def _show(self, status: str) -> None:
        task = self.task
        task.status, task.version, task.updated_at = status, task.version + 1, clock.utc()
        for container in task.containers:
            ended = getattr(container, "exitCode", None) is not None
            container.last_status = {"PROVISIONING": "PENDING", "DEPROVISIONING": "STOPPED"}.get(status, status)
            if ended:
                container.last_status = "STOPPED"
        told = eventual.event(detail(task))
        bus.put("aws.ecs", "ECS Task State Change", told, [task.task_arn], task.region_name)


def _repository(image: str) -> str:
    """Return the ARN of the repository of ECR that an image is in; nothing for other registries."""
    host, _, rest = image.partition("/")
    account, _, region = host.removesuffix(".amazonaws.com").partition(".dkr.ecr.")
    return f"arn:aws:ecr:{region}:{account}:repository/{rest.partition('@')[0].partition(':')[0]}" if region else ""


def _settle(backend, task) -> None:
    service = backend.services.get(f"{task.cluster_name}:{task.group.removeprefix('service:')}")
    if service:
        ecs_services.settle(backend, service)
