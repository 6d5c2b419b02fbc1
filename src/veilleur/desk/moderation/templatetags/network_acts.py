"""How a message stands on its network, for the page of the message, which knows nothing of this app."""

from __future__ import annotations

from django import template

from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.moderation import queries
from veilleur.desk.moderation.queries import OnNetwork

register = template.Library()


@register.simple_tag
def on_network(place: Workplace, ticket_id: int, version: int) -> OnNetwork:
    """`{% on_network place ticket.id ticket.version as network %}`."""
    return queries.on_network(place, ticket_id, version)
