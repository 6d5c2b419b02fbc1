"""The rights of people as scopes of tokens, in words."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from veilleur.desk.accounts.permissions import May, Workplace

SCOPES: dict[May, Promise] = {
    May.ENTER: _("read the figures of the summary"),
    May.READ: _("read messages and replies"),
    May.WORK: _("sort messages: assign, put away, close, correct, note"),
    May.ANSWER: _("write and send replies"),
    May.APPROVE: _("approve the replies of others"),
    May.MODERATE: _("ask networks to hide, show or flag"),
    May.DECLARE: _("decide what is a case of pharmacovigilance"),
    May.EXPORT: _("take messages and figures away as files"),
    May.CONFIGURE: _("configure: sources, watches, retention"),
    May.ADMINISTER: _("read and verify the trail"),
}
"""What each right lets a program do."""


def scope_choices(place: Workplace) -> list[tuple[str, Promise]]:
    """What this person may hand on."""
    return [(may.value, words) for may, words in SCOPES.items() if place.allows(may)]


def scope_names(scopes: Iterable[str]) -> list[str]:
    """Scopes in words; one of a right that is no more as it was written."""
    words = {may.value: str(said) for may, said in SCOPES.items()}
    return [words.get(scope, scope) for scope in scopes]
