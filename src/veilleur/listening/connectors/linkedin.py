"""LinkedIn: the comments under the posts of an organisation's page, and answers in its name.

By the Community Management API (versioned REST). Listening is in `linkedin_reading`, the network itself in
`linkedin_api`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import ClassVar

from pydantic import BaseModel

from veilleur.errors import CredentialsRefused, NetworkRefused
from veilleur.listening import asking
from veilleur.listening.client import Client
from veilleur.listening.connector import Answered, Capability, Page, Remark, Sent, remark, said
from veilleur.listening.connectors import linkedin_api as api
from veilleur.listening.connectors import linkedin_reading as reading
from veilleur.listening.connectors.linkedin_api import API, OAUTH, Api, Missing, Post
from veilleur.listening.connectors.linkedin_settings import LinkedInSettings
from veilleur.listening.oauth2 import Access, Application, Scope, SignIn
from veilleur.vocabulary import Words

READ_SCOPE, WRITE_SCOPE = "r_organization_social", "w_organization_social"
RIGHTS = (
    Scope(READ_SCOPE, said("lire les commentaires sous les publications", "read comments under posts")),
    Scope(WRITE_SCOPE, said("répondre et retirer un commentaire", "answer, and remove a comment")),
)
SOON = 14
"""Days before its end from which a token is worth a warning."""
LIMITS = (
    said(
        "Seuls les commentaires sous les publications de votre page se lisent : ni les mentions "
        "ailleurs, ni les avis, ni les messages privés, ni la recherche de mots.",
        "Only comments under the posts of your own page can be read: neither mentions elsewhere, "
        "nor reviews, nor private messages, nor a search for words.",
    ),
    said(
        f"On écoute les {reading.POSTS} dernières publications : les {reading.NEWEST} plus "
        f"récentes à chaque relevé, les autres {reading.ROTATED} par {reading.ROTATED} à tour de rôle. "
        "Un commentaire sous une publication ancienne arrive donc plus tard.",
        f"The last {reading.POSTS} posts are listened to: the newest {reading.NEWEST} each time, "
        f"the others {reading.ROTATED} by {reading.ROTATED} in turn. A comment under an older post "
        "therefore comes later.",
    ),
    said(
        "LinkedIn n’ouvre cette interface qu’aux applications qu’il a admises (Community "
        "Management API) et compte les appels par jour ; les images sans texte ne sont pas apportées.",
        "LinkedIn opens this interface only to applications it has approved (Community Management "
        "API) and counts calls by the day; pictures without words are not brought.",
    ),
    said(
        "Une réponse à une réponse se range sous le même commentaire : LinkedIn a deux niveaux. On "
        "ne peut pas masquer : retirer un commentaire est définitif.",
        "An answer to a reply stands under the same comment: LinkedIn has two levels. Nothing can "
        "be hidden: removing a comment is for good.",
    ),
    said(
        "Écrit d’après la documentation publiée par LinkedIn ; non éprouvé sur le vrai réseau.",
        "Written to the documentation that LinkedIn publishes; not proven on the real network.",
    ),
)


class LinkedIn:
    """Keeps `Connector`."""

    name: ClassVar[str] = "linkedin"
    title: ClassVar[Words] = said("LinkedIn (page)", "LinkedIn (page)")
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {
            Capability.COMMENTS,
            Capability.EDITS,
            Capability.DELETIONS,
            Capability.BACKFILL,
            Capability.REPLY,
            Capability.READ_BACK,
            Capability.REMOVE,
        }
    )
    limits: ClassVar[Sequence[Words]] = LIMITS
    settings: ClassVar[type[BaseModel]] = LinkedInSettings
    seconds: ClassVar[float] = 3 * 60.0

    def __init__(
        self, settings: LinkedInSettings, *, access: Access | None = None, api: str = API, oauth: str = OAUTH
    ) -> None:
        """Connects to nothing yet."""
        self._settings, self._network = settings, Api(settings, api, oauth, access)

    @staticmethod
    def sign_in(settings: LinkedInSettings) -> SignIn | None:
        """See `SignsIn`."""
        if settings.has_token or not settings.has_application:
            return None
        application = Application(settings.client_id, settings.client_secret.get_secret_value())
        return SignIn(f"{OAUTH}/authorization", f"{OAUTH}/accessToken", RIGHTS, application, has_pkce=False)

    def check(self, client: Client) -> Sequence[Remark]:
        """What the token may do and until when, and whether posts and their comments can be read."""
        try:
            remarks = self._checked_token(client) if self._settings.has_application else (_unknown_rights(),)
            return (*remarks, *self._checked_posts(client))
        except NetworkRefused as error:
            return (remark(f"LinkedIn refuse : {error}", f"LinkedIn refuses: {error}", is_good=False),)

    def fetch(self, since: str, client: Client) -> Iterator[Page]:
        """Comments under the posts that are due, the newest post first."""
        yield from reading.Reading(self._settings.organisation, self._network, since, client).pages()

    def reply(self, answered: Answered, text: str, key: str, client: Client) -> Sent:  # noqa: ARG002
        """Publishes under the comment that opened the thread, in the organisation's name."""
        return _sent(self._network.write(_thread_of(answered), text, client))

    def find_reply(self, answered: Answered, text: str, key: str, client: Client) -> Sent | None:  # noqa: ARG002
        """The organisation's own comment with these words in the thread."""
        for one in self._network.comments(_thread_of(answered), client)[0]:
            is_ours = one.actor == self._settings.organisation and bool(one.urn)
            if is_ours and one.text.split() == text.split():
                return _sent(one.urn)
        return None

    def remove(self, answered: Answered, client: Client) -> None:
        """Deletes a comment under one of the organisation's posts."""
        with suppress(Missing):
            self._network.delete(answered.external_id, client)

    def _checked_token(self, client: Client) -> tuple[Remark, ...]:
        told = self._network.token(client)
        if not told.active:
            raise CredentialsRefused("the access token has ended or was revoked")
        scopes = told.scope.replace(",", " ").split()
        missing = [scope for scope in (READ_SCOPE, WRITE_SCOPE) if scope not in scopes]
        lacking = tuple(_lacking(scope) for scope in missing)
        return (_token_ends(told.expires_at, is_renewable=self._settings.is_renewable), *lacking)

    def _checked_posts(self, client: Client) -> tuple[Remark, ...]:
        own = self._settings.organisation
        posts = asking.each(Post, self._network.posts(0, 1, client).elements)
        if not posts:
            return (remark(f"{own} n’a encore rien publié.", f"{own} has published nothing yet."),)
        with suppress(Missing):
            self._network.page(posts[0].id, 0, 1, client)
        return (
            remark(
                f"Les publications de {own} et leurs commentaires se lisent ; les réponses partiront en "
                "son nom.",
                f"The posts of {own} and their comments can be read; replies will leave in its name.",
            ),
        )


def _thread_of(answered: Answered) -> str:
    """The comment that opened the thread. Raises `NetworkRefused` for what is no comment."""
    urn = answered.thread or answered.external_id
    api.parts_of(urn)
    return urn


def _sent(comment: str) -> Sent:
    return Sent(comment, api.address(comment))


def _unknown_rights() -> Remark:
    return remark(
        "Sans identifiant ni code secret de l’application, les droits du jeton et sa date de fin ne se "
        "lisent pas.",
        "Without the client ID and secret of the application, the token’s rights and its end cannot be read.",
    )


def _lacking(scope: str) -> Remark:
    return remark(
        f"Le droit « {scope} » manque au jeton.", f"The token lacks the right “{scope}”.", is_good=False
    )


def _token_ends(moment: float, *, is_renewable: bool) -> Remark:
    days = max(int((moment - time.time()) // 86_400), 0)
    fr, en = (", puis se renouvelle", ", then renews itself") if is_renewable else ("", "")
    return remark(
        f"Le jeton est accepté et vaut encore {days} jours{fr}.",
        f"The token is accepted and lasts {days} more days{en}.",
        is_good=is_renewable or days > SOON,
    )
