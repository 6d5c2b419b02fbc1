"""Packs: what is read of TOML, and how a bad one is refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veilleur.errors import PackInvalid
from veilleur.rules import Rulebook, installed_packs, load_pack, read_pack
from veilleur.vocabulary import Kind, Outgoing, Severity

OWN = """
id = "maison"
version = "1"
checked_on = 2026-01-02
title = { fr = "Maison" }
[[rules]]
id = "M-RDV"
title = { fr = "Rendez-vous" }
severity = "error"
professions = ["medecin", "autre"]
kinds = ["post"]
terms = ["venez nous voir"]
message = { fr = "Ne pas inviter.", en = "Do not invite." }
advice = { fr = "Informer." }
flags = ["Venez nous voir samedi !"]
passes = ["Le cabinet est ouvert le samedi."]
[[rules.in_force]]
from = 2020-01-01
until = 2025-01-01
reference = { title = "Règlement intérieur", href = "https://exemple.fr/reglement" }
mark = "V"
"""


def test_every_installed_pack_is_read() -> None:
    packs = {pack.id: pack for pack in installed_packs()}
    assert {name: len(pack.rules) for name, pack in packs.items()} == {
        "avis-conso": 1,
        "deontologie-fr": 29,
        "plateformes": 3,
        "secret-medical": 18,
        "zero-publicite": 8,
    }
    assert {pack.id for pack in packs.values() if pack.house} == {"plateformes", "zero-publicite"}


def test_rules_of_different_packs_never_share_an_id() -> None:
    ids = [rule.id for pack in installed_packs() for rule in pack.rules]
    assert len(ids) == len(set(ids))


def test_all_that_a_rule_says_is_kept() -> None:
    (rule,) = load_pack(OWN).rules
    assert rule.severity is Severity.ERROR
    assert rule.professions == {"medecin", ""}
    assert rule.kinds == {Kind.POST}
    assert rule.message.say("en") == "Do not invite."
    assert rule.advice.say("en") == "Informer.", "French stands in"
    assert (rule.bases[0].since, rule.bases[0].until) == (date(2020, 1, 1), date(2025, 1, 1))
    assert rule.bases[0].reference.href == "https://exemple.fr/reglement"
    assert rule.checked_on == date(2026, 1, 2)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('severity = "error"', 'severity = "grave"', "severity"),
        ('"medecin"', '"astrologue"', "unknown profession"),
        ('terms = ["venez nous voir"]', "", "nothing detects it"),
        ('terms = ["venez nous voir"]', 'pattern = "("', "not a regular expression"),
        ('id = "M-RDV"', 'id = "rdv"', "id"),
        ('mark = "V"', 'mark = "X"', "mark"),
        ('kinds = ["post"]', 'genre = "post"', "genre"),
        ('fr = "Ne pas inviter."', 'fr = ""', "message"),
        ("[[rules.in_force]]", "[[rules.in_force", "not TOML"),
    ],
)
def test_a_bad_pack_says_where_and_what(before: str, after: str, said: str) -> None:
    with pytest.raises(PackInvalid, match=said):
        load_pack(OWN.replace(before, after, 1), "maison.toml")


def test_two_rules_of_one_name_are_refused() -> None:
    rule = OWN[OWN.index("[[rules]]") :]
    with pytest.raises(PackInvalid, match="two rules are called M-RDV"):
        load_pack(OWN + rule)


def test_a_file_that_is_not_there(tmp_path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(PackInvalid, match="cannot be read"):
        read_pack(tmp_path / "nothing.toml")


@given(st.text(max_size=200))
def test_any_text_is_a_pack_or_is_refused(text: str) -> None:
    with pytest.raises(PackInvalid):
        load_pack(text)


def test_the_example_does_what_it_says(repository: Path) -> None:
    pack = read_pack(repository / "examples/one_rule_pack.toml")
    book = Rulebook((pack,))
    (rule,) = pack.rules
    for texts, expected in ((rule.flags, True), (rule.passes, False)):
        for text in texts:
            (found,) = book.judge([Outgoing(text, Kind.REPLY, "medecin")], date(2026, 11, 22))
            assert bool(found) is expected, text
