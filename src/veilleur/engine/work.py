"""What is done to each chunk, in whichever process: parse, read, encode."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from veilleur.engine.encodings import Encoding, encoding
from veilleur.engine.incoming import Incoming, Notice
from veilleur.engine.outgoing import Judged, Record, outgoing
from veilleur.engine.redacting import redacted, without_quotes
from veilleur.engine.sources import PARSERS, Chunk, Row
from veilleur.errors import RowRefused
from veilleur.reading.analyzers.labels import chances_by_label, priorities
from veilleur.reading.reader import installed_reader
from veilleur.vocabulary import Mention, Reading


class Answer(NamedTuple):
    """What became of one chunk."""

    number: int
    payload: bytes
    """The records, encoded."""
    records: int
    notices: list[Notice]
    """What was wrong with its lines, in their order."""
    position: int
    """`Chunk.position`."""


@dataclass(frozen=True)
class Work:
    """Chunk → answer; small, so that it can travel with each chunk."""

    kind: str
    """Of the source: a key of `PARSERS`."""
    format: str
    explain: bool = False
    with_text: bool = False
    """Whether each record ends with its `text`, for a table that people read."""
    redact: bool = False
    """Whether it ends with its text without personal data, and quotes none."""

    def __call__(self, chunk: Chunk) -> Answer:
        """The answer; depends on the chunk and the installed analyzers alone."""
        parsed, notices = parse(self.kind, chunk.rows)
        records = list(map(outgoing, parsed, *_read([incoming.mention for incoming in parsed])))
        payload = self.encoding.encode(self._with_texts(parsed, records))
        return Answer(chunk.number, payload, len(records), notices, chunk.position)

    def _with_texts(self, parsed: Sequence[Incoming], records: list[Record]) -> list[Record]:
        texts = [incoming.mention.text for incoming in parsed]
        if self.redact:
            return list(map(without_quotes, records, redacted(texts)))
        if self.with_text:
            return [record | {"text": text} for record, text in zip(records, texts, strict=True)]
        return records

    @cached_property
    def encoding(self) -> Encoding:
        """The format of its payloads. Raises `ExtraMissing`."""
        return encoding(self.format, explain=self.explain, with_text=self.redact)


def _read(mentions: Sequence[Mention]) -> tuple[list[Reading], list[Judged]]:
    """Each message's reading, and what is known of it beyond its findings."""
    readings: list[Reading] = []
    judged: list[Judged] = []
    for batch, found in installed_reader().batches(mentions):
        readings += found
        judged += map(Judged, chances_by_label(batch), priorities(batch))
    return readings, judged


def parse(kind: str, rows: Sequence[Row]) -> tuple[list[Incoming], list[Notice]]:
    """The rows of a source of this `kind`, understood, and what was wrong with them."""
    understand = PARSERS[kind]
    parsed: list[Incoming] = []
    notices: list[Notice] = []
    for line, row in rows:
        try:
            incoming = understand(line, row)
        except RowRefused as error:
            notices.append(Notice(line, error.message, refused=True))
        else:
            parsed.append(incoming)
            notices += incoming.notices
    return parsed, notices
