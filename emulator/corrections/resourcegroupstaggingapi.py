"""The Resource Groups Tagging API: more kinds of resources, and each tag key once."""

import copy

from moto.core.base_backend import BackendDict
from moto.core.resource_tagging import TaggedResource
from moto.ec2.models import EC2Backend
from moto.ecr.models import ecr_backends
from moto.ecs.models import EC2ContainerServiceBackend
from moto.events.models import EventsBackend
from moto.pipes.models import pipes_backends
from moto.rds.models import RDSBackend
from moto.resourcegroupstaggingapi import models

from emulator.patching import correction, replacing

# EC2 keeps all tags by resource id; these kinds moto's list leaves out.
EC2_KINDS = {"eipalloc": "elastic-ip", "vpce": "vpc-endpoint", "lt": "launch-template", "acl": "network-acl"}


def _extends(backend: type, more) -> None:
    """Add resources to those that a backend lists."""

    @replacing(backend, "iter_tagged_resources")
    def listed(original, self):
        yield from original(self)
        yield from more(self)


@correction("tagging", "GetResources lists addresses, endpoints, launch templates, database groups and rules")
def more_kinds():
    def ec2(backend):
        for identifier, tags in list(backend.tags.items()):
            kind = EC2_KINDS.get(identifier.rpartition("-")[0])
            if kind:
                arn = f"arn:aws:ec2:{backend.region_name}:{backend.account_id}:{kind}/{identifier}"
                yield TaggedResource(arn, dict(tags), f"ec2:{kind}")

    def rds(backend):
        for kind, resources in (("subgrp", backend.subnet_groups), ("pg", backend.db_parameter_groups)):
            for one in resources.values():
                yield TaggedResource(one.arn, {tag["Key"]: tag["Value"] for tag in one.get_tags()}, f"rds:{kind}")

    def events(backend):
        for bus in backend.event_buses.values():
            for rule in bus.rules.values():
                yield TaggedResource(rule.arn, backend.tagger.get_tag_dict_for_resource(rule.arn), "events:rule")

    _extends(EC2Backend, ec2)
    _extends(RDSBackend, rds)
    _extends(EventsBackend, events)


@correction("tagging", "GetResources lists ECS's tasks also while some of them end")
def ending_tasks():
    @replacing(EC2ContainerServiceBackend, "iter_tagged_resources")
    def listed(original, self):
        seen = copy.copy(self)
        seen.tasks = {cluster: dict(tasks) for cluster, tasks in self.tasks.items()}
        yield from original(seen)


class Repositories:
    """The repositories of an ECR backend, as the API takes them."""

    def __init__(self, backend):
        self.backend = backend

    def iter_tagged_resources(self):
        """List them."""
        for one in self.backend.repositories.values():
            yield TaggedResource(one.arn, self.backend.tagger.get_tag_dict_for_resource(one.arn), "ecr:repository")

    def owns_arn(self, arn: str) -> bool:
        """Tell whether the ARN is of this service."""
        return arn.startswith("arn:aws:ecr:")

    def tag_resource(self, arn: str, tags: dict) -> None:
        """Tag one."""
        self.backend.tag_resource(arn, [{"Key": key, "Value": value} for key, value in tags.items()])

    def untag_resource(self, arn: str, keys: list[str]) -> None:
        """Remove tags from one."""
        self.backend.untag_resource(arn, keys)


class Pipes:
    """The pipes of a backend, as the API takes them."""

    def __init__(self, backend):
        self.backend = backend
        self.tag_resource, self.untag_resource = backend.tag_resource, backend.untag_resource

    def iter_tagged_resources(self):
        """List them."""
        for one in self.backend.pipes.values():
            yield TaggedResource(one.arn, one.tags, "pipes:pipe")

    def owns_arn(self, arn: str) -> bool:
        """Tell whether the ARN is of this service."""
        return arn.startswith("arn:aws:pipes:")


@correction("tagging", "repositories and pipes can be found and tagged as well")
def more_services():
    services: list[tuple[BackendDict, type]] = [(ecr_backends, Repositories), (pipes_backends, Pipes)]

    @replacing(models, "iter_taggable_backends")
    def backends(original, account_id, region_name):
        yield from original(account_id, region_name)
        for of_all, adapter in services:
            yield adapter(of_all[account_id][region_name])


@correction("tagging", "GetTagKeys and GetTagValues name each key and value once")
def each_once():
    for name in ("_get_tag_keys_generator", "_get_tag_values_generator"):
        _distinct(name)


def _distinct(name: str) -> None:
    @replacing(models.ResourceGroupsTaggingAPIBackend, name)
    def distinct(original, self, *args):
        yield from dict.fromkeys(original(self, *args))
