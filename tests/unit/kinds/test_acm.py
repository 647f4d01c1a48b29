"""Certificates."""

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.placeholder import has_placeholder
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.acm import CERTIFICATE, records, validated_names


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        ([], []),
        (["b.example.com", "a.example.com"], ["a.example.com", "b.example.com"]),
        (["example.com", "WWW.example.com", "www.example.com"], ["www.example.com"]),
    ],
)
def test_further_names(names, wanted):
    want = CERTIFICATE.want({"domain_name": "Example.com", "subject_alternative_names": names})
    assert (want["domain_name"], want["subject_alternative_names"]) == ("example.com", wanted)


def test_a_wildcard_shares_the_record_of_its_name():
    want = {"domain_name": "example.com", "subject_alternative_names": ["*.example.com", "www.example.com"]}
    assert validated_names(want) == ["example.com", "www.example.com"]
    planned = CERTIFICATE.computed(None, want)["validation_records"]
    assert len(planned) == 2 and all(has_placeholder(record["name"]) for record in planned)
    assert len({record["name"] for record in planned}) == 2


def test_records_are_named_once_and_only_when_known():
    record = {"Name": "_a.example.com.", "Type": "CNAME", "Value": "_b.acm-validations.aws."}
    options = [{"DomainName": "example.com", "ResourceRecord": record}, {"DomainName": "*.example.com", "ResourceRecord": record}, {"DomainName": "x"}]
    assert records(options) == [{"name": "_a.example.com", "type": "CNAME", "value": "_b.acm-validations.aws"}]


@pytest.mark.parametrize(
    ("status", "ready", "failed"),
    [("ISSUED", True, ""), ("PENDING_VALIDATION", False, ""), ("FAILED", False, "FAILED CAA_ERROR"), ("VALIDATION_TIMED_OUT", False, "VALIDATION_TIMED_OUT CAA_ERROR")],
)
def test_status(status, ready, failed):
    live = {"status": status, "failure_reason": "CAA_ERROR"}
    assert (CERTIFICATE.ready(live), CERTIFICATE.failed(live)) == (ready, failed)
