"""Requests signed with four secrets that have no end (RFC 5849, HMAC-SHA1)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """Of the application, and of the account in whose name it acts."""

    application: str
    application_secret: str
    account: str
    account_secret: str


def header(
    keys: Keys, method: str, url: str, params: Mapping[str, str], *, nonce: str = "", timestamp: int = 0
) -> str:
    """`Authorization` of a request without a form: `url` has no query, `params` is the query."""
    signed = {
        "oauth_consumer_key": keys.application,
        "oauth_nonce": nonce or secrets.token_hex(16),
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": str(timestamp or int(time.time())),
        "oauth_token": keys.account,
        "oauth_version": "1.0",
    }
    signed["oauth_signature"] = _signature(keys, method, url, {**params, **signed})
    return "OAuth " + ", ".join(f'{name}="{_quoted(value)}"' for name, value in sorted(signed.items()))


def _signature(keys: Keys, method: str, url: str, params: Mapping[str, str]) -> str:
    pairs = sorted((_quoted(name), _quoted(value)) for name, value in params.items())
    together = "&".join(f"{name}={value}" for name, value in pairs)
    base = "&".join(_quoted(part) for part in (method.upper(), url, together))
    key = f"{_quoted(keys.application_secret)}&{_quoted(keys.account_secret)}"
    return base64.b64encode(hmac.digest(key.encode(), base.encode(), hashlib.sha1)).decode()


def _quoted(text: str) -> str:
    return quote(text, safe="-._~")
