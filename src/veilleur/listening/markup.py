"""HTML as networks send it → the text that its author wrote."""

from __future__ import annotations

import re

from lxml import etree, html

_WORD = re.compile(r"\w+")
BLOCKS = frozenset(
    _WORD.findall(
        "address article aside blockquote dd div dl dt figure footer h1 h2 h3 h4 h5 h6 header hr li ol p pre "
        "section table td th tr ul"
    )
)
UNSEEN = frozenset(_WORD.findall("head iframe math noscript object script style svg template title"))
MOST = 500_000
"""Characters of HTML that are looked at."""
_SPACES = re.compile(r"[ \t\r\n\f]+")
_BLANKS = re.compile(r" *\n *")
_EMPTY_LINES = re.compile(r"\n{3,}")


def plain_text(markup: str) -> str:
    r"""The text of a piece of HTML: blocks and `<br>` become lines, scripts nothing; never an error.

    >>> plain_text("<p>Bonjour,<br>3&nbsp;h d'attente &amp; froid</p><p>Léa</p>")
    "Bonjour,\n3\xa0h d'attente & froid\nLéa"
    """
    if "<" not in markup and "&" not in markup:
        return markup
    clean = markup[:MOST].replace("\x00", "")
    try:
        root = html.fragment_fromstring(clean, create_parent="div")
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return clean
    parts: list[str] = []
    _write(root, parts)
    lines = _BLANKS.sub("\n", "".join(parts))
    return _EMPTY_LINES.sub("\n\n", lines).strip()


def _write(root: html.HtmlElement, parts: list[str]) -> None:
    for event, element in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        if event in {"comment", "pi"}:
            parts.append(_spaced(element.tail))
            continue
        is_block = element.tag in BLOCKS
        if event == "start":
            _start(element, parts, is_block=is_block)
        else:
            parts.append("\n" if is_block and not _ends_line(parts) else "")
            parts.append(_spaced(element.tail) if element is not root else "")


def _start(element: html.HtmlElement, parts: list[str], *, is_block: bool) -> None:
    if element.tag in UNSEEN:
        for child in list(element):
            element.remove(child)
        return
    if element.tag == "br" or (is_block and parts and not _ends_line(parts)):
        parts.append("\n")
    parts.append(_spaced(element.text))


def _spaced(text: str | None) -> str:
    """As a browser shows it: line ends of the source are blanks."""
    return _SPACES.sub(" ", text or "")


def _ends_line(parts: list[str]) -> bool:
    last = next((part for part in reversed(parts) if part.strip(" ")), "\n")
    return last.endswith("\n")
