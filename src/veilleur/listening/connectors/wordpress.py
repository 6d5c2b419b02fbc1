"""Comments of a WordPress site, those awaiting moderation too, through its REST API.

WordPress does not say when a comment was changed, and pages by offset. `fetch` therefore starts `WINDOW`
comments before the end it had come to, goes on by ascending id, and passes on what is new or reads otherwise
than before. Each page begins with the last comment of the one before: when it does not, comments were taken
away meanwhile and `fetch` goes back. What it knew and did not meet again is asked for by id before it counts
as gone.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from html import escape
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BaseModel, Field, NonNegativeInt, PositiveInt, SecretStr

from veilleur.errors import CredentialsRefused, NetworkRefused, NotReached, OutcomeUnknown, Throttled
from veilleur.listening.asking import Answer, Shape, json_of, parsed, web
from veilleur.listening.client import Client, TooLarge
from veilleur.listening.connector import Answered, Capability, Gone, Page, Remark, Sent, remark, said
from veilleur.listening.connectors.wordpress_api import COMMENTS, PAGE, Comment, Duplicate, Listing, Site
from veilleur.listening.remembering import Cursor
from veilleur.listening.settings import AccountSettings, asked, web_address
from veilleur.vocabulary import Words

WINDOW = 500
"""So many of the newest comments are read again each time, for edits and deletions."""
SMALL_PAGE = 10
"""Asked for instead when a page does not come: comments of 64 kB each are too much for an answer."""
IN_SIGHT = frozenset({"approved"})
HELD = frozenset({"hold"})
_PAGES_OF_WORDPRESS = re.compile(r"/+(?:wp-(?:admin|json|login\.php)(?:/.*)?)?$")


def _home(address: str) -> str:
    """The address of the site, also when one of its own pages for administrators was given."""
    return _PAGES_OF_WORDPRESS.sub("", web_address(address))


class WordPressSettings(AccountSettings):
    """What an account needs."""

    address: Annotated[
        str,
        asked(
            "Adresse du site",
            "Address of the site",
            fr_help="Celle de la page d’accueil, par exemple https://www.cabinet-exemple.fr.",
            en_help="That of its home page, for instance https://www.example-practice.org.",
            max_length=500,
        ),
        AfterValidator(_home),
    ]
    user: Annotated[
        str,
        asked(
            "Identifiant du compte WordPress",
            "User name on WordPress",
            fr_help="De préférence un compte créé pour Veilleur, avec le rôle « Éditeur ».",
            en_help="Rather an account made for Veilleur, with the role “Editor”.",
            min_length=1,
            max_length=100,
            pattern=r"^[^:]+$",
        ),
    ]
    password: Annotated[
        SecretStr,
        asked(
            "Mot de passe d’application",
            "Application password",
            fr_help="Dans WordPress, page « Profil » de ce compte, tout en bas : « Mots de passe "
            "d’application ». Ce n’est pas le mot de passe du compte.",
            en_help="In WordPress, at the bottom of the account’s profile page: “Application Passwords”. "
            "It is not the password of the account.",
            min_length=8,
            max_length=200,
        ),
    ]


class _Mark(Cursor):
    """How far `fetch` has come."""

    last: NonNegativeInt = 0
    """Id of the last comment that was read."""
    read: Annotated[int, Field(ge=0, lt=2**53)] = 0
    """How many comments come up to there."""
    known: dict[PositiveInt, str] = Field(default_factory=dict)
    """The newest comments, by id: digests of their texts."""
    is_midway: bool = False
    """The newest comment was not reached yet: go on right here, not a window before."""

    @property
    def offset(self) -> int:
        return max(0, self.read - (1 if self.is_midway else WINDOW))

    def fresh(self, listing: Listing) -> list[Comment]:
        """Those that are new, or read differently than before."""
        return [comment for comment in listing.comments if self.known.get(comment.id) != comment.digest]

    def missing(self, listing: Listing) -> list[int]:
        """What was known and should be in a listing that goes on from here."""
        first = self.last if self.is_midway else 0
        there = {comment.id for comment in listing.comments}
        known = sorted(self.known.keys() - there)
        return [number for number in known if first < number and (listing.is_end or number <= listing.last)]

    def after(self, listing: Listing, gone: Collection[int]) -> _Mark:
        known = self.known | {comment.id: comment.digest for comment in listing.comments}
        newest = sorted(known.keys() - gone)[-WINDOW:]
        return _Mark(
            last=listing.last or self.last,
            read=min(listing.end, listing.total),
            known={number: known[number] for number in newest},
            is_midway=not listing.is_end,
        )


class _Published(Shape):
    id: PositiveInt
    link: str = ""


class WordPress:
    """Keeps `Connector`."""

    name: ClassVar[str] = "wordpress"
    title: ClassVar[Words] = said("Commentaires WordPress", "WordPress comments")
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
        said(
            f"Modifications, suppressions et sorties des indésirables se voient sur les {WINDOW} derniers "
            "commentaires, pas plus loin.",
            f"Edits, deletions and rescues from spam are seen on the {WINDOW} newest comments, not further.",
        ),
        said(
            "Ce que le site tient pour indésirable n’est pas lu ; ce qu’on y met compte comme supprimé.",
            "What the site takes for spam is not read; what is marked as spam later counts as deleted.",
        ),
        said(
            "Les avis de boutique (WooCommerce) et les commentaires d’un autre service n’arrivent pas.",
            "Shop reviews (WooCommerce) and comments of another service do not come.",
        ),
        said(
            "Deux visiteurs qui donnent même nom et même adresse e-mail passent pour une seule personne.",
            "Two visitors who give the same name and e-mail address pass for one person.",
        ),
        said(
            "Répondre à un commentaire en attente ne l’approuve pas : la réponse ne paraît qu’avec lui.",
            "Replying to a held comment does not approve it: the reply appears only with it.",
        ),
        said(
            "Supprimer met à la corbeille, que WordPress vide d’ordinaire après 30 jours.",
            "Removing puts into the bin, which WordPress usually empties after 30 days.",
        ),
        said(
            "Rien ne peut être signalé : le site est à vous, « indésirable » n’instruirait que son filtre.",
            "Nothing can be reported: the site is yours, and “spam” would teach its filter only.",
        ),
    )
    settings: ClassVar[type[BaseModel]] = WordPressSettings
    seconds: ClassVar[float] = 5 * 60.0

    def __init__(self, settings: WordPressSettings) -> None:
        """Connects to nothing yet."""
        self._site = Site(settings.address, settings.user, settings.password.get_secret_value())

    def check(self, client: Client) -> Sequence[Remark]:
        """Where the site is, whether it knows the account, and whether the account may moderate."""
        landed = self._site.elsewhere(client)
        if landed:
            fr, en = (
                f"Le site renvoie vers {landed} : donnez cette adresse.",
                f"The site sends on to {landed}.",
            )
            return (remark(fr, en, is_good=False),)
        try:
            name = self._site.account(client).name
        except CredentialsRefused:
            return (_UNKNOWN_ACCOUNT,)
        try:
            total, held = (self._site.listing(client, status=one, size=1).total for one in ("all", "hold"))
        except CredentialsRefused:
            return (_NO_MODERATOR,)
        return (
            remark(f"Le compte « {name} » peut modérer.", f"The account “{name}” may moderate."),
            remark(f"Commentaires : {total}, dont en attente : {held}.", f"Comments: {total}, held: {held}."),
        )

    def fetch(self, since: str, client: Client) -> Iterator[Page]:
        """The comments in sight and those awaiting moderation, the newest `WINDOW` of them again."""
        mark, own = _Mark.of(since), self._site.account(client).id
        for listing in self._onward(mark, client):
            heard = [comment.heard(own) for comment in mark.fresh(listing)]
            gone = self._gone(mark.missing(listing), client)
            mark = mark.after(listing, gone)
            yield Page((*heard, *(Gone(str(number)) for number in sorted(gone))), mark.text)

    def reply(self, answered: Answered, text: str, key: str, client: Client) -> Sent:
        """Writes under a comment; WordPress takes the same words only once in the same place."""
        parent = self._comment(answered, client)
        if parent is None or parent.status not in IN_SIGHT | HELD:
            raise NetworkRefused("the comment is in the bin, or not there any more: it cannot be answered")
        told = {"post": parent.post, "parent": parent.id, "content": escape(_sendable(text), quote=False)}
        try:
            return _sent(self._site.write(COMMENTS, told, client))
        except Duplicate as error:
            there = self.find_reply(answered, text, key, client)
            if there is None:
                raise NetworkRefused("somebody wrote the same words there already") from error
            return there

    def find_reply(self, answered: Answered, text: str, key: str, client: Client) -> Sent | None:  # noqa: ARG002
        """The comment of this account with these words under the one answered, whatever its state."""
        own = str(self._site.account(client).id)
        replies = self._site.listing(client, status="any", parent=answered.external_id, author=own)
        words = _sendable(text).split()
        found = (one for one in replies.comments if one.text.split() == words)
        return next((Sent(str(one.id), web(one.link)) for one in found), None)

    def hide(self, answered: Answered, client: Client) -> None:
        """Holds a comment for moderation."""
        self._move(answered, IN_SIGHT, "hold", client)

    def show(self, answered: Answered, client: Client) -> None:
        """Approves a comment that is held. Raises `NetworkRefused` for one in the bin."""
        if self._move(answered, HELD, "approved", client) not in IN_SIGHT | HELD:
            raise NetworkRefused("the comment is in the bin, or not there any more: it cannot be shown")

    def remove(self, answered: Answered, client: Client) -> None:
        """Puts a comment in the bin."""
        self._move(answered, IN_SIGHT | HELD | {"spam"}, "trash", client)

    def _move(self, answered: Answered, wanted: Collection[str], after: str, client: Client) -> str:
        """The state a comment was in; it is changed only from a wanted one: WordPress fails on no change."""
        comment = self._comment(answered, client)
        if comment is not None and comment.status in wanted:
            self._site.write(f"{COMMENTS}/{comment.id}", {"status": after}, client)
        return "" if comment is None else comment.status

    def _comment(self, answered: Answered, client: Client) -> Comment | None:
        listing = self._site.listing(client, status="any", include=answered.external_id)
        return next((one for one in listing.comments if str(one.id) == answered.external_id), None)

    def _gone(self, numbers: Sequence[int], client: Client) -> set[int]:
        """Those that are neither in sight nor awaiting moderation."""
        gone: set[int] = set()
        for start in range(0, len(numbers), PAGE):
            some = numbers[start : start + PAGE]
            listing = self._site.listing(client, include=",".join(map(str, some)))
            if listing.is_whole:
                gone.update(set(some) - {comment.id for comment in listing.comments})
        return gone

    def _onward(self, mark: _Mark, client: Client) -> Iterator[Listing]:
        """From the mark to the newest comment, without a gap.

        A listing that does not meet what was read before is gone back from; only when the account may not
        read all of it, once for each place.
        """
        offset, last, gone_back_for, size = mark.offset, mark.last, -1, PAGE
        while True:
            try:
                listing = self._site.listing(client, offset=offset, size=size)
            except (NotReached, TooLarge) as error:
                if size == SMALL_PAGE or isinstance(error, Throttled):
                    raise
                size = SMALL_PAGE
                continue
            if offset and not listing.meets(last) and (listing.is_whole or gone_back_for != last):
                offset = max(0, min(offset, listing.total) - size)
                continue
            gone_back_for = last
            yield listing
            if listing.is_end:
                return
            offset, last = listing.end - 1, max(last, listing.last)


_UNKNOWN_ACCOUNT = remark(
    "Le site ne reconnaît pas ce compte : vérifiez l’identifiant et le mot de passe d’application (pas "
    "celui du compte). Sinon, le site n’est pas en https, ou une extension bloque ces mots de passe.",
    "The site does not know this account: check the user name and the application password (not that of "
    "the account). Otherwise the site lacks https, or a plugin blocks such passwords.",
    is_good=False,
)
_NO_MODERATOR = remark(
    "Le compte est accepté mais ne peut pas modérer : donnez-lui le rôle « Éditeur » dans WordPress.",
    "The account is accepted but may not moderate: give it the role “Editor” in WordPress.",
    is_good=False,
)


def _sent(answer: Answer) -> Sent:
    try:
        made = parsed(_Published, json_of(answer))
    except NetworkRefused as error:
        raise OutcomeUnknown("WordPress does not say which comment it made of the reply") from error
    return Sent(str(made.id), web(made.link))


def _sendable(text: str) -> str:
    """With “?” for halves of characters, which no JSON carries."""
    return text.encode("utf-8", "replace").decode()
