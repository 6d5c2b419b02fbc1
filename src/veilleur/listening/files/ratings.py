"""Ratings on any scale: numbers, « 4,5/5 », stars, percents, and words in an order."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from veilleur.listening.files.reasons import CellRefused
from veilleur.listening.files.synonyms import fold
from veilleur.vocabulary import Rating


@dataclass(frozen=True, slots=True)
class Scale:
    """The two ends of a scale; `worst` may be the larger number.

    `words`, when the cells hold words, go from worst to best at equal steps; those that
    share a rank are separated by `|`.
    """

    worst: float
    best: float
    words: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.worst == self.best:
            raise ValueError("a scale needs two different ends")
        if len(self.words) == 1:
            raise ValueError("one word is no scale")


_FILE = tomllib.loads(files(__package__).joinpath("scales.toml").read_text(encoding="utf-8"))
_WORD_SCALES: tuple[tuple[str, ...], ...] = tuple(tuple(entry["words"]) for entry in _FILE["scale"])
_NO_RATING = frozenset(_FILE["none"]["words"])
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
_RATIO = re.compile(r"(\d+(?:[.,]\d+)?)\s*(?:/|sur|out of|of)\s*(\d+(?:[.,]\d+)?)", re.IGNORECASE)
_UNIT = re.compile(r"(\d+(?:[.,]\d+)?)\s*(?:[ée]toiles?|stars?|points?|pts?|[★⭐]\ufe0f?)", re.IGNORECASE)
_PERCENT = re.compile(r"(\d+(?:[.,]\d+)?)\s*%")
_STARS = re.compile(r"[★⭐✭🌟☆✩\ufe0f½\s]+")
_FULL, _EMPTY = "★⭐✭🌟", "☆✩"
_IN_HEADER = re.compile(r"(?:/|\bsur\b|\bout of\b)\s*(\d{1,3})\b", re.IGNORECASE)
_RANGE_IN_HEADER = re.compile(r"\b(-?\d{1,3})\s*(?:-|–|à|a|to)\s*(\d{1,3})\b", re.IGNORECASE)
_ANCHOR = re.compile(r"(\d{1,3})\s*[=:]\s*([^\W\d_][^\d,;…)=/]*)")


def read_rating(text: str, scale: Scale | None) -> Rating | None:
    """The rating in a cell; `None` when the cell says that there is none.

    A cell that names its own best (« 8/10 ») overrules a column that has another one.
    Raises `CellRefused` when it cannot be read or lies outside its scale.
    """
    value = text.strip()
    if scale is not None and not scale.words and _NUMBER.fullmatch(value):
        return _on_scale(value, _float(value), scale)
    if _says_none(value):
        return None
    return _rank(value, scale) if scale is not None and scale.words else _written(value, scale)


def guess_scale(header: str, values: Iterable[str]) -> Scale | None:
    """The scale of a column, from what its header says and from every distinct value in it.

    `None` when this is no column of ratings.

    >>> guess_scale("rating (1 = very good, 5 = very poor)", ["1", "2"])
    Scale(worst=5.0, best=1.0, words=())
    >>> guess_scale("Note", ["4,5/5", "3/5"])
    Scale(worst=1.0, best=5.0, words=())
    """
    given = [
        value
        for value in (value.strip() for value in values)
        if _plain(value) not in _NO_RATING or _stars(value)
    ]
    numbers = [number for value in given if (number := _leading_number(value)) is not None]
    if given and len(numbers) < len(given) * 0.5:
        return _star_scale(given) or _word_scale(given)
    return _header_scale(header, numbers) or _ratio_scale(given) or _number_scale(numbers)


def looks_like_rating(value: str) -> bool:
    """Whether a value can only be a rating: stars, n/5, a word of a scale; never a bare number."""
    found = _RATIO.fullmatch(value.strip())
    return bool(found and _float(found[2]) in {5, 10, 20, 100}) or _stars(value) or _is_scale_word(value)


def _says_none(value: str) -> bool:
    return _plain(value) in _NO_RATING and not _stars(value) and not _NUMBER.search(value)


def _written(value: str, scale: Scale | None) -> Rating:
    """A rating that is more than a number: « 4,5/5 », « 80 % », « 4 étoiles », « ★★★☆☆ »."""
    if found := _RATIO.fullmatch(value):
        return _on_scale(value, _float(found[1]), _own_scale(_float(found[1]), _float(found[2]), scale))
    if found := _PERCENT.fullmatch(value):
        return _on_scale(value, _float(found[1]), Scale(0, 100))
    if found := _UNIT.fullmatch(value):
        return _on_scale(value, _float(found[1]), scale)
    if _stars(value):
        return _star_rating(value, scale)
    raise CellRefused("rating_unreadable", value=value)


def _float(text: str) -> float:
    return float(text.replace(",", "."))


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", fold(text)).strip()


def _stars(value: str) -> bool:
    return bool(value.strip() and _STARS.fullmatch(value.strip()))


def _on_scale(shown: str, value: float, scale: Scale | None) -> Rating:
    if scale is None:
        raise CellRefused("rating_unreadable", value=shown)
    low, high = sorted((scale.worst, scale.best))
    if not low <= value <= high:
        raise CellRefused(
            "rating_out_of_scale", value=shown, worst=f"{scale.worst:g}", best=f"{scale.best:g}"
        )
    return Rating(value, scale.worst, scale.best)


def _own_scale(value: float, best: float, scale: Scale | None) -> Scale:
    if scale is not None and best in {scale.best, scale.worst}:
        return scale
    if best <= 0:
        raise CellRefused("rating_unreadable", value=f"{value:g}/{best:g}")
    return Scale(0.0 if best >= 10 or value < 1 or best <= 1 else 1.0, best)


def _star_rating(value: str, scale: Scale | None) -> Rating:
    full = sum(value.count(mark) for mark in _FULL) + value.count("½") / 2
    empty = sum(value.count(mark) for mark in _EMPTY)
    best = full + empty if empty else (scale.best if scale else max(5.0, full))
    own = (
        scale
        if scale is not None and scale.best == best
        else Scale(1.0 if full >= 1 else 0.0, max(best, 2.0))
    )
    return _on_scale(value, full, own)


def _rank(value: str, scale: Scale) -> Rating:
    ranks = _ranks(scale.words)
    plain = _plain(value)
    if plain not in ranks:
        raise CellRefused("rating_unreadable", value=value)
    step = (scale.best - scale.worst) / (len(scale.words) - 1)
    return Rating(scale.worst + ranks[plain] * step, scale.worst, scale.best)


@cache
def _ranks(words: tuple[str, ...]) -> dict[str, int]:
    return {
        _plain(word): rank for rank, words_of_rank in enumerate(words) for word in words_of_rank.split("|")
    }


def _is_scale_word(value: str) -> bool:
    return len(value) < 60 and any(_plain(value) in _ranks(words) for words in _WORD_SCALES)


def _leading_number(value: str) -> float | None:
    found = _RATIO.fullmatch(value) or _PERCENT.fullmatch(value) or _UNIT.fullmatch(value)
    if found:
        return _float(found[1])
    return _float(value) if _NUMBER.fullmatch(value) else None


def _star_scale(values: list[str]) -> Scale | None:
    counts = [sum(value.count(mark) for mark in _FULL + _EMPTY) for value in values if _stars(value)]
    if len(counts) < len(values) * 0.5:
        return None
    lowest = min(sum(value.count(mark) for mark in _FULL) for value in values)
    return Scale(0.0 if lowest == 0 else 1.0, float(max(5, *counts)))


def _word_scale(values: list[str]) -> Scale | None:
    """The scale that knows the most of the words, if it knows most of them."""
    distinct = {_plain(value) for value in values}
    known = [(sum(word in _ranks(words) for word in distinct), words) for words in _WORD_SCALES]
    best, words = max(known, key=lambda pair: pair[0])
    if best < 2 or best < len(distinct) * 0.6:
        return None
    return Scale(1.0, float(len(words)), words)


def _header_scale(header: str, numbers: list[float]) -> Scale | None:
    """« /10 », "(1-5)", "1 = very good … 5 = very poor"."""
    if (anchored := _anchored(header)) is not None:
        return anchored
    if found := _RANGE_IN_HEADER.search(fold(header)):
        low, high = float(found[1]), float(found[2])
        return Scale(low, high) if low < high else None
    if found := _IN_HEADER.search(header):
        best = float(found[1])
        worst = 0.0 if best >= 20 or min(numbers, default=1) < 1 else 1.0
        return Scale(worst, best) if best > worst else None
    return Scale(0, 100) if "%" in header else None


def _anchored(header: str) -> Scale | None:
    anchors = [(float(number), _goodness(words)) for number, words in _ANCHOR.findall(header)]
    known = sorted((good, number) for number, good in anchors if good is not None)
    if len(known) < 2 or known[0][0] == known[-1][0]:
        return None
    return Scale(worst=known[0][1], best=known[-1][1])


def _goodness(words: str) -> float | None:
    """0 for the worst word of a scale, 1 for its best."""
    plain = _plain(words)
    for scale in _WORD_SCALES:
        rank = _ranks(scale).get(plain)
        if rank is not None:
            return rank / (len(scale) - 1)
    return None


def _ratio_scale(values: list[str]) -> Scale | None:
    found = [match for value in values if (match := _RATIO.fullmatch(value))]
    if found:
        best = Counter(_float(match[2]) for match in found).most_common(1)[0][0]
        low = min(_float(match[1]) for match in found)
        return Scale(0.0 if low < 1 or best > 10 else 1.0, best) if best > 1 else None
    percents = sum(1 for value in values if _PERCENT.fullmatch(value))
    return Scale(0, 100) if values and percents >= len(values) * 0.5 else None


def _number_scale(numbers: list[float]) -> Scale | None:
    """The smallest usual scale that holds them all."""
    if not numbers or min(numbers) < 0:
        return None
    low, high = min(numbers), max(numbers)
    for best in (5.0, 10.0):
        if high <= best:
            return Scale(0.0 if low < 1 else 1.0, best)
    return next((Scale(0.0, best) for best in (20.0, 100.0) if high <= best), None)
