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
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib import resources
from string import ascii_lowercase

from daachorse import MATCH_KIND_LEFTMOST_LONGEST, CharwiseDoubleArrayAhoCorasick

from veilleur.vocabulary import Span

Edit = tuple[int, int, int, int]
"""(start, end) in the text after, (start, end) in the text before."""
Layer = tuple[Edit, ...]
Match = tuple[int, int, int]
"""(start, end) in a text, and the number of the pattern found there."""
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
        return Span(*self._bounds(start, end))

    def written(self, start: int, end: int) -> str:
        """What the author wrote where `text[start:end]` stands: `span(start, end).of(original)`.

        Raises as `span` does.
        """
        first, last = self._bounds(start, end)
        return self.original[first:last]

    def _bounds(self, start: int, end: int) -> tuple[int, int]:
        if not 0 <= start <= end <= len(self.text):
            raise ValueError(f"[{start}, {end}) is not a span of a text of {len(self.text)} characters")
        if not self.layers:
            return start, end
        first, last = start, end - 1 if start < end else start
        for layer in reversed(self.layers):
            if last >= layer[0][0]:
                first, last = _before(layer, first, last)
        return (first, last + 1) if start < end else (first, first)


def _before(layer: Layer, first: int, last: int) -> tuple[int, int]:
    """The places of the characters `first` to `last` before the edits of `layer`.

    What begins within an edit begins with it there, and what ends within one ends with it.
    """
    # The edits that begin at `last` or before are those that sort before any edit at the next place.
    at = bisect_left(layer, (last + 1,))
    if not at:
        return first, last
    _start, end, _start_before, end_before = layer[at - 1]
    moved = end_before - end
    if first >= end:
        return first + moved, last + moved
    last = last + moved if last >= end else end_before - 1
    at = bisect_left(layer, (first + 1,))
    if at:
        _start, end, start_before, end_before = layer[at - 1]
        first = first + end_before - end if first >= end else start_before
    return first, last


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
_COMMON_CAPITALS = tuple((char.upper(), fold) for char, fold in _COMMON if char.isalpha())
_JOINED = "[\u0300-\u036f\u20e3\ufe0e\ufe0f\u200d\U0001f3fb-\U0001f3ff]"
"""An accent typed after its letter, or the tone of an emoji, goes with what it stands on."""
_ANY_JOINED = re.compile(_JOINED)
_WIDE = re.compile("[^\x00-\x7f]")
_WIDE_OR_JOINED = re.compile(f"[\x00-\U0010ffff]{_JOINED}+|[^\x00-\x7f]")
_LONGEST_WORD = 60
_HELD = re.compile(r"([a-z])\1\1+")
_BLANK = re.compile(r"[\x00-\x20\x7f]{2,}|[\x00-\x09\x0b-\x1f\x7f]")
_SPACES = frozenset(" \n")

_EMOTICONS = {sign: f" {word} " for sign, word in _SIGNS.items() if sign.isascii()}
_EDGES = " \n'\"(),.;/!?-"
"""What a spelling may stand behind; a text is scanned with a blank in front of it."""


def _automaton(patterns: Iterable[str]) -> CharwiseDoubleArrayAhoCorasick:
    return CharwiseDoubleArrayAhoCorasick(list(patterns), MATCH_KIND_LEFTMOST_LONGEST)


_EMOTICON_FINDER = _automaton(_EMOTICONS)
_SPELLING_FINDER = _automaton(edge + spelling for edge in _EDGES for spelling in _SPELLINGS)
_BLANKS = ["  ", "\n\n", " \n", "\n ", *(chr(code) for code in (*range(10), *range(11, 32), 127))]
_DOUBLE_BLANKS = 4
"""The first of them; the others are single characters."""
_ALARM = _automaton([*(letter * 3 for letter in ascii_lowercase), *_EMOTICONS, *_BLANKS])
_FIRST_EMOTICON = len(ascii_lowercase)
_FIRST_BLANK = _FIRST_EMOTICON + len(_EMOTICONS)
_FIRST_CONTROL = _FIRST_BLANK + _DOUBLE_BLANKS
"""Numbers in the alarm of the first pattern of each kind."""


def normalise(text: str) -> Normalised:
    """`text` in its one spelling; never fails, whatever the characters.

    `normalise(normalise(x).text).text == normalise(x).text` for every string.
    """
    layers: list[Layer] = []
    plain = _lowered(text)
    if not plain.isascii():
        plain = _rewrite(plain, _wide(plain), layers)
    # One scan tells whether there is anything for the slower steps; mostly there is little.
    if alarms := _ALARM.find(plain):
        plain = _alarmed(plain, alarms, layers)
    # Behind the blank in front, places count one more: a match's edge stands at `start - 1`.
    if spellings := _SPELLING_FINDER.find(f" {plain}"):
        plain = _rewrite(plain, _spellings(plain, spellings), layers)
    return Normalised(text, plain, tuple(layers))


def _lowered(text: str) -> str:
    """`text` in lower case and without the common accents, as long as before."""
    plain = text
    for folds in (_COMMON, _COMMON_CAPITALS):
        # Mostly the first ones are enough: what is left is ASCII, whose case costs nothing to fold.
        if not plain.isascii():
            for char, fold in folds:
                plain = plain.replace(char, fold)
    # "İ" is the only character whose lower case is longer than itself.
    return plain.replace("İ", "i").lower()


def _alarmed(text: str, alarms: Sequence[Match], layers: list[Layer]) -> str:
    """`text` after the steps that these patterns of the alarm ask for.

    A step may leave work for the next ones: « xddd » becomes an emoticon, and that a word among blanks.
    """
    numbers = [number for _start, _end, number in alarms]
    first, last = min(numbers), max(numbers)
    if first >= _FIRST_BLANK and last < _FIRST_CONTROL:
        return _rewrite(text, _blank_runs(text, alarms), layers)
    if first < _FIRST_EMOTICON:
        text = _rewrite(text, _held(text), layers)
    if first < _FIRST_BLANK:
        text = _rewrite(text, _emoticons(text), layers)
    return _rewrite(text, _blanks(text), layers)


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
    # The whole pattern tries every character: only for the few texts that need it.
    for match in (_WIDE_OR_JOINED if _ANY_JOINED.search(text) else _WIDE).finditer(text):
        found = match[0]
        fold = "".join(map(_FOLDS.__getitem__, found))
        if fold != found:
            yield match.start(), match.end(), fold


def _held(text: str) -> Iterator[Hit]:
    done = 0
    for match in _HELD.finditer(text):
        if match.start() < done:
            continue
        start, done = _word_around(text, match.start())
        word = text[start:done]
        if word not in _DOUBLED:
            yield start, done, _released(word)


def _word_around(text: str, index: int) -> tuple[int, int]:
    start = end = index
    while start and text[start - 1] in ascii_lowercase:
        start -= 1
    while end < len(text) and text[end] in ascii_lowercase:
        end += 1
    return start, end


def _released(word: str) -> str:
    """`word` with each held letter once, or twice where that is an everyday word."""
    once = _HELD.sub(r"\1", word)
    if len(word) > _LONGEST_WORD:
        return once
    all_twice = _HELD.sub(r"\1\1", word)
    one_twice = (
        _HELD.sub(r"\1", word[: held.start()]) + held[1] * 2 + _HELD.sub(r"\1", word[held.end() :])
        for held in _HELD.finditer(word)
    )
    return next((form for form in (all_twice, *one_twice) if form in _DOUBLED), once)


def _blanks(text: str) -> Iterator[Hit]:
    for match in _BLANK.finditer(text):
        found = match[0]
        yield match.start(), match.end(), "\n" if "\n" in found or "\r" in found else " "


def _blank_runs(text: str, doubles: Sequence[Match]) -> Iterator[Hit]:
    """What `_blanks` finds where all blanks are spaces and line breaks, from any two that stand together."""
    done = 0
    for start, end, _number in doubles:
        if start >= done:
            done = end
            while text[done : done + 1] in _SPACES:
                done += 1
            yield start, done, "\n" if "\n" in text[start:done] else " "


def _emoticons(text: str) -> Iterator[Hit]:
    for start, end, _ in _EMOTICON_FINDER.find(text):
        if not (_continues(text, end) or text[end : end + 1] == "/"):
            yield start, end, _EMOTICONS[text[start:end]]


def _spellings(text: str, found: Sequence[Match]) -> Iterator[Hit]:
    for start, end, _ in found:
        if not _continues(text, end - 1):
            yield start, end - 1, _SPELLINGS[text[start : end - 1]]


def _continues(text: str, index: int) -> bool:
    """Whether a word goes on at `index`, an elision or the name of an account included."""
    return index < len(text) and (text[index].isalnum() or text[index] in "'_@#")
