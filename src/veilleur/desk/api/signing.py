"""Signatures of what is delivered: `t=<seconds>,v1=<HMAC-SHA256 of "<seconds>.<body>">`."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from django.utils.crypto import salted_hmac

_PURPOSE = "veilleur.desk.api.signing"


def new_salt() -> str:
    """What a secret is made of, beside the key of the installation: alone it tells nothing."""
    return secrets.token_hex(32)


def secret_of(salt: str) -> str:
    """What the receiver knows, too."""
    return "whsec_" + salted_hmac(_PURPOSE, salt, algorithm="sha256").hexdigest()


def signature(secret: str, seconds: int, body: bytes) -> str:
    """The header `Veilleur-Signature`.

    >>> signature("whsec_x", 1, b"{}")[:9]
    't=1,v1=36'
    """
    made = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={seconds},v1={made}"
