"""What people do with a reply: one act, one transaction, one line in its history and in the trail.

Every act takes the workplace of the person, the reply, the `version` that the person was looking at, and
`now`; see `steps.held` for what is refused.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from veilleur.desk.accounts import audit
from veilleur.desk.accounts.models import User
from veilleur.desk.accounts.permissions import May, Workplace
from veilleur.desk.inbox.actions import close_answered, refuse_erased
from veilleur.desk.inbox.holds import hold as hold_message
from veilleur.desk.inbox.models import HoldGround, TicketRow
from veilleur.desk.inbox.queries.ticket import followable
from veilleur.desk.inbox.team.notifications import tell_readers
from veilleur.desk.replies.judging import (
    ANSWERERS,
    Judged,
    case_of,
    is_approved,
    judged,
    needs_second_reader,
    overrides_of,
)
from veilleur.desk.replies.models import (
    WRITTEN,
    Reply,
    ReplyVersion,
    SafetyDecision,
    State,
    Step,
    Template,
    new_key,
)
from veilleur.desk.replies.steps import held, note, require_reason, ticket_to_answer, under_way
from veilleur.errors import ActRefused, Outdated

SAME_SITTING = timedelta(minutes=10)
"""What one person writes without a longer pause is one version."""
ON_ITS_WAY = timedelta(minutes=10)
"""After so long a call to a network has no effect any more (more than any `Connector.seconds`)."""
LONGEST = 10_000
"""Characters of a reply."""


@transaction.atomic
def begin(
    place: Workplace,
    ticket_id: int,
    *,
    text: str,
    language: str = "fr",
    wording: str = "",
    template: Template | None = None,
    now: datetime,
) -> Reply:
    """The reply of a ticket, made if there is none under way."""
    ticket = ticket_to_answer(place, ticket_id, May.ANSWER)
    TicketRow.objects.select_for_update(of=("self",)).get(pk=ticket.pk)  # two people never begin two
    refuse_erased(ticket)
    existing = under_way(ticket)
    if existing is not None:
        return existing
    reply = Reply.objects.create(
        organisation=place.organisation,
        ticket=ticket,
        mention_digest=ticket.mention.digest,
        text=_bounded(text),
        language=language,
        wording=wording,
        template=template,
        author=place.user,
        created_at=now,
        updated_at=now,
    )
    note(reply, Step.WRITE, place.user, now)
    _keep_version(reply, place.user, now)
    return reply


@transaction.atomic
def write(
    place: Workplace,
    reply_id: int,
    version: int,
    *,
    text: str,
    wording: str | None = None,
    template: Template | None = None,
    now: datetime,
) -> Reply:
    """Changes the text: what was approved or answered for no longer holds.

    What one person writes in one sitting is one version and one line in the trail.
    """
    reply = held(place, reply_id, version, WRITTEN)
    changes: dict[str, Any] = {"wording": wording} if wording is not None else {}
    if template is not None:
        changes |= {"template": template, "wording": ""}
    if _bounded(text) == reply.text and not changes:
        return reply
    if reply.attempts:  # another text under the same key could be taken for the first one
        changes["key"] = new_key()
    is_same_sitting = _is_same_sitting(reply, place.user, now) and not changes
    changes |= {"text": _bounded(text), "author": place.user, "state": State.DRAFT, "failure": ""}
    if is_same_sitting and reply.state == State.DRAFT:
        _write_on(reply, text, now)
    else:
        note(reply, Step.WRITE, place.user, now, **changes)
    _keep_version(reply, place.user, now, is_same=is_same_sitting)
    return reply


def _write_on(reply: Reply, text: str, now: datetime) -> None:
    reply.text, reply.updated_at, reply.failure = _bounded(text), now, ""
    reply.version += 1
    reply.save(update_fields=["text", "mention_digest", "updated_at", "failure", "version"])


def _bounded(text: str) -> str:
    kept = text.replace("\r\n", "\n")
    if len(kept) > LONGEST:
        raise ActRefused(_("A reply has at most %d characters.") % LONGEST)
    return kept


def _is_same_sitting(reply: Reply, by: User, now: datetime) -> bool:
    last = reply.versions.order_by("-number").first()
    return last is not None and last.by_id == by.pk and now - last.at < SAME_SITTING


def _keep_version(reply: Reply, by: User, now: datetime, *, is_same: bool = False) -> None:
    last = reply.versions.order_by("-number").first()
    if last is not None and is_same:
        last.text = reply.text
        last.at = now
        last.save(update_fields=["text", "at"])
        return
    number = last.number + 1 if last else 1
    ReplyVersion.objects.create(reply=reply, number=number, text=reply.text, by=by, by_name=str(by), at=now)


@transaction.atomic
def override(
    place: Workplace, reply_id: int, version: int, *, rule: str, reason: str, now: datetime
) -> Reply:
    """Takes responsibility for a breach of this very wording, with a reason."""
    reply = held(place, reply_id, version, WRITTEN)
    told = next((one for one in _result(reply).told if one.rule == rule), None)
    if told is None or told.severity not in ANSWERERS:
        raise ActRefused(_("There is nothing to answer for here."))
    require_reason(reason)
    if any(step.by_id == place.user.pk and step.rule == rule for step in overrides_of(reply)):
        raise ActRefused(_("You already answer for it: somebody else must, too."))
    note(reply, Step.OVERRIDE, place.user, now, rule=rule, reason=reason.strip())
    return reply


@transaction.atomic
def submit(place: Workplace, reply_id: int, version: int, *, now: datetime) -> Reply:
    """Asks for a second reading."""
    reply = held(place, reply_id, version, [State.DRAFT, State.FAILED])
    if not reply.text.strip():
        raise ActRefused(_("Nothing is written yet."))
    note(reply, Step.SUBMIT, place.user, now, state=State.TO_APPROVE)
    tell_readers(place, reply.ticket, now)
    return reply


@transaction.atomic
def approve(place: Workplace, reply_id: int, version: int, *, now: datetime) -> Reply:
    """Somebody else than the author lets this very wording leave."""
    reply = held(place, reply_id, version, [State.TO_APPROVE], May.APPROVE)
    if reply.author_id == place.user.pk:
        raise ActRefused(_("You wrote it: somebody else reads it before it leaves."))
    _require_free(_result(reply))
    note(reply, Step.APPROVE, place.user, now, state=State.APPROVED)
    return reply


@transaction.atomic
def send_back(place: Workplace, reply_id: int, version: int, *, reason: str, now: datetime) -> Reply:
    """Gives the text back to its author, with a word."""
    reply = held(place, reply_id, version, [State.TO_APPROVE, State.APPROVED], May.APPROVE)
    if not reason.strip():
        raise ActRefused(_("Say what should change."))
    note(reply, Step.RETURN, place.user, now, state=State.DRAFT, reason=reason.strip())
    return reply


@transaction.atomic
def send(
    place: Workplace, reply_id: int, version: int, *, leaves_at: datetime | None = None, now: datetime
) -> Reply:
    """Decides that it leaves, at once or not before `leaves_at`; see `jobs.send_now`."""
    reply = held(place, reply_id, version, [State.DRAFT, State.APPROVED, State.FAILED])
    if not reply.ticket.source.connector:
        raise ActRefused(_("This source has no connection: copy the text, publish it, then say where."))
    require_ready(reply)
    note(reply, Step.SEND, place.user, now, state=State.QUEUED, leaves_at=leaves_at, failure="")
    return reply


@transaction.atomic
def hold(place: Workplace, reply_id: int, version: int, *, now: datetime) -> Reply:
    """Takes back a reply that has not left yet."""
    reply = held(place, reply_id, version, [State.QUEUED])
    if reply.attempted_at is not None and now - reply.attempted_at < ON_ITS_WAY:
        raise ActRefused(_("The network was just called: wait a few minutes, it may still arrive."))
    note(reply, Step.HOLD, place.user, now, state=State.DRAFT, leaves_at=None)
    return reply


@transaction.atomic
def publish_by_hand(place: Workplace, reply_id: int, version: int, *, url: str, now: datetime) -> Reply:
    """Says that somebody published it, and where: for networks that no connector speaks to."""
    reply = held(place, reply_id, version, [State.DRAFT, State.APPROVED, State.UNKNOWN])
    if url != followable(url):
        raise ActRefused(_("Give the web address where it can be seen, or nothing."))
    if reply.state != State.UNKNOWN:
        require_ready(reply)
    note(reply, Step.PUBLISH, place.user, now, state=State.SENT, sent_at=now, url=url)
    close_answered(reply.ticket_id, by=place.user, now=now)
    return reply


@transaction.atomic
def drop(place: Workplace, reply_id: int, version: int, *, now: datetime) -> Reply:
    """Gives up a reply that has not left."""
    reply = held(place, reply_id, version, WRITTEN)
    note(reply, Step.DROP, place.user, now, state=State.DROPPED)
    return reply


@transaction.atomic
def decide_safety(place: Workplace, ticket_id: int, *, is_case: bool, reason: str, now: datetime) -> None:
    """Says whether a message that may tell of an adverse reaction is a case, and why; a case is held."""
    ticket = ticket_to_answer(place, ticket_id, May.DECLARE)
    refuse_erased(ticket)
    require_reason(reason)
    _decision, is_new = SafetyDecision.objects.get_or_create(
        ticket=ticket,
        defaults={
            "is_case": is_case,
            "reason": reason.strip(),
            "by": place.user,
            "by_name": str(place.user),
            "at": now,
        },
    )
    if not is_new:
        raise Outdated(_("Somebody has already decided: here is the message as it stands now."))
    if is_case:
        hold_message(place, ticket.pk, reason=reason, ground=HoldGround.CASE, now=now)
    told = {"outcome": "case" if is_case else "not_case", "reason": reason.strip()}
    audit.record(place.organisation, place.user.email, "replies.safety", f"ticket:{ticket.pk}", told, at=now)


def _result(reply: Reply) -> Judged:
    return judged(case_of(reply.ticket), reply.text, overrides_of(reply))


def require_free(reply: Reply) -> None:
    """Refuses, saying why, a reply whose words the rules hold back."""
    _require_free(_result(reply))


def _require_free(result: Judged) -> None:
    """Refuses what the rules hold back."""
    if result.is_empty:
        raise ActRefused(_("Nothing is written yet."))
    if result.needs_safety:
        raise ActRefused(_("An adverse reaction may be told here: decide first whether it is a case."))
    if result.blocking:
        words = "”, “".join(dict.fromkeys(one.words for one in result.blocking))
        raise ActRefused(_("These words hold it back: “%s”.") % words)


def require_ready(reply: Reply) -> None:
    """Raises `ActRefused`, saying why, when a reply may not leave as it stands today."""
    refuse_erased(reply.ticket)
    case = case_of(reply.ticket)
    result = judged(case, reply.text, overrides_of(reply))
    _require_free(result)
    if needs_second_reader(case, result) and not is_approved(reply):
        raise ActRefused(_("A second person must read it first: ask for it."))
