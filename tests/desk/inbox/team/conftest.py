"""A few tickets, and addresses of the inbox."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from veilleur.desk.inbox.models import TicketRow

NOW = datetime(2026, 3, 3, 9, 30, tzinfo=UTC)


def url(name, organisation, **arguments):
    return reverse(f"inbox:{name}", kwargs={"organisation": organisation.slug, **arguments})


def fresh(ticket):
    return TicketRow.objects.get(pk=ticket.pk)


@pytest.fixture
def tickets(organisation_a, make_mention):
    """Six tickets, the newest first."""
    made = [make_mention(organisation_a, text=f"Message {number} attente").ticket for number in range(6)]
    return list(reversed(made))
