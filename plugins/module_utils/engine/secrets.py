"""What is a secret, told by its name or by itself: it must stand in no plain environment, tag, record or report."""

from __future__ import annotations

import re
from typing import Any

# Names that end so are secrets wherever they stand; DB_SECRET_ARN or TOKEN_URL are not.
NAME = re.compile(
    r"(PASSWORDS?|PASSWD|PASSPHRASE|[_.-]PASS|[A-Z0-9][_.-]?PWD|SECRETS?|TOKENS?|CREDENTIALS?"
    r"|(API|SECRET|PRIVATE|ACCESS|SIGNING|ENCRYPTION)[_.-]?KEY)$|^(PASS|(.*[_.-])?(JWT|CREDS?))$",
    re.IGNORECASE,
)
# In an environment STRIPE_KEY is a secret; keys of other meanings are named here.
KEY = re.compile(r"[_.-]KEY$", re.IGNORECASE)
NO_SECRET_KEY = re.compile(
    r"(PUBLIC|PUBLISHABLE|PARTITION|SORT|HASH|RANGE|PRIMARY|FOREIGN|CACHE|OBJECT|BUCKET|S3|KMS|ROUTING|GROUP"
    r"|DEDUPLICATION|IDEMPOTENCY)[_.-]KEY$",
    re.IGNORECASE,
)
# GOOGLE_APPLICATION_CREDENTIALS is the path of a file.
FILE = re.compile(r"/[\w./-]+")
VALUE = re.compile(
    r"[a-z][a-z0-9+.-]*://[^/\s:@]*:[^/\s@{}$<]+@"  # a password in an address, and no variable in its place
    r"|\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\."  # JWT
    r"|-----BEGIN [A-Z ]*PRIVATE KEY"
    r"|\b(AKIA|ASIA)[A-Z0-9]{16}\b"
    r"|\b(sk|rk)_(live|test)_\w{8,}|\bwhsec_\w{8,}"  # Stripe, Clerk
    r"|\bsk-[\w-]{20,}"  # OpenAI, Anthropic
    r"|\bgh[oprsu]_\w{30,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{20,}"  # GitHub, GitLab
    r"|\bxox[abeprs]-[\w-]{10,}|hooks\.slack\.com/services/\w+/"  # Slack
    r"|\bSG\.[\w-]{16,}\.[\w-]{16,}|\bAIza[\w-]{35}|\bnpm_\w{30,}"  # SendGrid, Google, npm
    r"|^(?i:bearer|basic) \S{8,}|\bX-Amz-Signature="
)
# A connection's text; in a command it may be a program's.
CONNECTION = re.compile(r"\b(password|passwd|pwd)\s*=\s*[^\s;{}$<]", re.IGNORECASE)


def named(name: str) -> bool:
    """Say whether what is named so is a secret, wherever it stands."""
    return bool(NAME.search(name))


def valued(value: Any) -> bool:
    """Say whether a value tells by itself that it is a secret, or has one in it."""
    return isinstance(value, str) and bool(VALUE.search(value))


def secret(name: str, value: Any) -> bool:
    """Say whether a variable of an environment is a secret."""
    if not value:
        return False
    if name.upper().endswith("CREDENTIALS") and FILE.fullmatch(str(value)):
        return False
    if named(name) or valued(value) or (KEY.search(name) and not NO_SECRET_KEY.search(name)):
        return True
    return isinstance(value, str) and bool(CONNECTION.search(value))
