"""What is due for checking again."""

from __future__ import annotations

from datetime import date

from veilleur.rules import installed_packs
from veilleur.rules.listing import listed_packs, listed_rules


def test_a_rule_is_due_in_the_year_after_it_was_checked() -> None:
    pack = next(pack for pack in installed_packs() if pack.id == "deontologie-fr")
    year = pack.checked_on.year
    assert not any(row["due"] for row in listed_rules(pack, date(year, 12, 31), "fr"))
    assert all(row["due"] for row in listed_rules(pack, date(year + 1, 1, 1), "fr"))
    assert listed_packs([pack], date(year + 1, 1, 1), "fr")[0]["due"]


def test_marks_are_those_of_the_grounds() -> None:
    pack = next(pack for pack in installed_packs() if pack.id == "deontologie-fr")
    marks = {row["rule"]: row["marks"] for row in listed_rules(pack, date(2026, 11, 22), "fr")}
    assert marks["D-CHIR-ESTHETIQUE-MINEURS"] == "V"
    assert set(marks["D-SUPERLATIF"]) <= set("VSG")
