"""Thanks in bulk: ratings without a word, answered one by one over the hours when the house is open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

from django.db import transaction
from django.db.models import Exists, Max, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from veilleur.desk.accounts.permissions import May, Workplace
from veilleur.desk.inbox.models import TicketRow
from veilleur.desk.inbox.queries.listing import Stars, stars_of
from veilleur.desk.replies import actions
from veilleur.desk.replies.judging import case_of, judged, needs_second_reader
from veilleur.desk.replies.models import Reply, ReplyPolicy, State
from veilleur.desk.replies.rulebooks import policy_of
from veilleur.errors import ActRefused
from veilleur.replies import written

AT_LEAST = 0.75
"""Share of the scale from which a rating without a word is thanked for in bulk."""
MOST = 50
SITUATION = "stars"
SHORTEST_PAUSE = timedelta(minutes=4)
"""Between two replies: a page where twenty answers appear in a minute tells that nobody wrote them."""


@dataclass(frozen=True, slots=True)
class Thanks:
    """What one rating would be answered."""

    ticket: TicketRow
    stars: Stars | None
    wording: str
    text: str
    language: str
    leaves_at: datetime
    is_free: bool
    """Nothing holds the text back but, perhaps, a second reading."""
    second_reader: bool
    by_hand: bool


def thanks_of(place: Workplace, now: datetime) -> list[Thanks]:
    """A proposal for each of the newest ratings without a word that nobody has begun to answer."""
    policy, last = policy_of(place.organisation), ""
    moments = spread(policy, _free_from(place, now))
    out = []
    for ticket in _ratings(place):
        case = case_of(ticket)
        language = ticket.language if ticket.language in {"fr", "en"} else place.organisation.language
        draft = written(SITUATION, language, ticket.mention.external_id, last, policy.contact)
        last = draft.id
        result = judged(case, draft.text)
        out.append(
            Thanks(
                ticket,
                stars_of(ticket.mention, ticket.rating_share),
                draft.id,
                draft.text,
                language,
                next(moments),
                result.may_leave,
                needs_second_reader(case, result),
                not ticket.source.connector,
            )
        )
    return out


def _ratings(place: Workplace) -> Sequence[TicketRow]:
    begun = Reply.objects.filter(ticket=OuterRef("pk")).exclude(state=State.DROPPED)
    tickets = TicketRow.objects.filter(
        organisation=place.organisation,
        to_do=True,
        rating_share__gte=AT_LEAST,
        mention__text="",
        mention__title="",
        mention__erased_at=None,
    )
    tickets = tickets.filter(~Exists(begun)).select_related(
        "mention__reading", "mention__source", "organisation", "source"
    )
    return list(tickets.order_by("-position")[:MOST])


def _free_from(place: Workplace, now: datetime) -> datetime:
    """When the first reply may leave: a pause after the last one that waits for its time."""
    waiting = Reply.objects.filter(organisation=place.organisation, state=State.QUEUED, leaves_at__gt=now)
    last = waiting.aggregate(last=Max("leaves_at"))["last"]
    return now if last is None else last + SHORTEST_PAUSE


def spread(policy: ReplyPolicy, now: datetime) -> Iterator[datetime]:
    """When replies leave: from now on, one after another, in opening hours, Monday to Friday."""
    moment = timezone.localtime(now)
    for number in count():
        moment = _open(policy, moment + SHORTEST_PAUSE if number else moment)
        yield moment


def _open(policy: ReplyPolicy, moment: datetime) -> datetime:
    """The moment itself when the house is open, else the next one when it is."""
    while moment.weekday() >= 5 or moment.time() >= policy.closes:
        moment = (moment + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    if moment.time() < policy.opens:
        return moment.replace(hour=policy.opens.hour, minute=policy.opens.minute, second=0, microsecond=0)
    return moment


def give(place: Workplace, chosen: Sequence[int], now: datetime) -> tuple[int, int]:
    """Begins and sends what was chosen, or asks for a second reading; (how many leave, how many wait).

    What somebody else began or changed meanwhile is left to them.
    """
    if not place.allows(May.ANSWER):
        raise ActRefused(_("You may read here, not act."))
    leaving = waiting = 0
    for one in thanks_of(place, now):
        if one.ticket.pk not in chosen or not one.is_free:
            continue
        try:
            leaves = _give(place, one, now)
        except ActRefused:
            leaves = False
        leaving, waiting = leaving + leaves, waiting + (not leaves)
    return leaving, waiting


@transaction.atomic
def _give(place: Workplace, one: Thanks, now: datetime) -> bool:
    reply = actions.begin(
        place, one.ticket.pk, text=one.text, language=one.language, wording=one.wording, now=now
    )
    if one.second_reader:
        actions.submit(place, reply.pk, reply.version, now=now)
        return False
    if one.by_hand:
        return False
    actions.send(place, reply.pk, reply.version, leaves_at=one.leaves_at, now=now)
    return True
