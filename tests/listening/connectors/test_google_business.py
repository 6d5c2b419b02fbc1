"""Google Business Profile: reviews by their last change, one reply each, and what Google makes of it."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.listening.brought import ANY_JSON, drained, gone, reached, texts
from tests.standins.google_business import ACCOUNT, LOCATION, OAUTH, OTHER, FakeGoogleBusiness, refusal
from veilleur.errors import CredentialsRefused, NetworkRefused, NotReached, OutcomeUnknown, Throttled
from veilleur.listening import asking, reviews
from veilleur.listening.client import Client
from veilleur.listening.connector import MOST_CURSOR, Answered
from veilleur.listening.connectors import google_business as gbp
from veilleur.listening.connectors.google_business import GoogleBusiness, GoogleBusinessSettings
from veilleur.testing import check_connector
from veilleur.vocabulary import Rating

FIELDS = ["reviewId", "reviewer", "starRating", "comment", "createTime", "updateTime", "reviewReply"]
PHONE = "Appelez le 06 12 34 56 78."


@pytest.fixture
def google(monkeypatch):
    with reached(FakeGoogleBusiness(), monkeypatch) as running:
        yield running


def reader(google: FakeGoogleBusiness, *locations: str, **told) -> GoogleBusiness:
    named = locations or (f"{LOCATION} Clinique du Lac",)
    settings = GoogleBusinessSettings(**{"account": ACCOUNT, "locations": named, **OAUTH, **told})
    return GoogleBusiness(settings, api=google.url, tokens=f"{google.url}/token")


def sent(google: FakeGoogleBusiness, name: str, text: str):
    with Client() as client:
        return reader(google).reply(Answered(name), text, "k", client)


def found(google: FakeGoogleBusiness, name: str, text: str):
    with Client() as client:
        return reader(google).find_reply(Answered(name), text, "k", client)


def puts(google: FakeGoogleBusiness) -> int:
    return sum(question.method == "PUT" for question in google.questions)


def test_it_keeps_the_contract(google):
    google.examination = 0.3
    check_connector(reader(google), google)


def test_it_keeps_the_contract_where_pages_are_short(google):
    google.page = 2
    for number in range(7):
        google.say(f"Avant {number}")
    check_connector(reader(google), google)


def test_a_review_is_brought_whole(google):
    name = google.write("Accueil « parfait » & rapide 👩‍⚕️", stars=5)
    (review,), _cursor = drained(reader(google))
    assert (review.id, review.text, review.rating) == (
        name,
        "Accueil « parfait » & rapide 👩‍⚕️",
        Rating(5, 1, 5),
    )
    assert (review.place, review.url) == (
        "Clinique du Lac",
        f"https://business.google.com/reviews/{name[21:]}",
    )
    assert review.published_at == datetime(2026, 11, 2, 0, 1, 0, 123456, tzinfo=UTC)
    assert (review.author, review.is_own) == ("Léa Martin", False)


@pytest.mark.parametrize("reviewer", [None, {"displayName": "A Google user", "isAnonymous": True}, {}])
def test_an_anonymous_author_is_nobody(google, reviewer):
    google.write("Bien", reviewer=reviewer)
    assert drained(reader(google))[0][0].author == ""


def test_stars_alone_are_a_review_and_odd_entries_are_left_out(google):
    google.write("", stars=1)
    google.write("Sans étoiles", starRating="STAR_RATING_UNSPECIFIED", createTime="hier", reviewReplyUrl=7)
    google.reviews[f"{LOCATION}/odd"] = {"reviewId": "a/../b", "comment": "x", "updateTime": "2026"}
    stars, odd = drained(reader(google))[0]
    assert (stars.text, stars.rating) == ("", Rating(1, 1, 5))
    assert (odd.text, odd.rating, odd.published_at, odd.url) == ("Sans étoiles", None, None, "")


def test_the_words_are_those_of_the_author(google):
    google.write("(Translated by Google) Warm welcome\n\n(Original)\nAccueil chaleureux")
    assert texts(drained(reader(google))[0]) == ["Accueil chaleureux"]


def test_backfill_goes_on_where_it_stopped(google):
    google.page = 2
    for number in range(9):
        google.say(f"Avis {number}")
    with Client() as client:
        pages = reader(google).fetch("", client)
        brought = [next(pages), next(pages)]
    rest, cursor = drained(reader(google), brought[-1].cursor)
    assert sorted(texts([*brought[0].items, *brought[1].items, *rest])) == [f"Avis {n}" for n in range(9)]
    google.say("Nouveau")
    assert texts(drained(reader(google), cursor)[0]) == ["Nouveau"]


def test_a_page_that_google_forgot_begins_again(google):
    google.page = 2
    for number in range(5):
        google.say(f"Avis {number}")
    with Client() as client:
        first = next(reader(google).fetch("", client))
    google.era += 1
    assert sorted(texts(drained(reader(google), first.cursor)[0])) == ["Avis 0", "Avis 1", "Avis 2"]


def test_only_the_window_is_read_again_and_edits_are_noticed_below_it(google, monkeypatch):
    monkeypatch.setattr(gbp, "WINDOW", 4)
    google.page = 2
    names = [google.say(f"Avis {number}") for number in range(20)]
    cursor = drained(reader(google))[1]
    asked = len(google.questions)
    google.edit(names[0], "Avis corrigé")
    items, cursor = drained(reader(google), cursor)
    assert texts(items) == ["Avis corrigé"]
    assert len(google.questions) - asked == 1 + 3
    google.delete(names[-1])
    google.delete(names[3])
    assert gone(drained(reader(google), cursor)[0]) == [names[-1]]


def test_a_review_that_appears_late_is_brought(google):
    for number in range(3):
        google.say(f"Avis {number}")
    cursor = drained(reader(google))[1]
    google.write("Retenu", updateTime="2026-11-02T00:01:30Z")
    assert texts(drained(reader(google), cursor)[0]) == ["Retenu"]


def test_a_review_that_moved_while_pages_were_read_is_not_gone(google):
    google.page = 2
    names = [google.say(f"Avis {number}") for number in range(6)]
    cursor = drained(reader(google))[1]
    with Client() as client:
        pages = reader(google).fetch(cursor, client)
        next(pages)
        google.edit(names[0], "Avis corrigé")
        items = [item for page in pages for item in page.items]
    assert gone(items) == []


def test_the_reply_of_the_house_is_brought_as_its_own(google):
    name = google.say("Attente trop longue")
    cursor = drained(reader(google))[1]
    google.answer_review(name, "Nous en sommes désolés.")
    (reply,), cursor = drained(reader(google), cursor)
    assert (reply.id, reply.text, reply.is_own) == (f"{name}/reply", "Nous en sommes désolés.", True)
    assert (reply.parent, reply.thread, reply.author, reply.rating) == (name, name, "", None)
    google.answer_review(name, "Nous en sommes vraiment désolés.")
    items, cursor = drained(reader(google), cursor)
    assert texts(items) == ["Nous en sommes vraiment désolés."]
    del google.reviews[name]["reviewReply"]
    items, cursor = drained(reader(google), cursor)
    assert gone(items) == [f"{name}/reply"]


def test_a_review_takes_its_reply_with_it(google):
    name = google.say("Bien")
    google.answer_review(name, "Merci.")
    cursor = drained(reader(google))[1]
    google.delete(name)
    assert gone(drained(reader(google), cursor)[0]) == [name, f"{name}/reply"]


def test_a_reply_that_google_rejects_later_is_taken_back(google):
    name = google.say("Bien")
    google.answer_review(name, "Merci.", reviewReplyState="APPROVED")
    cursor = drained(reader(google))[1]
    google.answer_review(name, PHONE)
    assert gone(drained(reader(google), cursor)[0]) == [f"{name}/reply"]


def test_a_reply_is_published_once(google):
    google.examination = 60
    name = google.say("Bien")
    first = sent(google, name, "Merci à vous 👩‍⚕️.")
    assert (first.id, first.url) == (f"{name}/reply", f"https://business.google.com/reviews/{name[21:]}")
    assert sent(google, name, "Merci à vous 👩‍⚕️. ") == first == found(google, name, "Merci à  vous 👩‍⚕️.")
    assert puts(google) == 1
    assert found(google, name, "Autre chose") is None


def test_a_reply_that_is_there_is_not_overwritten(google):
    name = google.say("Bien")
    google.answer_review(name, "Merci, la direction.")
    with pytest.raises(NetworkRefused, match="already"):
        sent(google, name, "Merci.")
    assert found(google, name, "Merci.") is None
    assert google.replies(name) == ["Merci, la direction."]
    assert puts(google) == 0


def test_a_reply_that_google_rejects_is_refused_with_its_reason(google):
    name = google.say("Bien")
    with pytest.raises(NetworkRefused, match="personal or medical data"):
        sent(google, name, PHONE)
    with pytest.raises(NetworkRefused, match="personal or medical data"):
        sent(google, name, PHONE)
    assert puts(google) == 1
    assert found(google, name, PHONE) is None
    assert sent(google, name, "Appelez le standard.").id == f"{name}/reply"
    assert google.replies(name) == ["Appelez le standard."]


def test_a_reason_that_is_new_is_told_as_google_calls_it(google):
    google.forbidden = {"Merci": "BRAND_NEW_REASON"}
    with pytest.raises(NetworkRefused, match="BRAND_NEW_REASON"):
        sent(google, google.say("Bien"), "Merci.")


def test_a_reply_is_measured_in_bytes_before_anything_is_asked(google):
    name = google.say("Bien")
    with pytest.raises(NetworkRefused, match="4097 bytes"):
        sent(google, name, "é" * 2048 + "a")
    assert google.questions == []
    assert sent(google, name, "é" * 2048).id


def test_half_a_character_does_not_stop_a_reply(google):
    name = google.say("Bien")
    assert sent(google, name, "Merci \ud83d") == found(google, name, "Merci \ud83d")


@pytest.mark.parametrize("name", ["", "7/abc", f"{LOCATION}/../accounts", f"{LOCATION}/a/reply", "\ud83d"])
def test_what_is_no_review_of_ours_is_not_answered(google, name):
    with pytest.raises(NetworkRefused, match="no review"):
        sent(google, name, "Merci.")
    assert puts(google) == 0
    assert found(google, name, "Merci.") is None


def test_a_review_that_is_gone_is_not_answered(google):
    name = google.say("Bien")
    google.delete(name)
    with pytest.raises(NetworkRefused):
        sent(google, name, "Merci.")
    assert found(google, name, "Merci.") is None


@pytest.mark.parametrize(
    ("code", "told", "raised"),
    [
        (400, refusal(400, "INVALID_ARGUMENT", "no"), NetworkRefused),
        (403, refusal(403, "PERMISSION_DENIED", "no"), CredentialsRefused),
        (429, refusal(429, "RESOURCE_EXHAUSTED", "no"), Throttled),
        (503, {}, OutcomeUnknown),
        (200, b"", OutcomeUnknown),
        (200, {"comment": 7, "reviewReplyState": "REJECTED"}, NetworkRefused),
    ],
)
def test_each_answer_to_a_reply_means_one_thing(google, monkeypatch, code, told, raised):
    name = google.say("Bien")
    monkeypatch.setattr(google, "_replied", lambda _name, _question: (code, told))
    with pytest.raises(raised):
        sent(google, name, "Merci.")


def test_a_reply_without_an_answer_is_read_back(google, monkeypatch):
    name, put = google.say("Bien"), google._replied

    def slowly(*told):
        google.slowness = 1.0
        return put(*told)

    monkeypatch.setattr(google, "_replied", slowly)
    with Client(seconds=0.3) as client, pytest.raises(OutcomeUnknown):
        reader(google).reply(Answered(name), "Merci.", "k", client)
    google.slowness = 0.0
    assert found(google, name, "Merci.").id == f"{name}/reply"
    assert puts(google) == 1


@pytest.mark.parametrize(
    ("code", "told", "raised"),
    [
        (401, refusal(401, "UNAUTHENTICATED", "no"), CredentialsRefused),
        (403, refusal(403, "PERMISSION_DENIED", "no"), CredentialsRefused),
        (429, refusal(429, "RESOURCE_EXHAUSTED", "no", quota_limit_value="0"), CredentialsRefused),
        (429, refusal(429, "RESOURCE_EXHAUSTED", "no", quota_limit_value="300"), Throttled),
        (429, b"", Throttled),
        (404, refusal(404, "NOT_FOUND", "no"), NetworkRefused),
        (500, refusal(500, "INTERNAL", "no"), NotReached),
        (200, b"<html>", NetworkRefused),
        (200, [1], NetworkRefused),
        (200, {"reviews": {}}, NetworkRefused),
    ],
)
def test_each_answer_means_one_thing(google, monkeypatch, code, told, raised):
    monkeypatch.setattr(google, "_listed", lambda _location, _question: (code, told))
    with pytest.raises(raised) as caught:
        drained(reader(google))
    assert isinstance(caught.value, CredentialsRefused) == (raised is CredentialsRefused)


def test_a_wait_is_as_long_as_google_asks(google):
    made = reader(google)
    drained(made)
    google.trouble = (429, {}, {"Retry-After": "17"})
    with pytest.raises(Throttled) as caught:
        drained(made)
    assert caught.value.seconds == 17


def test_a_fault_that_passes_is_asked_again(google):
    google.say("Bien")
    made = reader(google)
    drained(made)
    google.once = [(503, {})]
    assert texts(drained(made)[0]) == ["Bien"]


def test_nobody_there_is_not_reached(google):
    made = reader(google)
    google.shutdown()
    google.server_close()
    with pytest.raises(NotReached):
        drained(made)


def test_a_location_that_is_refused_is_told_of_after_the_others(google):
    google.write("Bien", location=OTHER)
    google.verified = {OTHER}
    made = reader(google, f"{LOCATION} Clinique du Lac", OTHER)
    with Client() as client:
        pages = made.fetch("", client)
        assert texts(next(pages).items) == ["Bien"]
        with pytest.raises(NetworkRefused, match="Clinique du Lac"):
            next(pages)
        missing, other = made.check(client)
    assert (missing.is_good, other.is_good) == (False, True)
    assert "Clinique du Lac" in missing.words.say("fr")
    assert other.words.say("fr") == f"{OTHER} : 1 avis se lisent."


def test_the_diagnosis_tells_what_google_makes_of_replies(google):
    google.answer_review(google.say("Un"), PHONE)
    google.answer_review(google.say("Deux"), "Merci.")
    google.answer_review(google.say("Trois"), "Merci.", reviewReplyState="PENDING")
    google.replied[f"{LOCATION}/AbFvOq0005_review-id"] = float("inf")
    with Client() as client:
        readable, waiting, rejected = reader(google).check(client)
    assert "3 avis" in readable.words.say("fr")
    assert waiting.is_good
    assert waiting.words.say("fr").endswith("examine encore : 1.")
    assert not rejected.is_good
    assert "1 (données personnelles ou médicales)" in rejected.words.say("fr")


def test_a_refresh_token_that_was_revoked_is_told_apart(google):
    made = reader(google, refresh_token="revoked")
    with pytest.raises(CredentialsRefused):
        drained(made)
    with Client() as client:
        (remark,) = made.check(client)
    assert not remark.is_good


def test_one_token_serves_many_questions(google):
    made = reader(google)
    drained(made)
    drained(made)
    assert google.tokens == 1
    assert all(OAUTH["refresh_token"] not in question.path for question in google.questions)


@pytest.mark.parametrize("cursor", ["", "{", "[]", '{"a": 1}', "null", "\ud83d", "[" * 10_000])
def test_a_broken_cursor_means_from_the_beginning(google, cursor):
    google.say("Bien")
    assert texts(drained(reader(google), cursor)[0]) == ["Bien"]


def test_a_cursor_with_strange_reviews_mends_itself(google):
    google.say("Bien")
    strange = {LOCATION: reviews.Memory(known={"../x": reviews.Seen(1.0, "d")})}
    items, cursor = drained(reader(google), reviews.cursor(strange))
    assert texts(items) == ["Bien"]
    assert drained(reader(google), cursor)[0] == []


def test_the_cursor_stays_bounded():
    known = {
        f"{location:025}": reviews.Memory(
            "t" * 500,
            1.7e9 + 1 / 3,
            1.7e9 + 1 / 3,
            {
                f"{location:025}/{number:0160}": reviews.Seen(1.7e9 + number + 1 / 3, "d" * 8, "d" * 8)
                for number in range(2 * gbp.MOST_REMEMBERED // gbp.MOST_LOCATIONS)
            },
        )
        for location in range(gbp.MOST_LOCATIONS)
    }
    assert len(reviews.cursor(known)) < MOST_CURSOR


def test_a_list_without_end_ends(google, monkeypatch):
    endless = (200, {"reviews": [], "nextPageToken": "again"})
    monkeypatch.setattr(google, "_listed", lambda _location, _question: endless)
    assert drained(reader(google))[0] == []
    assert len(google.questions) == 1 + 2


@pytest.mark.parametrize(
    "told",
    [
        {"account": "clinique"},
        {"locations": ()},
        {"locations": ("Clinique du Lac",)},
        {"locations": tuple(str(number) for number in range(11))},
        {"client_id": ""},
        {"client_secret": ""},
    ],
)
def test_settings_that_cannot_work_are_refused(told):
    with pytest.raises(ValidationError):
        GoogleBusinessSettings(**{"account": ACCOUNT, "locations": (LOCATION,), **OAUTH, **told})


def test_numbers_are_taken_as_google_writes_them():
    told = {"account": f" accounts/{ACCOUNT}", "locations": ("", "locations/7  Lac ", "8", "7 Rive")}
    settings = GoogleBusinessSettings(**told, **OAUTH)
    assert settings.account == ACCOUNT
    assert settings.places == {"7": "Rive", "8": ""}


@given(ANY_JSON, st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, ANY_JSON)))
def test_no_answer_makes_it_fall_over(told, review):
    made = reader(_NOWHERE)
    with contextlib.suppress(NetworkRefused):
        asking.each(gbp._Review, asking.parsed(gbp._Listed, told).reviews)
    for one in asking.each(gbp._Review, [review, {**review, "reviewId": "abc"}]):
        read = made._read(one, LOCATION)
        assert len(read.heard.id) <= reviews.LONGEST_ID
        assert reviews.Memory().news([read])
        assert list(gbp._examined("x", [one.reply] if one.reply else [])) is not None


@given(st.text())
def test_no_comment_makes_it_fall_over(text):
    assert gbp.original(text) in text
    assert gbp.original(f"{gbp.TRANSLATED} {text}{gbp.ORIGINAL}Bien") != ""


@given(st.text(), ANY_JSON)
def test_no_cursor_makes_it_fall_over(text, told):
    assert isinstance(reviews.memories(text), dict)
    assert isinstance(reviews.memories(json.dumps(told)), dict)


class _Nowhere:
    url = "http://127.0.0.1:9"


_NOWHERE = _Nowhere()
