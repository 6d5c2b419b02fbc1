"""Findings → marks and sentences: what the machine saw, said to the person who decides."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from veilleur.desk.inbox.segments import FAMILIES, Mark
from veilleur.vocabulary import Because, Finding, Reading, Sentiment, Span

FAMILY_OF = {
    "adverse": "pharmacovigilance",
    "drugs": "pharmacovigilance",
    "reactions": "pharmacovigilance",
    "danger": "danger",
    "toxicity": "law",
    "personal_data": "secrecy",
}
"""Family of the findings of an analyzer; any other is `other`, but for `FAMILY_OF_LABEL`."""

FAMILY_OF_LABEL = {
    "neg": "neg",
    "pos": "pos",
    "threat": "danger",
    "crisis_suicide": "danger",
    "emergency_medical": "danger",
    "child_protection": "danger",
    "violence": "danger",
    "insult": "law",
    "hate": "law",
    "defamation_fact": "law",
    "adverse_reaction": "pharmacovigilance",
    "health_data_identifiable": "secrecy",
    "PRO_NAME": "other",
    "PRO_PHONE": "other",
    "PRO_EMAIL": "other",
}
"""Labels that are of another family than their analyzer: a practitioner's name is public."""

NUMBERS = gettext_lazy(
    "3114 (suicidal thoughts, day and night), 15 or 112 (medical emergency), 119 (child in danger), "
    "3919 (violence against women), 17 (immediate danger)"
)
"""What comes first under a message of somebody who may be in danger (France)."""


def family_of(finding: Finding) -> str:
    """Which family of colours and words a finding belongs to."""
    return FAMILY_OF_LABEL.get(finding.label) or FAMILY_OF.get(finding.analyzer, "other")


def strongest_mark(reading: Reading, text: str) -> Mark | None:
    """The gravest stretch of `text`, the first of them; without its words: for a list, which says none."""
    stretches = ((FAMILIES.index(family_of(finding)), span) for span, finding in _stretches(reading, text))
    rank, span = min(stretches, default=(0, None))
    return Mark(0, span, FAMILIES[rank], "", "") if span else None


def marks_of(reading: Reading, text: str) -> tuple[Mark, ...]:
    """One mark per stretch of `text` that a finding points at, in the order of the text."""
    stretches = sorted(_stretches(reading, text), key=lambda stretch: stretch[0])
    return tuple(
        Mark(number, span, family_of(finding), label_of(finding), sentence_of(finding))
        for number, (span, finding) in enumerate(stretches, start=1)
    )


def _stretches(reading: Reading, text: str) -> Iterable[tuple[Span, Finding]]:
    cased = [one.span for one in reading.of("adverse") if one.span and one.label in {"product", "reaction"}]
    for finding in reading.findings:
        if finding.span is not None:
            if _is_worth_showing(finding, cased):
                yield finding.span, finding
        elif _is_felt(finding):
            yield from ((span, finding) for span in _places(finding.why.grounds, text))


def _is_felt(finding: Finding) -> bool:
    """A polarity with words. What weighed most for "neutral" is what is left when nothing speaks."""
    by_words = finding.analyzer == "sentiment" and finding.why.because is Because.NGRAMS
    return by_words and finding.label != Sentiment.NEU


def _is_worth_showing(finding: Finding, cased: list[Span]) -> bool:
    """Not what only frames other marks, nor a word that a case (`cased`) shows with its part in it."""
    if finding.analyzer == "adverse":
        return not finding.label.startswith(("pair", "criterion.", "who."))
    span = finding.span
    if span is None or finding.analyzer not in {"drugs", "reactions"}:
        return True
    return all(span.end <= one.start or one.end <= span.start for one in cased)


def _places(grounds: Iterable[str], text: str) -> Iterable[Span]:
    """Where the pieces that weighed most stand: the first place of each as whole words, whatever its case."""
    for piece in grounds:
        found = re.search(rf"(?<!\w){re.escape(piece)}(?!\w)", text, re.IGNORECASE) if piece.strip() else None
        if found:
            yield Span(*found.span())


def label_of(finding: Finding) -> str:
    """What a finding is, in a word or two."""
    if finding.analyzer == "sentiment":
        return sentiment_name(finding.label)
    names = {"drugs": _("medicine"), "reactions": _("possible adverse reaction")}
    if finding.analyzer == "aspects":
        return _aspect_name(finding)
    return names.get(finding.analyzer) or str(LABELS.get(finding.label.rpartition(".")[2], finding.label))


def _aspect_name(finding: Finding) -> str:
    aspect, _colon, polarity = finding.label.partition(":")
    return f"{ASPECTS.get(aspect, aspect)}, {sentiment_name(polarity)}"


ASPECTS = {
    "accueil": gettext_lazy("welcome"),
    "attente": gettext_lazy("waiting"),
    "ecoute": gettext_lazy("listening"),
    "competence": gettext_lazy("skill"),
    "information": gettext_lazy("information given"),
    "prix": gettext_lazy("price"),
    "hygiene": gettext_lazy("cleanliness"),
    "rendez_vous": gettext_lazy("getting an appointment"),
    "locaux": gettext_lazy("premises"),
    "resultat": gettext_lazy("outcome"),
    "suivi": gettext_lazy("follow-up"),
    "remboursement": gettext_lazy("refund"),
}
"""Aspect of care → in words."""


LABELS = {
    "crisis_suicide": gettext_lazy("suicidal distress"),
    "emergency_medical": gettext_lazy("medical emergency"),
    "child_protection": gettext_lazy("child in danger"),
    "violence": gettext_lazy("violence"),
    "insult": gettext_lazy("insult"),
    "threat": gettext_lazy("threat"),
    "hate": gettext_lazy("hate speech"),
    "misinformation": gettext_lazy("health claim to be checked"),
    "praise": gettext_lazy("praise"),
    "complaint": gettext_lazy("complaint"),
    "question": gettext_lazy("question"),
    "appointment": gettext_lazy("appointment asked for"),
    "adverse_reaction": gettext_lazy("adverse reaction told"),
    "defamation_fact": gettext_lazy("precise fact imputed to somebody"),
    "advertising_spam": gettext_lazy("advertising"),
    "personal_data": gettext_lazy("personal data"),
    "health_data_identifiable": gettext_lazy("health data of a recognisable person"),
    "fake_review_suspect": gettext_lazy("doubtful review"),
    "off_topic": gettext_lazy("off topic"),
    "product": gettext_lazy("product of the case"),
    "reaction": gettext_lazy("suspected reaction"),
    "suspected": gettext_lazy("suspected case"),
    "death": gettext_lazy("death"),
    "life_threatening": gettext_lazy("threat to life"),
    "hospitalisation": gettext_lazy("admission to hospital"),
    "disability": gettext_lazy("disability"),
    "congenital_anomaly": gettext_lazy("congenital anomaly"),
    "medically_important": gettext_lazy("medically important"),
    "pregnancy": gettext_lazy("pregnancy"),
    "breastfeeding": gettext_lazy("breastfeeding"),
    "overdose": gettext_lazy("overdose"),
    "misuse": gettext_lazy("misuse"),
    "offlabel": gettext_lazy("use off label"),
    "medication_error": gettext_lazy("medication error"),
    "inefficacy": gettext_lazy("lack of effect"),
    "withdrawal": gettext_lazy("withdrawal"),
    "occupational": gettext_lazy("occupational exposure"),
    "quality_defect": gettext_lazy("quality defect"),
    "incomplete_case": gettext_lazy("incomplete case, to be asked"),
    "vaccine": gettext_lazy("vaccine"),
    "device": gettext_lazy("medical device"),
    "cosmetic": gettext_lazy("cosmetic"),
    "supplement": gettext_lazy("food supplement"),
    "NAME": gettext_lazy("name of a person"),
    "PHONE": gettext_lazy("phone number"),
    "EMAIL": gettext_lazy("e-mail address"),
    "ADDRESS": gettext_lazy("postal address"),
    "DOB": gettext_lazy("date of birth"),
    "ID": gettext_lazy("number of a file or document"),
    "IBAN": gettext_lazy("bank account"),
    "CARD": gettext_lazy("payment card"),
    "NIR": gettext_lazy("social security number"),
    "RPPS": gettext_lazy("RPPS number"),
    "FINESS": gettext_lazy("FINESS number"),
    "PLATE": gettext_lazy("car plate"),
    "URL": gettext_lazy("address of a profile"),
    "PRO_NAME": gettext_lazy("name of a professional"),
    "PRO_PHONE": gettext_lazy("phone number of a professional"),
    "PRO_EMAIL": gettext_lazy("e-mail address of a professional"),
}
"""What was found → in words."""


FEELINGS = {
    "pos": pgettext_lazy("what the author feels", "positive"),
    "neg": pgettext_lazy("what the author feels", "negative"),
    "neu": pgettext_lazy("what the author feels", "neutral"),
    "mixed": pgettext_lazy("what the author feels", "mixed"),
}
"""Polarity of a message → in words."""

TONGUES = {
    "fr": gettext_lazy("French"),
    "en": gettext_lazy("English"),
    "other": gettext_lazy("another language"),
}
"""Language of a message → in words."""


def sentiment_name(sentiment: str) -> str:
    """The polarity of a message in words; nothing for none."""
    return str(FEELINGS.get(sentiment, ""))


def language_name(language: str) -> str:
    """The language of a message in words."""
    return str(TONGUES.get(language, language))


def sentence_of(finding: Finding) -> str:
    """Why a finding is there, in one sentence for the person who decides."""
    if finding.analyzer == "sentiment":
        return _sentiment_sentence(finding)
    if finding.analyzer == "drugs":
        return _term_sentence(_("medicine recognised: “%(words)s”"), finding)
    if finding.analyzer == "reactions":
        return _term_sentence(_("possible adverse reaction: “%(words)s”"), finding)
    if finding.analyzer == "personal_data":  # its ground is the rule that was met, not words
        return label_of(finding)
    return _term_sentence(_("%(what)s: “%(words)s”"), finding)


def labels_of(reading: Reading) -> tuple[str, ...]:
    """What the message is, label by label, the surest first; those that a mark already tells are left out."""
    whole = sorted((one for one in reading.of("labels") if one.span is None), key=_surest_first)
    return tuple(
        _("%(what)s (%(percent)s%% sure)")
        % {"what": label_of(one), "percent": min(99, round(100 * one.score))}
        for one in whole
    )


def _surest_first(finding: Finding) -> tuple[float, str]:
    return -finding.score, finding.label


def _term_sentence(opening: str, finding: Finding) -> str:
    said = opening % {"what": label_of(finding), "words": _listed(finding.why.grounds)}
    if finding.concept is None:
        return said
    origin = _ORIGINS.get(finding.concept.id.partition(":")[0], "")
    return f"{said} → {finding.concept.label}" + (f" ({origin})" if origin else "")


_ORIGINS = {"BDPM": "BDPM", "BDPM-BRAND": "BDPM", "BDPM-SUBSTANCE": "BDPM", "HP": "HPO", "SYMP": "SYMP"}


def _sentiment_sentence(finding: Finding) -> str:
    feeling = sentiment_name(finding.label)
    if finding.why.because is Because.PERSON:
        return _("feeling: %(feeling)s (said by a person)") % {"feeling": feeling}
    facts = {"feeling": feeling, "percent": round(100 * finding.score)}
    said = _("feeling: %(feeling)s (%(percent)s%% sure)") % facts
    if finding.why.because is Because.RATING:
        return _("%(said)s, from the rating %(rating)s") % {
            "said": said,
            "rating": _listed(finding.why.grounds),
        }
    if not finding.why.grounds or finding.label == Sentiment.NEU:
        return said
    return _("%(said)s, from the words “%(words)s”") % {"said": said, "words": _listed(finding.why.grounds)}


def _listed(grounds: Iterable[str]) -> str:
    return _("”, “").join(grounds)
