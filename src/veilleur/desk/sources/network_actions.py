"""What people do with a source that is listened to: one act, one line in the trail."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from veilleur.desk.accounts import audit
from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.sources.actions import add_source
from veilleur.desk.sources.connections import connect
from veilleur.desk.sources.models import Listening, Source
from veilleur.errors import ActRefused


@transaction.atomic
def add_network(place: Workplace, connector: str, name: str, told: dict[str, object]) -> Source:
    """A new source for an account on a network. Raises `InvalidInput` for settings that are wrong."""
    stem = slugify(name)[:44] or connector
    taken = set(Source.objects.filter(organisation=place.organisation).values_list("key", flat=True))
    key = next(
        made for made in (stem, *(f"{stem}-{number}" for number in range(2, 10_000))) if made not in taken
    )
    source = add_source(place.organisation, name, by=place.user.email, key=key)
    connect(source, connector, told, by=place.user.email)
    return source


@transaction.atomic
def change_network(
    place: Workplace, source: Source, connector: str, name: str, told: dict[str, object]
) -> None:
    """Another name, other settings, or another network for a source."""
    source.name = name[:200]
    source.save(update_fields=["name"])
    connect(source, connector, told, by=place.user.email)


@transaction.atomic
def pause(place: Workplace, source: Source, *, is_paused: bool) -> None:
    """Stops asking a source, or begins again where it stopped."""
    _change(place, source, "pause" if is_paused else "resume_listening", is_paused=is_paused)


@transaction.atomic
def ask_now(place: Workplace, source: Source) -> None:
    """Lets the collector ask a source at once. Raises `ActRefused` for one that calls us."""
    if Listening.objects.filter(source=source, next_at=None).exists():
        raise ActRefused(_("This source is not asked: it calls us."))
    _change(place, source, "ask_now", next_at=timezone.now())


@transaction.atomic
def set_rhythm(place: Workplace, source: Source, *, every: int, most_a_day: int, is_live: bool) -> None:
    """`every`: minutes between two questions at the busiest; `most_a_day`: questions, 0 for no bound."""
    changed = {"every": every * 60, "pause": every * 60, "most_a_day": most_a_day, "is_live": is_live}
    _change(place, source, "rhythm", **changed)


def _change(place: Workplace, source: Source, verb: str, **after: object) -> None:
    """Writes columns; a source that is asked is due at once."""
    how = Listening.objects.filter(source=source)
    if not how.update(**after):
        raise ActRefused(_("This source is not listened to."))
    how.filter(next_at__isnull=False).update(next_at=timezone.now())
    told = {name: value for name, value in after.items() if isinstance(value, int)}
    audit.record(place.organisation, place.user.email, f"sources.{verb}", f"source:{source.pk}", told)
