"""Tags: words of the house on tickets.

Which ticket carries which tag stands in `Tagging`. The list, though, is filtered by `MentionRow.marks`, as
for `label:`: the index of words walks its matches newest first whether a tag is on ten messages or on half a
million, alone or with words, where a join would have to sort all of a common tag or walk the whole list for a
rare one. A mark holds the id of a tag, so that another name costs nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from veilleur.desk.accounts import audit
from veilleur.desk.accounts.models import Organisation
from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.inbox.indexed import choice_mark, tag_mark
from veilleur.desk.inbox.models import MentionRow, TicketRow
from veilleur.desk.inbox.team.models import Colour, FieldKind, FieldValue, Tag, Tagging
from veilleur.errors import ActRefused
from veilleur.listening.queries import words_of

MOST = 200
"""Tags of one organisation."""
MOST_ON_TICKET = 20
LONGEST = 40
BATCH = 200
"""Tickets that a tag leaves in one transaction."""


def key_of(name: str) -> str:
    """What makes two names the same tag.

    >>> key_of("À rappeler !"), key_of("…")
    ('a rappeler', '')
    """
    return " ".join(words_of(name))[:120]


def tags_of(organisation: Organisation) -> list[Tag]:
    """Those that may be put on tickets, by name."""
    return list(Tag.objects.filter(organisation=organisation, leaves=False).order_by("key"))


def ids_by_name(organisation: Organisation) -> dict[str, int]:
    """Name → id, for whoever asks the index."""
    return {tag.name: tag.pk for tag in tags_of(organisation)}


def tags_on(tickets: Collection[int]) -> Mapping[int, list[Tag]]:
    """Ticket → its tags, by name."""
    found: defaultdict[int, list[Tag]] = defaultdict(list)
    rows = Tagging.objects.filter(ticket__in=tickets, tag__leaves=False).select_related("tag")
    for row in rows.order_by("tag__key"):
        found[row.ticket_id].append(row.tag)
    return found


@transaction.atomic
def named(place: Workplace, names: Iterable[str]) -> list[Tag]:
    """The tags of these names; one that nobody knew is made."""
    wanted = {key_of(name): " ".join(name.split())[:LONGEST] for name in names if name.strip()}
    if "" in wanted:
        raise ActRefused(_("A tag is a word: “%(name)s” has no letter.") % {"name": wanted[""]})
    known = {tag.key: tag for tag in Tag.objects.filter(organisation=place.organisation, key__in=wanted)}
    for key, name in wanted.items():
        if key not in known:
            known[key] = _made(place, key, name)
        elif known[key].leaves:
            raise ActRefused(_("The tag “%(name)s” is being removed: try again soon.") % {"name": name})
    return [known[key] for key in wanted]


def _made(place: Workplace, key: str, name: str) -> Tag:
    count = Tag.objects.filter(organisation=place.organisation).count()
    if count >= MOST:
        raise ActRefused(
            _("There are %(most)d tags already: use one of them, or merge some.") % {"most": MOST}
        )
    colour = Colour.values[count % len(Colour.values)]
    tag, is_new = Tag.objects.get_or_create(
        organisation=place.organisation, key=key, defaults={"name": name, "colour": colour}
    )
    if is_new:
        told = {"name": name}
        audit.record(place.organisation, place.user.email, "inbox.add_tag", f"tag:{tag.pk}", told)
    return tag


def lock_words(ticket_id: int) -> None:
    """Takes the message before its ticket, as storing does: two that wait for each other never end."""
    list(MentionRow.objects.select_for_update().filter(ticket__pk=ticket_id).values_list("pk"))


def put(ticket: TicketRow, add: Collection[int], remove: Collection[int]) -> None:
    """Changes the tags of a ticket that its caller holds, and what the index knows of them."""
    Tagging.objects.filter(ticket=ticket, tag__in=remove).delete()
    still = Tag.objects.filter(pk__in=add, organisation=ticket.organisation_id, leaves=False)
    rows = [Tagging(ticket=ticket, tag=tag) for tag in still]
    Tagging.objects.bulk_create(rows, ignore_conflicts=True)
    mark_again(ticket.mention_id)


def mark_again(mention_id: int) -> None:
    """Lets the index know what the house put on a message."""
    mention = MentionRow.objects.only("pk", "marks").get(pk=mention_id)
    marks = with_house_marks(mention.marks, mention_id)
    if marks != mention.marks:
        MentionRow.objects.filter(pk=mention_id).update(marks=marks)


def with_house_marks(marks: str, mention_id: int) -> str:
    """The marks of a message as it was read, with those of its tags and of its choices."""
    read = [mark for mark in marks.split() if not mark.startswith(("tag", "choice"))]
    tags = Tagging.objects.filter(ticket__mention=mention_id, tag__leaves=False)
    choices = FieldValue.objects.filter(ticket__mention=mention_id, field__kind=FieldKind.CHOICE)
    return " ".join(
        [
            *read,
            *sorted(map(tag_mark, tags.values_list("tag", flat=True))),
            *sorted(choice_mark(field, value) for field, value in choices.values_list("field", "value")),
        ]
    )


@transaction.atomic
def change(place: Workplace, tag: Tag, *, name: str, colour: str) -> None:
    """Another name or another colour."""
    (key, was), name = (key_of(name), tag.name), " ".join(name.split())
    if not key:
        raise ActRefused(_("A tag is a word: “%(name)s” has no letter.") % {"name": name})
    if Tag.objects.filter(organisation=place.organisation, key=key).exclude(pk=tag.pk).exists():
        raise ActRefused(_("There is already a tag of this name: merge them instead."))
    tag.name, tag.key, tag.colour = name, key, colour
    tag.save(update_fields=["name", "key", "colour"])
    told = {"name": name, "was": was}
    audit.record(place.organisation, place.user.email, "inbox.change_tag", f"tag:{tag.pk}", told)


@transaction.atomic
def drop(place: Workplace, tag: Tag, into: Tag | None) -> None:
    """Takes a tag off every ticket, in favour of another one if there is one; `drain` does the work."""
    if into is not None and (into.pk == tag.pk or into.leaves):
        raise ActRefused(_("Choose another tag to merge it with."))
    tag.leaves, tag.into = True, into
    tag.save(update_fields=["leaves", "into"])
    actor, target = place.user.email, f"tag:{tag.pk}"
    if into:
        told = {"name": tag.name, "to": into.name}
        audit.record(place.organisation, actor, "inbox.merge_tag", target, told)
    else:
        audit.record(place.organisation, actor, "inbox.drop_tag", target, {"name": tag.name})


def drain(tag: Tag) -> None:
    """Takes a tag that leaves off its tickets, a batch at a time, then forgets it; it may be begun again."""
    while _drain_some(tag):
        pass
    with transaction.atomic():
        Tag.objects.filter(pk=tag.pk, leaves=True).delete()


@transaction.atomic
def _drain_some(tag: Tag) -> bool:
    rows = Tagging.objects.filter(tag=tag).order_by("pk")
    found = list(rows.values_list("pk", "ticket", "ticket__mention")[:BATCH])
    mentions = [mention for _pk, _ticket, mention in found]
    list(MentionRow.objects.select_for_update().filter(pk__in=mentions).order_by("pk").values_list("pk"))
    if tag.into_id:
        Tagging.objects.bulk_create(
            [Tagging(ticket_id=ticket, tag_id=tag.into_id) for _pk, ticket, _mention in found],
            ignore_conflicts=True,
        )
    Tagging.objects.filter(pk__in=[pk for pk, _ticket, _mention in found]).delete()
    for mention in mentions:
        mark_again(mention)
    return bool(found)


def names_of(tags: Sequence[Tag]) -> str:
    """Their names in a row."""
    return ", ".join(tag.name for tag in tags)
