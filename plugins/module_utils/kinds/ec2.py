"""EC2: what its kinds share."""

from __future__ import annotations

from ..engine import tags as tagging
from ..engine.errors import EngineError
from ..engine.kind import Kind
from ..engine.listings import Listing
from ..engine.typed import Words
from ..engine.unmodelled import keep_unmodelled
from ..engine.waiting import until

SEEN_SECONDS = 300
"""How long EC2 may take until all of it has seen a write."""


class Ec2Kind(Kind):
    """What EC2's kinds share: they are found by their Name tag and tagged by id."""

    service = "ec2"
    settle_seconds = SEEN_SECONDS
    # What was just made can't be tagged by all of EC2 yet.
    unseen: Words = (("InvalidID", "is not valid"),)
    describe = ""
    """The describe operation."""
    key = ""
    """The key of its answer."""
    filters = "Filters"
    """The parameter of its filters."""
    tag_type = ""
    """What EC2 calls the type where a resource is created with tags; only for kinds of ours."""

    def items(self, aws, **filters):
        """Return what the describe call gives for filters; underscores stand for dashes, ``tag_`` for a tag."""
        listed = []
        for name, value in filters.items():
            name = "tag:" + name[4:] if name.startswith("tag_") else name.replace("_", "-")
            listed.append({"Name": name, "Values": [value] if isinstance(value, str) else list(value)})
        return aws.pages("ec2", self.describe, self.key, **{self.filters: listed})

    def search(self, aws, **filters):
        """Return the live resources that filters give, without those on their way out."""
        items = self.items(aws, **filters)
        live = keep_unmodelled(self.live)
        return [live(aws, item) for item in items if state(item) not in ("deleting", "deleted")]

    def live(self, aws, item):
        """Return the described item as our fields."""
        raise NotImplementedError

    def find(self, aws, want):
        """Return the resource of this name."""
        found = self.search(aws, tag_Name=want["name"])
        # EC2's filters know wildcards.
        return self.only(want, [one for one in found if one["name"] == want["name"]])

    def only(self, want, found):
        """Return the one that was found; two of one name are for people to sort out."""
        if len(found) > 1:
            ids = ", ".join(one["id"] for one in found)
            raise EngineError(f"{len(found)} of them have this name ({ids}); delete or rename all but one")
        return found[0] if found else None

    def stack(self, aws, stack):
        """Return what carries the stack's tag."""
        return self.search(aws, tag_Stack=stack)

    def tag(self, aws, live, add, remove):
        """Tag by id."""
        if add:
            aws("ec2").create_tags(Resources=[live["id"]], Tags=tagging.to_list(add))
        if remove:
            aws("ec2").delete_tags(Resources=[live["id"]], Tags=[{"Key": key} for key in remove])

    def want(self, arguments):
        """The name is one of the tags on AWS; modules that don't take one get it there only."""
        want = super().want(arguments)
        tags = want.get("tags", {})
        want.setdefault("name", tags.get("Name"))
        if not want["name"]:
            raise EngineError("its tags need a Name, by which it is found")
        if "tags" in want:
            want["tags"] = {**tags, "Name": want["name"]}
        return want

    def specification(self, want):
        """Return the tags of a resource to create, as EC2 takes them."""
        tags = {**want.get("tags", {}), "Name": want["name"]}
        return [{"ResourceType": self.tag_type, "Tags": tagging.to_list(tags)}]

    def gone(self, aws, live, timeout):
        """Wait until AWS no longer shows it, or shows it as deleted."""
        def away():
            return all(state(item) == "deleted" for item in self.items(aws, tag_Name=live["name"]))

        until(away, timeout, f"{self.title} {self.label(live)} being deleted")


def state(item):
    """Return the state of a described item, where it has one."""
    return item.get("State", "").lower()


def named(item):
    """Return name and tags of a described item."""
    tags = tagging.from_list(item.get("Tags"))
    return {"name": tags.get("Name"), "tags": tags}


def in_vpc(operation, key, name, delete, by="vpc-id", filters="Filters", **more):
    """Return the listing of what stands in each VPC of a stack."""
    inside = {filters: [{"Name": by, "Values": ["{parent}"]}]}
    delete = delete if isinstance(delete, tuple) else (delete, name)
    return Listing(operation, key, name, inside, delete, parent="vpc", **more)


def leaving(item) -> bool:
    """Say whether an item is on its way out."""
    there = item.get("State") or item.get("state") or ""
    there = there.get("Name", "") if isinstance(there, dict) else there
    return str(there).lower() in ("deleting", "deleted", "terminated", "shutting-down", "inactive")
