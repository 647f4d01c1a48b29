"""What a run against the embedded AWS does not prove, said once: the demo prints it, the documentation lists it.

First what isn't there at all: what this page says, and what modules say that they lack. Then the rules of the data
plane that nobody recorded and AWS doesn't document.
"""

from emulator import evidence, lags
from emulator.evidence import Certainty

# What belongs to no module of the data plane; ``evidence.lacks`` says the rest beside the code.
UNPROVEN = {
    "Network traffic": "security groups, routes, NAT, endpoints and the load balancer are kept and checked, but no "
    "packet passes through them",
    "IAM of the caller": "whoever deploys may do everything; roles are judged for what services do with them, and "
    "permission boundaries and organisation policies are not",
    "Certificates": "validation follows the record in Route 53 at once; the delegation of a real domain, which may "
    "take hours, does not happen",
    "Subscriptions": "email subscriptions of the alarm topic need no confirmation here",
    "Time": "AWS shows many writes late; here only fresh roles and deleted names take their time, with --provisioning "
    "slow resources, and with --eventual what a table with sources lists, for seconds where AWS may take minutes",
    "Prices": "nothing is billed",
}


def gaps() -> list[tuple[str, str]]:
    """Return what isn't there at all, by name."""
    evidence.load()
    return sorted([*UNPROVEN.items(), *((one.what, one.why) for one in evidence.GAPS)])


def unsettled() -> list[evidence.Rule]:
    """Return the rules that are neither recorded nor documented, those that are only inferred first."""
    weak = [one for one in evidence.load() if one.source.certainty in (Certainty.INFERRED, Certainty.ISSUE)]
    return sorted(weak, key=lambda one: (one.source.certainty != Certainty.INFERRED, one.area, one.says))


def text() -> str:
    """Return the list for a terminal."""
    lines = [f"  - {what}: {why}" for what, why in gaps()]
    lines += ["", f"The data plane follows {evidence.summary()}. Neither recorded nor documented:"]
    lines += [f"  - {one.area}: {one.says} ({one.source.certainty}: {one.source.where})" for one in unsettled()]
    late = evidence.said(evidence.tally(source for *_, source in lags.rows()), "entries")
    lines += ["", f"How AWS is late, with --eventual, follows {late} (docs/lags.md)."]
    return "\n".join(lines)


def markdown() -> str:
    """Return what isn't there at all for the documentation."""
    return "\n".join(f"- **{what}**: {why}." for what, why in gaps())
