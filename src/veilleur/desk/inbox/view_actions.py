"""What people do with the views they keep: one act, one transaction, one line in the trail."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import Http404
from django.utils.translation import gettext as _

from veilleur.desk.accounts import audit
from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.inbox.models import SavedView
from veilleur.desk.inbox.queries.listing import saved_views
from veilleur.errors import ActRefused


def keep_view(place: Workplace, view: SavedView, *, name: str, is_shared: bool) -> SavedView:
    """Keeps a view under a name, for oneself or for everybody.

    Raises `PermissionDenied` when what is everybody's is not theirs to change, and `ActRefused` when the name
    is taken.
    """
    view.name = name
    view.owner = None if is_shared else place.user
    if not is_theirs(place, view):
        raise PermissionDenied
    told = {"name": view.name, "query": view.query, "is_shared": is_shared}
    try:
        with transaction.atomic():
            view.save()
            audit.record(place.organisation, place.user.email, "inbox.keep_view", f"view:{view.pk}", told)
    except IntegrityError as error:
        raise ActRefused(_("There is already a view of this name.")) from error
    return view


@transaction.atomic
def drop_view(place: Workplace, view: SavedView) -> None:
    """Forgets a view; its messages stay where they are."""
    told = {"name": view.name}
    audit.record(place.organisation, place.user.email, "inbox.drop_view", f"view:{view.pk}", told)
    view.delete()


def own_view(place: Workplace, view_id: int) -> SavedView:
    """A view this person may change. Raises `Http404` for one they do not see, else `PermissionDenied`."""
    found = saved_views(place).filter(pk=view_id).first()
    if found is None:
        raise Http404
    if not is_theirs(place, found):
        raise PermissionDenied
    return found


def is_theirs(place: Workplace, view: SavedView) -> bool:
    """What is everybody's is changed by those who work here."""
    return view.owner_id == place.user.pk if view.owner_id else place.can_work
