"""What people do with lists of words: one act, one transaction, one line in the trail."""

from __future__ import annotations

import re

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from veilleur.desk.accounts import audit
from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.inbox.jobs import scan_watch
from veilleur.desk.inbox.models import Watch, WordList
from veilleur.desk.jobs import enqueue
from veilleur.errors import ActRefused


def keep_list(place: Workplace, known: WordList) -> WordList:
    """Keeps the words; the watches that use them look through the past again.

    Raises `ActRefused` when the name is taken.
    """
    users = users_of(known) if known.pk else []
    told = {"name": known.name, "words": known.words}
    try:
        with transaction.atomic():
            known.save()
            audit.record(place.organisation, place.user.email, "inbox.word_list", f"list:{known.pk}", told)
            Watch.objects.filter(pk__in=[watch.pk for watch in users]).update(scanned_at=None)
            for watch in users:
                enqueue(scan_watch, watch.pk)
    except IntegrityError as error:
        raise ActRefused(_("There is already a list of this name.")) from error
    return known


@transaction.atomic
def drop_list(place: Workplace, known: WordList) -> None:
    """Forgets a list. Raises `ActRefused` while a watch uses it."""
    users = users_of(known)
    if users:
        names = ", ".join(watch.name for watch in users)
        raise ActRefused(_("Watches use this list: %s. Change them first.") % names)
    told = {"name": known.name}
    audit.record(place.organisation, place.user.email, "inbox.drop_list", f"list:{known.pk}", told)
    known.delete()


def users_of(known: WordList) -> list[Watch]:
    """The watches whose query names a list."""
    named = re.compile(rf"liste?:[\"«“ ]*{re.escape(known.name)}(?![\w-])", re.IGNORECASE)
    watches = Watch.objects.filter(organisation=known.organisation).order_by("name")
    return [watch for watch in watches if named.search(f"{watch.query} {watch.excluded}")]
