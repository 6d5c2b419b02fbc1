"""Review pages: public pages of the web that describe their reviews with schema.org data.

Each address is read in turn, one `Page` an address, and robots.txt is obeyed, after each redirection anew.
A run ends after the last address, when a site wants a longer pause than a run waits, or when its time is up:
the cursor names the next address. For each address it also holds the ids of the messages seen, each with a
digest of what it said, and which of them were missing the last time.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any, ClassVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from veilleur.errors import NetworkFailed, NetworkRefused, NotReached, OutcomeUnknown, Throttled
from veilleur.listening.client import AGENT, MOST_REDIRECTIONS, Client, repeatable, require_good
from veilleur.listening.connector import Capability, Gone, Heard, Page, Remark, remark, said
from veilleur.listening.remembering import Cursor, digest
from veilleur.listening.robots import NOTHING, Robots, robots
from veilleur.listening.schema_org import Read, read_page
from veilleur.listening.settings import AccountSettings, asked, page_address
from veilleur.vocabulary import Words

MOST_ADDRESSES = 50
PAUSE = 1.0
"""Seconds between two questions to a site that asks for no pause."""
MOST_PAUSE = 60.0
"""Seconds: a site that asks for more is given this much."""
LONGEST_WAIT = 10.0
"""Seconds that a run waits for a site; a longer pause is left to the next run."""
LONGEST_RUN = 120.0
"""Seconds after which no other address is begun."""
MOST_CHECKED = 5
"""Pages that a diagnosis reads; of the others it looks at robots.txt only."""
LONGEST_ETAG = 200
MEMORY = 150_000
"""Characters of a cursor that ids may take, shared by the addresses."""


def _contact(text: str) -> str:
    if not text.isascii() or not text.isprintable() or set(text) & set("()\\"):
        raise ValueError("an e-mail address or a web address, without accents or brackets")
    return text.strip()


class ReviewPageSettings(AccountSettings):
    """What an account needs."""

    addresses: Annotated[
        tuple[Annotated[str, Field(max_length=500), AfterValidator(page_address)], ...],
        asked(
            "Adresses des pages d’avis",
            "Addresses of the review pages",
            fr_help="Une adresse par ligne, 50 au plus : des pages publiques, lisibles sans compte.",
            en_help="One address a line, at most 50: public pages that anybody can read without an account.",
            min_length=1,
            max_length=MOST_ADDRESSES,
        ),
    ]
    contact: Annotated[
        str,
        asked(
            "Contact pour les sites lus",
            "Contact for the sites that are read",
            fr_help="Facultatif : une adresse électronique ou web, dite aux sites avec le nom de Veilleur.",
            en_help="Optional: an e-mail or web address, told to the sites together with Veilleur’s name.",
            max_length=100,
        ),
        AfterValidator(_contact),
    ] = ""


class _Memory(BaseModel):
    """What is known of one address."""

    model_config = ConfigDict(frozen=True)

    etag: Annotated[str, Field(max_length=LONGEST_ETAG)] = ""
    seen: dict[str, str] = {}
    """Id → digest of the message."""
    missing: frozenset[str] = frozenset()
    """Ids in `seen` that were not on the page the last time."""


class _Cursor(Cursor):
    next: str = ""
    """Key of the address that is next; empty: the first."""
    pages: dict[str, _Memory] = Field(default_factory=dict)
    """By key of the address."""
    asked: dict[str, float] = Field(default_factory=dict)
    """When each site was asked last, in seconds since 1970."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """A page as it was sent; `content` is None when it has not changed."""

    content: bytes | None
    charset: str
    etag: str


class _Visit:
    """The sites as one run finds them."""

    def __init__(self, client: Client, agent: str, asked: Mapping[str, float]) -> None:
        self._client, self._headers = client, {"User-Agent": agent}
        self._rules: dict[str, Robots] = {}
        self._down: dict[str, NetworkFailed] = {}
        self.asked = dict(asked)
        """When each site was asked last, in seconds since 1970."""

    def is_ready(self, address: str) -> bool:
        """Waits for the site, unless that takes longer than a run waits."""
        pause = min(max(self.rules_of(address).delay, PAUSE), MOST_PAUSE)
        since = time.time() - self.asked.get(_site(address), 0.0)
        left = pause - since if 0 <= since < pause else 0.0
        if left > LONGEST_WAIT:
            return False
        time.sleep(left)
        return True

    def rules_of(self, address: str) -> Robots:
        """The rules of the site of an address. Raises `NotReached` when its robots.txt was not reached."""
        site = _site(address)
        if site not in self._rules:
            try:
                self._rules[site] = self._robots(site)
            except NotReached as error:
                self._down[site] = error
                raise
        return self._rules[site]

    def _robots(self, site: str) -> Robots:
        """A site without robots.txt allows everything, one that does not show it nothing."""
        try:
            answer = self._ask(f"{site}/robots.txt", self._headers, follow=True)
            return robots(require_good(answer).content, "Veilleur")
        except NetworkRefused as error:
            return Robots() if error.status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE} else NOTHING

    def read(self, address: str, etag: str = "") -> _Answer:
        """Raises `NetworkRefused` also for what robots.txt keeps from us, wherever a page leads."""
        headers = self._headers | ({"If-None-Match": etag} if etag else {})
        for _redirection in range(MOST_REDIRECTIONS + 1):
            if not self.rules_of(address).allows(address):
                raise NetworkRefused(f"{address}: robots.txt does not allow it, or cannot be read")
            self.asked[_site(address)] = time.time()
            answer = self._ask(address, headers)
            if answer.next_request is None:
                return _answer(address, answer)
            address = str(answer.next_request.url)
        raise NetworkRefused(f"{address}: more than {MOST_REDIRECTIONS} redirections")

    def _ask(self, address: str, headers: Mapping[str, str], *, follow: bool = False) -> Any:
        """A site that nobody answers for is asked once a run."""
        site = _site(address)
        if site in self._down:
            raise self._down[site]
        try:
            return self._client.ask("GET", address, headers=headers, follow=follow)
        except NetworkRefused as error:
            raise NetworkRefused(f"{address}: {error}") from error
        except OutcomeUnknown as error:
            raise NotReached(f"{address}: {error}") from error
        except Throttled:
            raise
        except NotReached as error:
            self._down[site] = error
            raise


def _answer(address: str, answer: Any) -> _Answer:
    """Nobody logs in here: a page that is forbidden is refused for good."""
    try:
        good = require_good(answer)
    except NetworkRefused as error:
        raise NetworkRefused(f"{address}: {error}") from error
    content = None if good.status_code == HTTPStatus.NOT_MODIFIED else good.content
    return _Answer(
        content, good.charset_encoding or "", repeatable(good.headers.get("etag", ""), LONGEST_ETAG)
    )


class ReviewPage:
    """Keeps `Connector`."""

    name: ClassVar[str] = "page"
    title: ClassVar[Words] = said("Pages d’avis publiques", "Public review pages")
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {
            Capability.REVIEWS,
            Capability.COMMENTS,
            Capability.EDITS,
            Capability.DELETIONS,
            Capability.BACKFILL,
        }
    )
    limits: ClassVar[Sequence[Words]] = (
        said(
            "Seules les pages qui décrivent leurs avis aux moteurs de recherche (schema.org) sont "
            "lues, si leur fichier robots.txt le permet.",
            "Only pages that describe their reviews to search engines (schema.org) are read, if "
            "their robots.txt allows it.",
        ),
        said(
            "Seuls les avis de la page même sont vus : ajoutez l’adresse de chaque page suivante.",
            "Only reviews on the page itself are seen: add the address of each following page.",
        ),
        said(
            "Un avis n’est tenu pour supprimé que si la page montre tous ses avis et qu’il y "
            "manque deux fois de suite ; jamais si elle n’en montre plus aucun.",
            "A review counts as deleted only when the page shows all its reviews and lacks it "
            "twice in a row; never when it shows none any more.",
        ),
        said(
            "Si la page ne numérote pas ses avis, un avis dont le début change compte double.",
            "When a page does not number its reviews, one whose opening changes counts as another.",
        ),
        said(
            "Un site qui demande plus de dix secondes entre deux pages est lu page par page.",
            "A site that asks for more than ten seconds between pages is read one page at a time.",
        ),
        said(
            "On ne peut ni répondre ni signaler. Vérifiez que les conditions du site permettent "
            "cette lecture.",
            "Nothing can be answered or reported. Make sure that the terms of the site allow this reading.",
        ),
    )
    settings: ClassVar[type[BaseModel]] = ReviewPageSettings
    seconds: ClassVar[float] = 15 * 60.0

    def __init__(self, settings: ReviewPageSettings) -> None:
        """Connects to nothing yet."""
        self._addresses = tuple(dict.fromkeys(settings.addresses))
        self._agent = f"{AGENT[:-1]}; {settings.contact})" if settings.contact else AGENT

    def check(self, client: Client) -> Sequence[Remark]:
        """What the first pages hold, and which ones robots.txt keeps from us."""
        visit = _Visit(client, self._agent, {})
        looked = [_looked(visit, address) for address in self._addresses[:MOST_CHECKED]]
        others = self._addresses[MOST_CHECKED:]
        kept = [address for address in others if not visit.rules_of(address).allows(address)]
        return [*looked, *(_refused(address, "robots.txt") for address in kept)]

    def fetch(self, since: str, client: Client) -> Iterator[Page]:
        """One page an address, from the one that the cursor names to the last.

        Raises `Throttled` when a site asks to wait; other failures only when no address could be read.
        """
        cursor = _Cursor.of(since)
        visit = _Visit(client, self._agent, cursor.asked)
        keys = {digest(address): address for address in self._addresses}
        pages = {key: memory for key, memory in cursor.pages.items() if key in keys}
        order = list(keys)
        start = order.index(cursor.next) if cursor.next in keys else 0
        end, good, failure = time.monotonic() + LONGEST_RUN, 0, None
        for key, after in zip(order[start:], [*order[start + 1 :], ""], strict=True):
            items: tuple[Heard | Gone, ...] = ()
            try:
                if time.monotonic() > end or not visit.is_ready(keys[key]):
                    break
                items, pages[key] = self._visited(visit, keys[key], pages)
                good += 1
            except NetworkFailed as error:
                if isinstance(error, Throttled) and _is_spent(client):
                    raise
                failure = error
            yield Page(items, _Cursor(next=after, pages=pages, asked=_recent(visit.asked)).text)
            if isinstance(failure, Throttled):
                break
        if failure is not None and (not good or isinstance(failure, Throttled)):
            raise failure

    def _visited(
        self, visit: _Visit, address: str, pages: Mapping[str, _Memory]
    ) -> tuple[tuple[Heard | Gone, ...], _Memory]:
        """What is new on a page, and what is known of it now; a missing message is looked for again."""
        key = digest(address)
        known = pages.get(key, _Memory())
        answer = visit.read(address, "" if known.missing else known.etag)
        if answer.content is None:
            return (), known
        read = read_page(answer.content, answer.charset, address, datetime.now(UTC))
        elsewhere = {own for other, memory in pages.items() if other != key for own in memory.seen}
        return _compared(read, known, answer.etag, elsewhere, MEMORY // len(self._addresses))


def _compared(
    read: Read, known: _Memory, etag: str, elsewhere: AbstractSet[str], room: int
) -> tuple[tuple[Heard | Gone, ...], _Memory]:
    """What has changed since the last time.

    A page without any message says nothing about those it had: it may have been rebuilt, or not be itself.
    """
    if not read.messages:
        return (), known.model_copy(update={"etag": etag})
    seen = {one.id: digest(repr(one)) for one in read.messages}
    fresh = [one for one in reversed(read.messages) if known.seen.get(one.id) != seen[one.id]]
    lost = known.seen.keys() - seen.keys() if read.is_whole else set()
    gone = lost & known.missing
    missing = lost - gone
    kept = _bounded({own: known.seen[own] for own in sorted(missing)} | seen, room)
    memory = _Memory(etag=etag, seen=kept, missing=frozenset(missing & kept.keys()))
    return (*fresh, *(Gone(own) for own in sorted(gone - elsewhere))), memory


def _bounded(seen: Mapping[str, str], room: int) -> dict[str, str]:
    """As many as fit; of the others every change is brought, and none is noticed when it is gone."""
    kept: dict[str, str] = {}
    for own, mark in seen.items():
        room -= 2 * len(json.dumps(own, ensure_ascii=False).encode()) + len(mark) + 5
        if room < 0:
            break
        kept[own] = mark
    return kept


def _is_spent(client: Client) -> bool:
    """Whether it is our own budget that ends the run: the page is read the next time."""
    return 0 < client.most_asked <= client.asked


def _recent(asked: Mapping[str, float]) -> dict[str, float]:
    now = time.time()
    return {site: at for site, at in asked.items() if 0 <= now - at < MOST_PAUSE}


def _site(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}".lower()


def _looked(visit: _Visit, address: str) -> Remark:
    try:
        visit.is_ready(address)
        answer = visit.read(address)
    except NetworkRefused as error:
        return _refused(address, str(error))
    return _found(address, read_page(answer.content or b"", answer.charset, address, datetime.now(UTC)))


def _refused(address: str, why: str) -> Remark:
    return remark(
        f"{address} ne peut pas être lue : {why}", f"{address} cannot be read: {why}", is_good=False
    )


def _found(address: str, read: Read) -> Remark:
    count = len(read.messages)
    if not count:
        return remark(
            f"{address} ne décrit aucun avis (schema.org) : rien ne peut y être lu.",
            f"{address} describes no review (schema.org): nothing can be read there.",
            is_good=False,
        )
    fr, en = (f" sur {read.announced}", f" of {read.announced}") if read.announced > count else ("", "")
    return remark(
        f"{address} : avis et commentaires lus : {count}{fr} ; "
        + ("les suppressions y seront vues." if read.is_whole else "les suppressions n’y seront pas vues."),
        f"{address}: reviews and comments read: {count}{en}; "
        + ("deletions will be noticed." if read.is_whole else "deletions will not be noticed."),
    )
