"""ACM: a certificate is issued when its DNS records are there."""

import os

from moto.acm.models import AWSCertificateManagerBackend, CertBundle
from moto.elbv2.models import elbv2_backends
from moto.route53.models import route53_backends

from emulator import ACCOUNT
from emulator.errors import AWSError
from emulator.patching import correction, replacing

# For stacks whose DNS is elsewhere: issue a certificate when it has been looked at this often (0: never).
LOOKS = "EMULATOR_CERTIFICATE_LOOKS"


@correction("acm", "a requested certificate is pending until Route 53 has its CNAME records, in the order of its names")
def validation():
    @replacing(CertBundle, "check")
    def check(original, self):
        requested = self.type == "AMAZON_ISSUED" and self.status == "PENDING_VALIDATION"
        original(self)
        if requested and self.status in ("ISSUED", "PENDING_VALIDATION"):
            self.status = "ISSUED" if _validated(self) else "PENDING_VALIDATION"

    @replacing(CertBundle, "describe")
    def describe(original, self):
        self.looks = getattr(self, "looks", 0) + 1
        self.check()
        answer = original(self)
        certificate, names = answer["Certificate"], [self.common_name, *self.sans]
        certificate.get("DomainValidationOptions", []).sort(key=lambda one: names.index(one["DomainName"]))
        if self.status != "ISSUED" and self.type == "AMAZON_ISSUED":
            for key in ("IssuedAt", "NotBefore", "NotAfter", "Serial", "Issuer"):
                certificate.pop(key, None)
        return answer


def _validated(certificate) -> bool:
    wanted_looks = int(os.environ.get(LOOKS, "0"))
    if wanted_looks and getattr(certificate, "looks", 0) > wanted_looks:
        return True
    present = {
        record.name.rstrip(".").lower()
        for zone in route53_backends[ACCOUNT]["aws"].zones.values()
        for record in zone.rrsets
        if record.type == "CNAME"
    }
    names = {name.removeprefix("*.") for name in [certificate.common_name, *certificate.sans]}
    return all(f"_d930b28be6c5927595552b219965053e.{name}".lower() in present for name in names)


@correction("acm", "a certificate is in use as long as a load balancer's listener has it, and isn't deleted meanwhile")
def use():
    @replacing(CertBundle, "describe")
    def describe(original, self):
        answer = original(self)
        answer["Certificate"]["InUseBy"] = _users(self.arn)
        return answer

    @replacing(AWSCertificateManagerBackend, "delete_certificate")
    def delete(original, self, arn):
        if _users(arn):
            raise AWSError("ResourceInUseException", f"Certificate {arn} in account {self.account_id} is in use.")
        return original(self, arn)


def _users(arn) -> list[str]:
    return sorted(
        balancer.arn
        for balancer in elbv2_backends[ACCOUNT][arn.split(":")[3]].load_balancers.values()
        if any(arn in listener.certificates for listener in balancer.listeners.values())
    )
