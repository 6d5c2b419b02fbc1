"""X: posts that mention an account, and posts with certain words, by the API v2.

The API lists posts from the newest to the oldest, and so they are brought; each page can be gone on from. An
edited post gets a new id on X: here the id of its first version stands for all of them. Deletions are looked
for among the latest `MOST_RECENT` posts that were brought, no more often than the settings say: X bills each
post that is read. The cursor is `x_posts.Memory`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, BaseModel, SecretStr, StringConstraints, model_validator

from veilleur.errors import NetworkRefused, OutcomeUnknown, Throttled
from veilleur.listening import asking, oauth1
from veilleur.listening.asking import Answer, Said, Shape
from veilleur.listening.client import MOST_WORDS, Client, waiting_time
from veilleur.listening.connector import Answered, Capability, Gone, Heard, Page, Remark, Sent, remark, said
from veilleur.listening.connectors import x_posts as posts
from veilleur.listening.connectors.x_posts import Found, Memory, Post, Problem, Reading, User
from veilleur.listening.oauth2 import Access, Application, Pasted, Scope, SignIn, application_of
from veilleur.listening.remembering import digest
from veilleur.listening.settings import AccountSettings, asked
from veilleur.vocabulary import Words

API = "https://api.x.com"
AUTHORIZE = "https://x.com/i/oauth2/authorize"
TOKENS, REVOCATION = f"{API}/2/oauth2/token", f"{API}/2/oauth2/revoke"
RIGHTS = (
    Scope("tweet.read", said("lire les messages", "read posts")),
    Scope(
        "users.read", said("savoir qui écrit et quel compte est connecté", "know who writes, and who we are")
    ),
    Scope("tweet.write", said("publier les réponses", "publish replies")),
    Scope("tweet.moderate.write", said("masquer des réponses", "hide replies")),
    Scope("offline.access", said("rester connecté plus de deux heures", "stay signed in beyond two hours")),
)
PAGE = 100
FEWEST = 10
"""Posts of a page, when any will do."""
MOST_PAGES = 10
"""Of our replies in one conversation."""
AT_ONCE = 100
"""Posts that are asked for by id in one question."""
SEARCHED = 6.9 * 24 * 3600
"""Seconds that recent search goes back: seven days, less a margin for clocks."""
LONGEST_QUERY = 512
BOUNDS = ("x-rate-limit", "x-user-limit-24hour", "x-app-limit-24hour")
"""Headers `…-remaining` and `…-reset` (seconds since 1970) of each limit."""
NO_LONGER = ("/resource-not-found", "/not-authorized-for-resource")
"""Ends of the types of problems that say that the public does not see a post any more."""
OF_THE_POST = (
    "about:blank",
    "/not-authorized-for-resource",
    "/disallowed-resource",
    "/resource-unavailable",
)
"""Ends of the types of problems of HTTP 403 that are not about the credentials."""
_ID = re.compile(r"[0-9]{1,19}")


class _OtherNames(NetworkRefused):
    """X knows its fields by their old names only."""


class _Twice(NetworkRefused):
    """X takes the same words from one account once only."""


def query_of(words: Sequence[str], account: str) -> str:
    """What recent search is asked for: any of the words, not by the account, no reposts.

    >>> query_of(["dr martin", "#cliniquedulac"], "cabinet")
    '("dr martin" OR #cliniquedulac) -from:cabinet -is:retweet'
    """
    quoted = [one if re.fullmatch(r"#\w+", one) else f'"{one}"' for one in words]
    return f"({' OR '.join(quoted)}) -from:{account} -is:retweet"


def _words(given: tuple[str, ...]) -> tuple[str, ...]:
    words = tuple(dict.fromkeys(" ".join(one.replace('"', " ").split()) for one in given))
    words = tuple(one for one in words if one)
    if len(query_of(words, "x" * 15)) > LONGEST_QUERY:
        raise ValueError(f"too many words: X takes {LONGEST_QUERY} characters")
    return words


class XSettings(AccountSettings):
    """What an account needs: a bearer token, an application to sign in with, or four keys of OAuth 1.0a."""

    account: Annotated[
        str,
        asked("Nom du compte, sans @", "Name of the account, without @"),
        StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z0-9_]{1,15}$"),
    ]
    words: Annotated[
        tuple[str, ...],
        asked(
            "Mots à chercher, un par ligne",
            "Words to look for, one a line",
            fr_help="Par exemple « dr martin » : les messages publics des sept derniers jours.",
            en_help="For instance “dr martin”: public posts of the last seven days.",
            max_length=40,
        ),
        AfterValidator(_words),
    ] = ()
    token: Annotated[
        SecretStr,
        asked(
            "Jeton (Bearer)",
            "Bearer token",
            fr_help="Suffit pour lire : portail développeur de X, « Keys and tokens ».",
            en_help="Enough to read: developer portal of X, “Keys and tokens”.",
            max_length=500,
        ),
    ] = SecretStr("")
    client_id: Annotated[
        str,
        asked(
            "Identifiant client (OAuth 2.0)",
            "Client ID (OAuth 2.0)",
            fr_help="Pour répondre et masquer, avec le code secret : on se connecte à l’étape suivante. "
            "Portail développeur, application de type « Web App ».",
            en_help="To answer and hide, with its secret: one signs in at the next step. On the portal, an "
            "application of the type “Web App”.",
            max_length=200,
        ),
    ] = ""
    client_secret: Annotated[
        SecretStr, asked("Code secret du client (OAuth 2.0)", "Client secret (OAuth 2.0)", max_length=200)
    ] = SecretStr("")
    api_key: Annotated[
        str,
        asked(
            "Clé d’API (OAuth 1.0a)",
            "API key (OAuth 1.0a)",
            fr_help="Au lieu d’OAuth 2.0 : ce champ et les trois qui suivent ; même page du portail.",
            en_help="Instead of OAuth 2.0: this and the three fields below; on the same page of the portal.",
            max_length=200,
        ),
    ] = ""
    api_secret: Annotated[SecretStr, asked("Code secret de la clé", "API key secret", max_length=200)] = (
        SecretStr("")
    )
    access_token: Annotated[str, asked("Jeton d’accès du compte", "Access token", max_length=200)] = ""
    access_secret: Annotated[
        SecretStr, asked("Code secret du jeton d’accès", "Access token secret", max_length=200)
    ] = SecretStr("")
    hours: Annotated[
        float,
        asked(
            "Heures entre deux vérifications des suppressions",
            "Hours between two looks for deletions",
            fr_help=f"Chaque vérification relit jusqu’à {posts.MOST_RECENT} messages, que X facture.",
            en_help=f"Each look reads up to {posts.MOST_RECENT} posts again, which X bills.",
            ge=0,
            le=24 * 7,
        ),
    ] = 24.0

    @model_validator(mode="after")
    def _is_enough(self) -> Self:
        if not self.token.get_secret_value() and self.keys is None and self.application is None:
            raise ValueError("a bearer token, a client ID with its secret, or the four keys of OAuth 1.0a")
        return self

    @property
    def keys(self) -> oauth1.Keys | None:
        """The four keys; None when one is missing."""
        secrets = self.api_secret.get_secret_value(), self.access_secret.get_secret_value()
        told = oauth1.Keys(self.api_key, secrets[0], self.access_token, secrets[1])
        return told if self.api_key and self.access_token and all(secrets) else None

    @property
    def application(self) -> Application | None:
        """What people sign in with; None when it is not whole."""
        return application_of(self.client_id, self.client_secret)


class _Refusal(Shape):
    type: Said = ""
    title: Said = ""
    detail: Said = ""


class _One(Shape):
    data: User


class _Made(Shape):
    data: Post


class X:
    """Keeps `Connector`."""

    name: ClassVar[str] = "x"
    title: ClassVar[Words] = said("X (Twitter)", "X (Twitter)")
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {
            Capability.COMMENTS,
            Capability.SEARCH,
            Capability.EDITS,
            Capability.DELETIONS,
            Capability.BACKFILL,
            Capability.REPLY,
            Capability.READ_BACK,
            Capability.HIDE,
        }
    )
    limits: ClassVar[Sequence[Words]] = (
        said(
            "X facture chaque message lu et publié. Il donne les 800 dernières mentions du compte, "
            "et pour les mots cherchés les sept derniers jours.",
            "X bills each post that is read or published. It gives the last 800 mentions of the "
            "account, and for words to look for the last seven days.",
        ),
        said(
            "On ne masque que les réponses aux messages de son propre compte.",
            "Only replies to posts of one’s own account can be hidden.",
        ),
        said(
            f"Les suppressions se voient parmi les {posts.MOST_RECENT} derniers messages reçus, "
            "au rythme choisi. X interdit d’en déduire l’état de santé d’une personne.",
            f"Deletions are noticed among the last {posts.MOST_RECENT} posts received, as often as "
            "chosen. X forbids to infer anybody’s health from posts.",
        ),
        said(
            "Écrit d’après le contrat publié par X ; non éprouvé en conditions réelles.",
            "Written to the contract that X publishes; not proven live.",
        ),
    )
    settings: ClassVar[type[BaseModel]] = XSettings
    seconds: ClassVar[float] = 4 * 60.0

    def __init__(self, settings: XSettings, *, access: Access | None = None, api: str = API) -> None:
        """Connects to nothing yet."""
        self._access = access or Pasted(settings.token)
        self._settings, self._api = settings, api
        self._names: Mapping[str, str] = posts.NEW_NAMES

    @staticmethod
    def sign_in(settings: XSettings) -> SignIn | None:
        """See `SignsIn`."""
        if settings.keys is not None or settings.token.get_secret_value() or settings.application is None:
            return None
        return SignIn(AUTHORIZE, TOKENS, RIGHTS, settings.application, revocation=REVOCATION, is_basic=True)

    def check(self, client: Client) -> Sequence[Remark]:
        """Whether the account is found, the search allowed, in whose name replies leave, what is left."""
        try:
            answer = self._ask_account(client)
            asking.parsed(_One, asking.told(answer))
            if self._settings.words:
                self._found("tweets/search/recent", {**self._query(), "max_results": str(FEWEST)}, client)
        except NetworkRefused as error:
            return (remark(f"X refuse : {error}", f"X refuses: {error}", is_good=False),)
        account = self._settings.account
        return (
            remark(f"Le compte @{account} est trouvé.", f"The account @{account} is found."),
            self._checked_name(client),
            *_left(answer),
        )

    def fetch(self, since: str, client: Client) -> Iterator[Page]:
        """Mentions, then posts with the words, then what is gone."""
        memory = self._with_account(posts.memory(since), client)
        for key, path, params in self._lists(memory.account[1]):
            for items, after in self._read_list(key, path, params, memory, client):
                memory = after
                yield Page(items, posts.cursor(memory))
        now = time.time()
        if not memory.looked_at:
            memory = Memory(memory.account, memory.readings, memory.recent, now)
            yield Page((), posts.cursor(memory))
        elif now - memory.looked_at >= self._settings.hours * 3600:
            gone = self._gone(memory.recent, client)
            kept = tuple(one for one in memory.recent if one not in gone)
            memory = Memory(memory.account, memory.readings, kept, now)
            yield Page(tuple(Gone(one) for one in gone), posts.cursor(memory))

    def reply(self, answered: Answered, text: str, key: str, client: Client) -> Sent:
        """Publishes a reply; X refuses the same words twice, and then it is looked for."""
        body = {"text": text, "reply": {"in_reply_to_tweet_id": _known_id(answered.external_id)}}
        try:
            answer = self._change("POST", "tweets", body, client)
        except _Twice:
            found = self.find_reply(answered, text, key, client)
            if found is None:
                raise
            return found
        try:
            made = asking.parsed(_Made, asking.told(answer)).data.id
        except NetworkRefused as error:
            raise OutcomeUnknown("X took the reply and does not say under which id") from error
        return Sent(made, posts.address(made, self._settings.account))

    def find_reply(self, answered: Answered, text: str, key: str, client: Client) -> Sent | None:  # noqa: ARG002
        """Our post with these words right under a message, of the last seven days."""
        thread = _known_id(answered.thread or answered.external_id)
        query = f"from:{self._settings.account} conversation_id:{thread}"
        params = {"query": query, "max_results": str(PAGE)}
        for _page in range(MOST_PAGES):
            found = self._found("tweets/search/recent", params, client)
            for post in asking.each(Post, found.data):
                if post.answers == answered.external_id and post.plain == posts.plain(text):
                    return Sent(post.id, posts.address(post.id, self._settings.account))
            if found.meta is None or not found.meta.next_token:
                break
            params["pagination_token"] = found.meta.next_token
        return None

    def hide(self, answered: Answered, client: Client) -> None:
        """Hides a reply to one of our posts."""
        self._change("PUT", f"tweets/{_known_id(answered.external_id)}/hidden", {"hidden": True}, client)

    def show(self, answered: Answered, client: Client) -> None:
        """Shows a hidden reply again."""
        self._change("PUT", f"tweets/{_known_id(answered.external_id)}/hidden", {"hidden": False}, client)

    def _checked_name(self, client: Client) -> Remark:
        params = {"user.fields": "username"}
        try:
            own = asking.parsed(_One, asking.told(self._read("users/me", params, client))).data.username
        except NetworkRefused:
            return remark(
                "Le jeton est celui d’une application : on lit, on ne peut ni répondre ni masquer.",
                "The token is one of an application: reading works, answering and hiding do not.",
            )
        is_good = own.lower() == self._settings.account.lower()
        return remark(
            f"Les réponses partiront au nom de @{own}.",
            f"Replies will leave in the name of @{own}.",
            is_good=is_good,
        )

    def _with_account(self, memory: Memory, client: Client) -> Memory:
        """The id of the account is asked for once."""
        name = self._settings.account
        if memory.account[0] == name and memory.account[1]:
            return memory
        found = asking.parsed(_One, asking.told(self._ask_account(client))).data.id
        return Memory((name, _known_id(found)), memory.readings, memory.recent, memory.looked_at)

    def _ask_account(self, client: Client) -> Answer:
        return self._read(f"users/by/username/{self._settings.account}", {"user.fields": "username"}, client)

    def _query(self) -> dict[str, str]:
        return {"query": query_of(self._settings.words, self._settings.account)}

    def _lists(self, account: str) -> list[tuple[str, str, dict[str, str]]]:
        """Key, path and parameters of what is read; other words are another list."""
        lists: list[tuple[str, str, dict[str, str]]] = [("mentions", f"users/{account}/mentions", {})]
        if self._settings.words:
            query = self._query()
            lists.append((f"search {digest(query['query'])}", "tweets/search/recent", query))
        return lists

    def _read_list(
        self, key: str, path: str, params: Mapping[str, str], memory: Memory, client: Client
    ) -> Iterator[tuple[tuple[Heard, ...], Memory]]:
        reading = memory.readings.get(key, Reading())
        asked_for = {**params, "max_results": str(PAGE)}
        if key != "mentions":
            reading = _reachable(reading, time.time())
        asked_for |= {"since_id": reading.since} if reading.since else {}
        asked_for |= {"until_id": reading.until} if reading.until else {}
        while True:
            found = self._found(path, asked_for, client)
            told = asking.each(Post, found.data)
            token = found.meta.next_token if found.meta else ""
            token = token if token != asked_for.get("pagination_token") else ""
            reading = reading.after(told, is_last=not token)
            items = self._heard(told, found, memory.account[1])
            memory = memory.with_page(key, reading, [one.id for one in items])
            yield items, memory
            if not token:
                return
            asked_for["pagination_token"] = token

    def _heard(self, told: Sequence[Post], found: Found, own: str) -> tuple[Heard, ...]:
        """What others said in their own words, oldest first."""
        users = asking.each(User, found.includes.users if found.includes else None)
        names = {user.id: user.username for user in users}
        oldest_first = sorted(told, key=lambda post: int(post.id))
        return tuple(
            posts.heard(post, names) for post in oldest_first if not post.is_repost and post.author_id != own
        )

    def _gone(self, ids: Sequence[str], client: Client) -> list[str]:
        gone: list[str] = []
        for start in range(0, len(ids), AT_ONCE):
            some = ids[start : start + AT_ONCE]
            told = asking.told(self._read("tweets", {"ids": ",".join(some)}, client))
            problems = asking.each(Problem, asking.parsed(Found, told).errors)
            lost = {one.resource_id or one.value for one in problems if one.type.endswith(NO_LONGER)}
            gone += [one for one in some if one in lost]
        return gone

    def _found(self, path: str, params: Mapping[str, str], client: Client) -> Found:
        """A page of posts, asked for by the new names, and once X refused these by the old ones."""
        try:
            answer = self._read(path, {**self._names, **params}, client)
        except _OtherNames:
            self._names = posts.OLD_NAMES
            answer = self._read(path, {**self._names, **params}, client)
        return asking.parsed(Found, asking.told(answer))

    def _read(self, path: str, params: Mapping[str, str], client: Client) -> Answer:
        url = f"{self._api}/2/{path}"
        return client.read(
            url, headers=lambda: self._headers("GET", url, params, client), params=params, judged=_judge
        )

    def _change(self, method: str, path: str, body: object, client: Client) -> Answer:
        url = f"{self._api}/2/{path}"
        return client.change(
            method, url, headers=self._headers(method, url, {}, client), json=body, judged=_judge
        )

    def _headers(self, method: str, url: str, params: Mapping[str, str], client: Client) -> dict[str, str]:
        keys = self._settings.keys
        if keys is None:
            return self._access.grant(client).header
        return {"Authorization": oauth1.header(keys, method, url, params)}


def _judge(answer: Answer) -> None:
    if answer.status_code < HTTPStatus.BAD_REQUEST:
        return
    if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS:
        spent = [name for name in BOUNDS if answer.headers.get(f"{name}-remaining") == "0"] or BOUNDS[:1]
        wait = waiting_time(answer, [f"{one}-reset" for one in spent])
        raise Throttled(f"HTTP 429 {' '.join(spent)}", wait)
    told = _refusal(answer)
    words = f"HTTP {answer.status_code} {told.title} {told.detail}"[:MOST_WORDS].strip()
    if answer.status_code == HTTPStatus.BAD_REQUEST and b"post.fields" in answer.content:
        raise _OtherNames(words)
    if answer.status_code == HTTPStatus.FORBIDDEN:
        if "duplicate" in told.detail.lower():
            raise _Twice(words)
        if told.type.endswith(OF_THE_POST):
            raise NetworkRefused(words)


def _refusal(answer: Answer) -> _Refusal:
    try:
        return asking.parsed(_Refusal, asking.told(answer))
    except NetworkRefused:
        return _Refusal()


def _reachable(reading: Reading, now: float) -> Reading:
    """Where recent search, which goes back seven days, may go on from."""
    if reading.until and now - posts.published(reading.until) > SEARCHED:
        return Reading()
    if reading.since and now - posts.published(reading.since) > SEARCHED:
        return Reading("", reading.top, reading.until)
    return reading


def _left(answer: Answer) -> tuple[Remark, ...]:
    left, limit = (answer.headers.get(f"x-rate-limit-{name}", "") for name in ("remaining", "limit"))
    if not (left.isdigit() and limit.isdigit()):
        return ()
    return (
        remark(
            f"Il reste {left} questions de ce genre sur {limit} jusqu’à la prochaine remise à zéro.",
            f"{left} of {limit} questions of this kind are left until the limit begins again.",
        ),
    )


def _known_id(given: str) -> str:
    if not _ID.fullmatch(given):
        raise NetworkRefused(f"this is no post of X: {given[:60]!r}")
    return given
