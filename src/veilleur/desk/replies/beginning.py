"""How a reply begins: with a proposal, in other words each time, or with a wording of the house."""

from __future__ import annotations

from datetime import datetime

from django.http import Http404

from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.inbox.models import TicketRow
from veilleur.desk.replies import actions
from veilleur.desk.replies.judging import case_of, model_draft, spoken_language
from veilleur.desk.replies.models import Reply, Template
from veilleur.desk.replies.steps import under_way
from veilleur.replies import draft


def begin(
    place: Workplace,
    ticket: TicketRow,
    *,
    version: int | None,
    template: int | None,
    model: bool,
    now: datetime,
) -> Reply:
    """Begins a reply, or puts something else in the place of the one under way.

    `version` is that of the reply under way, `template` a wording of the house (`Http404` for none of this
    house); `model` lets an allowed model say the proposal otherwise.
    """
    house = _template(place, template)
    present = under_way(ticket)
    text, wording, language = _proposed(place, ticket, present, house, by_model=model)
    if present is None:
        return actions.begin(
            place, ticket.pk, text=text, language=language, wording=wording, template=house, now=now
        )
    return actions.write(place, present.pk, version or 0, text=text, wording=wording, template=house, now=now)


def _template(place: Workplace, pk: int | None) -> Template | None:
    if not pk:
        return None
    found = Template.objects.filter(organisation=place.organisation, pk=pk, is_retired=False).first()
    if found is None:
        raise Http404
    return found


def _proposed(
    place: Workplace, ticket: TicketRow, present: Reply | None, house: Template | None, *, by_model: bool
) -> tuple[str, str, str]:
    """(text, id of the wording, language)."""
    if house is not None:
        return house.text, "", house.language
    case = case_of(ticket)
    language = spoken_language(case)
    last = present.wording if present else _last_wording(place)
    made = draft(case.mention, case.reading, language, last, case.policy.contact)
    if by_model:
        made = model_draft(case, made)
    return made.text, made.id, language


def _last_wording(place: Workplace) -> str:
    """What the house said last: the next reply says it otherwise."""
    last = Reply.objects.filter(organisation=place.organisation).order_by("-pk").first()
    return last.wording if last else ""
