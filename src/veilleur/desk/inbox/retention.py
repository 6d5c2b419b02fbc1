"""The rule of a house about how long it keeps words: what it would erase, the change, and carrying it out.

A job carries it out every hour, batch by batch (`erasing`): killed at any instant, the next one goes on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from veilleur.desk.accounts import audit
from veilleur.desk.accounts.models import Organisation
from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.inbox.authors import forget_pseudonyms, pending, said_before
from veilleur.desk.inbox.erasing import BATCH, erase_some, free, kept
from veilleur.desk.inbox.models import AuthorErasure, ErasedBecause, MentionRow, Retention
from veilleur.desk.sources.models import Source
from veilleur.listening.connector import connectors, forgets_gone

EVERY = timedelta(hours=1)
"""Between two times that the rule of a house is carried out."""
COUNTED = 10_000
"""Messages of one source that the dry run counts, for one reason."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Days after which words are erased; None: never."""

    gone_days: int | None
    any_days: int | None


@dataclass(frozen=True, slots=True)
class Due:
    """Messages of one source that have words and should not, for one reason."""

    source: Source
    why: ErasedBecause
    mentions: QuerySet[MentionRow]
    request: AuthorErasure | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """So many messages of one source would be erased, for one reason."""

    source: str
    why: str
    count: str
    """As shown."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What a rule would erase today."""

    count: str
    shares: tuple[Share, ...]
    held: str
    """How many it would erase were they not held."""

    @property
    def erases(self) -> bool:
        """Whether anything would be erased."""
        return bool(self.shares)


def rule_of(organisation: Organisation) -> Rule:
    """The rule of the house."""
    row = Retention.objects.filter(organisation=organisation).first() or Retention()
    return Rule(row.gone_days, row.any_days)


@transaction.atomic
def save_rule(place: Workplace, rule: Rule) -> None:
    """Changes the rule; the next job carries it out."""
    organisation = place.organisation
    before = rule_of(organisation)
    changed = {"gone_days": rule.gone_days, "any_days": rule.any_days}
    Retention.objects.update_or_create(organisation=organisation, defaults={**changed, "looked_at": None})
    told = {**changed, "before": [before.gone_days, before.any_days]}
    audit.record(organisation, place.user.email, "inbox.retention", f"organisation:{organisation.slug}", told)


def tried(organisation: Organisation, rule: Rule, now: datetime) -> Trial:
    """What `rule` would erase now; changes nothing. What authors asked for is no matter of the rule."""
    found = list(_by_rule(organisation, rule, now))
    counts = [_counted(free(one.mentions)) for one in found]
    shares = tuple(
        Share(one.source.name, str(one.why.label), _shown(count))
        for one, count in zip(found, counts, strict=True)
        if count
    )
    return Trial(_total(counts), shares, _total([_counted(kept(one.mentions)) for one in found]))


def _counted(mentions: QuerySet[MentionRow]) -> int:
    return mentions[: COUNTED + 1].count()


def _shown(count: int) -> str:
    return f"{COUNTED}+" if count > COUNTED else str(count)


def _total(counts: Sequence[int]) -> str:
    total = sum(min(count, COUNTED) for count in counts)
    return f"{total}+" if any(count > COUNTED for count in counts) else str(total)


def _by_rule(organisation: Organisation, rule: Rule, now: datetime) -> Iterator[Due]:
    """What the rule says, source by source; no message is there twice."""
    for source in organisation.sources.order_by("name", "pk"):
        here = MentionRow.objects.filter(source=source, erased_at=None)
        too_old, gone = _old(rule, now), _gone(source, rule, now)
        if gone is not None:
            yield Due(source, ErasedBecause.GONE, here.filter(gone))
        if too_old is not None:
            aged = here.alias(moment=Coalesce("published_at", "collected_at"))
            rest = aged if gone is None else aged.exclude(gone)
            yield Due(source, ErasedBecause.OLD, rest.filter(moment__lte=too_old))


def _gone(source: Source, rule: Rule, now: datetime) -> Q | None:
    made = connectors().get(source.connector)
    days = 0 if made is not None and forgets_gone(made) else rule.gone_days
    return None if days is None else Q(gone_at__isnull=False, gone_at__lte=now - timedelta(days=days))


def _old(rule: Rule, now: datetime) -> datetime | None:
    return None if rule.any_days is None else now - timedelta(days=rule.any_days)


def _by_request(organisation: Organisation, requests: Sequence[AuthorErasure]) -> Iterator[Due]:
    """What authors asked for. Every source is named: also one that has nothing of theirs is waited for."""
    for request in requests:
        for source in organisation.sources.all():
            said = MentionRow.objects.filter(
                said_before(request.at),
                organisation=organisation,
                source=source,
                author=request.author,
                erased_at=None,
            )
            yield Due(source, ErasedBecause.AUTHOR, said, request)


def carry_out(organisation_id: int) -> None:
    """Erases what is due in one house, and notes that it was looked at. Harmless to repeat."""
    now = timezone.now()
    organisation = Organisation.objects.get(pk=organisation_id)
    requests = list(pending(organisation))
    for due in (
        *_by_request(organisation, requests),
        *_by_rule(organisation, rule_of(organisation), now),
    ):
        while erase_some(due.source, due.mentions, due.why, now, due.request) == BATCH:
            pass
    forget_pseudonyms(organisation, requests)
    Retention.objects.update_or_create(organisation=organisation, defaults={"looked_at": now})


def waiting(now: datetime) -> list[int]:
    """Houses whose rule was not carried out for an hour."""
    fresh = Organisation.objects.filter(retention__looked_at__gt=now - EVERY)
    others = Organisation.objects.exclude(pk__in=fresh.values("pk"))
    return list(others.order_by("pk").values_list("pk", flat=True))
