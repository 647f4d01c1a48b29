"""IAM: roles, their inline policies and instance profiles.

IAM has no search by tag, and reading a tag costs a call: only names that begin with the stack's and end with its region
are asked for theirs.
"""

from __future__ import annotations

from ..engine import tags as tagging
from ..engine.aws import unless
from ..engine.children import Child
from ..engine.community import CommunityKind
from ..engine.errors import DENIED, NotYet
from ..engine.listings import Listing
from ..engine.policies import canonical
from ..engine.remediation import Remediation
from ..engine.severity import Severity, opens_to_everybody, vanished
from ..engine.unmodelled import watch, with_unmodelled

MISSING = "NoSuchEntity"
# Another call changes the same role or policy, or has a moment ago.
BUSY = (("ConcurrentModification", ""), ("EntityTemporarilyUnmodifiable", ""))
# IAM answers from many places, and some know of a fresh role later than others.
FRESH_ROLE = (MISSING, "cannot be found")


def known(resource: dict) -> dict:
    """Return a role or instance profile that has its ARN. Raises NotYet: where one is fresh, its id may stand there."""
    if not resource["Arn"].startswith("arn:"):
        raise NotYet(f"IAM tells {resource['Arn']} for its ARN")
    return resource


class IamRole(CommunityKind):
    """A role: who may take it on, and its managed policies. Inline policies are a kind of their own."""

    name = "iam_role"
    worldwide = True
    title = "IAM role"
    service = "iam"
    module = "amazon.aws.iam_role"
    cloudformation = "AWS::IAM::Role"
    properties = {"RoleName": "name"}
    immutable = {"path": "AWS fixes a role's path at creation"}
    # The boundary's type has one value.
    ignored = frozenset({"RoleLastUsed", "PermissionsBoundaryType"})
    children = (
        Child(
            "instance_profiles", "list_instance_profiles_for_role", {"RoleName": "name"}, "InstanceProfiles",
            (MISSING,),
            omit=frozenset({"Roles", "Tags"}),
            undo=(
                "remove_role_from_instance_profile",
                {"RoleName": "name", "InstanceProfileName": ".InstanceProfileName"},
            ),
        ),
    )  # fmt: skip
    remediations = (
        Remediation(
            "update_role", {"RoleName": "name"},
            {"description": "Description", "max_session_duration": "MaxSessionDuration"},
            together=True, empty={"description": ""},
        ),
        Remediation(
            "put_role_permissions_boundary", {"RoleName": "name"}, {"boundary": "PermissionsBoundary"},
            otherwise="delete_role_permissions_boundary",
        ),
    )  # fmt: skip
    settling = (("MalformedPolicyDocument", "Invalid principal"), *BUSY)
    controls = frozenset({"create_instance_profile", "delete_instance_profile", "purge_policies"})
    # Instance profiles are a kind of their own, and each option unsaid prints a deprecation.
    fixed_arguments = {"create_instance_profile": False, "delete_instance_profile": False}
    severities = (
        Severity("critical", test=opens_to_everybody),
        Severity("critical", "assume_role_policy_document*"),
        Severity("high", category="extra"),
        Severity("high", "boundary", vanished),
    )
    unmanaged = (
        Listing("list_roles", "Roles", "RoleName", delete=("delete_role", "RoleName"), worldwide=True),
        Listing(
            "list_policies", "Policies", "PolicyName", {"Scope": "Local"}, kind="iam_managed_policy", worldwide=True,
            severities=(Severity("critical", test=opens_to_everybody),),
        ),
        Listing(
            "list_users", "Users", "UserName", kind="iam_user", worldwide=True,
            severities=(Severity("critical", test=opens_to_everybody),),
        ),
    )  # fmt: skip

    def want(self, arguments):
        """Spell the trust policy in one way; managed policies, by ARN, have no order."""
        want = super().want(arguments)
        if "assume_role_policy_document" in want:
            want["assume_role_policy_document"] = canonical(want["assume_role_policy_document"])
        if "managed_policies" in want:
            want["managed_policies"] = sorted(want["managed_policies"])
        return want

    def find(self, aws, want):
        """Return the role of this name."""
        answer = unless(MISSING, aws("iam").get_role, RoleName=want["name"])
        if answer is None:
            return None
        attached = unless(
            MISSING, aws.pages, "iam", "list_attached_role_policies", "AttachedPolicies", RoleName=want["name"],
            otherwise=[],
        )  # fmt: skip
        return self._live(known(answer["Role"]), attached)

    @staticmethod
    def _live(role, attached):
        role = watch(role)
        live = {
            "id": role["RoleId"],
            "arn": role["Arn"],
            "name": role["RoleName"],
            "path": role["Path"],
            "description": role.get("Description", ""),
            "max_session_duration": role.get("MaxSessionDuration", 3600),
            "boundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", ""),
            "assume_role_policy_document": canonical(role["AssumeRolePolicyDocument"]),
            "managed_policies": sorted(policy["PolicyArn"] for policy in attached),
            "tags": tagging.from_list(role.get("Tags")),
        }
        return with_unmodelled(live, role)

    def stack(self, aws, stack):
        """Return the roles with the stack's tags, among those with a name of its own."""
        return [role for role, _policies in self.with_policies(aws, stack)]

    def with_policies(self, aws, stack) -> list[tuple[dict, list[dict] | None]]:
        """Return the stack's roles, each with its inline policies; None for these where only single roles may be read.

        One call tells all of all roles, but for what only the list of roles has.
        """
        every = aws.pages("iam", "list_roles", "Roles")
        listed = [role for role in every if named(role["RoleName"], stack, aws.region)]
        roles = unless(
            DENIED, aws.pages, "iam", "get_account_authorization_details", "RoleDetailList", Filter=["Role"]
        )
        if roles is None:
            found = [(self.find(aws, {"name": role["RoleName"]}), None) for role in listed]
        else:
            # A role that was made between the two calls is not there yet.
            details = {role["RoleName"]: role for role in roles}
            both = [role | details[role["RoleName"]] for role in listed if role["RoleName"] in details]
            found = [(self._live(apart(one), one["AttachedManagedPolicies"]), one["RolePolicyList"]) for one in both]
        return [(role, policies) for role, policies in found if role and tagging.ours(role["tags"], stack, aws.region)]

    def tag(self, aws, live, add, remove):
        """Tag by name."""
        if add:
            aws("iam").tag_role(RoleName=live["name"], Tags=tagging.to_list(add))
        if remove:
            aws("iam").untag_role(RoleName=live["name"], TagKeys=remove)

    def delete(self, aws, live):
        """Take off the role all that hinders its deletion, and delete it."""
        iam, role = aws("iam"), {"RoleName": live["name"]}

        def each(operation, key):
            return unless(MISSING, aws.pages, "iam", operation, key, **role, otherwise=[])

        for profile in each("list_instance_profiles_for_role", "InstanceProfiles"):
            name = profile["InstanceProfileName"]
            unless(MISSING, iam.remove_role_from_instance_profile, InstanceProfileName=name, **role)
        for policy in each("list_attached_role_policies", "AttachedPolicies"):
            unless(MISSING, iam.detach_role_policy, PolicyArn=policy["PolicyArn"], **role)
        for policy in each("list_role_policies", "PolicyNames"):
            unless(MISSING, iam.delete_role_policy, PolicyName=policy, **role)
        unless(MISSING, iam.delete_role, **role)

    def computed(self, aws, want):
        """A role's ARN can be computed."""
        arn = aws.arn("iam", f"role{want.get('path', '/')}{want['name']}", region=False)
        return {"id": self.unknown(want, "id"), "arn": arn}


def named(name: str, stack: str, region: str) -> bool:
    """Say whether a name may be of a stack's: IAM has one list of all regions."""
    return name.startswith(f"{stack}-") and name.endswith(f"-{region}")


def apart(role: dict) -> dict:
    """Return a role's details without what hangs on it."""
    hangs = ("AttachedManagedPolicies", "InstanceProfileList", "RolePolicyList")
    return {key: value for key, value in role.items() if key not in hangs}


class IamPolicy(CommunityKind):
    """An inline policy of a role."""

    name = "iam_policy"
    worldwide = True
    title = "inline policy"
    service = "iam"
    module = "amazon.aws.iam_policy"
    cloudformation = "AWS::IAM::RolePolicy"
    properties = {"RoleName": "iam_name", "PolicyDocument": "policy_json"}
    identity = ("iam_name", "policy_name")
    needs = ("iam_role",)
    taggable = False
    settling = (FRESH_ROLE, *BUSY)
    controls = frozenset({"iam_type", "skip_duplicates"})
    fixed_arguments = {"iam_type": "role"}
    severities = (Severity("critical", test=opens_to_everybody), Severity("high"))

    def label(self, resource):
        """People know an inline policy by its role and its name."""
        return f"{resource.get('iam_name')}/{resource.get('policy_name')}"

    def event_name(self, label):
        """CloudTrail knows only what comes after the name of what it belongs to."""
        return label.rpartition("/")[2]

    def want(self, arguments):
        """Spell the policy in one way."""
        want = super().want(arguments)
        if "policy_json" in want:
            want["policy_json"] = canonical(want["policy_json"])
        return want

    def find(self, aws, want):
        """Return the policy of this name of this role."""
        policy = unless(
            MISSING, aws("iam").get_role_policy, RoleName=want["iam_name"], PolicyName=want["policy_name"]
        )
        return self._live(policy["RoleName"], policy["PolicyName"], policy["PolicyDocument"]) if policy else None

    @staticmethod
    def _live(role, name, document):
        return {"iam_name": role, "policy_name": name, "policy_json": canonical(document)}

    def stack(self, aws, stack):
        """Return the inline policies of the stack's roles."""
        return [
            policy
            for role, policies in IAM_ROLE.with_policies(aws, stack)
            for policy in self._of(aws, role["name"], policies)
            if policy
        ]

    def _of(self, aws, role, policies):
        if policies is not None:
            return [self._live(role, one["PolicyName"], one["PolicyDocument"]) for one in policies]
        names = unless(MISSING, aws.pages, "iam", "list_role_policies", "PolicyNames", RoleName=role, otherwise=[])
        return [self.find(aws, {"iam_name": role, "policy_name": name}) for name in names]

    def delete(self, aws, live):
        """Delete the policy."""
        unless(MISSING, aws("iam").delete_role_policy, RoleName=live["iam_name"], PolicyName=live["policy_name"])

    def computed(self, aws, want):
        """AWS adds nothing to it."""
        return {}


class IamInstanceProfile(CommunityKind):
    """An instance profile, which gives a role to EC2 instances."""

    name = "iam_instance_profile"
    worldwide = True
    title = "instance profile"
    service = "iam"
    module = "amazon.aws.iam_instance_profile"
    cloudformation = "AWS::IAM::InstanceProfile"
    properties = {"InstanceProfileName": "name", "Roles": "role"}
    needs = ("iam_role",)
    ignored = frozenset({"Roles"})
    immutable = {"path": "AWS fixes an instance profile's path at creation"}
    settling = (FRESH_ROLE, ("InvalidParameterValue", "Invalid IAM Instance Profile name"), *BUSY)
    equal_reads = {"role": 3}
    severities = (Severity("critical", test=opens_to_everybody),)
    unmanaged = (
        Listing(
            "list_instance_profiles", "InstanceProfiles", "InstanceProfileName", worldwide=True,
            delete=("delete_instance_profile", "InstanceProfileName"),
        ),
    )  # fmt: skip

    def find(self, aws, want):
        """Return the instance profile of this name."""
        answer = unless(MISSING, aws("iam").get_instance_profile, InstanceProfileName=want["name"])
        if answer is None:
            return None
        profile = watch(known(answer["InstanceProfile"]))
        live = {
            "id": profile["InstanceProfileId"],
            "arn": profile["Arn"],
            "name": profile["InstanceProfileName"],
            "path": profile["Path"],
            "role": next((role["RoleName"] for role in profile["Roles"]), ""),
            "tags": tagging.from_list(profile.get("Tags")),
        }
        return with_unmodelled(live, profile)

    def stack(self, aws, stack):
        """Return the instance profiles with the stack's tags, among those with a name of its own."""
        profiles = aws.pages("iam", "list_instance_profiles", "InstanceProfiles")
        names = (profile["InstanceProfileName"] for profile in profiles)
        found = (self.find(aws, {"name": name}) for name in names if named(name, stack, aws.region))
        return [profile for profile in found if profile and tagging.ours(profile["tags"], stack, aws.region)]

    def tag(self, aws, live, add, remove):
        """Tag by name."""
        if add:
            aws("iam").tag_instance_profile(InstanceProfileName=live["name"], Tags=tagging.to_list(add))
        if remove:
            aws("iam").untag_instance_profile(InstanceProfileName=live["name"], TagKeys=remove)

    def delete(self, aws, live):
        """Take the role out and delete the instance profile."""
        iam, profile = aws("iam"), {"InstanceProfileName": live["name"]}
        if live.get("role"):
            unless(MISSING, iam.remove_role_from_instance_profile, RoleName=live["role"], **profile)
        unless(MISSING, iam.delete_instance_profile, **profile)

    def computed(self, aws, want):
        """An instance profile's ARN can be computed."""
        arn = aws.arn("iam", f"instance-profile{want.get('path', '/')}{want['name']}", region=False)
        return {"id": self.unknown(want, "id"), "arn": arn}


IAM_ROLE = IamRole()
IAM_POLICY = IamPolicy()
IAM_INSTANCE_PROFILE = IamInstanceProfile()
