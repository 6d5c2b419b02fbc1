"""Letters (RFC 5322, MIME) as they come from a mailbox: who wrote what, when, and in answer to what.

Nothing in a letter is believed to be well formed: unknown charsets, broken encodings and headers, parts
within parts. Attachments are counted and left aside.
"""

from __future__ import annotations

import binascii
import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.utils import parseaddr, parsedate_to_datetime
from typing import cast

from lxml import etree, html

from veilleur.errors import InvalidInput
from veilleur.listening.markup import plain_text

MOST_TEXT = 100_000
"""Characters of a text that are kept."""
MOST_TITLE = 500
MOST_ID = 200
FIRST_YEAR = 1990
"""A letter that claims to be older has no date."""

_MESSAGE_ID = re.compile(rf"<([!-;=?-~]{{1,{MOST_ID}}})>")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_STRANGE = frozenset({"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"})
"""Python decodes these, some of them slowly; nobody writes letters in them."""
_FORWARDED = re.compile(r"(?:tr|fwd?|wg|rv)\s*:", re.IGNORECASE)
_ORIGINAL = re.compile(
    r"^[ \t]*-{2,}[ ]?(?:message d[’']origine|original message)[ ]?-{2,}[ \t]*$", re.IGNORECASE | re.MULTILINE
)
_HEADERS = re.compile(
    r"^(?:_{5,}\n)?[*]?(?:de|from) ?:[^\n]*\n(?:[^\n]*\n){0,1}"
    r"[*]?(?:envoyé|sent|date) ?:[^\n]*\n(?:[^\n]*\n){0,3}[*]?(?:objet|subject) ?:[^\n]*$",
    re.IGNORECASE | re.MULTILINE,
)
"""The header that Outlook sets above what is answered."""
_INTRODUCTION = re.compile(
    r"^(?:le|on) [^\n]{5,200}(?:\n[^\n>][^\n]{0,100})?(?:a écrit|wrote)\s?:[ \t]*\n+(?=>)",
    re.IGNORECASE | re.MULTILINE,
)
"""The line above what is quoted."""
_QUOTED = re.compile(r"^>[^\n]*(?:\n|\Z)", re.MULTILINE)
_HISTORY = (
    "//blockquote[@type='cite'] | //*[contains(concat(' ', @class, ' '), ' gmail_quote ')]"
    " | //*[contains(concat(' ', @class, ' '), ' moz-cite-prefix ')]"
)
_BROKEN = (AttributeError, IndexError, KeyError, LookupError, RecursionError, TypeError, ValueError)
"""What the parser of the standard library raises for letters that are bent on it, in one place or another."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What is kept of a letter."""

    id: str
    """The Message-ID without its brackets; empty when there is none that can be used."""
    title: str
    text: str
    """Without quoted history that is clearly marked; lines end with a line feed."""
    sender: str
    """The address, in lower case."""
    parent: str
    """The Message-ID of the letter that it answers."""
    thread: str
    """The Message-ID of the letter that opened the conversation."""
    written_at: datetime | None
    attachments: int


def read_letter(content: bytes) -> Letter:
    """Raises `InvalidInput` for a letter that nothing can be made of; one that is cut off can be read."""
    try:
        return _read(message_from_bytes(content))
    except _BROKEN as error:
        raise InvalidInput("a letter that cannot be read") from error


def _read(message: Message) -> Letter:
    title = _line(message, "Subject")[:MOST_TITLE]
    parts = list(_parts(message))
    written = [part for part in parts if not _is_attachment(part)]
    references = _ids(message, "References")
    parent = next(iter(_ids(message, "In-Reply-To")), references[-1] if references else "")
    return Letter(
        id=next(iter(_ids(message, "Message-ID")), ""),
        title=title,
        text=_text(written, is_forwarded=bool(_FORWARDED.match(title))),
        sender=parseaddr(_line(message, "From"))[1].lower(),
        parent=parent,
        thread=references[0] if references else parent,
        written_at=_date(message),
        attachments=len(parts) - len(written),
    )


def _parts(message: Message) -> Iterator[Message]:
    """The leaves; a letter inside a letter is one."""
    if message.get_content_maintype() == "multipart" and message.is_multipart():
        for part in message.get_payload():
            yield from _parts(cast("Message", part))
    else:
        yield message


def _is_attachment(part: Message) -> bool:
    is_text = (
        part.get_content_type() in {"text/plain", "text/html"} or part.get_content_maintype() == "multipart"
    )
    return not is_text or part.get_content_disposition() == "attachment" or bool(part.get_filename())


def _text(parts: list[Message], *, is_forwarded: bool) -> str:
    """The plain parts, else those in HTML."""
    plain = "\n\n".join(filter(None, (_plain(part) for part in parts if _is_plain(part))))
    if not plain:
        pages = (_payload(part) for part in parts if not _is_plain(part))
        plain = "\n\n".join(filter(None, (_seen(page, is_forwarded=is_forwarded) for page in pages)))
    return (plain if is_forwarded else without_history(plain))[:MOST_TEXT]


def _is_plain(part: Message) -> bool:
    return part.get_content_type() != "text/html"


def _plain(part: Message) -> str:
    return _clean(_payload(part)[:MOST_TEXT]).strip()


def _seen(page: str, *, is_forwarded: bool) -> str:
    return _clean(plain_text(page if is_forwarded else _without_citations(page))).strip()


def _clean(text: str) -> str:
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _payload(part: Message) -> str:
    content = part.get_payload(decode=True)
    return _decoded(content, part.get_content_charset()) if isinstance(content, bytes) else ""


def _decoded(content: bytes, charset: str | None) -> str:
    """What a charset makes of bytes; UTF-8 and then Western European when it is unknown or wrong."""
    for name in (charset or "utf-8", "utf-8"):
        try:
            if codecs.lookup(name).name.replace("_", "-") not in _STRANGE:
                return content.decode(name)
        except (LookupError, ValueError):
            continue
    return content.decode("cp1252", "replace")


def _line(message: Message, name: str) -> str:
    """A header on one line, its encoded words decoded."""
    raw = str(message.get(name) or "")[: 20 * MOST_TITLE]
    try:
        words = decode_header(raw)
    except (HeaderParseError, binascii.Error, ValueError):
        words = [(raw, None)]
    decoded = [word if isinstance(word, str) else _decoded(word, charset) for word, charset in words]
    return " ".join(_CONTROL.sub("", "".join(decoded)).split())


def _ids(message: Message, name: str) -> list[str]:
    return _MESSAGE_ID.findall(str(message.get(name) or "")[:100_000])


def _date(message: Message) -> datetime | None:
    try:
        moment = parsedate_to_datetime(str(message.get("Date") or ""))
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (IndexError, OverflowError, TypeError, ValueError):
        return None
    return moment if moment.year >= FIRST_YEAR else None


def without_history(text: str) -> str:
    """A letter without the letters it answers, where these are clearly marked; never empty because of it."""
    for marked in (_ORIGINAL, _HEADERS):
        found = marked.search(text)
        text = text[: found.start()].rstrip() or text if found else text
    found = _INTRODUCTION.search(text)
    if found:
        text = (text[: found.start()] + _QUOTED.sub("", text[found.end() :])).strip() or text
    return text


def _without_citations(page: str) -> str:
    """HTML without the parts that programs mark as quoted; as it was when nothing else is in it."""
    try:
        root = html.document_fromstring(page)
        for quoted in root.xpath(_HISTORY):
            quoted.drop_tree()
        rest = html.tostring(root, encoding="unicode")
    except (etree.LxmlError, AssertionError, AttributeError, ValueError):
        return page
    return rest if plain_text(rest).strip() else page
