"""From a row to a `Mention`, with an identity that survives a second import of the same file."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from operator import itemgetter
from typing import NamedTuple

from veilleur.errors import RowRefused
from veilleur.listening.files.dates import DateReader, Moment
from veilleur.listening.files.limits import ID_LENGTH, LIMITS
from veilleur.listening.files.mapping import Mapping
from veilleur.listening.files.pseudonyms import Pseudonymiser
from veilleur.listening.files.ratings import read_rating
from veilleur.listening.files.reasons import CellRefused, sentence
from veilleur.listening.files.row import Row
from veilleur.listening.files.synonyms import Field
from veilleur.listening.files.table import Table
from veilleur.vocabulary import Mention, Precision, Rating

_ORDER = (
    Field.PUBLISHED_AT,
    Field.RATING,
    Field.TEXT,
    Field.TITLE,
    Field.EXTERNAL_ID,
    Field.AUTHOR,
    Field.URL,
    Field.NETWORK,
    Field.PLACE,
    Field.QUESTION,
    Field.LANGUAGE_HINT,
    Field.THREAD,
)
"""In which `MentionMaker` picks the cells of a row."""
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)+(?:[/?#:]\S*)?$")


@dataclass(frozen=True, slots=True)
class Accepted:
    """A row that became a message."""

    number: int
    """How many data rows were consumed, this one included: what `skip` wants to go on after it."""
    row: Row
    mention: Mention


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that did not, and why."""

    number: int
    row: Row
    column: str
    """Header of the column at fault, or empty."""
    code: str
    details: AnyMapping[str, str]

    @property
    def line(self) -> int:
        """1-based line (or sheet row, or record) in the file."""
        return self.row.line

    def sentence(self, language: str) -> str:
        """The reason in words, `fr` or `en`."""
        return sentence(self.code, self.details, language)


class MentionMaker:
    """Turns the rows of one table into mentions; made once, used for every row."""

    def __init__(
        self,
        headers: Sequence[str],
        mapping: Mapping,
        *,
        source: str,
        collected_at: datetime,
        pseudonym: Pseudonymiser,
    ) -> None:
        """Raises `ValueError` when the mapping names a column that the headers lack."""
        self._mapping = mapping
        self._width = len(headers)
        # Fields without a column read one more, always empty cell at the end of the row.
        places = {name: headers.index(header) for name, header in mapping.columns().items()}
        self._pick = itemgetter(*(places.get(name, self._width) for name in _ORDER))
        self._limits = [(places[name], limit, name) for name, limit in LIMITS.items() if name in places]
        self._dates = DateReader(
            mapping.date_order, mapping.zone, collected_at, dates_only=mapping.dates_only
        )
        self._read_rating = lru_cache(maxsize=1 << 10)(partial(read_rating, scale=mapping.scale))
        self._question = mapping.question_asked
        self._source = source
        self._collected_at = collected_at
        self._pseudonym = pseudonym

    def draft(self, row: Row) -> Draft:
        """Everything but the identity. Raises `CellRefused`."""
        if row.fault:
            raise CellRefused(row.fault, count=str(len(row.cells)), expected=str(self._width))
        cells = (*row.cells, "")
        self._check_lengths(cells)
        date, stars, text, title, given, author, url, network, place, question, language, thread = self._pick(
            cells
        )
        rating = self._rating(stars)
        if rating is None and not text.strip() and not title.strip():
            raise CellRefused("empty_row")
        return Draft(
            moment=self._moment(date),
            rating=rating,
            text=text,
            title=title,
            given_id=_fitting_id(given.strip()),
            author=self._pseudonym(author),
            url=_address(url.strip(), self._mapping.url),
            network=network.strip() or self._mapping.constant_network,
            place=place.strip() or self._mapping.constant_place,
            question=question.strip() or self._question,
            language_hint=language.strip(),
            thread=_fitting_id(thread.strip()),
        )

    def mention(self, draft: Draft, identity: str) -> Mention:
        """The message, under its identifier in the source."""
        return Mention(
            source=self._source,
            external_id=identity,
            text=draft.text,
            collected_at=self._collected_at,
            title=draft.title,
            author=draft.author,
            url=draft.url,
            network=draft.network,
            place=draft.place,
            question=draft.question,
            language_hint=draft.language_hint,
            thread=draft.thread,
            published_at=draft.moment.at if draft.moment else None,
            precision=draft.moment.precision if draft.moment else Precision.SECOND,
            rating=draft.rating,
        )

    def _check_lengths(self, cells: tuple[str, ...]) -> None:
        for index, limit, name in self._limits:
            if len(cells[index]) > limit:
                header = self._mapping.column(name)
                raise CellRefused("too_long", column=header, count=str(len(cells[index])), limit=str(limit))

    def _moment(self, cell: str) -> Moment | None:
        if not cell or cell.isspace():
            return None
        try:
            return self._dates.read(cell)
        except CellRefused as refusal:
            refusal.details["column"] = self._mapping.published_at
            raise

    def _rating(self, cell: str) -> Rating | None:
        if not cell:
            return None
        try:
            return self._read_rating(cell)
        except CellRefused as refusal:
            refusal.details["column"] = self._mapping.rating
            raise


class Draft(NamedTuple):
    """A message that does not know yet how many like it stand before it in the file."""

    moment: Moment | None
    rating: Rating | None
    text: str
    title: str
    given_id: str
    author: str
    url: str
    network: str
    place: str
    question: str
    language_hint: str
    thread: str

    def content(self) -> str:
        """Hex SHA-256 of what makes a message without an identifier itself and no other."""
        moment, rating = self.moment, self.rating
        parts = (
            f"{moment.at.isoformat()} {moment.precision}" if moment else "",
            self.author,
            self.place,
            self.network,
            self.question,
            self.title,
            self.text,
            f"{rating.value:g} {rating.worst:g} {rating.best:g}" if rating else "",
            self.url,
        )
        return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def derived_id(content: str, occurrence: int) -> str:
    """The identifier of a message that its source gave none: its content and its number in the file."""
    return f"content-{content[:40]}" + (f"-{occurrence}" if occurrence > 1 else "")


def to_mention(
    row: Row,
    headers: Sequence[str],
    mapping: Mapping,
    *,
    source: str,
    collected_at: datetime,
    pseudonym: Pseudonymiser,
    occurrence: int = 1,
) -> Mention:
    """One row as a message: for a preview. For a whole file, `read_mentions` is much faster.

    Raises `RowRefused` with the line, the column, the code and an English sentence.
    """
    maker = MentionMaker(headers, mapping, source=source, collected_at=collected_at, pseudonym=pseudonym)
    try:
        draft = maker.draft(row)
    except CellRefused as refusal:
        words = sentence(refusal.code, refusal.details)
        column = refusal.details.get("column", "")
        raise RowRefused(row.line, column, refusal.code, words, refusal.details) from refusal
    return maker.mention(draft, draft.given_id or derived_id(draft.content(), occurrence))


def read_mentions(
    table: Table,
    mapping: Mapping,
    *,
    source: str,
    collected_at: datetime,
    pseudonym: Pseudonymiser,
    skip: int = 0,
) -> Iterator[Accepted | Rejected]:
    """Every data row of the table, in order, accepted or rejected, after the first `skip` ones.

    Skipped rows are read but not given: those without an identifier of their own still
    count as occurrences, so that a run that resumes gives the same identities as one that
    never stopped.
    """
    maker = MentionMaker(
        table.headers, mapping, source=source, collected_at=collected_at, pseudonym=pseudonym
    )
    counter = _Occurrences()
    for number, row in enumerate(table.rows(), start=1):
        wanted = number > skip
        try:
            draft = maker.draft(row)
        except CellRefused as refusal:
            if wanted:
                yield Rejected(number, row, refusal.details.get("column", ""), refusal.code, refusal.details)
            continue
        identity = draft.given_id or counter.identify(draft.content())
        if wanted:
            yield Accepted(number, row, maker.mention(draft, identity))


class _Occurrences:
    """How often each content was seen.

    64 bits of the digest are kept: should two contents ever share them, one of them is
    numbered 2 instead of 1, in every import alike.
    """

    def __init__(self) -> None:
        self._seen: dict[int, int] = {}

    def identify(self, content: str) -> str:
        """The identifier of the next message with this content."""
        key = int(content[:16], 16)
        self._seen[key] = count = self._seen.get(key, 0) + 1
        return derived_id(content, count)


def _fitting_id(given: str) -> str:
    if len(given) <= ID_LENGTH:
        return given
    return f"sha256-{hashlib.sha256(given.encode()).hexdigest()}"


def _address(url: str, column: str) -> str:
    """A web address or nothing: what is shown as a link must not be able to run."""
    if not url or url.startswith(("https://", "http://")):
        return url
    if not _SCHEME.match(url) and _HOST.match(url):
        return f"https://{url}"
    if _HOST.match(url) and _SCHEME.match(url) and "." in url.partition(":")[0]:
        return f"https://{url}"  # host:port
    raise CellRefused("url_invalid", value=url, column=column)
