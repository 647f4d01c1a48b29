"""WAF: what a web ACL protects."""

from emulator.errors import AWSError
from emulator.patching import adds


@adds("wafv2", "ListResourcesForWebACL", "lists the ARNs of the protected resources of one kind")
def list_resources(api, params):
    acl = next((one for one in api.wafv2_backend.wacls.values() if one.arn == params["WebACLArn"]), None)
    if acl is None:
        raise AWSError(
            "WAFNonexistentItemException", "AWS WAF couldn't perform the operation because your resource doesn't exist."
        )
    kind = params.get("ResourceType", "APPLICATION_LOAD_BALANCER")
    part = {"APPLICATION_LOAD_BALANCER": ":loadbalancer/app/", "API_GATEWAY": ":apigateway:"}.get(kind, kind.lower())
    return {"ResourceArns": [arn for arn in acl.associated_resources if part in arn]}
