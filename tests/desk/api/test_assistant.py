"""An assistant over the Model Context Protocol, on standard input and output, as it would be started."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

import anyio
import pytest
from django.utils import timezone
from mcp import Client, StdioServerParameters

from veilleur.desk.accounts.models import Organisation
from veilleur.desk.accounts.permissions import May, Workplace
from veilleur.desk.api.tokens import make_token
from veilleur.desk.inbox.models import MentionRow, TicketRow
from veilleur.desk.replies.models import Reply

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ticket(organisation_a: Organisation, make_mention: Callable[..., MentionRow]) -> TicketRow:
    """A message that names somebody."""
    text = "Trop d'attente, appelez-moi au 06 12 34 56 78. Jeanne Dupont"
    return make_mention(organisation_a, text=text, url="https://example.org/avis/1").ticket


@pytest.fixture
def ask(live_server: Any, place_a: Workplace) -> Callable[..., Any]:
    """`ask(*scopes, options=…)(calls)`: starts the server, makes the calls, returns the results."""

    def started(*scopes: May, options: tuple[str, ...] = ()) -> Callable[..., Any]:
        _token, text = make_token(
            place_a, name="assistant", scopes=scopes or May, expires_at=None, now=timezone.now()
        )
        arguments = ["-m", "veilleur.cli", "mcp", "--url", live_server.url, *options]
        server = StdioServerParameters(
            command=sys.executable, args=arguments, env={**os.environ, "VEILLEUR_TOKEN": text}
        )

        async def run(calls: list[tuple[str, dict[str, Any]]]) -> tuple[list[str], list[Any]]:
            async with Client(server) as client:
                tools = sorted(tool.name for tool in (await client.list_tools()).tools)
                return tools, [await client.call_tool(name, said) for name, said in calls]

        return lambda *calls: anyio.run(run, list(calls))

    return started


def test_an_assistant_reads_without_personal_data_judges_and_drafts(ask: Any, ticket: TicketRow) -> None:
    tools, (found, read, judged, drafted) = ask()(
        ("search_tickets", {"query": "attente"}),
        ("read_ticket", {"ticket": ticket.pk}),
        ("judge_text", {"ticket": ticket.pk, "text": "Vous étiez bien notre patient."}),
        ("draft_reply", {"ticket": ticket.pk, "text": "Merci de votre message."}),
    )
    assert tools == ["draft_reply", "judge_text", "read_ticket", "search_tickets"], "none of them sends"
    for told in (found, read):
        assert "attente" in str(told.content)
        for word in ("06 12 34 56 78", "Dupont", "example.org"):
            assert word not in str(told.content)
    assert "[PHONE_1]" in str(read.content)
    assert judged.structured_content["may_leave"] is False
    assert drafted.structured_content["reply"]["text"] == "Merci de votre message."
    reply = Reply.objects.get()
    assert (reply.state, reply.text, reply.author.name) == ("draft", "Merci de votre message.", "Alice")


def test_what_a_token_may_not_is_said_in_words(ask: Any, ticket: TicketRow) -> None:
    _tools, (drafted, missing) = ask(May.READ)(
        ("draft_reply", {"ticket": ticket.pk}), ("read_ticket", {"ticket": 10**9})
    )
    assert drafted.is_error
    assert "scope “answer”" in str(drafted.content)
    assert missing.is_error
    assert not Reply.objects.exists()


def test_a_text_that_a_person_has_in_hand_is_left_alone(ask: Any, ticket: TicketRow) -> None:
    Reply.objects.create(
        organisation=ticket.organisation, ticket=ticket, mention_digest="", text="À relire.",
        state="to_approve", created_at=timezone.now(), updated_at=timezone.now(),
    )  # fmt: skip
    _tools, (drafted,) = ask()(("draft_reply", {"ticket": ticket.pk, "text": "Autre."}))
    assert "a person has it in hand" in str(drafted.content)
    assert Reply.objects.get().text == "À relire."


def test_who_starts_it_may_show_everything(ask: Any, ticket: TicketRow) -> None:
    _tools, (read,) = ask(options=("--unredacted",))(("read_ticket", {"ticket": ticket.pk}))
    assert "Dupont" in str(read.content)
