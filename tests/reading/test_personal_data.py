"""Personal data: keys that hold, contexts that decide, and nothing left behind by redaction."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.personal_data import score
from training import social
from veilleur.reading import Reader
from veilleur.reading.analyzers.personal import clean, keys, redact
from veilleur.reading.analyzers.personal_data import PersonalDataAnalyzer
from veilleur.testing import check_analyzer, mention
from veilleur.vocabulary import Because, Finding, Span, Why


@cache
def reader() -> Reader:
    return Reader([PersonalDataAnalyzer()])


def find(text: str) -> tuple[Finding, ...]:
    [reading] = reader().read([mention(text)])
    return reading.findings


def found(text: str) -> list[tuple[str, str]]:
    return [(one.label, one.span.of(text)) for one in find(text) if one.span]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mon numéro de sécu 2 53 02 29 777 908 76 svp", [("NIR", "2 53 02 29 777 908 76")]),
        ("1.47.06.13.977.926.39", [("NIR", "1.47.06.13.977.926.39")]),
        ("sécu 253022977790876", [("NIR", "253022977790876")]),
        ("n° 162122B99991571 en Corse", [("NIR", "162122B99991571")]),
        ("2 53 02 29 777 908 sans la clé", [("NIR", "2 53 02 29 777 908")]),
        ("sécu 2 53 02 29 777 908 77", []),
        ("code barre 3401597412859 au dos", []),
        ("RPPS 10990208448", [("RPPS", "10990208448")]),
        ("RPPS 10990208449", []),
        ("référence interne 10990208448", [("ID", "10990208448")]),
        ("FINESS 750712184", [("FINESS", "750712184")]),
        ("FINESS 750712185", []),
        ("mon RIB FR76 9999 3004 1200 0778 1234 574.", [("IBAN", "FR76 9999 3004 1200 0778 1234 574")]),
        ("mon RIB FR76 9999 3004 1200 0778 1234 575.", []),
        ("carte 4970 1012 3456 7892 débitée", []),
        ("carte 4111 1111 1111 1111 débitée", [("CARD", "4111 1111 1111 1111")]),
        ("né le 12/03/1980", [("DOB", "12/03/1980")]),
        ("née le 1er mars 1980", [("DOB", "1er mars 1980")]),
        ("née le 00/00/0000", []),
        ("opéré le 12/03/2020", []),
        ("sa voiture AB-123-CD", [("PLATE", "AB-123-CD")]),
        ("immatriculée 1234 AB 31", [("PLATE", "1234 AB 31")]),
        ("passeport numéro EK4471920", [("ID", "EK4471920")]),
        ("dossier n° 2024-00871-K", [("ID", "2024-00871-K")]),
        ("dossier 4, ticket B17", []),
        ("mon passeport a expiré en 2021", []),
    ],
)
def test_numbers(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("appelle moi au 06 39 98 21 64", [("PHONE", "06 39 98 21 64")]),
        ("mon num 0639981472 si tu veu", [("PHONE", "0639981472")]),
        ("06.39.98.21.64 / 06-39-98-50-05", [("PHONE", "06.39.98.21.64"), ("PHONE", "06-39-98-50-05")]),
        ("+33 (0)6 39 98 55 20", [("PHONE", "+33 (0)6 39 98 55 20")]),
        ("ma femme 0033 6 39 98 44 17", [("PHONE", "0033 6 39 98 44 17")]),
        ("perso : +44 20 7946 0018", [("PHONE", "+44 20 7946 0018")]),
        (
            "Rappelez moi au zéro six, trente-neuf, quatre-vingt-dix-huit, zéro sept, onze.",
            [("PHONE", "zéro six, trente-neuf, quatre-vingt-dix-huit, zéro sept, onze")],
        ),
        ("le secrétariat est au 02 61 91 40 12", [("PRO_PHONE", "02 61 91 40 12")]),
        ("le 0820 53 81 23 est payant", [("PRO_PHONE", "0820 53 81 23")]),
        ("appelez le 15, le 3114 ou le 116 117", []),
        ("jean.dupont+rdv@example.fr", [("PRO_EMAIL", "jean.dupont+rdv@example.fr")]),
        ("jean.dupont@example.fr", [("EMAIL", "jean.dupont@example.fr")]),
        ("jdupont arobase example point fr", [("EMAIL", "jdupont arobase example point fr")]),
        ("jdupont (at) example.org", [("EMAIL", "jdupont (at) example.org")]),
        ("we met at reception. fr", []),
        ("https://www.facebook.com/jean.dupont.31", [("URL", "https://www.facebook.com/jean.dupont.31")]),
        ("https://www.facebook.com/groups/sante", []),
        (
            "j'habite 7 allée des Mésanges, 31770 Colomiers",
            [("ADDRESS", "7 allée des Mésanges, 31770 Colomiers")],
        ),
        ("au 12 bis rue des lilas", [("ADDRESS", "12 bis rue des lilas")]),
        ("cabinet rue du Docteur-Roux, 2e gauche", []),
        ("formation 310 €, 12 places. Déjeuner compris", []),
    ],
)
def test_contacts(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ma fille Léa fait de l'eczéma", [("NAME", "Léa")]),
        ("ma fille léa fait de l'eczéma", [("NAME", "léa")]),
        ("Mon mari, Yves Kerbellec, va mieux", [("NAME", "Yves Kerbellec")]),
        ("ma meuf Rose elle va bien", [("NAME", "Rose")]),
        ("Une rose. Rose, comme la rose.", []),
        ("je m'appelle Josiane Le Bihan", [("NAME", "Josiane Le Bihan")]),
        ("vu le dossier de TCHENG Rosalie", [("NAME", "TCHENG Rosalie")]),
        ("le Dr Martin est bien", [("PRO_NAME", "Martin")]),
        ("dr benhaddou le goat", [("PRO_NAME", "benhaddou")]),
        ("LE DR MARTIN EST NUL", [("PRO_NAME", "MARTIN")]),
        ("Mme Lopez, l'infirmière, est douce", [("PRO_NAME", "Lopez")]),
        ("Mme Lopez est ma voisine", [("NAME", "Lopez")]),
        ("merci à Julie pour sa patience", [("PRO_NAME", "Julie")]),
        ("Le docteur Pierre Abadie opère", [("PRO_NAME", "Pierre Abadie")]),
        ("Pierre par pierre ils ont refait la façade", []),
        ("12 h à l'hôpital Saint-Louis puis rue Pierre Curie", []),
        ("la maladie de Parkinson", []),
        ("Marie Curie et Louis Pasteur", []),
        ("son Temesta, sa mère avait du Lasilix", []),
        ("On me dit de prendre rendez-vous", []),
        ("ON ME DIT DE PRENDRE RENDEZ VOUS", []),
    ],
)
def test_names(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


def test_a_finding_says_how_sure_and_why() -> None:
    [finding] = find("mon RIB FR76 9999 3004 1200 0778 1234 574")
    assert finding.score == 0.99
    assert finding.why == Why(Because.TERM, ("key",))


def test_the_contract_holds() -> None:
    check_analyzer(PersonalDataAnalyzer(), ["Dr Martin, 06 39 98 21 64, né le 12/03/1980"])


@given(st.integers(0, 10**12 - 1), st.sampled_from(["75", "2A", "2B", "99", "971"]))
def test_the_key_of_a_nir_is_between_1_and_97(number: int, department: str) -> None:
    digits = f"1{number:012}"
    assert 1 <= keys.nir_key((digits[:5] + department + digits[7:])[:13]) <= 97


@given(st.text("0123456789", min_size=2, max_size=18))
def test_one_digit_alone_completes_a_luhn_number(digits: str) -> None:
    assert sum(keys.luhn(digits + key) for key in "0123456789") <= 1


PIECES = st.sampled_from(
    """Dr Martin|ma fille Léa|06 39 98 21 64|2 53 02 29 777 908 76|né le 12/03/1980|TCHENG Rosalie|(at)|rue
dossier n° 2024-00871-K|7 allée des Mésanges, 31770 Colomiers|jean@example.fr|zéro six|Mme|@|[NAME_1]
FR76 9999 3004 1200 0778 1234 574|RPPS 10990208448|plaque|AB-123-CD|arobase|œuvre|İ|, |merci à|j'habite
LE BIHAN|😱|12| |Rose""".replace("\n", "|").split("|")
)
TEXTS = st.lists(PIECES | st.text(max_size=6), max_size=12).map(" ".join)


@settings(deadline=None, max_examples=150)
@given(TEXTS)
def test_redaction_leaves_nothing_behind(text: str) -> None:
    redacted = clean(text, find)
    assert find(redacted.text) == ()
    rebuilt, done = "", 0
    for one in redacted.replacements:
        assert one.redacted.of(redacted.text) == one.placeholder
        rebuilt += redacted.text[done : one.redacted.start] + one.original.of(text)
        done = one.redacted.end
    assert rebuilt + redacted.text[done:] == text


@settings(deadline=None, max_examples=150)
@given(TEXTS)
def test_spans_lie_inside_and_apart(text: str) -> None:
    spans = [one.span for one in find(text) if one.span]
    assert all(span.start < span.end <= len(text) for span in spans)
    assert all(one.end <= two.start for one, two in pairwise(spans))


def test_the_same_value_keeps_its_number() -> None:
    text = "Mme Lopez (06 39 98 21 64) et M. Durand ; rappelez Mme LOPEZ au +33 6 39 98 21 64"
    redacted = clean(text, find)
    assert redacted.text == "Mme [NAME_1] ([PHONE_1]) et M. [NAME_2] ; rappelez Mme [NAME_1] au [PHONE_1]"


def test_a_span_of_the_redacted_text_leads_back() -> None:
    text = "le Dr Martin est bien"
    redacted = clean(text, find)
    start = redacted.text.index("est")
    assert redacted.original(start, start + 3).of(text) == "est"
    assert redacted.original(8, 10).of(text) == "Martin"
    with pytest.raises(ValueError, match="not a span"):
        redacted.original(0, 999)


def test_spans_that_overlap_are_taken_out_together() -> None:
    why = Why(Because.TERM)
    findings = [Finding("x", "NAME", 1, why, Span(0, 4)), Finding("x", "ID", 1, why, Span(2, 6))]
    assert redact("abcdefg", findings).text == "[NAME_1]g"
    with pytest.raises(ValueError, match="outside"):
        redact("a", findings)


def test_scores_do_not_fall() -> None:
    table = score(reader(), social.messages(), errors=False).counts
    for label in ("NIR", "RPPS", "ANY_PHONE", "ANY_EMAIL"):
        row = table[label].row()
        assert row["recall"] >= 0.98, label
        assert row["precision"] >= 0.95, label
    names = table["ANY_NAME"].row()
    assert 2 / (1 / names["precision"] + 1 / names["recall"]) >= 0.80


@pytest.mark.parametrize("piece", ["a", "1", "1 ", "Ab ", "Dr ", "06 ", "é.", "a@", "rue ", "FR76 "])
def test_a_very_long_line_is_read_to_its_end(piece: str) -> None:
    text = piece * (100_000 // len(piece)) + " jeanne.exemple@example.fr"
    assert text[find(text)[-1].span.start :].endswith("@example.fr")
