"""What people do with watches: one act, one transaction, one line in the trail."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from veilleur.desk.accounts import audit
from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.inbox.jobs import scan_watch
from veilleur.desk.inbox.models import Watch
from veilleur.desk.jobs import enqueue
from veilleur.errors import ActRefused


def keep_watch(place: Workplace, watch: Watch) -> Watch:
    """Listens for it, from the past on. Raises `ActRefused` when its name is taken."""
    watch.scanned_at = None
    told = {"name": watch.name, "query": watch.query, "excluded": watch.excluded}
    try:
        with transaction.atomic():
            watch.save()
            audit.record(place.organisation, place.user.email, "inbox.watch", f"watch:{watch.pk}", told)
            enqueue(scan_watch, watch.pk)
    except IntegrityError as error:
        raise ActRefused(_("There is already a watch of this name.")) from error
    return watch


@transaction.atomic
def drop_watch(place: Workplace, watch: Watch) -> None:
    """Listens for it no more; its messages stay."""
    told = {"name": watch.name}
    audit.record(place.organisation, place.user.email, "inbox.unwatch", f"watch:{watch.pk}", told)
    watch.delete()
