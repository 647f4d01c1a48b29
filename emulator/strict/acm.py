"""ACM: names, and certificates in use."""

from emulator.strict import rule


@rule("acm", "DeleteCertificate", code="ResourceInUseException", source="DeleteCertificate API reference, errors")
def certificate_is_free(call):
    """A certificate that a listener uses is not deleted."""
    arn = call.parameters["CertificateArn"]
    for balancer in call.backend("elbv2").load_balancers.values():
        for listener in balancer.listeners.values():
            # A listener that was modified has all of them in the list, one as made has the first one beside it.
            if arn == listener.certificate or arn in listener.certificates:
                return f"Certificate {arn} in account {arn.split(':')[4]} is in use."
    return None


@rule("acm", "RequestCertificate", code="ValidationException", source="RequestCertificate API reference, DomainName")
def first_name_fits(call):
    """A certificate's first name has up to 64 characters, since it is its common name."""
    name = call.parameters["DomainName"]
    if len(name) > 64:
        return (
            f"1 validation error detected: Value '{name}' at 'domainName' failed to satisfy constraint: "
            "The first domain name can be no longer than 64 octets"
        )
    return None
