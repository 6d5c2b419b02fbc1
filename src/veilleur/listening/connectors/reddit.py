"""Reddit: what is said in subreddits, under words to look for and to an account; replies and reports.

By the Data API. Listening is in `reddit_reading`, the network itself in `reddit_api`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from pydantic import BaseModel

from veilleur.errors import CredentialsRefused, NetworkRefused
from veilleur.listening.client import Client
from veilleur.listening.connector import Answered, Capability, Page, Remark, Sent, remark, said
from veilleur.listening.connectors import reddit_api as api
from veilleur.listening.connectors import reddit_reading as reading
from veilleur.listening.connectors.reddit_api import API, TOKENS, Api
from veilleur.listening.connectors.reddit_settings import RedditSettings
from veilleur.listening.oauth2 import Access, Application, Scope, SignIn
from veilleur.vocabulary import Words

AUTHORIZE = "https://www.reddit.com/api/v1/authorize"
REVOCATION = "https://www.reddit.com/api/v1/revoke_token"
LASTING: Mapping[str, str] = {"duration": "permanent"}
"""Otherwise Reddit gives a token of an hour and none to renew it with."""
RIGHTS = (
    Scope("identity", said("savoir quel compte est connecté", "know which account is connected")),
    Scope("read", said("lire messages et commentaires", "read posts and comments")),
    Scope("submit", said("publier les réponses", "publish replies")),
    Scope("report", said("signaler aux modérateurs", "report to moderators")),
)
INBOX = Scope("privatemessages", said("lire les mentions et les réponses", "read mentions and answers"))
LIMITS = (
    said(
        "La recherche ne trouve que des messages (posts), jamais des commentaires : ceux-ci se "
        "lisent dans les subreddits choisis, et quand ils mentionnent le compte ou lui répondent.",
        "The search finds posts only, never comments: these are read in the chosen subreddits, and "
        "when they mention the account or answer it.",
    ),
    said(
        "Reddit ne montre que les mille derniers éléments d’une liste (moins pour une recherche) : "
        "l’historique s’arrête là.",
        "Reddit shows the last thousand entries of a list only (fewer of a search): history ends there.",
    ),
    said(
        f"Modifications et suppressions se voient parmi les {reading.REMEMBERED} derniers messages "
        "reçus : à chaque relevé pour les plus récents, en quelques heures pour les autres.",
        f"Edits and deletions are noticed among the last {reading.REMEMBERED} messages received: "
        "each time for the newest, within hours for the others.",
    ),
    said(
        "Usage commercial : il faut l’accord écrit de Reddit. Ce qui est supprimé sur Reddit doit "
        "l’être ici aussi, sous 48 heures : effacez les messages marqués comme disparus.",
        "Commercial use takes Reddit’s written agreement. What is deleted on Reddit has to be "
        "deleted here too, within 48 hours: erase the messages that are marked as gone.",
    ),
    said(
        "On ne masque ni ne retire rien : on signale aux modérateurs du subreddit, avec un motif "
        f"de {api.LONGEST_REASON} caractères au plus.",
        "Nothing can be hidden or removed: one reports to the moderators of the subreddit, with a "
        f"reason of {api.LONGEST_REASON} characters at most.",
    ),
    said(
        "Écrit d’après la documentation publiée par Reddit ; non éprouvé sur le vrai réseau.",
        "Written to the documentation that Reddit publishes; not proven on the real network.",
    ),
)


class Reddit:
    """Keeps `Connector`."""

    name: ClassVar[str] = "reddit"
    title: ClassVar[Words] = said("Reddit", "Reddit")
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
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
    limits: ClassVar[Sequence[Words]] = LIMITS
    settings: ClassVar[type[BaseModel]] = RedditSettings
    seconds: ClassVar[float] = 3 * 60.0
    forgets_gone: ClassVar[bool] = True

    def __init__(
        self, settings: RedditSettings, *, access: Access | None = None, api: str = API, tokens: str = TOKENS
    ) -> None:
        """Connects to nothing yet."""
        self._settings, self._network = settings, Api(settings, api, tokens, access)

    @staticmethod
    def sign_in(settings: RedditSettings) -> SignIn | None:
        """See `SignsIn`."""
        if settings.has_secret:
            return None
        return SignIn(
            AUTHORIZE,
            TOKENS,
            _rights(settings),
            Application(settings.client_id, settings.client_secret.get_secret_value()),
            revocation=REVOCATION,
            is_basic=True,
            has_pkce=False,
            extra=LASTING,
            headers=api.agent(settings.account),
        )

    def check(self, client: Client) -> Sequence[Remark]:
        """In whose name, with which rights, what can be read, and what is left of the limit."""
        try:
            remarks = [self._checked_name(client), *self._checked_rights(client)]
            remarks += [self._checked_source(source, client) for source in _one_of_each(self._settings)]
        except CredentialsRefused as error:
            return (
                remark(
                    f"Reddit refuse ces accès : {error}", f"Reddit refuses access: {error}", is_good=False
                ),
            )
        return (*remarks, *_left(self._network.left))

    def fetch(self, since: str, client: Client) -> Iterator[Page]:
        """What is new in each source, then edits and deletions."""
        self._network.spared = reading.SPARED
        try:
            yield from reading.Reading(self._settings, self._network, since, client).pages()
        finally:
            self._network.spared = 0

    def reply(self, answered: Answered, text: str, key: str, client: Client) -> Sent:  # noqa: ARG002
        """Comments on a post, or answers a comment."""
        made = self._network.comment(_known(answered.external_id), text, client)
        return Sent(made.name, made.url)

    def find_reply(self, answered: Answered, text: str, key: str, client: Client) -> Sent | None:  # noqa: ARG002
        """The account's own comment right under a message, with the same words."""
        name = _known(answered.external_id)
        for one in self._network.replies(self._thread_of(answered, client), name, client):
            is_ours = one.author.lower() == self._settings.account.lower() and one.parent_id == name
            if is_ours and one.text.split() == text.split():
                return Sent(one.name, one.url)
        return None

    def report(self, answered: Answered, reason: str, client: Client) -> None:
        """Tells the moderators of the subreddit; Reddit then hides the message from the account."""
        self._network.report(_known(answered.external_id), reason, client)

    def _thread_of(self, answered: Answered, client: Client) -> str:
        """The post that a message stands under, asked for when nobody knows it."""
        name = answered.thread or answered.external_id
        if name.startswith("t1_"):
            found = self._network.known([_known(name)], client)
            name = found[0].thread if found else ""
        return _known(name)

    def _checked_name(self, client: Client) -> Remark:
        own = self._network.account(client).name
        return remark(
            f"Les réponses partiront au nom de u/{own}.",
            f"Replies will leave in the name of u/{own}.",
            is_good=own.lower() == self._settings.account.lower(),
        )

    def _checked_rights(self, client: Client) -> Iterator[Remark]:
        scopes = self._network.scopes(client)
        for one in _rights(self._settings) if "*" not in scopes else ():
            if one.name not in scopes:
                yield remark(
                    f"Le droit « {one.name} » manque.", f"The right “{one.name}” is missing.", is_good=False
                )

    def _checked_source(self, source: reading.Source, client: Client) -> Remark:
        try:
            self._network.listing(source.path, {**source.params, "limit": "1"}, client)
        except CredentialsRefused:
            raise
        except NetworkRefused as error:
            return remark(f"{source.name} : {error}", f"{source.name}: {error}", is_good=False)
        return remark(f"{source.name} se lit.", f"{source.name} can be read.")


def _rights(settings: RedditSettings) -> tuple[Scope, ...]:
    return (*RIGHTS, INBOX) if settings.inbox else RIGHTS


def _one_of_each(settings: RedditSettings) -> list[reading.Source]:
    """The first part of the inbox, one listing of each subreddit, the first search."""
    kinds: dict[str, reading.Source] = {}
    for source in reading.sources(settings):
        kinds.setdefault(source.path.rpartition("/")[0], source)
    return list(kinds.values())


def _known(given: str) -> str:
    if not api.is_name(given):
        raise NetworkRefused(f"this is no message of Reddit: {given[:60]!r}")
    return given


def _left(count: float) -> tuple[Remark, ...]:
    if math.isinf(count):
        return ()
    return (
        remark(
            f"Il reste {count:g} questions jusqu’à la prochaine remise à zéro.",
            f"{count:g} questions are left until the limit begins again.",
            is_good=count > reading.SPARED,
        ),
    )
