"""The trail shows any change, whoever made it in the database."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import translation

from veilleur.desk.accounts import audit
from veilleur.desk.accounts.models import AuditHead, AuditLine, Organisation
from veilleur.errors import TrailBroken

pytestmark = pytest.mark.django_db
START = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """The messages are read in English here."""
    with translation.override("en"):
        yield


@pytest.fixture
def trail() -> Organisation:
    organisation = Organisation.objects.create(slug="trail", name="Trail")
    for number in range(5):
        audit.record(
            organisation,
            "alice@example.org",
            "inbox.close",
            f"ticket:{number}",
            {"outcome": "answered", "n": number},
            at=START + timedelta(minutes=number),
        )
    return organisation


def lines(organisation: Organisation) -> Any:
    return AuditLine.objects.filter(organisation=organisation)


def test_an_untouched_trail_is_intact(trail: Organisation) -> None:
    head = audit.verify(trail)
    assert head is not None
    assert head.number == 5


def test_an_empty_trail_is_intact() -> None:
    assert audit.verify(Organisation.objects.create(slug="new", name="New")) is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("actor", "bob@example.org"),
        ("act", "inbox.reopen"),
        ("target", "ticket:9"),
        ("details", {"outcome": "nothing"}),
        ("at", START + timedelta(days=1)),
        ("seal", "0" * 64),
    ],
)
@pytest.mark.parametrize("number", [1, 3, 5])
def test_a_changed_line_is_found(trail: Organisation, number: int, field: str, value: object) -> None:
    lines(trail).filter(number=number).update(**{field: value})
    with pytest.raises(TrailBroken, match=f"line {number} was changed"):
        audit.verify(trail)


@pytest.mark.parametrize("number", [1, 3])
def test_a_removed_line_is_found(trail: Organisation, number: int) -> None:
    lines(trail).filter(number=number).delete()
    with pytest.raises(TrailBroken, match=f"line {number} is missing"):
        audit.verify(trail)


def test_a_cut_tail_is_found(trail: Organisation) -> None:
    lines(trail).filter(number__gt=3).delete()
    with pytest.raises(TrailBroken, match="line 4 is missing"):
        audit.verify(trail)


def test_a_cut_tail_is_found_even_when_the_head_is_rewritten(trail: Organisation) -> None:
    lines(trail).filter(number__gt=3).delete()
    AuditHead.objects.filter(organisation=trail).update(number=3)
    with pytest.raises(TrailBroken, match="line 3 is not the last"):
        audit.verify(trail)


def test_an_emptied_trail_is_found(trail: Organisation) -> None:
    lines(trail).delete()
    with pytest.raises(TrailBroken, match="line 1 is missing"):
        audit.verify(trail)


def test_two_swapped_lines_are_found(trail: Organisation) -> None:
    lines(trail).filter(number=2).update(number=99)
    lines(trail).filter(number=3).update(number=2)
    lines(trail).filter(number=99).update(number=3)
    with pytest.raises(TrailBroken, match="line 2 was changed"):
        audit.verify(trail)


def test_a_line_moved_to_another_organisation_is_found(trail: Organisation) -> None:
    other = Organisation.objects.create(slug="other", name="Other")
    audit.record(other, "bob@example.org", "inbox.close", "ticket:1", at=START)
    stolen = lines(trail).get(number=1)
    lines(other).update(actor=stolen.actor, target=stolen.target, details=stolen.details, seal=stolen.seal)
    with pytest.raises(TrailBroken, match="“other” is not what was written: line 1 was changed"):
        audit.verify(other)
    assert audit.verify(trail) is not None


def test_details_keep_accents_and_nested_values(trail: Organisation) -> None:
    audit.record(
        trail, "é@example.org", "x.y", details={"été": ["«\u00a0ça\u00a0»", None, {"b": 1, "a": True}]}
    )
    head = audit.verify(trail)
    assert head is not None
    assert head.number == 6
