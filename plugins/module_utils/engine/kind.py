"""What the engine knows about one kind of AWS resource."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from .aws import optional
from .children import Child
from .compare import Difference, differences
from .errors import not_found
from .inputs import inputs, maps
from .listings import Listing
from .placeholder import placeholder
from .refusals import Refusal
from .remains import Remain
from .remediation import Remediation
from .severity import Severity

if TYPE_CHECKING:
    from .aws import Aws
    from .drift import Finding
    from .typed import Resource


class Kind:
    """One kind of AWS resource: how it is found, listed, compared, written and deleted.

    A resource is a flat dict whose keys are the arguments of the kind's module, plus what AWS
    adds (``id``, ``arn``, ``address`` ...). ``find`` and ``stack`` return live resources in that
    shape, normalised, so that ``live[field] == want[field]`` means "nothing to do".
    """

    name = ""
    """The kind's name in plans, records and reports, for example ``log_group``."""
    title = ""
    """The kind's name in sentences, for example ``log group``."""
    service = ""
    """The boto3 service that serves it."""
    module = ""
    """The module that writes it."""
    ours = True
    """Whether that is one of ours, which calls ``create``."""
    cloudformation = ""
    """The CloudFormation type that is the same resource: AWS's own schema of it judges ours, in ``tests/judges``."""
    properties: dict[str, str] = {}
    """That type's properties which aren't our field of the same name: paths with ``/`` (``*`` is each item of a list),
    each with our field in the innermost dict around it, ``.`` for that itself, or ``=`` and what it always is."""
    region = ""
    """The region, where it isn't the stack's: ``engine.elsewhere`` says it."""
    worldwide = False
    """Whether AWS has one list of such resources for all regions: a task's region is only the one that is asked."""
    identity: tuple[str, ...] = ("name",)
    """The fields that find it; the first one names it in messages."""
    needs: tuple[str, ...] = ()
    """Names of the kinds that it is built on, so that it is deleted before them."""
    create_only: frozenset[str] = frozenset()
    """Fields said at creation and then owned by somebody else (the autoscaler, a release)."""
    immutable: dict[str, str] = {}
    """Fields that AWS can't change in place, and why: changing one is refused."""
    replaced: dict[str, str] = {}
    """Fields that AWS can't change in place, and why: changing one deletes and creates anew."""
    ignored: frozenset[str] = frozenset()
    """What changes by itself, never compared and never recorded: fields of the live resource, and keys of AWS's own
    description at any depth of what the kind doesn't read."""
    writable_as: dict[str, str] = {}
    """Names of AWS's own description (with ``*``) that count although no write takes them by that name, each with the
    name by which a write changes them."""
    wrapped: tuple[str, ...] = ()
    """Keys under which AWS's description is wrapped: what the kind doesn't read is told without them."""
    externally_managed: dict[str, str] = {}
    """Paths of fields (with ``*``) that somebody else moves after the apply, and who: never drift."""
    noted: frozenset[str] = frozenset()
    """Fields that a record keeps as a run made them when somebody moves them who may: drift goes on telling it."""
    children: tuple[Child, ...] = ()
    """What hangs on the resource and is read by calls of its own; for records and drift only."""
    follows: dict[str, str] = {}
    """Other fields that only records and drift read, each with the field that it changes with, if any."""
    remediations: tuple[Remediation, ...] = ()
    """The operations by which drift can be put back that no task repairs."""
    secret: frozenset[str] = frozenset()
    """Fields whose values are never shown."""
    severities: tuple[Severity, ...] = ()
    """How bad findings are, from the worst down, where the rows of all kinds don't say it."""
    unmanaged: tuple[Listing, ...] = ()
    """Where something near such resources may stand that nobody declared."""
    tag_copies: tuple[str, ...] = ()
    """Parts of the ARNs of what gets its tags from such a resource, by AWS: it is told with the resource."""
    offspring_tag: str = ""
    """The tag by which AWS marks what such a resource makes."""
    settling: tuple[tuple[str, str], ...] = ()
    """Error codes, each with a part of its message, by which AWS says that something it needs (a fresh
    role above all) isn't visible everywhere yet: the write is tried again for ``settle_seconds``."""
    unseen: tuple[tuple[str, str], ...] = ()
    """Error codes, each with a part of its message, by which AWS says "not found" in words of its own."""
    refusals: tuple[Refusal, ...] = ()
    """What AWS refuses of the writes to this kind because of the state that something is in."""
    settle_seconds = 120
    """How long AWS may be late: in seeing what a write needs, and in answering with what was written."""
    doubles = False
    """Where another module writes it: whether AWS would make a second one, so that what a failed attempt made is looked
    for."""
    equal_reads: dict[str, int] = {}
    """How many reads in a row must agree before they are believed, by field, once one has shown the field's old value:
    where several servers answer in turn, one that knows the new value says nothing about the others. Else 1."""
    lists_all = False
    """Whether ``within`` lists all that a scope has, tagged or not, so that what it lacks isn't there."""
    obstacles_of = ""
    """The kind whose ``obstacles`` include this kind's, which are asked for alone only when AWS refuses a deletion."""
    taggable = True
    """Whether the kind has tags."""

    def want(self, arguments: dict) -> dict:
        """Return the fields that a module's arguments ask for, normalised; None means unsaid."""
        return {key: value for key, value in arguments.items() if value is not None}

    def field_of(self, argument: str) -> str:
        """Return the field that an argument of the kind's module says."""
        return argument

    def find(self, aws: Aws, want: Resource) -> dict | None:
        """Return the live resource, or None."""
        raise NotImplementedError

    def named(self, name: str) -> dict:
        """Return what finds a resource of which only its label is known, for a reference."""
        return {self.identity[0]: name}

    def seen(self, aws: Aws, want: Resource) -> dict | None:
        """Return the live resource, or None; one of which AWS doesn't find all isn't seen: it comes, or is going."""
        try:
            return self.find(aws, want)
        except Exception as error:
            if not not_found(error, self.unseen):
                raise
            return None

    def stack(self, aws: Aws, stack: str) -> list[dict]:
        """Return every live resource of this kind that belongs to a stack."""
        raise NotImplementedError

    def all(self, aws: Aws, stack: str) -> list[dict]:
        """Return the same; none where AWS doesn't have the service, which is noted."""
        lives = optional(aws, f"the {self.title}s", self.service, self.stack, aws, stack, otherwise=[])
        # A stack of the same name in another region may have some here.
        home = getattr(aws, "home", None)
        return [one for one in lives if not home or (one.get("tags") or {}).get("Region", home) == home]

    def scope(self, want: Resource) -> str:
        """Return what a wanted resource shares with others that one call lists with it; nothing if there is none."""
        return ""

    def within(self, aws: Aws, want: Resource, scope: str) -> list[dict]:
        """Return the live resources of a scope, with fewer calls than to find each: for the items of a loop."""
        raise NotImplementedError

    def create(self, aws: Aws, want: Resource) -> Any:
        """Make the resource, by one call that makes something; what is returned is ``complete``'s."""
        raise NotImplementedError

    def complete(self, aws: Aws, want: Resource, made: Any) -> None:
        """Set what creation doesn't take. It is done again where AWS doesn't see the fresh resource yet."""

    def update(self, aws: Aws, live: Resource, want: Resource, changes: set[str]) -> None:
        """Change the named fields of the live resource to what is wanted."""
        raise NotImplementedError

    def interrupted(self, aws: Aws, stack: str) -> list[dict]:
        """Return what a deletion of the stack's that was interrupted left where ``stack`` doesn't see it any more."""
        return []

    def delete(self, aws: Aws, live: Resource) -> None:
        """Delete the live resource; a resource that is gone already is no error."""
        raise NotImplementedError

    def tag(self, aws: Aws, live: Resource, add: dict[str, str], remove: list[str]) -> None:
        """Add and remove tags of the live resource."""
        raise NotImplementedError

    def ready(self, live: Resource) -> bool:
        """Say whether the live resource is ready for its users."""
        return True

    def failed(self, live: Resource) -> str:
        """Say, in words, why the live resource will never be ready; nothing while it may."""
        return ""

    def halted(self, live: Resource) -> str:
        """Say, in words, why the live resource becomes ready only when people go on; nothing where it needs nobody."""
        return ""

    def awaits(self, live: Resource) -> list[str]:
        """Return what people must do so that the live resource becomes ready; nothing if nobody needs to."""
        return []

    def protected(self, live: Resource) -> str:
        """Say why the live resource may go only with its whole stack; nothing where it may go alone."""
        return ""

    def obstacles(self, aws: Aws, live: Resource, ours: frozenset[str]) -> list[str]:
        """Return who else uses the live resource, so that AWS won't let it go: a sentence each, with what to do.

        What carries the same ``Stack`` tag, or whose id is among ``ours``, is nobody else's.
        """
        return []

    def leaves(self, live: Resource) -> list[Remain]:
        """Return what the live resource's deletion will leave behind."""
        return []

    def remains(self, aws: Aws, stack: str) -> list[Remain]:
        """Return what is left of a stack's resources of this kind after their deletion."""
        return []

    def stays(self, live: Resource) -> bool:
        """Say whether the live resource stays when its stack goes, because others may need it, too."""
        return False

    def notes(self, live: Resource) -> list[str]:
        """Return what people must know or still do about the live resource, for the end of a run."""
        return []

    def gone(self, aws: Aws, live: Resource, timeout: int) -> None:
        """Wait until a deleted resource no longer stands in others' way."""

    def tolerate(self, live: Resource, want: Resource, tags: dict[str, str]) -> dict:
        """Return what is wanted with tags of the live resource that stay."""
        return {**want, "tags": {**tags, **want["tags"]}}

    def loses(self, aws: Aws, live: Resource, want: Resource | None, changes: set[str]) -> str:
        """Say in a sentence what a write would destroy that nobody can bring back; nothing if it's harmless.

        The named fields change in place to what is wanted, or the resource goes, alone, where nothing is.
        """
        return ""

    def refused(self, aws: Aws, live: Resource | None, want: Resource, changes: set[str]) -> str:
        """Say why AWS would refuse a write, as far as it can be seen before; nothing if it wouldn't.

        Without a live resource it is a creation.
        """
        told = (refusal.judge(aws, live, want, changes) for refusal in self.refusals if refusal.judge)
        return next(filter(None, told), "")

    def compare(self, live: Resource, want: Resource) -> set[str]:
        """Return the names of the wanted fields that differ from the live resource."""
        return {
            field
            for field, value in want.items()
            if value is not None
            and field not in self.create_only
            and field not in self.identity
            and live.get(field) != value
        }

    def read_children(self, aws: Aws, live: Resource) -> dict:
        """Return the children of the live resource that there are, by field; for records and drift only."""
        found = {child.field: child.read(aws, self, live) for child in self.children}
        return {field: value for field, value in found.items() if value}

    def remove_child(self, aws: Aws, live: Resource, finding: Finding) -> bool:
        """Take off the live resource what nobody declared, and say whether that can be done."""
        for child in self.children:
            if finding.field == child.field and child.undo[0]:
                child.remove(aws, self.service, live, finding.live)
                return True
        return False

    def external_manager(self, difference: Difference, recorded: Resource, live: Resource) -> str:
        """Return who moves a field after the apply, so that a difference in it is no drift; nothing for nobody."""
        found = (who for path, who in self.externally_managed.items() if fnmatchcase(difference.path, path))
        return next(found, "")

    def differences(self, recorded: Resource, live: Resource) -> Iterator[Difference]:
        """Yield what differs between a recorded and a live resource, but for what nobody can have changed."""
        return (
            one for one in differences(recorded, live) if not all(self.read_only(path) for path in one.leaves())
        )

    def read_only(self, path: str) -> bool:
        """Say whether a path leads to what AWS only tells: a name of AWS's own that no write of the service takes."""
        # Our fields are in small letters. The first name counts, and the last one where AWS's description follows, but
        # no item of a list and no key of people's own.
        names = re.sub(r"\[.*\]", "", path).split(".")
        own = names[0] == names[0].lower()
        if own and names[0] not in {*self.follows, *(child.field for child in self.children)}:
            return False
        last = [] if path.endswith("]") or maps(self.service).intersection(names[:-1]) else names[-1:]
        counting = {name for name in ([] if own else names[:1]) + last if name != name.lower()}
        return any(
            name not in inputs(self.service) and not any(fnmatchcase(name, known) for known in self.writable_as)
            for name in counting
        )

    def computed(self, aws: Aws, want: Resource) -> dict:
        """Return what AWS will add to a resource that a check run doesn't make."""
        return {"id": self.unknown(want, "id")}

    def consequences(self, want: Resource, changes: set[str]) -> dict:
        """Return what AWS will put anew when the named fields of a resource change in place."""
        return {}

    def unknown(self, want: Resource, field: str) -> str:
        """Return the placeholder for one field of a wanted resource."""
        return placeholder(self.name, self.label(want), field)

    def event_name(self, label: str) -> str:
        """Return what AWS's log of events calls the resource of a label."""
        return label

    def label(self, resource: Resource) -> str:
        """Return what people call the resource."""
        return str(resource.get(self.identity[0]) or resource.get("id") or resource.get("arn"))

    @property
    def updates(self) -> bool:
        """Whether the kind changes the live resource itself."""
        return type(self).update is not Kind.update
