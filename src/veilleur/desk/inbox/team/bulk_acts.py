"""An act on many tickets: prepared, shown beforehand, carried out ticket by ticket, undone as a whole.

Each ticket is a transaction of its own, with its line (`BulkLine`): killed in the middle, the job goes on
with the lines that wait, and nothing happens twice. What somebody changed since the preview is left alone.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.http import Http404
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from veilleur.desk.accounts import audit
from veilleur.desk.accounts.permissions import Workplace, workplace_of
from veilleur.desk.inbox import actions
from veilleur.desk.inbox.bulk import insert
from veilleur.desk.inbox.models import TicketRow
from veilleur.desk.inbox.team.models import BulkAct, BulkLine, BulkState, LineState, News
from veilleur.desk.inbox.team.notifications import tell
from veilleur.desk.inbox.team.selection import Selection
from veilleur.desk.inbox.team.steps import Kind, Means, Step, carry_out, steps_of
from veilleur.errors import ActRefused, Outdated

AT_ONCE = 200
"""Up to so many tickets are changed while the person waits; more are a job."""
UNDO_FOR = timedelta(minutes=10)
_KEPT_DRAFTS = timedelta(days=1)


@transaction.atomic
def begin(place: Workplace, selection: Selection, query: str, *, now: datetime) -> BulkAct:
    """Notes which tickets are meant; nothing changes. The drafts that this person left lying go."""
    if not selection.ids:
        raise ActRefused(_("No message is selected."))
    left = BulkAct.objects.filter(organisation=place.organisation, by=place.user, state=BulkState.DRAFT)
    left.filter(created_at__lt=now - _KEPT_DRAFTS).delete()
    act = BulkAct.objects.create(
        organisation=place.organisation,
        by=place.user,
        by_name=str(place.user),
        query=query,
        is_whole=selection.is_whole,
        created_at=now,
    )
    insert(BulkLine, [{"act_id": act.pk, "ticket_id": pk, "version": 0} for pk in selection.ids])
    return act


def known(place: Workplace, act_id: int) -> BulkAct:
    """An act of this house; those of others do not exist."""
    found = BulkAct.objects.filter(organisation=place.organisation, pk=act_id).first()
    if found is None:
        raise Http404
    return found


def _locked(place: Workplace, act: BulkAct, state: BulkState) -> BulkAct:
    """The act, locked, if it stands so and this person prepared it."""
    locked = BulkAct.objects.select_for_update().get(pk=act.pk)
    if locked.by_id != place.user.pk:
        raise ActRefused(_("Somebody else prepared this: only they can go on."))
    if locked.state != state:
        raise ActRefused(_("This was done already."))
    return locked


@transaction.atomic
def choose(place: Workplace, act: BulkAct, steps: Sequence[Step]) -> None:
    """Says what shall be done, and notes each ticket as it stands: this is what the preview shows."""
    _locked(place, act, BulkState.DRAFT)
    present = TicketRow.objects.filter(pk=OuterRef("ticket")).values("version")[:1]
    BulkLine.objects.filter(act=act).update(version=Subquery(present))
    act.steps = [list(step) for step in steps]
    act.save(update_fields=["steps"])


@transaction.atomic
def start(place: Workplace, act: BulkAct, *, now: datetime) -> BulkAct:
    """Lets the act be carried out; one line in the trail for the whole."""
    locked = _locked(place, act, BulkState.DRAFT)
    if not locked.steps:
        raise ActRefused(_("Say what shall be done."))
    locked.state = BulkState.RUNNING
    locked.save(update_fields=["state"])
    told = {"count": locked.lines.count(), "steps": [step.kind for step in steps_of(locked.steps)]}
    audit.record(place.organisation, place.user.email, "inbox.bulk", f"bulk:{act.pk}", told, at=now)
    return locked


@transaction.atomic
def start_undo(place: Workplace, act: BulkAct, *, now: datetime) -> BulkAct:
    """Lets the whole act be undone, for a while."""
    locked = _locked(place, act, BulkState.DONE)
    if not can_undo(locked, now):
        raise ActRefused(_("This cannot be undone any more."))
    locked.state = BulkState.UNDOING
    locked.save(update_fields=["state"])
    told = {"count": locked.lines.filter(state=LineState.DONE).count()}
    audit.record(place.organisation, place.user.email, "inbox.undo_bulk", f"bulk:{act.pk}", told, at=now)
    return locked


def can_undo(act: BulkAct, now: datetime) -> bool:
    """Whether the whole may still be put back."""
    return act.state == BulkState.DONE and act.ended_at is not None and now - act.ended_at <= UNDO_FOR


def carry_on(act_id: int) -> None:
    """Carries out or undoes what an act has left to do; harmless when nothing is."""
    act = BulkAct.objects.select_related("organisation", "by").get(pk=act_id)
    if act.by is None or act.state not in {BulkState.RUNNING, BulkState.UNDOING}:
        return
    with _as_they_read(act):
        place = _place_of(act)
        if act.state == BulkState.RUNNING:
            means = Means.of(place, timezone.now()) if place else None
            _each(act, LineState.WAITING, lambda line: _do(line, means, steps_of(act.steps)))
        else:
            _each(act, LineState.DONE, lambda line: _put_back(line, place))
        _end(act, place)


def _place_of(act: BulkAct) -> Workplace | None:
    """Where the person works; None when they left meanwhile."""
    try:
        return workplace_of(act.by, act.organisation.slug) if act.by else None
    except Http404:
        return None


@contextmanager
def _as_they_read(act: BulkAct) -> Iterator[None]:
    """Reasons are kept in words: those of the person who asked."""
    language = act.by.language if act.by else act.organisation.language
    zone = zoneinfo.ZoneInfo(act.organisation.time_zone)
    with translation.override(language), timezone.override(zone):
        yield


def _each(act: BulkAct, state: LineState, do: Callable[[BulkLine], None]) -> None:
    last = 0
    lines = BulkLine.objects.filter(act=act, state=state).order_by("pk")
    while following := lines.filter(pk__gt=last).values_list("pk", flat=True).first():
        last = following
        with transaction.atomic():
            line = lines.select_for_update(of=("self",)).filter(pk=following).first()
            if line is not None:
                do(line)
                line.save(update_fields=["state", "why", "decision"])


def _do(line: BulkLine, means: Means | None, steps: Sequence[Step]) -> None:
    try:
        if means is None:
            raise ActRefused(_("Who asked for it does not work here any more."))  # noqa: TRY301 - told as the others
        with transaction.atomic():
            line.decision = carry_out(means, line.ticket_id, line.version, steps, bulk=line.act_id)
        line.state = LineState.DONE
    except Outdated:
        line.state, line.why = LineState.SKIPPED, _("Somebody changed it since the preview.")
    except ActRefused as refused:
        line.state, line.why = LineState.SKIPPED, str(refused)[:200]


def _put_back(line: BulkLine, place: Workplace | None) -> None:
    try:
        if place is None or line.decision_id is None:
            raise ActRefused(_("Who asked for it does not work here any more."))  # noqa: TRY301 - told as the others
        with transaction.atomic():
            actions.undo(place, line.decision_id, now=timezone.now())
        line.state, line.why = LineState.UNDONE, ""
    except ActRefused:
        line.state, line.why = LineState.KEPT, _("Something happened to it since.")


@transaction.atomic
def _end(act: BulkAct, place: Workplace | None) -> None:
    """The act is over; who got tickets is told once of all of them."""
    locked = BulkAct.objects.select_for_update().get(pk=act.pk)
    if locked.state == BulkState.RUNNING:
        locked.state, locked.ended_at = BulkState.DONE, timezone.now()
        if place is not None:
            _tell_assigned(locked, place)
    elif locked.state == BulkState.UNDOING:
        locked.state = BulkState.UNDONE
    locked.save(update_fields=["state", "ended_at"])


def _tell_assigned(act: BulkAct, place: Workplace) -> None:
    given = [step.value for step in steps_of(act.steps) if step.kind == Kind.ASSIGN]
    if not given or given[-1] in {"", "me"}:
        return
    done = act.lines.filter(state=LineState.DONE)
    ids = list(done.values_list("ticket", flat=True)[:2])
    if ids:
        ticket = TicketRow.objects.get(pk=ids[0]) if len(ids) == 1 else None
        person, now = [int(given[-1])], act.ended_at or timezone.now()
        tell(act.organisation, person, News.ASSIGNED, now, by=place.user, ticket=ticket, count=done.count())


def interrupted() -> list[int]:
    """Acts that a crash left in the middle."""
    halves = [BulkState.RUNNING, BulkState.UNDOING]
    return list(BulkAct.objects.filter(state__in=halves).values_list("pk", flat=True))
