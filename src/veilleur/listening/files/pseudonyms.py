"""Names of authors never get past this door: a keyed digest stands for them."""

from __future__ import annotations

import hmac
import unicodedata
from collections.abc import Callable
from functools import lru_cache

Pseudonymiser = Callable[[str], str]

_LENGTH = 10
"""Hex digits kept: 40 bits, so that among 100,000 authors two share a pseudonym with a chance of 0.5 %."""
_NOBODY = frozenset(
    [
        "anonyme",
        "anonymous",
        "anonym",
        "anon",
        "inconnu",
        "inconnue",
        "unknown",
        "n/a",
        "na",
        "-",
        "none",
        "null",
        "nan",
        "deleted",
        "[deleted]",
        "compte supprimé",
        "utilisateur google",
        "a google user",
        "utilisateur anonyme",
        "anonymous user",
    ]
)


def pseudonymiser(key: bytes) -> Pseudonymiser:
    """A function from a handle to « auteur-7f3a9c41d2 », the same for the same key and handle.

    Case, width and spaces around do not count, nor a leading `@`. Names that mean nobody
    (« Anonyme », "A Google user") give an empty string, so that strangers are not one person.

    >>> hide = pseudonymiser(b"secret")
    >>> hide(" @Marie ") == hide("marie") != hide("paul")
    True
    >>> hide("Anonyme")
    ''
    """
    if not key:
        raise ValueError("a pseudonym needs a secret key")

    @lru_cache(maxsize=1 << 16)
    def hide(handle: str) -> str:
        name = " ".join(unicodedata.normalize("NFKC", handle).casefold().split()).removeprefix("@")
        if not name or name in _NOBODY:
            return ""
        digest = hmac.digest(key, name.encode("utf-8", "surrogatepass"), "sha256").hex()
        return f"auteur-{digest[:_LENGTH]}"

    return hide
