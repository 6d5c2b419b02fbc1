"""A Facebook page: comments under its posts, posts of visitors, recommendations, by the Graph API.

The posts are listed from the newest to the oldest, and so they are brought (`graph_rounds`). The cursor is
a JSON object: wall (`feed`, `tagged`, `ratings`) → how far it was read and what its newest posts said.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, ClassVar, Self

from pydantic import BaseModel, SecretStr, StringConstraints, model_validator

from veilleur.errors import CredentialsRefused, NetworkRefused
from veilleur.listening import asking, graph, graph_rounds, graph_sign_in
from veilleur.listening.asking import Said, Shape
from veilleur.listening.client import Client
from veilleur.listening.connector import Answered, Capability, Page, Remark, Sent
from veilleur.listening.connectors import facebook_walls as walls
from veilleur.listening.graph import Graph, RightMissing, known_id
from veilleur.listening.graph_rounds import MOST_PAGES, Round, Wall
from veilleur.listening.graph_settings import AppSecret, RecentPosts
from veilleur.listening.oauth2 import Access, Application, Pasted, SignIn, application_of
from veilleur.listening.settings import AccountSettings, asked
from veilleur.vocabulary import Words

TITLES = {
    "feed": Words({"fr": "publications et commentaires", "en": "posts and comments"}),
    "tagged": Words({"fr": "publications qui citent la page", "en": "posts that name the page"}),
    "ratings": Words({"fr": "recommandations", "en": "recommendations"}),
}


class FacebookSettings(AccountSettings):
    """What an account needs."""

    page: Annotated[
        str,
        asked(
            "Identifiant de la page",
            "Page ID",
            fr_help="Un nombre : sur la page, « À propos », « Transparence de la page ».",
            en_help="A number: on the page, “About”, “Page transparency”.",
        ),
        StringConstraints(strip_whitespace=True, pattern=r"^[0-9]{5,30}$"),
    ]
    token: Annotated[
        SecretStr,
        asked(
            "Jeton d’accès de la page",
            "Page access token",
            fr_help="Vide : on se connecte à l’étape suivante. Sinon, celui de la page, pas celui "
            "d’une personne (developers.facebook.com, « Explorateur de l’API Graph »).",
            en_help="Empty: one signs in at the next step. Otherwise that of the page, not of a person "
            "(developers.facebook.com, “Graph API Explorer”).",
            max_length=1000,
        ),
    ] = SecretStr("")
    client_id: Annotated[
        str,
        asked(
            "Identifiant de l’application Meta",
            "App ID of the Meta application",
            fr_help="Pour se connecter à l’étape suivante, avec la clé secrète : developers.facebook.com, "
            "« Paramètres », « Général ».",
            en_help="To sign in at the next step, with the app secret: developers.facebook.com, “Settings”, "
            "“Basic”.",
            max_length=60,
        ),
    ] = ""
    secret: AppSecret = SecretStr("")
    tagged: Annotated[
        bool,
        asked("Lire les publications qui citent la page", "Read the posts that name the page"),
    ] = True
    recommendations: Annotated[
        bool,
        asked(
            "Lire les recommandations",
            "Read the recommendations",
            fr_help="À décocher si Facebook les refuse : il les retire peu à peu.",
            en_help="Untick it if Facebook refuses them: it is withdrawing them bit by bit.",
        ),
    ] = True
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


class _Named(Shape):
    id: Said = ""
    name: Said = ""


class Facebook:
    """Keeps `Connector`."""

    name: ClassVar[str] = "facebook"
    title: ClassVar[Words] = Words({"fr": "Page Facebook", "en": "Facebook page"})
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {
            Capability.COMMENTS,
            Capability.REVIEWS,
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
                "fr": "Une page dont on a le jeton, et elle seule : ni profils, ni groupes, ni messages "
                "privés, ni pages des autres.",
                "en": "A page whose token one has, and no other: no profiles, groups, private messages "
                "or pages of others.",
            }
        ),
        Words(
            {
                "fr": "Les publications récentes (50, ou ce que disent les réglages) sont relues à chaque "
                f"fois, avec {MOST_PAGES * walls.MORE_COMMENTS} commentaires au plus chacune. Sous les "
                "plus anciennes, rien de nouveau n’est entendu. Sous une publication de plus de "
                f"{walls.COMMENTS} commentaires, une modification des plus anciens passe inaperçue tant "
                "que leur nombre ne change pas.",
                "en": "Recent posts (50, or what the settings say) are read again each time, with at most "
                f"{MOST_PAGES * walls.MORE_COMMENTS} comments each. Under older ones nothing new is "
                f"heard. Under a post with more than {walls.COMMENTS} comments, an edit of the older "
                "ones goes unnoticed until their number changes.",
            }
        ),
        Words(
            {
                "fr": "Facebook ne dit pas toujours qui a écrit. Une recommandation dit oui ou non, sans "
                "note, et n’a souvent pas d’identifiant : on ne peut alors pas y répondre d’ici.",
                "en": "Facebook does not always say who wrote. A recommendation says yes or no, without "
                "stars, and often has no id: then it cannot be answered from here.",
            }
        ),
        Words(
            {
                "fr": "Un commentaire masqué reste visible pour son auteur et les amis de celui-ci.",
                "en": "A hidden comment stays visible to its author and the author’s friends.",
            }
        ),
        Words(
            {
                "fr": "Écrit d’après la documentation publiée par Meta ; non éprouvé sur le vrai réseau.",
                "en": "Written to the documentation that Meta publishes; not proven on the real network.",
            }
        ),
    )
    settings: ClassVar[type[BaseModel]] = FacebookSettings
    seconds: ClassVar[float] = 3 * 60.0

    def __init__(
        self, settings: FacebookSettings, *, access: Access | None = None, api: str = graph.API
    ) -> None:
        """Connects to nothing yet."""
        self._settings = settings
        self._graph = Graph(api, access or Pasted(settings.token), settings.secret.get_secret_value())

    @staticmethod
    def sign_in(settings: FacebookSettings) -> SignIn | None:
        """See `SignsIn`."""
        if settings.token.get_secret_value() or settings.application is None:
            return None
        return graph_sign_in.facebook(settings.application, settings.page)

    def check(self, client: Client) -> Sequence[Remark]:
        """Whether the token is the page's, and what can be read with it."""
        try:
            remarks = [self._checked_page(client)]
            remarks += [self._checked(name, wall, client) for name, wall in self._walls()]
        except CredentialsRefused as error:
            said = {"fr": f"Facebook refuse ce jeton : {error}", "en": f"Facebook refuses the token: {error}"}
            return (Remark(Words(said), is_good=False),)
        if self._graph.spent:
            share = f"{self._graph.spent:.0f}"
            said = {"fr": f"Quota de Meta utilisé : {share} %.", "en": f"Spent of Meta’s quota: {share} %."}
            remarks.append(Remark(Words(said)))
        return tuple(remarks)

    def fetch(self, since: str, client: Client) -> Iterator[Page]:
        """A round of each wall; when Facebook refuses one beside the feed, this is told after the others."""
        known = graph_rounds.rounds(since)
        refused: NetworkRefused | None = None
        for name, wall in self._walls():
            before = known.get(name, Round())
            try:
                for items, memory in graph_rounds.walk(wall, before, self._settings.posts, client):
                    known[name] = memory
                    yield Page(items, graph_rounds.cursor(known))
            except NetworkRefused as error:
                is_known = isinstance(error, RightMissing) or not isinstance(error, CredentialsRefused)
                if name == "feed" or not is_known:
                    raise
                refused = refused or NetworkRefused(f"{TITLES[name].say('en')}: {error}")
        if refused is not None:
            raise refused

    def reply(self, answered: Answered, text: str, key: str, client: Client) -> Sent:  # noqa: ARG002
        """Comments on a comment or a post."""
        return Sent(self._graph.published(f"{known_id(answered.external_id)}/comments", text, client))

    def find_reply(self, answered: Answered, text: str, key: str, client: Client) -> Sent | None:  # noqa: ARG002
        """The page’s comment with these words under the message, or where Facebook moved it in the thread."""
        found = self._own(known_id(answered.external_id), text, client)
        if not found and answered.thread:
            parents = {answered.external_id, answered.thread}
            moved = self._own(known_id(answered.thread), text, client)
            found = [one for one in moved if one.parent.id in parents]
        return Sent(found[0].id, found[0].heard("", "").url) if found else None

    def hide(self, answered: Answered, client: Client) -> None:
        """Hides a comment or a visitor’s post."""
        self._set_hidden(answered, client, is_hidden=True)

    def show(self, answered: Answered, client: Client) -> None:
        """Shows it again."""
        self._set_hidden(answered, client, is_hidden=False)

    def remove(self, answered: Answered, client: Client) -> None:
        """Deletes a comment with its replies, or a visitor’s post."""
        self._graph.remove(answered.external_id, client)

    def _walls(self) -> list[tuple[str, Wall]]:
        page, chosen = self._settings.page, self._settings
        found: list[tuple[str, Wall]] = [("feed", walls.Feed(self._graph, page))]
        found += [("tagged", walls.Tagged(self._graph, page))] * chosen.tagged
        return found + [("ratings", walls.Recommendations(self._graph, page))] * chosen.recommendations

    def _set_hidden(self, answered: Answered, client: Client, *, is_hidden: bool) -> None:
        self._graph.change("POST", known_id(answered.external_id), client, {"is_hidden": is_hidden})

    def _own(self, tree: str, text: str, client: Client) -> list[walls.Message]:
        """Comments of the page with these words in a tree."""
        found: list[walls.Message] = []
        path, after = f"{tree}/comments", ""
        for _page_number in range(MOST_PAGES):
            told = walls.comments(self._graph, (path, after), client)
            found += asking.each(walls.Message, told.data)
            after = told.after
            if not after:
                break
        page, words = self._settings.page, text.split()
        return [one for one in found if one.by.id == page and one.message.split() == words]

    def _checked_page(self, client: Client) -> Remark:
        told = self._graph.read("me", {"fields": "id,name"}, client)
        own = asking.parsed(_Named, told)
        if own.id != self._settings.page:
            said = {
                "fr": f"Ce jeton est celui de « {own.name or own.id} », pas de la page : choisissez la page "
                "dans l’Explorateur de l’API Graph et copiez son jeton.",
                "en": f"This is the token of “{own.name or own.id}”, not of the page: choose the page in the "
                "Graph API Explorer and copy its token.",
            }
            return Remark(Words(said), is_good=False)
        said = {
            "fr": f"Le jeton est celui de la page « {own.name} » ; les réponses partiront en son nom.",
            "en": f"The token is that of the page “{own.name}”; replies will leave in its name.",
        }
        return Remark(Words(said))

    def _checked(self, name: str, wall: Wall, client: Client) -> Remark:
        fr, en = TITLES[name].say("fr"), TITLES[name].say("en")
        try:
            wall.page("", client)
        except RightMissing as error:
            said = {
                "fr": f"Un droit manque au jeton pour lire : {fr} ({error}).",
                "en": f"The token lacks a right to read: {en} ({error}).",
            }
            return Remark(Words(said), is_good=False)
        except CredentialsRefused:
            raise
        except NetworkRefused as error:
            said = {"fr": f"Facebook refuse : {fr} ({error}).", "en": f"Facebook refuses: {en} ({error})."}
            return Remark(Words(said), is_good=False)
        return Remark(Words({"fr": f"Se lisent : {fr}.", "en": f"Can be read: {en}."}))
