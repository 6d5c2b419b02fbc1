r"""One spelling for all the ways people type, and the way back to what they wrote.

Folded, in this order: case, accents, ligatures and typographic quotes (« Œdème » → `oedeme`);
emojis to a word for their mood (😊 → `:joy:`); letters held down (« troooop » → `trop`);
emoticons; runs of white space; the spellings of text messages (« pcq » → `parce que`).

A letter held down becomes **one** letter, because that is what French words nearly always
have there, unless the doubled form is an everyday word (`goooood` → `good`): those are
listed in `data/doubled.txt`.

Line breaks survive (as one `\n`): they end sentences in messages without full stops.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib import resources

from daachorse import MATCH_KIND_LEFTMOST_LONGEST, CharwiseDoubleArrayAhoCorasick

from veilleur.vocabulary import Span

Edit = tuple[int, int, int, int]
"""(start, end) in the text after, (start, end) in the text before."""
Layer = tuple[Edit, ...]
Hit = tuple[int, int, str]
"""(start, end) in a text, and what takes its place."""


@dataclass(frozen=True, slots=True)
class Normalised:
    """A text in its one spelling, and the way back to the text as written.

    >>> n = normalise("Mon cœur s'est emballééé 😱")
    >>> n.text
    "mon coeur s'est emballe :fear: "
    >>> n.span(4, 9).of(n.original)
    'cœur'
    """

    original: str
    text: str
    layers: tuple[Layer, ...] = field(default=(), repr=False)
    """What each step changed in length, first step first; empty for most messages."""

    def span(self, start: int, end: int) -> Span:
        """Where `text[start:end]` stands in `original`.

        A span that cuts through something rewritten covers the whole of what was rewritten.
        Raises `ValueError` when [start, end) is not a span of `text`.
        """
        if not 0 <= start <= end <= len(self.text):
            raise ValueError(f"[{start}, {end}) is not a span of a text of {len(self.text)} characters")
        if start == end:
            point = self._start(start)
            return Span(point, point)
        return Span(self._start(start), self._end(end))

    def _start(self, index: int) -> int:
        for layer in reversed(self.layers):
            index = _before(layer, index, inside=2)
        return index

    def _end(self, index: int) -> int:
        last = index - 1
        for layer in reversed(self.layers):
            last = _before(layer, last, inside=3)
        return last + 1


def _before(layer: Layer, index: int, inside: int) -> int:
    """The place of character `index` before the edits of `layer`.

    Within an edit: its first character (`inside=2`) or its last one (`inside=3`).
    """
    at = bisect_right(layer, index, key=_after) - 1
    if at < 0:
        return index
    edit = layer[at]
    if index < edit[1]:
        return edit[2] if inside == 2 else edit[3] - 1
    return index - edit[1] + edit[3]


def _after(edit: Edit) -> int:
    return edit[0]


def _table(name: str) -> dict[str, str]:
    lines = _lines(name)
    return {key: value for key, _, value in (line.partition("\t") for line in lines)}


def _lines(name: str) -> list[str]:
    return (resources.files("veilleur.text") / "data" / name).read_text(encoding="utf-8").splitlines()


_SIGNS = _table("signs.tsv")
_SPELLINGS = _table("spellings.tsv")
_DOUBLED = frozenset(_lines("doubled.txt"))

_LETTERS = str.maketrans(
    {"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ı": "i", "⁄": "/"}
    | dict.fromkeys("‘’ʼ′´`", "'")
    | dict.fromkeys("“”„«»‹›", '"')
    | dict.fromkeys("‐‑‒–—―−", "-")
    | dict.fromkeys("\x85\u2028\u2029", "\n")
)


def _folded(char: str) -> str:
    """`char` without case, accent or typography; folding the result again changes nothing."""
    if sign := _sign(char):
        return sign
    plain = unicodedata.normalize("NFKD", char.translate(_LETTERS).casefold()).translate(_LETTERS)
    plain = "".join(_kept(part) for part in plain)
    return plain if plain == char else "".join(map(_folded, plain))


def _sign(char: str) -> str:
    """The word for an emoji, with room around it; empty when `char` is none."""
    if char in _SIGNS:
        return f" {_SIGNS[char]} "
    pictures = "\u2600" <= char <= "\u27bf" or "\U0001f000" <= char <= "\U0001faff"
    return " :emoji: " if pictures and unicodedata.category(char) == "So" else ""


def _kept(char: str) -> str:
    category = unicodedata.category(char)
    if category == "Cs":
        return "\ufffd"
    if category == "Zs" or (category == "Cc" and char > "\x7f"):
        return " "
    return "" if category in {"Mn", "Me", "Cf"} or "\U0001f3fb" <= char <= "\U0001f3ff" else char


class _Folds(dict[str, str]):
    """Folds of the characters met so far."""

    def __missing__(self, char: str) -> str:
        fold = self[char] = _folded(char) if char > "\x7f" else char
        return fold


_FOLDS = _Folds()
_COMMON = tuple((char, _FOLDS[char]) for char in "éèêàçùâîôûëïü’«»\xa0")
_WIDE = re.compile(
    "[\x00-\U0010ffff][\u0300-\u036f\u20e3\ufe0e\ufe0f\u200d\U0001f3fb-\U0001f3ff]+|[^\x00-\x7f]"
)  # an accent typed after its letter, or the tone of an emoji, goes with what it stands on
_HELD = re.compile(r"[a-z]*([a-z])\1\1[a-z]*")
_RUN = re.compile(r"([a-z])\1\1+")
_BLANK = re.compile(r"[\x00-\x20\x7f]{2,}|[\x00-\x09\x0b-\x1f\x7f]")

_EMOTICONS = {sign: f" {word} " for sign, word in _SIGNS.items() if sign.isascii()}
_SMALL = {**_EMOTICONS, **_SPELLINGS}
_RARE = [
    *(letter * 3 for letter in "abcdefghijklmnopqrstuvwxyz"),
    *(chr(code) for code in (*range(10), *range(11, 32), 127)),
    *("  ", "\n\n", " \n", "\n "),
]
_LONGEST = MATCH_KIND_LEFTMOST_LONGEST
_ALARM = CharwiseDoubleArrayAhoCorasick([*_RARE, *_SMALL])
_EMOTICON_FINDER = CharwiseDoubleArrayAhoCorasick(list(_EMOTICONS), _LONGEST)
_SPELLING_FINDER = CharwiseDoubleArrayAhoCorasick(list(_SPELLINGS), _LONGEST)


def normalise(text: str) -> Normalised:
    """`text` in its one spelling; never fails, whatever the characters.

    `normalise(normalise(x).text).text == normalise(x).text` for every string.
    """
    layers: list[Layer] = []
    # "İ" is the only character whose lower case is longer than itself.
    plain = text.replace("İ", "i").lower()
    if not plain.isascii():
        for char, fold in _COMMON:
            plain = plain.replace(char, fold)
        if not plain.isascii():
            plain = _rewrite(plain, _wide(plain), layers)
    # One scan tells whether anything below can apply; for most messages nothing does.
    if _ALARM.find(plain):
        plain = _rewrite(plain, _held(plain), layers)
        plain = _rewrite(plain, _whole(plain, _EMOTICON_FINDER, _EMOTICONS), layers)
        plain = _rewrite(plain, _blanks(plain), layers)
        plain = _rewrite(plain, _whole(plain, _SPELLING_FINDER, _SPELLINGS), layers)
    return Normalised(text, plain, tuple(layers))


def _rewrite(text: str, hits: Iterable[Hit], layers: list[Layer]) -> str:
    """`text` with `hits` (in order, apart) put in; what moved is added to `layers`."""
    parts: list[str] = []
    edits: list[Edit] = []
    done = length = 0
    for start, end, new in hits:
        length += start - done
        parts += (text[done:start], new)
        edits.append((length, length + len(new), start, end))
        length += len(new)
        done = end
    if not edits:
        return text
    layers.append(tuple(edits))
    return "".join((*parts, text[done:]))


def _wide(text: str) -> Iterator[Hit]:
    for match in _WIDE.finditer(text):
        found = match[0]
        fold = "".join(map(_FOLDS.__getitem__, found))
        if fold != found:
            yield match.start(), match.end(), fold


def _held(text: str) -> Iterator[Hit]:
    for match in _HELD.finditer(text):
        word = match[0]
        if word not in _DOUBLED:
            yield match.start(), match.end(), _released(word)


def _released(word: str) -> str:
    """`word` with each held letter once, or twice where that is an everyday word."""
    runs = list(_RUN.finditer(word))
    twice = _RUN.sub(r"\1\1", word)
    one_twice = (
        _RUN.sub(r"\1", word[: run.start()]) + run[1] * 2 + _RUN.sub(r"\1", word[run.end() :]) for run in runs
    )
    return next((form for form in (twice, *one_twice) if form in _DOUBLED), _RUN.sub(r"\1", word))


def _blanks(text: str) -> Iterator[Hit]:
    for match in _BLANK.finditer(text):
        found = match[0]
        yield match.start(), match.end(), "\n" if "\n" in found or "\r" in found else " "


def _whole(text: str, finder: CharwiseDoubleArrayAhoCorasick, table: dict[str, str]) -> Iterator[Hit]:
    """Entries of `table` that stand in `text` as whole words (an emoticon may touch a word's end)."""
    for start, end, _ in finder.find(text):
        key = text[start:end]
        if not (_continues(text, start - 1, key[0]) or _continues(text, end, key[-1])):
            yield start, end, table[key]


def _continues(text: str, index: int, edge: str) -> bool:
    """Whether the character at `index` makes one word with the `edge` of what was found."""
    return edge.isalnum() and 0 <= index < len(text) and (text[index].isalnum() or text[index] in "'_@#")
