"""schema.org data of a web page → messages: `Review` and `Comment`, with their ratings.

A page says such things as JSON-LD, microdata or RDFa, often in two of these at once: the one that holds the
most messages counts. Authors may be texts or objects, ratings numbers or objects, types lists, and messages
may be nested in what they are about, or stand in an `@graph` and point to it.
"""

from __future__ import annotations

import hashlib
import html
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit

import extruct
import lxml.html
from extruct.jsonld import JsonLdExtractor
from lxml import etree

from veilleur.listening.connector import Heard
from veilleur.listening.files.dates import DateOrder, DateReader, names_order
from veilleur.listening.files.reasons import CellRefused
from veilleur.listening.files.row import storable
from veilleur.listening.markup import plain_text
from veilleur.vocabulary import Rating

MOST_MARKUP = 2_000_000
"""Bytes of a page that are looked at."""
MOST_NODES = 20_000
MOST_MESSAGES = 1_000
LONGEST_ID = 200
OPENING = 80
"""Characters of a text that, with author and day, tell it from others."""
REVIEWS = frozenset({"Review", "UserReview", "CriticReview", "EmployerReview", "Recommendation"})
COMMENTS = frozenset({"Comment", "UserComments"})
SYNTAXES = {"microdata": b"itemscope", "rdfa": b"typeof"}
"""What a page must hold for a look to be worth while, at most `MOST_SCOPES` times."""
MOST_SCOPES = 3_000
MOST_REFERENCES = 100
"""Of microdata (`itemref`): each is read anew where it is named."""

_ODD = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
    etree.LxmlError,
)
"""What extruct and what lies under it raise on markup that is not as agreed."""
_PREFIXES = ("", "http://schema.org/", "https://schema.org/", "schema:")
_TYPE = re.compile(r"(?:https?://(?:www\.)?schema\.org/|schema:)?(\w+)")
_TAG = re.compile(r"</?[a-zA-Z][a-zA-Z0-9]*(?:\s[^<>]*)?/?>")
_ENTITY = re.compile(r"&(?:#\d+|#x[0-9a-f]+|[a-z]\w{1,30});", re.IGNORECASE)
_EMAIL = re.compile(r"\S+@\S+\.\S+")
_OUT_OF = re.compile(r"\s*(\d+(?:[.,]\d+)?)\s*(?:/|sur|out of)\s*(\d+(?:[.,]\d+)?)\s*")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,2}")
_PAGED_NAME = re.compile(r"paginat|pager|(?:load|show|see|view)[-_ ]?(?:more|all)|infinite", re.IGNORECASE)
_PAGED_LINK = re.compile(r"[?&;](?:page|paged|p|pg|start|offset)=\d|/page[/-]?\d", re.IGNORECASE)
_PAGED_WORDS = re.compile(
    r"suivante?s?\b|(?:voir|afficher|charger|lire) (?:plus|tous|toutes|davantage|les autres)|plus d.avis"
    r"|tous les avis|next\b|(?:load|show|see|read|view) (?:more|all)|more reviews|[›»]$",
    re.IGNORECASE,
)

Node = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Read:
    """What a page says."""

    messages: tuple[Heard, ...] = ()
    """In the order of the page; ids do not change with ratings."""
    is_whole: bool = False
    """Nothing hints at more reviews elsewhere: what is not here is nowhere."""
    average: Rating | None = None
    announced: int = 0
    """How many reviews or ratings the page says there are; 0 when it does not say."""


@dataclass(frozen=True, slots=True)
class _Told:
    """A message before it has its id."""

    node: Node
    own: str
    """The id that the page gives it, or nothing."""
    author: str
    day: str
    opening: str
    heard: Heard


def read_page(content: bytes, charset: str, address: str, now: datetime) -> Read:
    """The messages of a page; `charset` is what its server says, `now` (aware) when it was read."""
    clean = _decoded(content[:MOST_MARKUP], charset).replace("\x00", "").encode("utf-8", "replace")
    try:
        tree = lxml.html.document_fromstring(clean, parser=lxml.html.HTMLParser(encoding="utf-8"))
    except (etree.LxmlError, ValueError):
        return Read()
    best = max(
        (_Graph(found, address, now) for found in _syntaxes(tree, clean, address)),
        key=lambda graph: len(graph.told),
    )
    averages = [node for node in best.nodes if "AggregateRating" in _types(node)]
    announced = max((_count(node) for node in averages), default=0)
    is_whole = announced <= best.reviews() and len(content) <= MOST_MARKUP and not _is_paged(tree)
    average = next(filter(None, (_scaled(node) for node in averages)), None)
    return Read(best.messages(), is_whole and len(best.told) < MOST_MESSAGES, average, announced)


def _decoded(content: bytes, charset: str) -> str:
    """As UTF-8 if it is, else as its server or its head says, else as browsers guess."""
    named = re.search(rb"<meta[^>]{0,200}charset=[\"']?([\w-]{2,40})", content[:4096], re.IGNORECASE)
    for name in ("utf-8-sig", charset, named[1].decode("ascii", "replace") if named else ""):
        try:
            return content.decode(name)
        except (LookupError, ValueError):
            continue
    return content.decode("cp1252", "replace")


def _syntaxes(tree: lxml.html.HtmlElement, content: bytes, address: str) -> Iterator[list[Any]]:
    """What each of the three ways of writing holds; a broken one holds nothing."""
    found: list[Any] = []
    for script in tree.iter("script"):
        try:
            found += JsonLdExtractor().extract_items(script)
        except _ODD:
            continue
    yield found
    for syntax, mark in SYNTAXES.items():
        if not 0 < content.count(mark) <= MOST_SCOPES or content.count(b"itemref") > MOST_REFERENCES:
            continue
        try:
            yield extruct.extract(
                content, base_url=address, encoding="utf-8", syntaxes=[syntax], uniform=True
            )[syntax]
        except _ODD:
            continue


class _Graph:
    """The nodes of one syntax, and the messages among them."""

    def __init__(self, documents: Sequence[Any], address: str, now: datetime) -> None:
        self._address, self._dates = address, DateReader(DateOrder.DAY_FIRST, "UTC", now)
        self.nodes = list(_nodes(documents))
        self._by_id: dict[str, Node] = {}
        for node in sorted(self.nodes, key=len):
            self._by_id[_id(node)] = node
        self._holders: dict[int, Node] = {}
        for node in self.nodes:
            for name in ("review", "reviews", "comment", "comments"):
                self._holders |= {id(self._whole(value)): node for value in _values(node, name)}
        kinds = REVIEWS | COMMENTS
        told = (self._told(node) for node in self.nodes if _types(node) & kinds)
        self.told = [one for one in told if one is not None][:MOST_MESSAGES]
        self._ids = _ids(self.told, address)

    def reviews(self) -> int:
        """How many there are."""
        pairs = zip(self.told, self._ids, strict=True)
        return len({own for one, own in pairs if _types(one.node) & REVIEWS})

    def messages(self) -> tuple[Heard, ...]:
        """With ids and parents; what a page says twice is one message."""
        by_node = {id(one.node): own for one, own in zip(self.told, self._ids, strict=True)}
        made: dict[str, Heard] = {}
        for one, own in zip(self.told, self._ids, strict=True):
            parent = by_node.get(id(self._answered(one.node)), "")
            made.setdefault(own, replace(one.heard, id=own, parent=parent if parent != own else ""))
        return tuple(made.values())

    def _whole(self, value: Any) -> Any:
        """A node for what only points to it."""
        return self._by_id.get(_id(value), value) if isinstance(value, Mapping) and _id(value) else value

    def _first(self, node: Node, *names: str) -> Any:
        return next((self._whole(value) for name in names for value in _values(node, name)), None)

    def _answered(self, node: Node) -> object:
        return self._first(node, "parentItem") or self._holders.get(id(node))

    def _told(self, node: Node) -> _Told | None:
        """None for a node that says nothing."""
        text = _text(self._first(node, "reviewBody", "text", "commentText", "description"))
        title = " ".join(_text(self._first(node, "headline", "name")).split())
        rating = self._rating(node)
        if not text and not title and rating is None:
            return None
        author = self._author(self._first(node, "author", "creator"))
        published = self._moment(self._first(node, "datePublished", "dateCreated", "commentTime"))
        link, own = self._link(self._first(node, "url")), self._link(_id(node))
        heard = Heard(
            "",
            text,
            author=author,
            title=title,
            url=link or own or self._address,
            network=urlsplit(self._address).hostname or "",
            place=self._place(node),
            language=self._language(node),
            published_at=published,
            rating=rating,
        )
        named = own or (link if urlsplit(link).fragment else "")
        opening = " ".join((text or title).split())[:OPENING].casefold()
        day = published.date().isoformat() if published else ""
        return _Told(node, "" if named == self._address else named, author, day, opening, heard)

    def _rating(self, node: Node) -> Rating | None:
        told = self._first(node, "reviewRating", "rating")
        if told is None:
            return _scaled(node)
        return _scaled(told if isinstance(told, Mapping) else {"ratingValue": told})

    def _author(self, told: Any) -> str:
        """The address of a profile, else a name; addresses of e-mail are dropped."""
        if not isinstance(told, Mapping):
            return " ".join(_EMAIL.sub("", _text(told)).split())
        links = (self._link(self._first(told, "url")), self._link(_id(told)))
        own = (link for link in links if urldefrag(link)[0] != self._address and len(urlsplit(link).path) > 1)
        name = " ".join(_EMAIL.sub("", _text(self._first(told, "name", "alternateName"))).split())
        return next(own, "") or name

    def _place(self, node: Node) -> str:
        """What is reviewed: as the review says, else what holds the review."""
        about = self._first(node, "itemReviewed")
        if about is None and _types(node) & REVIEWS:
            about = self._holders.get(id(node))
        name = self._first(about, "name") if isinstance(about, Mapping) else about
        return " ".join(_text(name).split())[:200]

    def _language(self, node: Node) -> str:
        told = self._first(node, "inLanguage")
        told = self._first(told, "alternateName") if isinstance(told, Mapping) else told
        return told if isinstance(told, str) and _LANGUAGE.fullmatch(told) else ""

    def _moment(self, told: Any) -> datetime | None:
        """None also for 03/04/2026, which is two days."""
        if not isinstance(told, str) or len(told) > 60 or names_order(told.strip()):
            return None
        try:
            return self._dates.read(told).at
        except (CellRefused, OverflowError, ValueError):
            return None

    def _link(self, told: Any) -> str:
        """An absolute address on the web, or nothing."""
        if not isinstance(told, str) or not told.strip() or told.startswith("_:"):
            return ""
        try:
            made = storable(urljoin(self._address, told.strip()))
            is_web = urlsplit(made).scheme in {"http", "https"}
        except ValueError:
            return ""
        return made if is_web and len(made) <= 1000 else ""


def _nodes(documents: Sequence[Any]) -> Iterator[Node]:
    """Every object, in the order of the page, however deep."""
    waiting, count = list(reversed(documents)), 0
    while waiting and count < MOST_NODES:
        told = waiting.pop()
        if isinstance(told, Mapping):
            yield told
            count += 1
            waiting += reversed([value for value in told.values() if isinstance(value, Mapping | list)])
        elif isinstance(told, list):
            waiting += reversed(told)


def _ids(told: Sequence[_Told], address: str) -> list[str]:
    """The id of each: its own if no other message has it, else what is left when the rating changes."""
    texts: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    for one in told:
        texts[one.own].add((one.day, one.opening))
    counts: Counter[tuple[str, str, str]] = Counter()
    found: list[str] = []
    for one in reversed(told):
        mark = (one.author, one.day, one.opening)
        counts[mark] += not (one.author and one.day)
        has_own = one.own and len(texts[one.own]) == 1
        found.append(_fitting(one.own) if has_own else _digest(address, *mark, str(counts[mark])))
    return found[::-1]


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "replace")).hexdigest()[:40]


def _fitting(own: str) -> str:
    return own if len(own) <= LONGEST_ID else _digest(own)


def _id(node: Node) -> str:
    told = node.get("@id", node.get("id"))
    return told.strip() if isinstance(told, str) else ""


def _types(node: Node) -> frozenset[str]:
    told = node.get("@type")
    found = (
        _TYPE.fullmatch(one) for one in (told if isinstance(told, list) else [told]) if isinstance(one, str)
    )
    return frozenset(one[1] for one in found if one)


def _values(node: Node, name: str) -> list[Any]:
    """What a node says under a name: always a list."""
    told = next((node[prefix + name] for prefix in _PREFIXES if prefix + name in node), None)
    values = told if isinstance(told, list) else [told]
    plain = (one["@value"] if isinstance(one, Mapping) and "@value" in one else one for one in values)
    return [one for one in plain if one not in (None, "")]


def _text(told: Any) -> str:
    """A text as it was written; some pages write it as HTML."""
    if not isinstance(told, str | int | float) or isinstance(told, bool):
        return ""
    text = str(told)
    if _TAG.search(text):
        return storable(plain_text(text))
    return storable(html.unescape(text) if _ENTITY.search(text) else text)


def _scaled(node: Node) -> Rating | None:
    """A rating with its scale: 1 to 5 unless the page says otherwise (schema.org)."""
    value, best, worst = (
        next(iter(_values(node, name)), None) for name in ("ratingValue", "bestRating", "worstRating")
    )
    written = _OUT_OF.fullmatch(value) if isinstance(value, str) else None
    if written:
        value, best = written.groups()
    number, top, low = _number(value), _number(best), _number(worst)
    if number is None:
        return None
    try:
        return Rating(
            number, (1.0 if number >= 1 else 0.0) if low is None else low, 5.0 if top is None else top
        )
    except ValueError:
        return None


def _number(told: Any) -> float | None:
    try:
        number = float(str(told).strip().replace(",", "."))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _count(node: Node) -> int:
    numbers = [_number(value) for name in ("reviewCount", "ratingCount") for value in _values(node, name)]
    return int(max((number for number in numbers if number is not None), default=0.0))


def _is_paged(tree: lxml.html.HtmlElement) -> bool:
    """Whether a page hints that more reviews stand elsewhere."""
    return any(
        _hints(element) for element in tree.iter("link", "a", "button", "nav", "ul", "ol", "div", "span")
    )


def _hints(element: lxml.html.HtmlElement) -> bool:
    if set(str(element.get("rel") or "").lower().split()) & {"next", "prev"}:
        return True
    if _PAGED_NAME.search(" ".join(str(element.get(name) or "") for name in ("class", "id", "aria-label"))):
        return True
    if element.tag not in {"a", "button"}:
        return False
    words = " ".join("".join(element.itertext()).split())[-60:]
    return bool(_PAGED_LINK.search(str(element.get("href") or "")) or _PAGED_WORDS.search(words))
