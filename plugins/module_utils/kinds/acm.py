"""AWS Certificate Manager."""

from __future__ import annotations

from uuid import uuid4

from ..engine import tags as tagging
from ..engine.aws import unless
from ..engine.kind import Kind
from ..engine.unmodelled import watch, with_unmodelled
from ..engine.waiting import until
from .elbv2_load_balancer import LOAD_BALANCER

MISSING = "ResourceNotFoundException"
ALIVE = ("PENDING_VALIDATION", "ISSUED")
# ACM lists RSA_2048 alone unless it is told otherwise.
KEY_ALGORITHMS = ["RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1"]


class Certificate(Kind):
    """A public certificate that ACM issues after it has seen our records in DNS.

    A certificate has no name: it is found by what it certifies, among those with the same tag ``Stack``. Other names
    or another key are another certificate, requested beside the old one, which its load balancer still uses.
    """

    name = "certificate"
    title = "certificate"
    service = "acm"
    module = "flow_builder.aws.acm_certificate"
    cloudformation = "AWS::CertificateManager::Certificate"
    properties = {
        "CertificateExport": "Options/Export",
        "CertificateTransparencyLoggingPreference": "Options/CertificateTransparencyLoggingPreference",
    }
    identity = ("domain_name", "subject_alternative_names", "key_algorithm")
    # A renewal changes these; what is validated is told by the records.
    ignored = frozenset({
        "status", "failure_reason", "not_after", "in_use_by", "renewal_eligibility", "DomainValidationOptions",
        "IssuedAt", "NotBefore", "RenewalSummary", "Serial", "Subject",
    })  # fmt: skip

    def want(self, arguments):
        """A certificate's further names have no order, and the first one isn't among them."""
        want = super().want(arguments)
        want["domain_name"] = want["domain_name"].lower()
        names = {name.lower() for name in want.get("subject_alternative_names", [])}
        want["subject_alternative_names"] = sorted(names - {want["domain_name"]})
        return {"key_algorithm": "RSA_2048", **want}

    def find(self, aws, want):
        """Return the stack's certificate for exactly these names; the newest, if there are several."""
        stack = want.get("tags", {}).get("Stack")
        found = [
            live
            for live in self._all(aws, lambda item: item["DomainName"] == want["domain_name"])
            if all(live[field] == want[field] for field in self.identity) and stack in (None, live["tags"].get("Stack"))
        ]
        return max(found, key=lambda live: (live["status"] == "ISSUED", live["created"]), default=None)

    def stack(self, aws, stack):
        """Return the certificates tagged with the stack, also those that nobody uses any more."""
        return [live for live in self._all(aws) if live["tags"].get("Stack") == stack]

    def _all(self, aws, chosen=lambda item: True):
        listed = aws.pages(
            "acm", "list_certificates", "CertificateSummaryList", CertificateStatuses=list(ALIVE),
            Includes={"keyTypes": KEY_ALGORITHMS},
        )  # fmt: skip
        found = (self._live(aws, item["CertificateArn"]) for item in listed if chosen(item))
        return [live for live in found if live]

    def _live(self, aws, arn):
        described = unless(MISSING, aws("acm").describe_certificate, CertificateArn=arn)
        tags = unless(MISSING, aws("acm").list_tags_for_certificate, CertificateArn=arn)
        if not described or not tags:
            return None
        item = watch(described["Certificate"])
        names = set(item.get("SubjectAlternativeNames", [])) - {item["DomainName"]}
        live = {
            "domain_name": item["DomainName"],
            "subject_alternative_names": sorted(names),
            # ACM writes RSA-2048 where it takes RSA_2048.
            "key_algorithm": item["KeyAlgorithm"].replace("-", "_"),
            "arn": item["CertificateArn"],
            "type": item["Type"],
            "status": item["Status"],
            "failure_reason": item.get("FailureReason", ""),
            "created": str(item.get("CreatedAt", "")),
            "not_after": str(item.get("NotAfter", "")),
            "renewal_eligibility": item.get("RenewalEligibility", ""),
            "in_use_by": sorted(item.get("InUseBy", [])),
            "validation_records": records(item.get("DomainValidationOptions", [])),
            "tags": tagging.from_list(tags["Tags"]),
        }
        return with_unmodelled(live, item)

    def create(self, aws, want):
        """Request the certificate."""
        more = {"Tags": tagging.to_list(want["tags"])} if want.get("tags") else {}
        if want["subject_alternative_names"]:
            more["SubjectAlternativeNames"] = want["subject_alternative_names"]
        return aws("acm").request_certificate(
            DomainName=want["domain_name"], ValidationMethod="DNS", KeyAlgorithm=want["key_algorithm"],
            IdempotencyToken=uuid4().hex,  # sent again because its answer was lost, it makes no second one
            **more,
        )["CertificateArn"]

    def complete(self, aws, want, made):
        """Wait for the records that ACM wants to see: it names them a little later."""
        wanted = len(validated_names(want))
        until(
            lambda: len((self._live(aws, made) or {}).get("validation_records", [])) == wanted,
            120,
            f"the naming of the records that validate the certificate for {want['domain_name']}",
        )

    def ready(self, live):
        """A certificate is usable when it is issued."""
        return live["status"] == "ISSUED"

    def awaits(self, live):
        """ACM looks for its records in the public DNS, for three days."""
        told = "; ".join(f"{one['name']} {one['type']} {one['value']}" for one in live["validation_records"])
        return [
            f"the certificate for {live['domain_name']} isn't issued: the public DNS must answer {told}; once it does, "
            "the next run goes on"
        ]

    def failed(self, live):
        """Say why ACM will not issue it."""
        if live["status"] in ALIVE:
            return ""
        return f"{live['status']} {live['failure_reason']}".strip()

    def tag(self, aws, live, add, remove):
        """Tag by ARN."""
        if add:
            aws("acm").add_tags_to_certificate(CertificateArn=live["arn"], Tags=tagging.to_list(add))
        if remove:
            gone = [{"Key": key, "Value": live["tags"][key]} for key in remove]
            aws("acm").remove_tags_from_certificate(CertificateArn=live["arn"], Tags=gone)

    def obstacles(self, aws, live, ours):
        """Return what of others uses the certificate; that a load balancer is gone, ACM knows 20 minutes late."""
        mine = {one["arn"] for one in LOAD_BALANCER.stack(aws, live["tags"].get("Stack"))}
        return [
            f"{arn} uses the certificate for {live['domain_name']}: give it another one"
            for arn in live["in_use_by"]
            if arn not in mine and (":loadbalancer/" not in arn or LOAD_BALANCER.exists(aws, arn))
        ]

    def delete(self, aws, live):
        """Delete the certificate."""
        unless(MISSING, aws("acm").delete_certificate, CertificateArn=live["arn"])

    def computed(self, aws, want):
        """ACM makes up the ARN and the records."""
        return {
            "arn": self.unknown(want, "arn"),
            "validation_records": [
                {"type": "CNAME", **{field: self.unknown(want, f"{name}/{field}") for field in ("name", "value")}}
                for name in validated_names(want)
            ],
        }


def validated_names(want: dict) -> list[str]:
    """Return the names that ACM validates: a wildcard shares the record of the name that it stands under."""
    return sorted({name.removeprefix("*.") for name in (want["domain_name"], *want["subject_alternative_names"])})


def records(options: list[dict]) -> list[dict]:
    """Return the records that ACM wants to see, each once."""
    found = {
        option["ResourceRecord"]["Name"].rstrip("."): option["ResourceRecord"]
        for option in options
        if option.get("ResourceRecord")
    }
    return [
        {"name": name, "type": record["Type"], "value": record["Value"].rstrip(".")}
        for name, record in sorted(found.items())
    ]


CERTIFICATE = Certificate()
