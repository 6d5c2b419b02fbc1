"""What waits for somebody outside comes back: at its time, when its author writes again, when they edit."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.desk.inbox.team.conftest import NOW, fresh, url
from veilleur.desk.accounts import audit
from veilleur.desk.accounts.models import AuditLine
from veilleur.desk.inbox import actions
from veilleur.desk.inbox.intake import collect
from veilleur.desk.inbox.models import TicketRow
from veilleur.desk.inbox.team import ticket_acts
from veilleur.desk.inbox.team.tags import tags_on
from veilleur.desk.sources import actions as sources
from veilleur.errors import ActRefused
from veilleur.listening.files import Mapping


def test_waiting_is_an_act_with_its_undo(place_a, tickets):
    decision = actions.wait(place_a, tickets[0].pk, 1, until=None, now=NOW)
    row = fresh(tickets[0])
    assert (row.status, row.to_do, row.snoozed_until) == ("pending", False, None)
    actions.undo(place_a, decision.pk, now=NOW)
    assert fresh(tickets[0]).status == "new"
    with pytest.raises(ActRefused):
        actions.wait(place_a, tickets[0].pk, 3, until=NOW - timedelta(hours=1), now=NOW)


def test_it_comes_back_at_its_time_and_not_before(place_a, tickets):
    actions.wait(place_a, tickets[0].pk, 1, until=NOW + timedelta(days=1), now=NOW)
    actions.wait(place_a, tickets[1].pk, 1, now=NOW)
    assert actions.wake_due(place_a.organisation, now=NOW) == 0
    assert actions.wake_due(place_a.organisation, now=NOW + timedelta(days=2)) == 1
    assert [fresh(one).status for one in tickets[:2]] == ["open", "pending"]


def test_on_screen_one_goes_on_to_the_next(client_a, organisation_a, tickets):
    answer = client_a.post(
        url("wait", organisation_a, ticket=tickets[0].pk), {"version": 1, "until": ""}, follow=True
    )
    assert answer.redirect_chain[-1][0] == url("ticket", organisation_a, ticket=tickets[1].pk)
    page = client_a.get(url("list", organisation_a) + "?status=pending").content.decode()
    assert f'id="row-{tickets[0].pk}"' in page
    assert "En attente d’un tiers" in page


QUESTION = {"id": "q1", "auteur": "Zoé", "fil": "", "commentaire": "Comment vous joindre ?"}
HEADERS = tuple(QUESTION)


@pytest.fixture
def said(organisation_a, alice):
    """Brings messages from one source, as an import does."""
    source = sources.add_source(organisation_a, "Page", by="tests")

    def say(*rows):
        lines = [";".join(HEADERS), *(";".join(row[name] for name in HEADERS) for row in rows)]
        run = sources.draft_run(source, ["\n".join(lines).encode()], "avis.csv")
        sources.request_start(run, Mapping.from_json(run.mapping), by="tests")
        collect(run.pk)
        return TicketRow.objects.get(mention__external_id=rows[0]["id"])

    return say


def waiting(place, ticket):
    actions.wait(place, ticket.pk, ticket.version, now=NOW)
    return ticket


def why(ticket):
    return [one.details.get("why") for one in ticket.decisions.order_by("pk") if one.act == "reopen"]


def test_its_author_writes_again_in_the_conversation(place_a, said):
    ticket = waiting(place_a, said(QUESTION))
    said({**QUESTION, "id": "r1", "auteur": "Un passant", "fil": "q1", "commentaire": "Moi aussi."})
    assert fresh(ticket).status == "pending"
    said({**QUESTION, "id": "r2", "fil": "ailleurs", "commentaire": "Autre chose."})
    assert fresh(ticket).status == "pending"
    said({**QUESTION, "id": "r3", "fil": "q1", "commentaire": "Voici mon dossier."})
    assert fresh(ticket).status == "open"
    assert why(ticket) == ["author_wrote"]
    line = AuditLine.objects.get(act="inbox.reopen")
    assert (line.actor, line.target, line.details) == (
        "veilleur", f"ticket:{ticket.pk}", {"why": "author_wrote"}
    )  # fmt: skip
    assert audit.verify(place_a.organisation)


def test_its_author_edits(place_a, said):
    ticket = waiting(place_a, said(QUESTION))
    ticket_acts.tag(place_a, ticket.pk, names=["Urgent"], now=NOW)
    said({**QUESTION, "commentaire": "Comment vous joindre ? Trop d’attente !"})
    assert fresh(ticket).status == "open"
    assert why(ticket) == ["edited"]
    assert AuditLine.objects.get(act="inbox.reopen").details == {"why": "edited"}
    assert [tag.name for tag in tags_on([ticket.pk])[ticket.pk]] == ["Urgent"]
    assert "tag" in TicketRow.objects.get(pk=ticket.pk).mention.marks


def test_what_is_only_snoozed_stays_asleep_when_its_author_writes(place_a, said):
    ticket = said(QUESTION)
    actions.snooze(place_a, ticket.pk, 1, until=NOW + timedelta(days=1), now=NOW)
    said({**QUESTION, "id": "r3", "fil": "q1", "commentaire": "Voici mon dossier."})
    assert fresh(ticket).status == "snoozed"
