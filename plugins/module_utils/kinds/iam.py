"""IAM: roles, their inline policies and instance profiles.

IAM has no search by tag, and reading a tag costs a call: only names that begin with the stack's are asked for theirs.
"""

from __future__ import annotations

from ..engine import tags as tagging
from ..engine.aws import unless
from ..engine.kind import Kind
from ..engine.mending import Modify
from ..engine.parts import Part
from ..engine.policies import canonical
from ..engine.whole import watch, with_rest

MISSING = "NoSuchEntity"
# IAM answers from many places, and some know of a fresh role later than others.
FRESH_ROLE = (MISSING, "cannot be found")


class IamRole(Kind):
    """A role: who may take it on, and its managed policies. Inline policies are a kind of their own."""

    name = "iam_role"
    title = "IAM role"
    service = "iam"
    module = "amazon.aws.iam_role"
    immutable = {"path": "AWS fixes a role's path at creation"}
    passing = frozenset({"RoleLastUsed"})
    parts = (
        Part(
            "instance_profiles", "list_instance_profiles_for_role", {"RoleName": "name"}, "InstanceProfiles",
            (MISSING,),
            omit=frozenset({"Roles", "Tags"}),
            undo=(
                "remove_role_from_instance_profile",
                {"RoleName": "name", "InstanceProfileName": ".InstanceProfileName"},
            ),
        ),
    )  # fmt: skip
    modifies = (
        Modify(
            "update_role", {"RoleName": "name"},
            {"description": "Description", "max_session_duration": "MaxSessionDuration"},
            together=True, empty={"description": ""},
        ),
    )  # fmt: skip
    settling = (("MalformedPolicyDocument", "Invalid principal"),)
    controls = frozenset({"create_instance_profile", "delete_instance_profile", "purge_policies"})
    # Instance profiles are a kind of their own, and each option unsaid prints a deprecation.
    given = {"create_instance_profile": False, "delete_instance_profile": False}

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
        role = watch(answer["Role"])
        attached = unless(
            MISSING, aws.pages, "iam", "list_attached_role_policies", "AttachedPolicies", RoleName=want["name"],
            otherwise=[],
        )  # fmt: skip
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
        return with_rest(live, role)

    def stack(self, aws, stack):
        """Return the roles with the stack's tag, among those whose name begins with it."""
        names = (role["RoleName"] for role in aws.pages("iam", "list_roles", "Roles"))
        found = (self.find(aws, {"name": name}) for name in names if name.startswith(f"{stack}-"))
        return [role for role in found if role and role["tags"].get("Stack") == stack]

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

    def made(self, aws, want):
        """A role's ARN can be computed."""
        arn = aws.arn("iam", f"role{want.get('path', '/')}{want['name']}", region=False)
        return {"id": self.later(want, "id"), "arn": arn}


class IamPolicy(Kind):
    """An inline policy of a role."""

    name = "iam_policy"
    title = "inline policy"
    service = "iam"
    module = "amazon.aws.iam_policy"
    identity = ("iam_name", "policy_name")
    needs = ("iam_role",)
    taggable = False
    settling = (FRESH_ROLE,)
    controls = frozenset({"iam_type", "skip_duplicates"})
    given = {"iam_type": "role"}

    def label(self, resource):
        """People know an inline policy by its role and its name."""
        return f"{resource.get('iam_name')}/{resource.get('policy_name')}"

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
        if policy is None:
            return None
        return {
            "iam_name": policy["RoleName"],
            "policy_name": policy["PolicyName"],
            "policy_json": canonical(policy["PolicyDocument"]),
        }

    def stack(self, aws, stack):
        """Return the inline policies of the stack's roles."""
        found = (
            self.find(aws, {"iam_name": role["name"], "policy_name": name})
            for role in IAM_ROLE.stack(aws, stack)
            for name in unless(
                MISSING, aws.pages, "iam", "list_role_policies", "PolicyNames", RoleName=role["name"], otherwise=[]
            )
        )
        return [policy for policy in found if policy]

    def delete(self, aws, live):
        """Delete the policy."""
        unless(MISSING, aws("iam").delete_role_policy, RoleName=live["iam_name"], PolicyName=live["policy_name"])

    def made(self, aws, want):
        """AWS adds nothing to it."""
        return {}


class IamInstanceProfile(Kind):
    """An instance profile, which gives a role to EC2 instances."""

    name = "iam_instance_profile"
    title = "instance profile"
    service = "iam"
    module = "amazon.aws.iam_instance_profile"
    needs = ("iam_role",)
    passing = frozenset({"Roles"})
    immutable = {"path": "AWS fixes an instance profile's path at creation"}
    settling = (FRESH_ROLE,)

    def find(self, aws, want):
        """Return the instance profile of this name."""
        answer = unless(MISSING, aws("iam").get_instance_profile, InstanceProfileName=want["name"])
        if answer is None:
            return None
        profile = watch(answer["InstanceProfile"])
        live = {
            "id": profile["InstanceProfileId"],
            "arn": profile["Arn"],
            "name": profile["InstanceProfileName"],
            "path": profile["Path"],
            "role": next((role["RoleName"] for role in profile["Roles"]), ""),
            "tags": tagging.from_list(profile.get("Tags")),
        }
        return with_rest(live, profile)

    def stack(self, aws, stack):
        """Return the instance profiles with the stack's tag, among those whose name begins with it."""
        profiles = aws.pages("iam", "list_instance_profiles", "InstanceProfiles")
        names = (profile["InstanceProfileName"] for profile in profiles)
        found = (self.find(aws, {"name": name}) for name in names if name.startswith(f"{stack}-"))
        return [profile for profile in found if profile and profile["tags"].get("Stack") == stack]

    def delete(self, aws, live):
        """Take the role out and delete the instance profile."""
        iam, profile = aws("iam"), {"InstanceProfileName": live["name"]}
        if live.get("role"):
            unless(MISSING, iam.remove_role_from_instance_profile, RoleName=live["role"], **profile)
        unless(MISSING, iam.delete_instance_profile, **profile)

    def made(self, aws, want):
        """An instance profile's ARN can be computed."""
        arn = aws.arn("iam", f"instance-profile{want.get('path', '/')}{want['name']}", region=False)
        return {"id": self.later(want, "id"), "arn": arn}


IAM_ROLE = IamRole()
IAM_POLICY = IamPolicy()
IAM_INSTANCE_PROFILE = IamInstanceProfile()
