"""How many notifications wait, for the header of every page."""

from __future__ import annotations

from django import template

from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.inbox.team.notifications import unread_count

register = template.Library()


@register.simple_tag
def unread(place: Workplace) -> str:
    """`{% unread place as count %}`: "3", "99+", or nothing."""
    return unread_count(place)
