"""Fields of the house: bounded, read as people write, found by their choices, undone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.desk.inbox.team.conftest import NOW, url
from veilleur.desk.accounts.models import AuditLine
from veilleur.desk.inbox import actions
from veilleur.desk.inbox.queries.filters import Filters
from veilleur.desk.inbox.queries.listing import list_page
from veilleur.desk.inbox.team.fields import MOST, cleaned, filled
from veilleur.desk.inbox.team.models import CustomField, FieldKind, FieldValue
from veilleur.errors import ActRefused

NUMBER, DATE = CustomField(kind=FieldKind.NUMBER), CustomField(kind=FieldKind.DATE)


@pytest.fixture
def service(client_a, organisation_a):
    said = {"name": "Service", "kind": "choice", "words": "Urgences\nMaternité\nUrgences\n"}
    client_a.post(url("add_field", organisation_a), said)
    return CustomField.objects.get()


def fill(client, organisation, ticket, field, value, version=1):
    address = url("fill", organisation, ticket=ticket.pk, custom_field=field.pk)
    return client.post(address, {"version": version, "value": value}, follow=True)


@pytest.mark.parametrize(
    ("field", "said", "kept"),
    [
        (NUMBER, "1 250,50", "1250.50"),
        (NUMBER, "-3", "-3"),
        (NUMBER, "1e3", "1000"),
        (DATE, "2026-11-23", "2026-11-23"),
        (NUMBER, " ", ""),
    ],
)
def test_what_people_write_is_read(field, said, kept):
    assert cleaned(field, said) == kept


@pytest.mark.parametrize(
    ("field", "said"),
    [(NUMBER, "beaucoup"), (NUMBER, "NaN"), (NUMBER, "1e999999"), (DATE, "23/11/2026"), (DATE, "0001-01-01")],
)
def test_what_makes_no_sense_is_refused(field, said):
    with pytest.raises(ActRefused):
        cleaned(field, said)


@given(st.text(max_size=40))
def test_nothing_else_happens_whatever_is_written(said):
    for field in (NUMBER, DATE):
        try:
            once = cleaned(field, said)
        except ActRefused:
            continue
        assert cleaned(field, once) == once


@pytest.mark.django_db(transaction=True)
def test_the_list_is_narrowed_by_a_choice_and_an_undo_puts_it_back(
    client_a, organisation_a, place_a, service, tickets
):
    assert service.choices == [[1, "Urgences"], [2, "Maternité"]]
    fill(client_a, organisation_a, tickets[2], service, "2")
    asked = Filters(choice=f"{service.pk}.2")
    assert [row.id for row in list_page(place_a, asked).rows] == [tickets[2].pk]
    page = client_a.get(url("list", organisation_a) + f"?choice={service.pk}.2").content.decode()
    assert "Service\u00a0: Maternité <span" in page
    decision = tickets[2].decisions.get()
    actions.undo(place_a, decision.pk, now=NOW)
    assert not FieldValue.objects.exists()
    assert list_page(place_a, asked).rows == ()


def test_what_was_written_stays_out_of_the_trail(client_a, organisation_a, tickets):
    client_a.post(url("add_field", organisation_a), {"name": "Dossier", "kind": "text"})
    field = CustomField.objects.get()
    fill(client_a, organisation_a, tickets[0], field, "Madame Dupont")
    page = fill(client_a, organisation_a, tickets[0], field, "Madame Durand", version=2)
    assert "Durand" in page.content.decode()
    assert "Dup" not in str(list(AuditLine.objects.values_list("details", flat=True)))
    assert filled(organisation_a, tickets[0].pk)[0].shown == "Madame Durand"


def test_a_choice_of_the_same_words_stays_what_it_was(client_a, organisation_a, service, tickets):
    fill(client_a, organisation_a, tickets[0], service, "2")
    said = {"name": "Service", "kind": "choice", "words": "Pédiatrie\nMaternité"}
    client_a.post(url("field", organisation_a, custom_field=service.pk), said)
    service.refresh_from_db()
    assert service.choices == [[3, "Pédiatrie"], [2, "Maternité"]]
    assert filled(organisation_a, tickets[0].pk)[0].shown == "Maternité"
    page = fill(client_a, organisation_a, tickets[1], service, "1")
    assert "toast-error" in page.content.decode()


def test_a_house_has_twelve_fields_and_names_are_single(client_a, organisation_a):
    for number in range(MOST + 2):
        client_a.post(url("add_field", organisation_a), {"name": f"Champ {number}", "kind": "text"})
    client_a.post(url("add_field", organisation_a), {"name": "Champ 1", "kind": "text"})
    assert CustomField.objects.count() == MOST
    client_a.post(url("drop_field", organisation_a, custom_field=CustomField.objects.first().pk))
    page = client_a.post(url("add_field", organisation_a), {"name": "Champ 2", "kind": "text"})
    assert "errorlist" in page.content.decode()
    assert client_a.get(url("fields", organisation_a)).status_code == 200


def test_who_comes_second_is_told(client_a, organisation_a, service, tickets):
    fill(client_a, organisation_a, tickets[0], service, "2")
    page = fill(client_a, organisation_a, tickets[0], service, "1", version=1)
    assert "toast-warning" in page.content.decode()
    assert FieldValue.objects.get().value == "2"
