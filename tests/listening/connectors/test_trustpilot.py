"""Trustpilot: reviews by their publication, the newest of them read again, one reply each."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.listening.brought import ANY_JSON, drained, gone, reached, texts
from tests.standins.trustpilot import KEY, SECRET, UNIT, USER, FakeTrustpilot
from veilleur.errors import CredentialsRefused, NetworkRefused, NotReached, OutcomeUnknown, Throttled
from veilleur.listening import asking, reviews
from veilleur.listening.client import Client
from veilleur.listening.connector import Answered
from veilleur.listening.connectors import trustpilot
from veilleur.listening.connectors.trustpilot import Trustpilot, TrustpilotSettings
from veilleur.testing import check_connector
from veilleur.vocabulary import Rating

FIELDS = ["stars", "title", "text", "language", "createdAt", "consumer", "businessUnit", "companyReply"]


@pytest.fixture
def pilot(monkeypatch):
    with reached(FakeTrustpilot(), monkeypatch) as running:
        yield running


def reader(pilot: FakeTrustpilot, **told) -> Trustpilot:
    given = {"business_unit": UNIT, "key": KEY, "secret": SECRET, "user": USER, **told}
    return Trustpilot(TrustpilotSettings(**given), api=pilot.url)


def sent(made: Trustpilot, name: str, text: str):
    with Client() as client:
        return made.reply(Answered(name), text, "k", client)


def found(made: Trustpilot, name: str, text: str):
    with Client() as client:
        return made.find_reply(Answered(name), text, "k", client)


def test_it_keeps_the_contract(pilot):
    check_connector(reader(pilot), pilot)


def test_it_keeps_the_contract_where_pages_are_short(pilot):
    pilot.page = 2
    for number in range(7):
        pilot.say(f"Avant {number}")
    check_connector(reader(pilot), pilot)


def test_a_review_is_brought_whole_and_its_author_not_by_name(pilot):
    name = pilot.write("Remboursé en deux jours 👍\nMerci", stars=5, title="Rapide & simple")
    (review,), cursor = drained(reader(pilot))
    assert (review.id, review.title) == (name, "Rapide & simple")
    assert (review.text, review.rating) == ("Remboursé en deux jours 👍\nMerci", Rating(5, 1, 5))
    assert (review.author, review.language) == ("5e3de1b45fb06f0001790b50", "fr")
    assert (review.place, review.url) == ("Mutuelle du Lac", f"https://www.trustpilot.com/reviews/{name}")
    assert review.published_at == datetime(2026, 11, 2, 0, 1, tzinfo=UTC)
    assert "Martin" not in repr(review) + cursor
    assert "lea@" not in repr(review) + cursor


def test_odd_entries_are_left_out_and_the_others_brought(pilot):
    pilot.write("Sans rien", stars=9, consumer=None, businessUnit=None, createdAt=None, title=None)
    pilot.reviews["odd"] = {"id": "a/../b", "text": "x"}
    pilot.reviews["none"] = {"text": "x"}
    (odd,) = drained(reader(pilot))[0]
    assert (odd.text, odd.title, odd.rating, odd.author, odd.place) == ("Sans rien", "", None, "", "")
    assert odd.published_at is None


def test_backfill_goes_on_where_it_stopped(pilot):
    pilot.page = 2
    for number in range(9):
        pilot.say(f"Avis {number}")
    with Client() as client:
        pages = reader(pilot).fetch("", client)
        brought = [next(pages), next(pages)]
    rest, cursor = drained(reader(pilot), brought[-1].cursor)
    assert sorted(texts([*brought[0].items, *brought[1].items, *rest])) == [f"Avis {n}" for n in range(9)]
    pilot.say("Nouveau")
    assert texts(drained(reader(pilot), cursor)[0]) == ["Nouveau"]
    assert texts(drained(reader(pilot), cursor)[0]) == ["Nouveau"]


def test_one_question_is_enough_when_nothing_is_new(pilot):
    for number in range(130):
        pilot.say(f"Avis {number}")
    items, cursor = drained(reader(pilot))
    assert len(items) == 130
    asked = len(pilot.questions)
    assert drained(reader(pilot), cursor)[0] == []
    assert len(pilot.questions) - asked == 1


def test_edits_and_deletions_are_noticed_in_the_window(pilot, monkeypatch):
    monkeypatch.setattr(trustpilot, "WINDOW", 4)
    pilot.page = 2
    names = [pilot.say(f"Avis {number}") for number in range(12)]
    cursor = drained(reader(pilot))[1]
    pilot.edit(names[-2], "Avis corrigé")
    pilot.edit(names[0], "Trop ancien")
    pilot.delete(names[-1])
    pilot.delete(names[1])
    items, cursor = drained(reader(pilot), cursor)
    assert (texts(items), gone(items)) == (["Avis corrigé"], [names[-1]])
    assert drained(reader(pilot), cursor)[0] == []


def test_stars_and_title_are_edits_too(pilot):
    name = pilot.say("Bien")
    cursor = drained(reader(pilot))[1]
    pilot.reviews[name]["stars"] = 1
    (review,), cursor = drained(reader(pilot), cursor)
    assert review.rating == Rating(1, 1, 5)
    pilot.reviews[name]["title"] = "Finalement non"
    assert len(drained(reader(pilot), cursor)[0]) == 1


def test_a_review_that_slipped_to_another_page_is_not_gone(pilot):
    pilot.page = 2
    names = [pilot.say(f"Avis {number}") for number in range(6)]
    cursor = drained(reader(pilot))[1]
    with Client() as client:
        pages = reader(pilot).fetch(cursor, client)
        next(pages)
        pilot.delete(names[-1])
        items = [item for page in pages for item in page.items]
    assert gone(items) == []
    assert gone(drained(reader(pilot), cursor)[0]) == [names[-1]]


def test_the_reply_of_the_company_is_brought_as_its_own(pilot):
    name = pilot.say("Attente trop longue")
    cursor = drained(reader(pilot))[1]
    pilot.answer_review(name, "Nous en sommes désolés.")
    (reply,), cursor = drained(reader(pilot), cursor)
    assert (reply.id, reply.text, reply.is_own) == (f"{name}/reply", "Nous en sommes désolés.", True)
    assert (reply.parent, reply.thread, reply.author) == (name, name, "")
    pilot.reviews[name]["companyReply"] = None
    items, cursor = drained(reader(pilot), cursor)
    assert gone(items) == [f"{name}/reply"]


def test_a_reply_is_published_once(pilot):
    name, made = pilot.say("Bien"), reader(pilot)
    first = sent(made, name, "Merci à vous 👩‍⚕️.")
    assert (first.id, first.url) == (f"{name}/reply", f"https://www.trustpilot.com/reviews/{name}")
    assert sent(made, name, "Merci à vous 👩‍⚕️. ") == first == found(made, name, "Merci à  vous 👩‍⚕️.")
    assert (pilot.posts, pilot.tokens) == (1, 1)
    assert found(made, name, "Autre chose") is None


def test_a_reply_that_is_there_is_not_overwritten(pilot):
    name = pilot.say("Bien")
    pilot.answer_review(name, "Merci, la direction.")
    with pytest.raises(NetworkRefused, match="already"):
        sent(reader(pilot), name, "Merci.")
    assert found(reader(pilot), name, "Merci.") is None
    assert pilot.replies(name) == ["Merci, la direction."]


def test_a_key_reads_and_does_not_answer(pilot):
    name, made = pilot.say("Bien"), reader(pilot, secret="", user="")
    assert texts(drained(made)[0]) == ["Bien"]
    with pytest.raises(CredentialsRefused):
        sent(made, name, "Merci.")
    with Client() as client:
        assert "clé d’API seule" in made.check(client)[-1].words.say("fr")
    assert pilot.tokens == 0
    assert all(KEY not in one.path + repr(one.params) for one in pilot.questions)


@pytest.mark.parametrize("told", [{"key": "another-key"}, {"secret": "another"}, {"business_unit": "0" * 24}])
def test_the_diagnosis_tells_what_is_refused(pilot, told):
    with Client() as client:
        (remark,) = reader(pilot, **told).check(client)
    assert not remark.is_good


def test_the_diagnosis_counts_reviews(pilot):
    pilot.say("Bien")
    with Client() as client:
        reading, answering = reader(pilot).check(client)
    assert reading.words.say("fr") == "« Mutuelle du Lac » : 1 avis se lisent."
    assert USER in answering.words.say("fr")


def test_a_user_of_another_company_may_not_answer(pilot):
    with pytest.raises(CredentialsRefused):
        sent(reader(pilot, user="0" * 24), pilot.say("Bien"), "Merci.")


@pytest.mark.parametrize("name", ["", "a/../b", "5e3de1b45fb06f0000000000", "\ud83d"])
def test_what_is_not_there_is_not_answered(pilot, name):
    with pytest.raises(NetworkRefused, match="not on Trustpilot"):
        sent(reader(pilot), name, "Merci.")
    assert found(reader(pilot), name, "Merci.") is None


def test_half_a_character_does_not_stop_a_reply(pilot):
    name = pilot.say("Bien")
    assert sent(reader(pilot), name, "Merci \ud83d") == found(reader(pilot), name, "Merci \ud83d")


@pytest.mark.parametrize(
    ("code", "told", "raised"),
    [
        (400, {"message": "no"}, NetworkRefused),
        (401, {}, CredentialsRefused),
        (403, {}, CredentialsRefused),
        (404, {}, NetworkRefused),
        (429, {}, Throttled),
        (500, {}, OutcomeUnknown),
    ],
)
def test_each_answer_to_a_reply_means_one_thing(pilot, monkeypatch, code, told, raised):
    name = pilot.say("Bien")
    monkeypatch.setattr(pilot, "_private", lambda _path, _question: (code, told))
    with pytest.raises(raised) as caught:
        sent(reader(pilot), name, "Merci.")
    assert isinstance(caught.value, CredentialsRefused) == (raised is CredentialsRefused)


@pytest.mark.parametrize(
    ("code", "told", "raised"),
    [
        (400, {"message": "no"}, NetworkRefused),
        (401, {}, CredentialsRefused),
        (403, {}, CredentialsRefused),
        (404, {}, NetworkRefused),
        (500, {}, NotReached),
        (200, b"<html>", NetworkRefused),
        (200, [1], NetworkRefused),
        (200, {"reviews": {}}, NetworkRefused),
    ],
)
def test_each_answer_means_one_thing(pilot, code, told, raised):
    pilot.trouble = (code, told, {})
    with pytest.raises(raised) as caught:
        drained(reader(pilot))
    assert isinstance(caught.value, CredentialsRefused) == (raised is CredentialsRefused)


@pytest.mark.parametrize(
    ("code", "told", "raised"),
    [
        (400, {}, CredentialsRefused),
        (429, {}, Throttled),
        (500, {}, NotReached),
        (200, {"access_token": ""}, NetworkRefused),
        (200, b"", NetworkRefused),
    ],
)
def test_without_a_token_nothing_is_published(pilot, monkeypatch, code, told, raised):
    name = pilot.say("Bien")
    monkeypatch.setattr(pilot, "_token", lambda _question: (code, told))
    with pytest.raises(raised):
        sent(reader(pilot), name, "Merci.")
    assert pilot.posts == 0


def test_a_wait_is_as_long_as_trustpilot_asks(pilot):
    pilot.trouble = (429, {}, {"Retry-After": "17"})
    with pytest.raises(Throttled) as caught:
        drained(reader(pilot))
    assert caught.value.seconds == 17


def test_a_reply_without_an_answer_is_read_back(pilot, monkeypatch):
    name, post = pilot.say("Bien"), pilot._private

    def slowly(*told):
        pilot.slowness = 1.0
        return post(*told)

    monkeypatch.setattr(pilot, "_private", slowly)
    with Client(seconds=0.3) as client, pytest.raises(OutcomeUnknown):
        reader(pilot).reply(Answered(name), "Merci.", "k", client)
    pilot.slowness = 0.0
    assert found(reader(pilot), name, "Merci.").id == f"{name}/reply"
    assert pilot.posts == 1


def test_nobody_there_is_not_reached(pilot):
    made = reader(pilot)
    pilot.shutdown()
    pilot.server_close()
    with pytest.raises(NotReached):
        drained(made)


@pytest.mark.parametrize("cursor", ["", "{", "[]", '{"a": 1}', "null", "\ud83d", "[" * 10_000])
def test_a_broken_cursor_means_from_the_beginning(pilot, cursor):
    pilot.say("Bien")
    assert texts(drained(reader(pilot), cursor)[0]) == ["Bien"]


@pytest.mark.parametrize("token", ["0", "-1", "1e3", "x", "９"])
def test_a_page_that_is_none_begins_again(pilot, token):
    pilot.say("Bien")
    assert texts(drained(reader(pilot), reviews.cursor({UNIT: reviews.Memory(token)}))[0]) == ["Bien"]


def test_no_more_pages_are_asked_for_than_there_can_be(pilot, monkeypatch):
    monkeypatch.setattr(trustpilot, "MOST_PAGES", 3)
    pilot.page = 1
    for number in range(9):
        pilot.say(f"Avis {number}")
    assert len(drained(reader(pilot))[0]) == 3


@pytest.mark.parametrize(
    "told",
    [
        {"business_unit": "mutuelle.example"},
        {"key": ""},
        {"key": "clé-d’accès"},
        {"secret": ""},
        {"user": ""},
        {"user": "lea@a.fr"},
    ],
)
def test_settings_that_cannot_work_are_refused(told):
    with pytest.raises(ValidationError):
        TrustpilotSettings(**{"business_unit": UNIT, "key": KEY, "secret": SECRET, "user": USER, **told})


@given(ANY_JSON, st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, ANY_JSON)))
def test_no_answer_makes_it_fall_over(told, review):
    with contextlib.suppress(NetworkRefused):
        listed = asking.parsed(trustpilot._Listed, told)
        assert trustpilot._next(listed, 1) in {"", "2"}
        asking.each(trustpilot._Review, listed.reviews)
    assert trustpilot._next(trustpilot._Listed(reviews=[review], links=told), 1) in {"", "2"}
    for one in asking.each(trustpilot._Review, [{**review, "id": "abc"}]):
        assert reviews.Memory().news([trustpilot._read(one)])


@given(st.text(), ANY_JSON)
def test_no_cursor_makes_it_fall_over(text, told):
    assert isinstance(reviews.memories(text), dict)
    assert isinstance(reviews.memories(json.dumps({UNIT: told})), dict)
