"""An author asks to be forgotten (GDPR, art. 17): what they said goes, and is not stored when it comes again.

What the same account says after that is a new message: it may tell of a danger, and is read as any other.
The author is known by a keyed digest of the pseudonym, which outlives the pseudonym itself: that one is
forgotten as soon as nothing of the author is left. What is held stays until the hold is lifted.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils.translation import gettext as _

from veilleur.desk.accounts import audit
from veilleur.desk.accounts.models import Organisation
from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.inbox.erasing import free, kept
from veilleur.desk.inbox.models import AuthorErasure, MentionRow
from veilleur.errors import ActRefused

LISTED = 50
"""Held messages that the page names."""


@dataclass(frozen=True, slots=True)
class ErasePage:
    """What the erasure of an author would do."""

    author: str
    count: int
    held: tuple[MentionRow, ...]
    held_count: int
    is_asked: bool
    """Somebody asked for it already; what is left is held, or about to go."""


def erase_page(place: Workplace, author: str) -> ErasePage:
    """What would be erased and what is held; `Http404` for an author of whom nothing is here."""
    said = _said(place.organisation, author)
    if not author or not said.exists():
        raise Http404
    held = kept(said)
    return ErasePage(
        author,
        free(said).count(),
        tuple(held.select_related("ticket").order_by("-ticket__position")[:LISTED]),
        held.count(),
        is_asked=_is_asked(place.organisation, author),
    )


@transaction.atomic
def erase_author(place: Workplace, author: str, *, reason: str, now: datetime) -> AuthorErasure:
    """Notes what an author asks for; the next job carries it out."""
    if not author or not _said(place.organisation, author).exists():
        raise Http404
    if _is_asked(place.organisation, author):
        raise ActRefused(_("This was asked for already: what is left here is held."))
    request, _is_new = AuthorErasure.objects.update_or_create(
        organisation=place.organisation,
        digest=digest_of(place.organisation.pk, author),
        defaults={
            "author": author,
            "reason": reason,
            "by": place.user,
            "by_name": str(place.user),
            "at": now,
        },
    )
    # Neither the pseudonym nor the reason, which may name somebody: the trail outlives the erasure.
    actor, target = place.user.email, f"erasure:{request.pk}"
    audit.record(place.organisation, actor, "inbox.erase_author", target, at=now)
    return request


def digest_of(organisation_id: int, author: str) -> str:
    """What is known of an author once the pseudonym is forgotten."""
    key = bytes.fromhex(settings.KEYS["pseudonyms"])
    told = f"erasure\x1f{organisation_id}\x1f{author}".encode("utf-8", "surrogatepass")
    return hmac.new(key, told, hashlib.sha256).hexdigest()


def forgotten(organisation_id: int, authors: Iterable[str]) -> dict[str, datetime]:
    """Those of `authors` who asked to be forgotten, and when."""
    requests = AuthorErasure.objects.filter(organisation=organisation_id)
    if not requests.exists():
        return {}
    by_digest = {digest_of(organisation_id, author): author for author in set(authors) if author}
    found = requests.filter(digest__in=list(by_digest)).values_list("digest", "at")
    return {by_digest[digest]: at for digest, at in found}


def said_before(at: datetime) -> Q:
    """Messages that a request of this moment is about; one without a date may be an old one."""
    return Q(published_at=None) | Q(published_at__lte=at)


def requests_of(organisation: Organisation) -> QuerySet[AuthorErasure]:
    """What authors asked for, the latest first."""
    return AuthorErasure.objects.filter(organisation=organisation).order_by("-at", "-pk")


def pending(organisation: Organisation) -> QuerySet[AuthorErasure]:
    """Requests of which something is still here."""
    return AuthorErasure.objects.filter(organisation=organisation).exclude(author="").order_by("pk")


def forget_pseudonyms(organisation: Organisation, requests: Iterable[AuthorErasure]) -> None:
    """Forgets the pseudonyms of whom nothing is left; `requests` were carried out in every source."""
    for request in requests:
        if not _said(organisation, request.author).filter(said_before(request.at)).exists():
            AuthorErasure.objects.filter(pk=request.pk).update(author="")


def _said(organisation: Organisation, author: str) -> QuerySet[MentionRow]:
    return MentionRow.objects.filter(organisation=organisation, author=author, erased_at=None)


def _is_asked(organisation: Organisation, author: str) -> bool:
    """Whether a request is about everything that is here of an author."""
    digest = digest_of(organisation.pk, author)
    request = AuthorErasure.objects.filter(organisation=organisation, digest=digest).first()
    return request is not None and not _said(organisation, author).exclude(said_before(request.at)).exists()
