"""Mastodon, and servers that speak its API: mentions of an account, hashtags, words, replies, reports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from pydantic import BaseModel

from veilleur.errors import CredentialsRefused, NetworkRefused, OutcomeUnknown
from veilleur.listening.asking import Answer, each, json_of, parsed
from veilleur.listening.client import Client
from veilleur.listening.connector import Answered, Capability, Page, Remark, Sent, remark, said
from veilleur.listening.connectors import mastodon_api as api
from veilleur.listening.connectors.mastodon_api import Server, Status
from veilleur.listening.connectors.mastodon_reading import SPARED, Reading
from veilleur.listening.connectors.mastodon_settings import MastodonSettings
from veilleur.listening.oauth2 import Access, Pasted, Scope, SignIn
from veilleur.vocabulary import Words

READ_SCOPES = ("read:accounts", "read:notifications", "read:statuses")
WRITE_SCOPES = ("write:statuses", "write:reports")
RIGHTS = (
    Scope(
        "read",
        said("lire les mentions, les mots-dièse et les recherches", "read mentions, hashtags, searches"),
    ),
    Scope("write:statuses", said("publier les réponses", "publish replies")),
    Scope("write:reports", said("signaler aux modérateurs", "report to moderators")),
)
CAPABILITIES = frozenset(
    {
        Capability.COMMENTS,
        Capability.SEARCH,
        Capability.EDITS,
        Capability.DELETIONS,
        Capability.BACKFILL,
        Capability.REPLY,
        Capability.READ_BACK,
        Capability.REPORT,
    }
)
LIMITS = (
    said(
        "On ne voit que ce que le serveur du compte a reçu, jamais tout le réseau.",
        "Only what the account’s server received is seen, never the whole network.",
    ),
    said(
        "La recherche de mots dépend du serveur et ne montre que les auteurs qui l’acceptent.",
        "Searching for words depends on the server and shows only authors who agreed to it.",
    ),
    said(
        "La première fois, un mot-dièse ou les mentions apportent 2 000 messages au plus, une recherche 200.",
        "The first time, a hashtag or the mentions bring 2,000 posts at most, a search 200.",
    ),
    said(
        "Modifications et suppressions se voient sur les 2 000 derniers messages : à chaque relevé "
        "pour les plus récents, en quelques heures pour les autres.",
        "Edits and deletions are noticed among the last 2,000 posts: each time for the newest, "
        "within hours for the others.",
    ),
    said("Images, vidéos et sondages ne sont pas lus.", "Pictures, videos and polls are not read."),
    said(
        "On ne peut ni masquer ni supprimer le message d’un autre : on peut le signaler aux "
        "modérateurs du serveur, si celui-ci le propose.",
        "Somebody else’s post can be neither hidden nor deleted: it can be reported to the "
        "server’s moderators, where the server offers that.",
    ),
)


class Mastodon:
    """Keeps `Connector`."""

    name: ClassVar[str] = "mastodon"
    title: ClassVar[Words] = said("Mastodon", "Mastodon")
    capabilities: ClassVar[frozenset[Capability]] = CAPABILITIES
    limits: ClassVar[Sequence[Words]] = LIMITS
    settings: ClassVar[type[BaseModel]] = MastodonSettings
    seconds: ClassVar[float] = 3 * 60.0

    def __init__(self, settings: MastodonSettings, *, access: Access | None = None) -> None:
        """Asks nothing yet."""
        self._settings, self._access = settings, access or Pasted(settings.token)

    @staticmethod
    def sign_in(settings: MastodonSettings) -> SignIn | None:
        """See `SignsIn`. Each server registers our application when it is first asked to."""
        if settings.token.get_secret_value():
            return None
        server = settings.address
        return SignIn(
            f"{server}/oauth/authorize",
            f"{server}/oauth/token",
            RIGHTS,
            registration=f"{server}/api/v1/apps",
            revocation=f"{server}/oauth/revoke",
        )

    def check(self, client: Client) -> Sequence[Remark]:
        """Whose token it is, what it may do, what the server offers, what is left of the quota.

        Raises `CredentialsRefused` for a token that the server does not know.
        """
        server = self._server(client)
        account = server.account()
        remarks = [_greeting(account, server), *_rights(server), _reading_remark(server)]
        if self._settings.words:
            remarks.append(_search_remark(server))
        if server.left is not None:
            remarks.append(_quota_remark(server.left))
        return tuple(remarks)

    def fetch(self, since: str, client: Client) -> Iterator[Page]:
        """Mentions, hashtags, searches; then edits and deletions."""
        yield from Reading(self._settings, self._access, since, client).pages()

    def reply(self, answered: Answered, text: str, key: str, client: Client) -> Sent:
        """Publishes under a post, to its author, for those who see the post."""
        server = self._server(client)
        status = server.status(answered.external_id)
        told = {
            "status": _addressed(text, status),
            "in_reply_to_id": status.id,
            "visibility": status.visibility,
        }
        return _sent(server.post("/api/v1/statuses", told, key))

    def find_reply(self, answered: Answered, text: str, key: str, client: Client) -> Sent | None:  # noqa: ARG002
        """The account's own post right under another, with the same text. Raises when that other is gone."""
        server = self._server(client)
        status, me = server.status(answered.external_id), server.account().id
        told = server.get(f"/api/v1/statuses/{status.id}/context")
        for one in each(Status, parsed(api.Context, told).descendants):
            is_ours = one.account.id == me and one.in_reply_to_id == status.id
            if is_ours and _same(server.written(one), _addressed(text, status)):
                return Sent(one.id, one.address)
        return None

    def report(self, answered: Answered, reason: str, client: Client) -> None:
        """Tells the moderators of the account's server; they see who reports."""
        server = self._server(client)
        status = server.status(answered.external_id)
        told = {"account_id": status.account.id, "status_ids": [status.id], "comment": reason}
        server.post("/api/v1/reports", told)

    def _server(self, client: Client) -> Server:
        return Server(self._settings.address, self._access, client)


def _addressed(text: str, status: Status) -> str:
    """As the network expects it: the author is named first, which is what tells them of it."""
    name = f"@{status.account.acct}"
    is_named = text.split(maxsplit=1)[:1] == [name]
    return text if is_named else f"{name} {text}"


def _same(one: str, other: str) -> bool:
    return one.split() == other.encode("utf-8", "replace").decode().split()


def _sent(answer: Answer) -> Sent:
    try:
        made = parsed(Status, json_of(answer))
    except NetworkRefused as error:
        raise OutcomeUnknown("the server does not say what it made of the reply") from error
    return Sent(made.id, made.address)


def _greeting(account: api.Account, server: Server) -> Remark:
    instance = server.instance()
    version = instance.version if instance else "?"
    most = instance.configuration.statuses.max_characters if instance else None
    fr, en = (f" ; {most} caractères au plus", f"; {most} characters at most") if most else ("", "")
    return remark(
        f"Compte @{account.acct}, serveur en version {version}{fr}.",
        f"Account @{account.acct}, server version {version}{en}.",
    )


def _rights(server: Server) -> Iterator[Remark]:
    """What the application of the token may do, where the server says it (Mastodon 4.3 and later)."""
    scopes = server.scopes()
    if scopes is None:
        yield remark(
            "Le serveur ne dit pas quels droits a le jeton.",
            "The server does not say which rights the token has.",
        )
        return
    listed = ", ".join(sorted(scopes))
    yield remark(f"Droits du jeton : {listed}.", f"Rights of the token: {listed}.")
    for scope in (*READ_SCOPES, *WRITE_SCOPES):
        if not _allows(scopes, scope):
            yield remark(f"Le droit « {scope} » manque.", f"The right “{scope}” is missing.", is_good=False)


def _allows(scopes: frozenset[str], scope: str) -> bool:
    return bool(
        scopes & {scope, scope.partition(":")[0]} or (scope == "read:accounts" and "profile" in scopes)
    )


def _reading_remark(server: Server) -> Remark:
    try:
        api.mentions(server.get("/api/v1/notifications", {"limit": "1"}))
    except CredentialsRefused:
        return remark(
            "Le jeton ne permet pas de lire les mentions.",
            "The token does not allow mentions to be read.",
            is_good=False,
        )
    return remark("Les mentions se lisent.", "Mentions can be read.")


def _search_remark(server: Server) -> Remark:
    try:
        parsed(api.Found, server.get("/api/v2/search", {"q": "a", "type": "statuses", "limit": "1"}))
    except NetworkRefused as error:
        return remark(
            f"Le serveur ne cherche pas de mots avec ce jeton : {error}.",
            f"The server does not search for words with this token: {error}.",
            is_good=False,
        )
    return remark(
        "Le serveur accepte les recherches ; s’il n’indexe pas les messages, elles restent vides.",
        "The server takes searches; if it does not index posts, they stay empty.",
    )


def _quota_remark(left: int) -> Remark:
    return remark(
        f"Il reste {left} questions avant que le serveur demande d’attendre.",
        f"{left} questions are left before the server asks to wait.",
        is_good=left > SPARED,
    )
