"""Every address of the desk, as the URL configuration declares it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse

from veilleur.desk.accounts.actions import admit
from veilleur.desk.accounts.models import (
    HouseRole,
    Invitation,
    Mandate,
    OpenSession,
    Organisation,
    Team,
    User,
)
from veilleur.desk.api.models import Delivery, Subscription, Token
from veilleur.desk.automation.models import Rule, Trial
from veilleur.desk.hours.models import PromiseRow
from veilleur.desk.inbox.models import LegalHold, MentionRow, Note, SavedView, TicketRow, Watch, WordList
from veilleur.desk.inbox.team.models import (
    Attachment,
    BulkAct,
    CustomField,
    Macro,
    Notification,
    Tag,
)
from veilleur.desk.moderation.models import NetworkAct
from veilleur.desk.replies.models import GuestLink, Reply, Template
from veilleur.desk.sources.actions import draft_run
from veilleur.desk.sources.models import Listening, Source
from veilleur.vocabulary import Act

SHARED = {"rule": "S-01-CONFIRM", "pack": "secret-medical", "connector": "gateway"}
"""What an address may speak of that belongs to nobody."""
FILE = b"Date;Note;Commentaire\n03/11/2026;1/5;Trop d'attente.\n04/11/2026;5/5;Merci !\n"


@dataclass(frozen=True, slots=True)
class Address:
    """One address: its full name, its template (`o/{organisation}/trail/`), its parameters."""

    name: str
    template: str
    parameters: tuple[str, ...]

    def of(self, values: Mapping[str, Any]) -> str:
        """The path with `values` in the place of the parameters.

        Raises `KeyError` for a parameter that `values` does not know.
        """
        return reverse(self.name, kwargs={name: values[name] for name in self.parameters})


def addresses() -> list[Address]:
    """Every named address, in the order of the URL configuration."""
    return list(_walk(get_resolver(), "", "", ()))


def _walk(resolver: URLResolver, space: str, route: str, above: tuple[str, ...]) -> Iterator[Address]:
    for entry in resolver.url_patterns:
        here = route + str(entry.pattern)
        parameters = (*above, *entry.pattern.converters)
        if getattr(entry, "namespace", None) == "v1":
            continue  # endpoints of the API are asked with tokens: tests/desk/api
        if isinstance(entry, URLResolver):
            inner = f"{space}{entry.namespace}:" if entry.namespace else space
            yield from _walk(entry, inner, here, parameters)
        else:
            yield _address(entry, space, here, parameters)


def _address(entry: URLPattern, space: str, route: str, parameters: tuple[str, ...]) -> Address:
    assert entry.name, f"an address without a name: {route}"
    template = route
    for part in route.split("<")[1:]:
        declared = part.split(">")[0]
        template = template.replace(f"<{declared}>", "{" + declared.split(":")[-1] + "}")
    return Address(space + entry.name, template, parameters)


def belongings(organisation: Organisation, make_mention: Callable[..., MentionRow]) -> dict[str, Any]:
    """One object of each kind for `organisation`, by the name of the parameter that speaks of it.

    An address with a parameter that is not here makes the tests fail: add the object it names.
    """
    mention = make_mention(organisation, text="Trop d'attente aux urgences.", author="auteur-1", thread="fil")
    ticket = mention.ticket
    note = Note.objects.create(ticket=ticket, author_name="x", text="y", at=ticket.opened_at)
    run = draft_run(mention.source, [FILE], "avis.csv")
    decision = ticket.decisions.create(act=Act.NOTE, at=ticket.opened_at)
    moments = {"created_at": ticket.opened_at, "updated_at": ticket.opened_at}
    reply = Reply.objects.create(
        organisation=organisation, ticket=ticket, mention_digest=mention.digest, text="Merci.", **moments
    )
    act = NetworkAct.objects.create(
        organisation=organisation, ticket=ticket, verb="hide", asked_at=ticket.opened_at, state="failed"
    )
    link = GuestLink.objects.create(
        organisation=organisation,
        reply=reply,
        name="x",
        digest="0" * 64,
        made_at=ticket.opened_at,
        expires_at=ticket.opened_at,
    )
    wording = Template.objects.create(organisation=organisation, name="Merci", language="fr", text="Merci.")
    watch = Watch.objects.create(organisation=organisation, name="Attente", query="attente")
    view = SavedView.objects.create(organisation=organisation, name="Attente", query="q=attente")
    words = WordList.objects.create(organisation=organisation, name="rivaux", words="martin")
    hold = LegalHold.objects.create(mention=mention, reason="A complaint.", by_name="x", at=ticket.opened_at)
    promise = PromiseRow.objects.create(organisation=organisation, answer_minutes=480)
    rule = Rule.objects.create(organisation=organisation, name="Clore", steps={"close": "nothing"})
    trial = Trial.objects.create(
        organisation=organisation, rule=rule, days=30, at=ticket.opened_at,
        asked={"name": "Clore", "event": "arrives", "query": "", "queue": "", "steps": {}, "is_last": False},
    )  # fmt: skip
    tool = Source.objects.create(organisation=organisation, key="outil", name="Un outil", connector="webhook")
    begun = {"organisation": organisation, "name": "Suivi", "created_at": ticket.opened_at}
    told = Subscription.objects.create(**begun, url="https://example.org/", events=[])
    made = {"made_at": ticket.opened_at, "next_at": ticket.opened_at}
    delivery = Delivery.objects.create(subscription=told, event="ticket.closed", payload={}, **made)
    person, _ = User.objects.get_or_create(email=f"{organisation.slug}@example.org")
    prefix = f"vlr_{organisation.pk:08d}"
    program = Token.objects.create(**begun, person=person, prefix=prefix, digest="", scopes=[])
    hook = Listening.objects.create(source=tool, hook="a-secret-end", handle_since=ticket.opened_at).hook
    moment = ticket.opened_at
    person = admit(organisation, "x@example.org", "x", password=None, by="tests")
    member = person.memberships.get(organisation=organisation)
    role = HouseRole.objects.create(organisation=organisation, name="Nuit", rights=["read"])
    team = Team.objects.create(organisation=organisation, name="Nuit")
    agency = Organisation.objects.create(slug=f"agency-{organisation.slug}", name="Agence")
    mandate = Mandate.objects.create(
        client=organisation, agency=agency, needed="work", given_at=moment, given_by_name="x"
    )
    invitation = Invitation.objects.create(
        organisation=organisation,
        email="y@example.org",
        digest="0" * 64,
        invited_by_name="x",
        invited_at=moment,
        expires_at=moment,
    )
    session = OpenSession.objects.create(user=person, session_key="k", opened_at=moment, seen_at=moment)
    return {
        **_of_the_team(organisation, ticket, note),
        "organisation": organisation.slug,
        "member": member.pk,
        "role": role.pk,
        "team": team.pk,
        "mandate": mandate.pk,
        "invitation": invitation.pk,
        "session": session.pk,
        "pk": session.pk,
        "provider_id": "nobody",
        "uidb36": "1",
        "key": "set-password",
        "ticket": ticket.pk,
        "note": note.pk,
        "run": run.pk,
        "decision": decision.pk,
        "source": mention.source.key,
        "reply": reply.pk,
        "link": link.pk,
        "template": wording.pk,
        "watch": watch.pk,
        "act": act.pk,
        "author": mention.author,
        "view": view.pk,
        "word_list": words.pk,
        "hold": hold.pk,
        "token": hook,
        "subscription": told.pk,
        "delivery": delivery.pk,
        "api_token": program.pk,
        "promise": promise.pk,
        "trial": trial.pk,
        "automatic_rule": rule.pk,
        **SHARED,
    }


def _of_the_team(organisation: Organisation, ticket: TicketRow, note: Note) -> dict[str, Any]:
    """What a team adds: a tag, a macro, a field, an act on many, a file, a notification."""
    tag = Tag.objects.create(organisation=organisation, name="Urgent", key="urgent")
    macro = Macro.objects.create(organisation=organisation, name="Merci", key=1, steps=[["assign", "me"]])
    field = CustomField.objects.create(organisation=organisation, name="Service", kind="text")
    act = BulkAct.objects.create(organisation=organisation, by_name="x", created_at=ticket.opened_at)
    act.lines.create(ticket=ticket, version=ticket.version)
    file = Attachment.objects.create(
        note=note, name="a.pdf", media_type="application/pdf", size=1, path="none"
    )
    member = organisation.memberships.first()
    person = member.user if member else User.objects.create_user("nobody@example.org", name="Nobody")
    told = Notification.objects.create(
        organisation=organisation, person=person, kind="named", ticket=ticket, note=note, at=ticket.opened_at
    )
    return {
        "tag": tag.pk,
        "macro": macro.pk,
        "custom_field": field.pk,
        "bulk": act.pk,
        "attachment": file.pk,
        "notification": told.pk,
    }
