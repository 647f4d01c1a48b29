"""Which image a component is to run: what is said, else what runs, else the bootstrap image."""

from __future__ import annotations

from ..engine.aws import unless
from ..engine.errors import EngineError
from ..engine.placeholder import placeholder
from .ecr import ARCHITECTURES, BOOTSTRAP, BOOTSTRAP_IMAGE, REPOSITORY, digest_of, uri
from .lambda_ import FUNCTION
from .pipes import PIPE


def chosen(aws, component: dict, check: bool) -> dict:
    """Return a component's image by digest, whether it is a release, what must stay for it, and its repository."""
    repository = REPOSITORY.computed(aws, {"name": component["repository"]})
    bootstrap = (BOOTSTRAP_IMAGE.find(aws, component) or BOOTSTRAP_IMAGE.computed(aws, component))["image"]
    asked = bootstrap if component["image"] == f"{repository['uri']}:{BOOTSTRAP}" else component["image"]
    named, runs = said(aws, component["repository"], asked, check), running(aws, component)
    image = named or runs or bootstrap
    return {
        "image": image,
        "protected": sorted(
            digest
            for digest in {_digest(aws, component["repository"], one) for one in (image, runs) if one}
            if digest and digest not in ARCHITECTURES
        ),
        "released": image.rpartition("@")[2] not in ARCHITECTURES,
        "repository_arn": repository["arn"],
        "repository_uri": repository["uri"],
    }


def said(aws, repository: str, image: str, check: bool) -> str:
    """Return an image of a repository by digest.

    Raises EngineError for an image of another repository, for the tag latest, and for one that isn't there.
    """
    if not image:
        return ""
    address = uri(aws, repository)
    by, name = image[len(address) : len(address) + 1], image[len(address) + 1 :]
    if not image.startswith(address) or by not in ("@", ":") or not name:
        raise EngineError(f"{image} is no image of {address}; give {address}@sha256:... or {address}:tag")
    if name == "latest":
        raise EngineError(f"{image} can mean another image tomorrow; give a digest or a release's own tag")
    if check and REPOSITORY.find(aws, {"name": repository}) is None:
        return image if by == "@" else f"{address}@{placeholder('image', repository, name)}"
    digest = digest_of(aws, repository, **{"imageDigest" if by == "@" else "imageTag": name})
    if not digest:
        raise EngineError(f"{image} was not found; push it, then run again")
    return f"{address}@{digest}"


def _digest(aws, repository: str, image: str) -> str:
    """Return the digest of an image, which may be named by its tag."""
    name, _at, digest = image.partition("@")
    return digest or digest_of(aws, repository, imageTag=name.rpartition(":")[2])


def started(aws, pipe: str | None) -> str:
    """Return the task definition that a pipe starts; the newest of its family may not have proved itself."""
    found = PIPE.find(aws, {"name": pipe}) if pipe else None
    return found["target_parameters"].get("ecs_task_parameters", {}).get("task_definition_arn", "") if found else ""


def running(aws, component: dict) -> str:
    """Return the image that a component's function or service has now; nothing before it has one."""
    if component.get("function"):
        function = FUNCTION.find(aws, {"name": component["function"]})
        return function["image_uri"] if function else ""
    service = component["service"]
    found = unless(
        "ClusterNotFoundException",
        aws("ecs").describe_services,
        cluster=service["cluster"],
        services=[service["name"]],
        otherwise={"services": []},
    )["services"]
    live = next((one["taskDefinition"] for one in found if one["status"] == "ACTIVE"), "")
    live = live or started(aws, service.get("pipe")) or service.get("family")
    if not live:
        return ""
    answer = unless("ClientException", aws("ecs").describe_task_definition, taskDefinition=live)
    if answer is None:
        return ""
    task = answer["taskDefinition"]
    containers = {one["name"]: one["image"] for one in task["containerDefinitions"]}
    return containers.get(service["container"], "")
