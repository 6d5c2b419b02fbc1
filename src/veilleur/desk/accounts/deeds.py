"""The acts of the audit trail in words: what stands in the table is a code, what is read is not.

`tests/desk/accounts/test_deeds.py` fails when an act is recorded anywhere without words here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

DEEDS: dict[str, Promise] = {
    "accounts.found": _("organisation founded"),
    "accounts.admit": _("person admitted"),
    "accounts.language": _("language chosen"),
    "sources.start": _("import started"),
}


def words(act: str) -> str:
    """The words of an act; the code itself when a newer Veilleur wrote it."""
    return str(DEEDS.get(act, act))


TARGETS: dict[str, Promise] = {
    "organisation": _("organisation"),
    "run": _("import"),
    "source": _("source"),
    "ticket": _("message"),
    "user": _("person"),
}
DETAILS: dict[str, Promise] = {
    "email": _("e-mail"),
    "language": _("language"),
    "name": _("name"),
    "role": _("role"),
}


def target_words(target: str) -> str:
    """`ticket:42` as « avis 42 »; what is not of that form as it is."""
    kind, colon, number = target.partition(":")
    return f"{TARGETS[kind]} {number}" if colon and kind in TARGETS else target


def detail_words(details: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(name in words, value) of each detail that has a value."""
    return [
        (str(DETAILS.get(name, name)), str(value))
        for name, value in details.items()
        if value not in ("", None)
    ]


def choices() -> list[tuple[str, str]]:
    """(code, words) for a choice, by words in the active language; the first one chooses nothing."""
    return [("", str(_("all acts"))), *sorted(((act, words(act)) for act in DEEDS), key=lambda pair: pair[1])]
