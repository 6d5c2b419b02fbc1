"""Google Places: five reviews, read again each time; what Google refuses is said in words."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.fake_places import KEY, PLACE, FakePlaces, refusal
from tests.listening.brought import ANY_JSON, drained, reached
from veilleur.errors import CredentialsRefused, NetworkRefused, NotReached, Throttled
from veilleur.listening import asking
from veilleur.listening.client import Client
from veilleur.listening.connectors import places
from veilleur.listening.connectors.places import Places, PlacesSettings
from veilleur.testing import check_connector
from veilleur.vocabulary import Rating

OTHER = "ChIJ_another_place_of_theirs"


@pytest.fixture
def google(monkeypatch):
    with reached(FakePlaces(), monkeypatch) as running:
        yield running


def reader(google: FakePlaces, *ids: str, key: str = KEY) -> Places:
    return Places(PlacesSettings(key=key, places=ids or (PLACE,)), api=google.url)


def test_it_keeps_the_contract(google):
    check_connector(reader(google), google)


def test_a_review_is_brought_whole_and_its_author_not_by_name(google):
    name = google.say("Accueil « parfait » 👩‍⚕️", rating=5)
    (review,), _cursor = drained(reader(google))
    assert (review.id, review.text, review.rating) == (name, "Accueil « parfait » 👩‍⚕️", Rating(5, 1, 5))
    assert (review.author, review.place, review.language) == ("112233", "Clinique du Lac", "fr")
    assert review.url == "https://maps.google.com/reviews/1"
    assert review.published_at.isoformat() == "2026-11-02T08:15:30.123456+00:00"
    assert "Martin" not in repr(review)


def test_the_key_travels_in_a_header(google):
    google.say("Bien")
    drained(reader(google))
    (question,) = google.questions
    assert KEY not in question.path + repr(question.params)
    assert question.headers["X-Goog-FieldMask"] == "displayName,googleMapsUri,reviews"


def test_stars_alone_are_a_review_and_odd_entries_are_left_out(google):
    google.say("", rating=1, originalText={}, text={})
    google.say("x", rating="five", authorAttribution={}, publishTime="yesterday", googleMapsUri=7)
    google.reviews[PLACE] += [{"rating": 3}, "odd", None]
    stars, odd = sorted(drained(reader(google))[0], key=lambda one: one.id)
    assert (stars.text, stars.rating) == ("", Rating(1, 1, 5))
    assert (odd.rating, odd.author, odd.published_at) == (None, "", None)
    assert odd.url == "https://maps.google.com/?cid=1"


def test_an_edit_is_brought_and_what_is_the_same_is_not(google):
    name = google.say("Bien")
    _items, cursor = drained(reader(google))
    assert drained(reader(google), cursor)[0] == []
    google.edit(name, "Mal")
    assert [one.text for one in drained(reader(google), cursor)[0]] == ["Mal"]


def test_the_text_is_the_translation_when_there_is_no_original(google):
    google.say("Bien", originalText={})
    assert drained(reader(google))[0][0].text == "Traduit : Bien"


def test_a_place_that_is_refused_is_told_of_after_the_others(google):
    google.say("Bien")
    with Client() as client:
        pages = reader(google, OTHER, PLACE).fetch("", client)
        assert [one.text for one in next(pages).items] == ["Bien"]
        with pytest.raises(NetworkRefused, match=OTHER):
            next(pages)


@pytest.mark.parametrize("cursor", ["", "{", "[]", '{"a": 1}', "null", "\ud83d", "[" * 10_000])
def test_a_broken_cursor_means_from_the_beginning(google, cursor):
    google.say("Bien")
    assert len(drained(reader(google), cursor)[0]) == 1


@pytest.mark.parametrize(
    ("code", "told", "raised"),
    [
        (400, refusal(400, "INVALID_ARGUMENT", "no", "API_KEY_INVALID"), CredentialsRefused),
        (403, refusal(403, "PERMISSION_DENIED", "no", "SERVICE_DISABLED"), CredentialsRefused),
        (429, refusal(429, "RESOURCE_EXHAUSTED", "no", "RATE_LIMIT_EXCEEDED"), Throttled),
        (404, refusal(404, "NOT_FOUND", "no"), NetworkRefused),
        (400, refusal(400, "INVALID_ARGUMENT", "no"), NetworkRefused),
        (500, refusal(500, "INTERNAL", "no"), NotReached),
        (200, b"<html>", NetworkRefused),
        (200, [1], NetworkRefused),
        (200, {"displayName": 3}, NetworkRefused),
        (200, {"reviews": {}}, NetworkRefused),
        (400, b"\xff", NetworkRefused),
    ],
)
def test_each_answer_means_one_thing(google, code, told, raised):
    google.trouble = (code, told, {})
    with pytest.raises(raised):
        drained(reader(google))


def test_nobody_there_is_not_reached(google):
    made = reader(google)
    google.shutdown()
    google.server_close()
    with pytest.raises(NotReached):
        drained(made)


def test_a_fault_that_passes_is_asked_again(google):
    google.say("Bien")
    google.once = [(503, {})]
    assert len(drained(reader(google))[0]) == 1


def test_the_diagnosis_names_what_is_wrong(google):
    with Client() as client:
        (wrong_key,) = reader(google, key="another-key-altogether").check(client)
        right, missing = reader(google, PLACE, OTHER).check(client)
    assert not wrong_key.is_good
    assert "clé" in wrong_key.words.say("fr")
    assert right.is_good
    assert "Clinique du Lac" in right.words.say("fr")
    assert not missing.is_good
    assert OTHER in missing.words.say("en")


@pytest.mark.parametrize("ids", [(), ("",), ("https://maps.google.com/x",), ("a/../b-cdefghijk",)])
def test_what_is_no_place_id_is_refused(ids):
    with pytest.raises(ValidationError):
        PlacesSettings(key=KEY, places=ids)


def test_long_names_are_kept_apart():
    one, other = places._id("n" * 300 + "a"), places._id("n" * 300 + "b")
    assert one != other
    assert len(one) == len(other) == 200


@given(ANY_JSON)
def test_no_answer_makes_it_fall_over(told):
    with contextlib.suppress(NetworkRefused):
        place = asking.parsed(places._Place, told)
        for review in asking.each(places._Review, place.reviews):
            assert places._heard(review, place).id


@given(st.text(), ANY_JSON)
def test_no_cursor_makes_it_fall_over(text, told):
    assert isinstance(places._known(text), dict)
    assert isinstance(places._known(json.dumps(told)), dict)
