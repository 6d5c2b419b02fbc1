"""The acts of the audit trail in words: what stands in the table is a code, what is read is not.

`tests/desk/accounts/test_deeds.py` fails when an act is recorded anywhere without words here.
"""

from __future__ import annotations

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


def choices() -> list[tuple[str, str]]:
    """(code, words) for a choice, by words in the active language; the first one chooses nothing."""
    return [("", str(_("all acts"))), *sorted(((act, words(act)) for act in DEEDS), key=lambda pair: pair[1])]
