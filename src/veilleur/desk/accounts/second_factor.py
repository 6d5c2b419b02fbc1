"""A second proof of who one is: a code of a telephone, or a passkey. `allauth.mfa` keeps and checks them."""

from __future__ import annotations

import base64
import hashlib

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from cryptography.fernet import Fernet
from django.conf import settings

from veilleur.desk.accounts.models import Organisation, User

PROOFS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]


def has_one(user: User) -> bool:
    """Whether a person set up a second factor; recovery codes alone are none."""
    return bool(is_mfa_enabled(user, PROOFS))


def is_missing(organisation: Organisation, user: User) -> bool:
    """Whether the organisation asks for a second factor and this person has none yet."""
    return organisation.requires_second_factor and not has_one(user)


def seal(text: str) -> str:
    """A secret of a second factor as it lies in the table."""
    return _box().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """What was sealed."""
    return _box().decrypt(sealed.encode()).decode()


def _box() -> Fernet:
    # Drawn from the key of the sessions: `veilleur keys rotate` forgets those of connections.
    key = hashlib.sha256(b"second factor\x1f" + settings.KEYS["django"].encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))
