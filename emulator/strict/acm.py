"""ACM: names that don't fit into a certificate."""

from emulator.strict import rule


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
