"""Instagram: the comments under the media of a professional account, by Meta's Graph API.

The media are listed from the newest to the oldest, and so they are brought (`graph_rounds`). The cursor is a
JSON object: `media` → how far they were read and what was said under the newest of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, ClassVar, Literal, Self

from pydantic import BaseModel, Field, SecretStr, StringConstraints, model_validator

from veilleur.errors import NetworkRefused
from veilleur.listening import asking, graph, graph_rounds, graph_sign_in
from veilleur.listening.asking import Said, Shape
from veilleur.listening.client import Client
from veilleur.listening.connector import Answered, Capability, Heard, Page, Remark, Sent
from veilleur.listening.graph import (
    NOBODY,
    Count,
    Graph,
    Id,
    Listing,
    Node,
    Ref,
    RightMissing,
    known_id,
)
from veilleur.listening.graph_rounds import MOST_PAGES, Edge, Post, Round
from veilleur.listening.graph_settings import AppSecret, RecentPosts
from veilleur.listening.oauth2 import Access, Application, Pasted, SignIn, application_of
from veilleur.listening.settings import AccountSettings, asked
from veilleur.vocabulary import Words

MEDIA, COMMENTS = 10, 25
"""In one answer: media, comments under each of them and replies under each of these."""
MOST = 50
"""Comments in one answer, as many as Instagram allows."""
COMMENT = "id,text,timestamp,from,username,parent_id"
TREE = f"{COMMENT},replies.limit({COMMENTS}){{{COMMENT}}}"
MEDIUM = f"id,permalink,username,comments_count,comments.limit({COMMENTS}){{{TREE}}}"
APIS = {"facebook": graph.API, "instagram": graph.INSTAGRAM_API}
WALL = "media"


class InstagramSettings(AccountSettings):
    """What an account needs."""

    account: Annotated[
        str,
        asked(
            "Identifiant du compte Instagram",
            "Instagram account ID",
            fr_help="Un nombre, à lire à côté du jeton dans l’application Meta ; ce n’est pas le nom « @… ».",
            en_help="A number, shown beside the token in the Meta application; not the “@…” name.",
        ),
        StringConstraints(strip_whitespace=True, pattern=r"^[0-9]{5,30}$"),
    ]
    token: Annotated[
        SecretStr,
        asked(
            "Jeton d’accès",
            "Access token",
            fr_help="Vide : on se connecte à l’étape suivante. Sinon, celui que l’application Meta a "
            "donné pour ce compte.",
            en_help="Empty: one signs in at the next step. Otherwise the one that the Meta application "
            "gave for this account.",
            max_length=1000,
        ),
    ] = SecretStr("")
    login: Annotated[
        Literal["facebook", "instagram"],
        asked(
            "Par où l’on se connecte",
            "Where people sign in",
            fr_help="« facebook » : le jeton commence par « EAA » ; « instagram » : par « IG ».",
            en_help="“facebook”: the token begins with “EAA”; “instagram”: with “IG”.",
        ),
    ] = "facebook"
    client_id: Annotated[
        str,
        asked(
            "Identifiant de l’application Meta",
            "App ID of the Meta application",
            fr_help="Pour se connecter à l’étape suivante, avec la clé secrète : developers.facebook.com, "
            "« Paramètres », « Général » ; pour « instagram », son identifiant Instagram.",
            en_help="To sign in at the next step, with the app secret: developers.facebook.com, “Settings”, "
            "“Basic”. With the login “instagram”: the Instagram app ID.",
            max_length=60,
        ),
    ] = ""
    secret: AppSecret = SecretStr("")
    posts: RecentPosts = 50

    @model_validator(mode="after")
    def _is_enough(self) -> Self:
        if not self.token.get_secret_value() and self.application is None:
            raise ValueError("a token, or the ID of the application and its secret")
        return self

    @property
    def application(self) -> Application | None:
        """What people sign in with; None when it is not whole."""
        return application_of(self.client_id, self.secret)


class _Comment(Shape):
    id: Id
    text: Said = ""
    timestamp: Said = ""
    by: Annotated[Node, Field(alias="from")] = NOBODY
    username: Said = ""
    parent_id: Ref = ""
    replies: Listing = Listing()

    @property
    def name(self) -> str:
        return (self.username or self.by.username).lower()

    def is_by(self, account: str, name: str) -> bool:
        return self.by.id == account or (bool(name) and self.name == name.lower())


class _Medium(Shape):
    id: Id
    permalink: Said = ""
    username: Said = ""
    comments_count: Count = -1
    comments: Listing = Listing()


class _Named(Shape):
    username: Said = ""


class _Media:
    """The media of an account, as a `Wall`. Replies stand under the comment that opened their thread."""

    def __init__(self, graph: Graph, account: str) -> None:
        self._graph, self._account = graph, account

    def page(self, after: str, client: Client) -> tuple[list[Post], str]:
        """See `Wall`."""
        params = {"fields": MEDIUM, "limit": str(MEDIA)}
        told = self._graph.listed(f"{self._account}/media", params, client, after)
        return [self._post(medium) for medium in asking.each(_Medium, told.data)], told.after

    def more(self, post: Post, edge: Edge, client: Client) -> tuple[list[Heard], list[Edge]]:
        """See `Wall`."""
        path, after = edge
        is_thread = path.endswith("/replies")
        params = {"fields": COMMENT if is_thread else TREE, "limit": str(MOST)}
        told = self._graph.listed(path, params, client, after)
        return self._read(post.entry, path, told, path.partition("/")[0] if is_thread else "")

    def is_there(self, message: str, client: Client) -> bool:
        """See `Wall`."""
        return self._graph.is_there(message, client)

    def _post(self, medium: _Medium) -> Post:
        messages, more = self._read(medium, f"{medium.id}/comments", medium.comments)
        return Post(medium.id, tuple(messages), medium.comments_count, tuple(more), medium)

    def _read(
        self, medium: _Medium, path: str, told: Listing, parent: str = ""
    ) -> tuple[list[Heard], list[Edge]]:
        """Comments with their replies, and where there are more of both."""
        messages: list[Heard] = []
        more: list[Edge] = [(path, told.after)] if told.after else []
        for comment in asking.each(_Comment, told.data):
            messages.append(self._heard(comment, medium, parent))
            inner, edges = ([], []) if parent else self._replies(comment, medium)
            messages += inner
            more += edges
        return messages, more

    def _replies(self, comment: _Comment, medium: _Medium) -> tuple[list[Heard], list[Edge]]:
        return self._read(medium, f"{comment.id}/replies", comment.replies, comment.id)

    def _heard(self, comment: _Comment, medium: _Medium, parent: str) -> Heard:
        above = parent or comment.parent_id
        return Heard(
            comment.id,
            comment.text,
            author=comment.by.id or comment.name,
            url=medium.permalink if medium.permalink.startswith("https://") else "",
            parent=above,
            thread=above,
            published_at=asking.moment(comment.timestamp),
            is_own=comment.is_by(self._account, medium.username),
        )


class Instagram:
    """Keeps `Connector`."""

    name: ClassVar[str] = "instagram"
    title: ClassVar[Words] = Words({"fr": "Instagram", "en": "Instagram"})
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {
            Capability.COMMENTS,
            Capability.EDITS,
            Capability.DELETIONS,
            Capability.BACKFILL,
            Capability.REPLY,
            Capability.READ_BACK,
            Capability.HIDE,
            Capability.REMOVE,
        }
    )
    limits: ClassVar[Sequence[Words]] = (
        Words(
            {
                "fr": "Un compte professionnel (entreprise ou créateur) et ses propres publications. Les "
                "mentions ailleurs (@nom) ne sont pas entendues : Instagram n’en donne l’identifiant qu’en "
                "appelant un serveur public, ce que Veilleur ne fait pas encore ; ni messages privés, ni "
                "stories, ni publicités, ni directs.",
                "en": "A professional account (business or creator) and its own posts. Mentions elsewhere "
                "(@name) are not heard: Instagram gives their ids only by calling a public server, which "
                "Veilleur does not offer yet; no private messages, stories, advertisements or live videos.",
            }
        ),
        Words(
            {
                "fr": "Les publications récentes (50, ou ce que disent les réglages) sont relues à chaque "
                "fois ; sous les plus anciennes, rien de nouveau n’est entendu. Sous une publication de "
                f"plus de {COMMENTS} commentaires, une suppression se remarque quand leur nombre change.",
                "en": "Recent posts (50, or what the settings say) are read again each time; under older "
                f"ones nothing new is heard. Under a post with more than {COMMENTS} comments, a deletion "
                "is noticed when their number changes.",
            }
        ),
        Words(
            {
                "fr": "Instagram ne dit pas toujours l’identifiant de l’auteur : son nom de compte en tient "
                "alors lieu, et qui change de nom paraît quelqu’un d’autre.",
                "en": "Instagram does not always tell the author’s id: the account name stands for it then, "
                "and somebody who changes that name appears as somebody else.",
            }
        ),
        Words(
            {
                "fr": "Une réponse se range sous le commentaire qui ouvre le fil ; on ne répond pas à un "
                "commentaire masqué. Un jeton « IG… » vaut 60 jours : notez de le renouveler.",
                "en": "A reply is put under the comment that opened the thread; a hidden comment cannot be "
                "answered. An “IG…” token lasts 60 days: make a note to renew it.",
            }
        ),
        Words(
            {
                "fr": "Écrit d’après la documentation publiée par Meta ; non éprouvé sur le vrai réseau.",
                "en": "Written to the documentation that Meta publishes; not proven on the real network.",
            }
        ),
    )
    settings: ClassVar[type[BaseModel]] = InstagramSettings
    seconds: ClassVar[float] = 3 * 60.0

    def __init__(self, settings: InstagramSettings, *, access: Access | None = None, api: str = "") -> None:
        """Connects to nothing yet."""
        self._settings = settings
        secret = settings.secret.get_secret_value()
        self._graph = Graph(api or APIS[settings.login], access or Pasted(settings.token), secret)

    @staticmethod
    def sign_in(settings: InstagramSettings) -> SignIn | None:
        """See `SignsIn`."""
        if settings.token.get_secret_value() or settings.application is None:
            return None
        if settings.login == "instagram":
            return graph_sign_in.instagram(settings.application)
        return graph_sign_in.instagram_by_facebook(settings.application, settings.account)

    def check(self, client: Client) -> Sequence[Remark]:
        """Whether the account and the comments under its media can be read."""
        try:
            name = self._name(client)
            _Media(self._graph, self._settings.account).page("", client)
        except RightMissing as error:
            said = {"fr": f"Un droit manque au jeton : {error}", "en": f"The token lacks a right: {error}"}
            return (Remark(Words(said), is_good=False),)
        except NetworkRefused as error:
            said = {
                "fr": f"Instagram refuse le jeton ou l’identifiant du compte : {error}",
                "en": f"Instagram refuses the token or the account ID: {error}",
            }
            return (Remark(Words(said), is_good=False),)
        said = {
            "fr": f"Les commentaires de « @{name} » se lisent ; les réponses partiront en son nom.",
            "en": f"The comments of “@{name}” can be read; replies will leave in its name.",
        }
        return (Remark(Words(said)), *self._quota())

    def fetch(self, since: str, client: Client) -> Iterator[Page]:
        """A round of the media."""
        before = graph_rounds.rounds(since).get(WALL, Round())
        wall = _Media(self._graph, self._settings.account)
        for items, memory in graph_rounds.walk(wall, before, self._settings.posts, client):
            yield Page(items, graph_rounds.cursor({WALL: memory}))

    def reply(self, answered: Answered, text: str, key: str, client: Client) -> Sent:  # noqa: ARG002
        """Adds to the thread of a comment: Instagram has one level of replies."""
        return Sent(self._graph.published(f"{_thread_of(answered)}/replies", text, client))

    def find_reply(self, answered: Answered, text: str, key: str, client: Client) -> Sent | None:  # noqa: ARG002
        """Our reply with these words in the thread."""
        path, after, name = f"{_thread_of(answered)}/replies", "", self._name(client)
        for _page_number in range(MOST_PAGES):
            told = self._graph.listed(path, {"fields": COMMENT, "limit": str(MOST)}, client, after)
            for one in asking.each(_Comment, told.data):
                if one.is_by(self._settings.account, name) and one.text.split() == text.split():
                    return Sent(one.id)
            after = told.after
            if not after:
                break
        return None

    def hide(self, answered: Answered, client: Client) -> None:
        """Hides a comment."""
        self._graph.change("POST", known_id(answered.external_id), client, {"hide": True})

    def show(self, answered: Answered, client: Client) -> None:
        """Shows it again."""
        self._graph.change("POST", known_id(answered.external_id), client, {"hide": False})

    def remove(self, answered: Answered, client: Client) -> None:
        """Deletes a comment with its replies."""
        self._graph.remove(answered.external_id, client)

    def _name(self, client: Client) -> str:
        told = self._graph.read(self._settings.account, {"fields": "id,username"}, client)
        return asking.parsed(_Named, told).username

    def _quota(self) -> tuple[Remark, ...]:
        if not self._graph.spent:
            return ()
        share = f"{self._graph.spent:.0f}"
        said = {"fr": f"Quota de Meta utilisé : {share} %.", "en": f"Spent of Meta’s quota: {share} %."}
        return (Remark(Words(said)),)


def _thread_of(answered: Answered) -> str:
    return known_id(answered.thread or answered.external_id)
