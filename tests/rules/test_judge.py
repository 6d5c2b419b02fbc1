"""Judging texts that leave: by whom, on which day, how gravely."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from veilleur.errors import InvalidInput
from veilleur.rules import Rulebook, installed_packs, load_pack
from veilleur.vocabulary import Breach, Kind, Outgoing, Severity

TODAY = date(2026, 11, 22)
OWN = """
id = "maison"
version = "1"
checked_on = 2026-01-02
house = {house}
title = {{ fr = "Maison" }}
[[rules]]
id = "M-MOT"
title = {{ fr = "Mot" }}
severity = "blocker"
terms = ["garanti"]
message = {{ fr = "Pas de garantie.", en = "No guarantee." }}
advice = {{ fr = "Nuancer." }}
[[rules.in_force]]
from = 2021-01-01
reference = {{ title = "Règle de la maison" }}
mark = "{mark}"
"""


def own(mark: str = "V", *, house: bool = False) -> Rulebook:
    return Rulebook((load_pack(OWN.format(mark=mark, house=str(house).lower())),))


def one(text: str, book: Rulebook | None = None, on: date = TODAY, **known: object) -> list[Breach]:
    return (book or Rulebook()).judge([Outgoing(text, **known)], on)[0]  # type: ignore[arg-type]


def rules(found: list[Breach]) -> set[str]:
    return {breach.rule for breach in found}


def test_a_term_is_found_where_it_was_written() -> None:
    (breach,) = one("Résultat GARANTI !", own(), language="fr")
    assert breach.span.of("Résultat GARANTI !") == "GARANTI"
    assert (breach.message, breach.advice) == ("Pas de garantie.", "Nuancer.")
    assert breach.reference.title == "Règle de la maison"


def test_the_reason_is_told_in_the_language_of_the_text() -> None:
    (breach,) = one("garanti", own(), language="en")
    assert breach.message == "No guarantee."


def test_a_word_within_a_word_is_no_term() -> None:
    assert one("garantissons-le", own()) == []


@pytest.mark.parametrize(("on", "broken"), [(date(2020, 12, 31), False), (date(2021, 1, 1), True)])
def test_a_rule_holds_from_its_first_day(on: date, broken: bool) -> None:
    assert bool(one("garanti", own(), on)) is broken


def test_a_ground_that_nobody_verified_never_blocks_alone() -> None:
    assert one("garanti", own("G"))[0].severity is Severity.WARNING
    assert one("garanti", own("S"))[0].severity is Severity.BLOCKER


def test_a_policy_of_the_house_makes_no_text_unlawful() -> None:
    for house, verdict in ((True, "compliant"), (False, "violating")):
        book = own(house=house)
        found = one("garanti", book)
        assert found
        assert book.verdict(found) == verdict


def test_a_rule_is_switched_off_or_given_another_severity() -> None:
    packs = own().packs
    assert one("garanti", Rulebook(packs, off=frozenset({"M-MOT"}))) == []
    softer = Rulebook(packs, severities={"M-MOT": Severity.INFO})
    assert one("garanti", softer)[0].severity is Severity.INFO


def test_an_unknown_actor_is_an_error_that_names_those_known() -> None:
    with pytest.raises(InvalidInput, match="medecin"):
        one("Bonjour", actor="astrologue")


def test_a_text_of_2019_is_judged_by_the_rule_of_2019() -> None:
    text = "Le meilleur cabinet dentaire de Lyon, n° 1 de la région !"
    then = [b for b in one(text, on=date(2019, 5, 2), actor="medecin") if b.rule == "D-SUPERLATIF"]
    now = [b for b in one(text, actor="medecin") if b.rule == "D-SUPERLATIF"]
    assert "ancien" in then[0].reference.title
    assert now[0].reference.title == "CSP R.4127-19-1"


def test_each_profession_has_its_own_article() -> None:
    text = "Le meilleur cabinet de la région, reconnu par tous."
    cited = {
        actor: next(b.reference.title for b in one(text, actor=actor) if b.rule == "D-SUPERLATIF")
        for actor in ("medecin", "dentiste", "infirmier")
    }
    assert cited == {
        "medecin": "CSP R.4127-19-1",
        "dentiste": "CSP R.4127-215-1",
        "infirmier": "CSP R.4312-68-1",
    }


def test_a_rule_of_a_profession_does_not_bind_another() -> None:
    text = "La meilleure mutuelle de France, -30 % avant dimanche minuit !"
    found = one(text, actor="mutuelle")
    assert found
    assert all(breach.rule.startswith("Z-") for breach in found), "the policy of the house alone speaks"
    assert Rulebook().verdict(found) == "compliant"
    strict = Rulebook(tuple(pack for pack in installed_packs() if pack.id != "zero-publicite"))
    assert one(text, strict, actor="mutuelle") == []


def test_the_operation_told_in_a_review() -> None:
    reply = "Bonjour, suite à votre intervention du 12 mars, votre genou a bien récupéré."
    found = one(reply, kind=Kind.REPLY, actor="medecin", review="Opéré du genou, je boite encore")
    assert rules(found) >= {"S-03-DATE", "S-05-TREAT"}
    assert all(breach.severity is Severity.BLOCKER for breach in found if breach.rule.startswith("S-0"))
    assert all(breach.reference.title == "CSP R.4127-4" for breach in found)


def test_the_display_name_is_never_repeated() -> None:
    text = "Bonjour Zoé, merci pour ce message."
    (breach,) = [b for b in one(text, kind=Kind.REPLY, author="Zoé L.") if b.rule == "S-08-IDENT"]
    assert breach.span.of(text) == "Zoé"
    assert "S-08-IDENT" not in rules(one("Bonjour, merci.", kind=Kind.REPLY, author="Zoé L."))


@pytest.mark.parametrize(
    "reply",
    [
        (
            "Bonjour, merci pour ce message. Le secret professionnel nous interdit d'évoquer ici une "
            "situation, quelle qu'elle soit. Le secrétariat reste joignable au numéro du cabinet."
        ),
        "Merci d'avoir pris le temps d'écrire. Toutes les remarques sont lues et partagées avec l'équipe.",
        (
            "Thank you for the feedback. Privacy rules keep us from discussing any situation here; "
            "please call the front desk."
        ),
    ],
)
def test_neutral_replies_pass(reply: str) -> None:
    assert one(reply, kind=Kind.REPLY, actor="medecin") == []


@settings(deadline=None, max_examples=60)
@given(
    st.text(max_size=300),
    st.sampled_from(list(Kind)),
    st.text(max_size=40),
    st.text(max_size=80),
    st.sampled_from(["", "facebook", "x", "bluesky", "google"]),
)
def test_any_text_is_judged_and_places_lie_inside(
    text: str, kind: Kind, author: str, review: str, network: str
) -> None:
    outgoing = Outgoing(text, kind, "medecin", "", network, review, author)
    for breach in Rulebook().judge([outgoing], TODAY)[0]:
        assert 0 <= breach.span.start <= breach.span.end <= len(text)
        assert 0.0 <= breach.score <= 1.0


def test_a_text_alone_is_judged_as_in_a_batch() -> None:
    texts = [
        Outgoing("Bonjour, votre rendez-vous de mardi a été noté.", Kind.REPLY, "dentiste"),
        Outgoing("Merci pour ce message.", Kind.REPLY, "dentiste"),
        Outgoing("-20 % sur le blanchiment !", Kind.POST, "dentiste"),
    ]
    book = Rulebook()
    assert book.judge(texts, TODAY) == [book.judge([text], TODAY)[0] for text in texts]
