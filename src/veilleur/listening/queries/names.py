"""Names of fields and of the values that some of them take, in English and in French.

A name may be written with or without accents, in any case, with blanks, hyphens or underscores.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches

from veilleur.listening.queries.words import words_of
from veilleur.vocabulary import ASPECTS, LABELS, Language, Sentiment

TEXT_FIELDS = ("author", "source", "network", "place", "title", "thread", "tag")
"""Fields of a message that hold words; the tags are those that a house put on it."""
DAY_FIELDS = ("since", "until")
LIST = "list"
"""What stands for a list of words that somebody keeps under a name."""
POLARITIES = {"+": "pos", "-": "neg", "=": "neu"}
"""Sign behind an aspect → polarity."""
SIGNS = {polarity: sign for sign, polarity in POLARITIES.items()}
HAS = (
    "drug", "reaction", "aspect", "personal_data", "link", "rating", "title", "author", "place", "thread",
)  # fmt: skip
"""What a message may have."""
CHOICES: Mapping[str, tuple[str, ...]] = {
    "lang": tuple(Language),
    "sentiment": tuple(Sentiment),
    "has": HAS,
    "label": LABELS,
    "aspect": tuple(aspect + sign for aspect in ASPECTS for sign in ("", *POLARITIES)),
    "rating": ("none",),
}
"""Field → the only values it takes."""

_FIELDS = {
    "author": ("auteur",),
    "source": (),
    LIST: ("liste",),
    "network": ("réseau",),
    "place": ("lieu",),
    "title": ("titre",),
    "thread": ("fil",),
    "tag": ("marqueur",),
    "lang": ("langue",),
    "sentiment": ("ressenti",),
    "has": ("avec",),
    "label": ("étiquette",),
    "aspect": (),
    "rating": ("note",),
    "since": ("depuis",),
    "until": ("jusqu’à", "jusqu’au"),
}
"""Name of each field → its names in French, when they differ."""

_FRENCH: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "lang": {"fr": ("français",), "en": ("anglais",), "other": ("autre",)},
    "sentiment": {"pos": ("positif",), "neg": ("négatif",), "neu": ("neutre",), "mixed": ("mitigé",)},
    "has": {
        "drug": ("médicament",),
        "reaction": ("réaction", "effet", "effet-indésirable"),
        "aspect": ("aspect",),
        "personal_data": ("données-personnelles",),
        "link": ("lien",),
        "rating": ("note",),
        "title": ("titre",),
        "author": ("auteur",),
        "place": ("lieu",),
        "thread": ("fil",),
    },
    "label": {
        "praise": ("compliment", "éloge"),
        "complaint": ("réclamation", "plainte"),
        "question": ("question",),
        "appointment": ("rendez-vous", "demande-de-rendez-vous"),
        "adverse_reaction": ("effet-indésirable",),
        "insult": ("insulte", "injure"),
        "threat": ("menace",),
        "hate": ("haine", "propos-haineux"),
        "defamation_fact": ("diffamation",),
        "misinformation": ("désinformation",),
        "advertising_spam": ("publicité",),
        "personal_data": ("données-personnelles",),
        "health_data_identifiable": ("données-de-santé",),
        "crisis_suicide": ("suicide", "détresse-suicidaire"),
        "emergency_medical": ("urgence", "urgence-médicale"),
        "child_protection": ("enfant-en-danger",),
        "violence": ("violence",),
        "fake_review_suspect": ("avis-douteux",),
        "off_topic": ("hors-sujet",),
    },
    "aspect": {aspect: (aspect.replace("_", "-"),) for aspect in ASPECTS},
    "rating": {"none": ("aucune", "sans")},
}
"""Field → value → its names in French; the first one is shown."""

_ENGLISH: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "lang": {"fr": ("french",), "en": ("english",)},
    "sentiment": {"pos": ("positive",), "neg": ("negative",), "neu": ("neutral",)},
    "aspect": {
        "accueil": ("welcome",),
        "attente": ("waiting",),
        "ecoute": ("listening",),
        "competence": ("skill",),
        "prix": ("price",),
        "hygiene": ("cleanliness",),
        "rendez_vous": ("appointment",),
        "locaux": ("premises",),
        "resultat": ("outcome",),
        "suivi": ("follow-up",),
        "remboursement": ("refund",),
    },
}
"""Other names in English."""

_POLARITY = re.compile(r"(?s)(?P<aspect>.*?)(?:(?P<sign>[-+=])|:(?P<polarity>pos|neg|neu))?")


def _key(name: str) -> str:
    return "_".join(words_of(name))


_FIELD_NAMES = {_key(name): field for field, french in _FIELDS.items() for name in (field, *french)}
_VALUES: Mapping[str, Mapping[str, str]] = {
    field: {
        _key(name): value
        for value, french in values.items()
        for name in (value, *french, *_ENGLISH.get(field, {}).get(value, ()))
    }
    for field, values in _FRENCH.items()
}


def field_of(name: str) -> str | None:
    """The field that a name means.

    >>> field_of("Réseau"), field_of("http")
    ('network', None)
    """
    return _FIELD_NAMES.get(_key(name))


def parted(field: str, value: str) -> tuple[str, str]:
    """The value of a field without the sign of its polarity, and that sign.

    >>> parted("aspect", "attente:neg"), parted("label", "praise")
    (('attente', '-'), ('praise', ''))
    """
    match = _POLARITY.fullmatch(value) if field == "aspect" else None
    if match is None:
        return value, ""
    return match["aspect"], match["sign"] or SIGNS.get(match["polarity"], "")


def choice_of(field: str, value: str) -> str | None:
    """The value that a wording means, for a field of `CHOICES`.

    >>> choice_of("label", "Effet indésirable"), choice_of("aspect", "Attente-")
    ('adverse_reaction', 'attente-')
    """
    name, sign = parted(field, value)
    found = _VALUES[field].get(_key(name))
    return found and found + sign


def nearest(field: str, value: str) -> str:
    """The name of a value that is written nearly as `value`; empty when none is.

    >>> nearest("aspect", "Attnte-"), nearest("label", "reclamations"), nearest("label", "zzz")
    ('attente-', 'réclamation', '')
    """
    name, sign = parted(field, value)
    english = _ENGLISH.get(field, {})
    wordings = {
        _key(name): name
        for meant, french in _FRENCH[field].items()
        for name in (meant, *english.get(meant, ()), *french)
    }
    near = get_close_matches(_key(name), wordings, n=1)
    return wordings[near[0]] + sign if near else ""


def shown(field: str, language: str) -> list[str]:
    """The values of a field, as a hint names them.

    >>> shown("sentiment", "fr")
    ['positif', 'négatif', 'neutre', 'mitigé']
    """
    return [french[0] if language == "fr" else value for value, french in _FRENCH[field].items()]
