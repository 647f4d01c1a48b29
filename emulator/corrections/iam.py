"""IAM: managed policies say what their default version says, and CreateRole answers less than GetRole."""

from moto.iam.models import ManagedPolicy

from emulator.patching import Obsolete, answers, correction


@correction("iam", "a managed policy is worth what its default version says")
def documents():
    if hasattr(ManagedPolicy, "document"):
        raise Obsolete("ManagedPolicy has a document now")
    ManagedPolicy.document = property(
        lambda policy: next(one.document for one in policy.versions if one.version_id == policy.default_version_id)
    )


@answers("iam", "CreateRole", "shows neither how long sessions last nor when the role was last used")
def create_role(_api, _params, moto):
    answer = moto()
    for key in ("MaxSessionDuration", "RoleLastUsed"):
        answer["Role"].pop(key, None)
    return answer
