"""LinkedIn: comments under the posts of a page, what changes under them, and what leaves in its name."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from functools import partial
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.listening.brought import ANY_JSON, reached, texts
from tests.listening.brought import drained as every
from tests.standins.linkedin import CLIENT, ORGANISATION, REFRESH, STRANGER, FakeLinkedIn, refusal
from veilleur.errors import CredentialsRefused, NetworkRefused, NotReached, OutcomeUnknown, Throttled
from veilleur.listening import asking
from veilleur.listening.client import Client
from veilleur.listening.connector import MOST_CURSOR, Answered, Gone
from veilleur.listening.connectors import linkedin_api as api
from veilleur.listening.connectors import linkedin_reading as reading
from veilleur.listening.connectors.linkedin import LinkedIn
from veilleur.listening.connectors.linkedin_settings import LinkedInSettings
from veilleur.testing import check_connector

NOBODY = "urn:li:comment:(urn:li:activity:7,9)"


drained = partial(every, most=reading.AT_ONCE)


@pytest.fixture
def network(monkeypatch):
    with reached(FakeLinkedIn(), monkeypatch) as running:
        yield running


def page_of(network: FakeLinkedIn, **told) -> LinkedIn:
    given = {"organisation": "5515715", "token": "access-0", **told}
    return LinkedIn(LinkedInSettings(**given), api=network.url, oauth=f"{network.url}/oauth")


def test_it_keeps_the_contract(network):
    check_connector(page_of(network, **CLIENT), network)


def test_it_keeps_the_contract_where_pages_are_short_and_lists_do_not_say_how_long_they_are(network):
    network.page, network.totals = 2, False
    for number in range(5):
        network.say(f"Avant {number}")
    check_connector(page_of(network), network)


def test_a_comment_is_brought_whole_and_a_reply_under_it(network):
    top = network.say("Très clair !\nMerci 👩‍⚕️ <3 & bravo")
    reply = network.write("Pas d’accord", parent=top)
    own = network.write("Merci à vous", ORGANISATION, top)
    first, second, third = drained(page_of(network))[0]
    assert (first.id, first.text, first.author) == (top, "Très clair !\nMerci 👩‍⚕️ <3 & bravo", STRANGER)
    assert (first.parent, first.thread, first.is_own) == ("", "", False)
    assert first.published_at == datetime(2026, 9, 21, 14, 13, 22, tzinfo=UTC)
    assert first.url == (
        "https://www.linkedin.com/feed/update/urn:li:activity:7000000000000000001/"
        "?commentUrn=urn%3Ali%3Acomment%3A%28activity%3A7000000000000000001%2C7200000000000000002%29"
    )
    assert (second.id, second.parent, second.thread) == (reply, top, top)
    assert (third.id, third.is_own) == (own, True)


def test_addresses_hold_urns_in_percent(network):
    top = network.say("Bonjour")
    network.write("Moi aussi", parent=top)
    drained(page_of(network))
    assert network.reads[1:] == [
        "socialActions/urn%3Ali%3Ashare%3A7000000000000000001/comments",
        f"socialActions/{quote(top, safe='')}/comments",
    ]


def test_only_what_changed_is_brought_again(network):
    first, second = network.say("Un"), network.say("Deux")
    cursor = drained(page_of(network))[1]
    assert drained(page_of(network), cursor)[0] == []
    network.edit(first, "Un, corrigé")
    network.write("Trois", parent=second)
    items, cursor = drained(page_of(network), cursor)
    assert texts(items) == ["Un, corrigé", "Trois"]
    assert drained(page_of(network), cursor)[0] == []


def test_a_comment_takes_its_replies_with_it(network):
    top = network.say("Un")
    reply = network.write("Deux", parent=top)
    cursor = drained(page_of(network))[1]
    network.delete(top)
    assert drained(page_of(network), cursor)[0] == [Gone(top), Gone(reply)]


def test_a_comment_that_a_list_skips_is_not_gone(network, monkeypatch):
    first, skipped = network.say("Un"), network.say("Deux")
    cursor = drained(page_of(network))[1]
    shape = network._under

    def under(urn, question):
        status, told = shape(urn, question)
        return status, told | {"elements": [one for one in told["elements"] if one["commentUrn"] != skipped]}

    monkeypatch.setattr(network, "_under", under)
    assert drained(page_of(network), cursor)[0] == []
    network.delete(skipped)
    assert drained(page_of(network), cursor)[0] == [Gone(skipped)]
    assert network.is_visible(first)


def test_a_post_that_is_withdrawn_takes_its_comments_with_it(network):
    post = network.publish()
    ids = [network.write(f"Avis {number}", post=post) for number in range(3)]
    network.publish()
    cursor = drained(page_of(network))[1]
    network.withdraw(post)
    items, cursor = drained(page_of(network), cursor)
    assert items == [Gone(one) for one in ids]
    assert post not in reading.memory(cursor)


def test_older_posts_are_read_in_turn(network):
    posts = [network.publish() for _number in range(35)]
    cursor = drained(page_of(network))[1]
    network.write("Sous une ancienne publication", post=posts[0])
    asked, rounds, brought = len(network.reads), 0, []
    while not brought:
        brought, cursor = drained(page_of(network), cursor)
        rounds += 1
    assert texts(brought) == ["Sous une ancienne publication"]
    assert rounds <= 3
    assert len(network.reads) - asked <= rounds * (1 + reading.NEWEST + reading.ROTATED)


def test_what_lies_behind_the_last_posts_is_left_alone(network, monkeypatch):
    monkeypatch.setattr(reading, "POSTS", 4)
    network.page = 2
    first = network.posts and next(iter(network.posts))
    network.write("Ancien", post=first)
    for _number in range(4):
        network.publish()
    items, cursor = drained(page_of(network))
    assert items == []
    assert first not in reading.memory(cursor)


def test_backfill_goes_on_where_it_stopped(network):
    for number in range(4):
        network.write(f"Avis {number}", post=network.publish())
    with Client() as client:
        first = next(page_of(network).fetch("", client))
    rest, cursor = drained(page_of(network), first.cursor)
    assert sorted(texts([*first.items, *rest])) == [f"Avis {number}" for number in range(4)]
    assert drained(page_of(network), cursor)[0] == []


def test_many_comments_come_in_pages_and_the_cursor_stays_bounded(network, monkeypatch):
    monkeypatch.setattr(reading, "MOST_REMEMBERED", 120)
    for number in range(230):
        network.say(f"Avis {number}")
    items, cursor = drained(page_of(network))
    assert len(items) == 230
    assert sum(len(seen.heard) for seen in reading.memory(cursor).values()) == 120


def test_the_longest_cursor_is_short_enough():
    longest = "urn:li:comment:(urn:li:" + "a" * 20 + ":" + "1" * 25 + ",{:025})"
    heard = {longest.format(number): "12345678" for number in range(2000)}
    posts = {f"urn:li:{'a' * 20}:{number:025}": reading.Seen(1e12, 1e9, {}) for number in range(99)}
    told = reading.cursor({"urn:li:share:1": reading.Seen(2e12, 1e9, heard), **posts})
    assert len(told) <= MOST_CURSOR
    assert len(reading.memory(told)["urn:li:share:1"].heard) == reading.MOST_REMEMBERED


def test_a_picture_without_words_is_left_out(network):
    top = network.say("")
    network.write("Belle photo", parent=top)
    assert texts(drained(page_of(network))[0]) == ["Belle photo"]


def test_one_refused_post_is_told_of_after_the_others(network, monkeypatch):
    odd = network.publish()
    network.write("Ici", post=network.publish())
    shape = network._under
    refused = refusal(400, "ILLEGAL_ARGUMENT", "comments are not supported")
    monkeypatch.setattr(
        network, "_under", lambda urn, question: refused if urn == odd else shape(urn, question)
    )
    with Client() as client:
        pages = page_of(network).fetch("", client)
        brought = [next(pages) for _page in range(4)]
        with pytest.raises(NetworkRefused, match=odd):
            next(pages)
    assert texts(item for page in brought for item in page.items) == ["Ici"]


def test_an_answer_to_a_reply_stands_under_the_first_comment(network):
    top = network.say("Bonjour")
    reply = network.write("Moi aussi", parent=top)
    with Client() as client:
        sent = page_of(network).reply(Answered(reply, thread=top), "Merci à vous deux.", "k", client)
        found = page_of(network).find_reply(Answered(reply, thread=top), "Merci à  vous deux.", "k", client)
    assert network.comments[sent.id]["parent"] == top
    assert found == sent


def test_what_somebody_else_says_is_not_our_reply(network):
    top = network.say("Bonjour")
    network.write("Merci.", parent=top)
    with Client() as client:
        assert page_of(network).find_reply(Answered(top), "Merci.", "k", client) is None


@pytest.mark.parametrize(
    ("status", "told", "headers", "made"),
    [
        (201, b"", {"x-restli-id": "77"}, "urn:li:comment:(urn:li:activity:7,77)"),
        (201, b"", {"x-restli-id": NOBODY}, NOBODY),
        (201, {"id": 78, "object": "urn:li:activity:7"}, {}, "urn:li:comment:(urn:li:activity:7,78)"),
        (201, {"id": "79", "$URN": NOBODY}, {}, NOBODY),
    ],
)
def test_a_new_comment_is_known_by_what_linkedin_says_of_it(network, status, told, headers, made):
    network.trouble = (status, told, headers)
    with Client() as client:
        sent = page_of(network).reply(Answered("urn:li:comment:(activity:7,5)"), "Merci.", "k", client)
    assert sent.id == made


def test_removing_twice_does_no_harm_and_only_comments_are_removed(network):
    top = network.say("Bonjour")
    with Client() as client:
        for _time in range(2):
            page_of(network).remove(Answered(top), client)
        for odd in ("", "urn:li:share:1", "urn:li:comment:(urn:li:activity:1,2)/../3", "../posts"):
            with pytest.raises(NetworkRefused, match="no comment"):
                page_of(network).remove(Answered(odd), client)
    assert not network.is_visible(top)


def test_a_token_that_ended_is_renewed_once(network):
    network.say("Bonjour")
    made = page_of(network, token="ended", refresh_token=REFRESH, **CLIENT)
    assert texts(drained(made)[0]) == ["Bonjour"]
    network.token = "another"
    with pytest.raises(CredentialsRefused):
        drained(made)
    assert network.tokens == 1


def test_a_refresh_token_alone_is_enough(network):
    network.say("Bonjour")
    made = page_of(network, token="", refresh_token=REFRESH, **CLIENT)
    drained(made)
    assert texts(drained(made)[0]) == ["Bonjour"]
    assert network.tokens == 1


@pytest.mark.parametrize(
    "told",
    [
        {"token": "wrong"},
        {"token": "", "refresh_token": "revoked", **CLIENT},
        {"token": "", "refresh_token": REFRESH, "client_id": "77abcdef", "client_secret": "wrong"},
        {"organisation": "42"},
    ],
)
def test_credentials_that_are_not_accepted_are_told_apart(network, told):
    with pytest.raises(CredentialsRefused):
        drained(page_of(network, **told))
    with Client() as client:
        (*_others, remark) = page_of(network, **told).check(client)
    assert not remark.is_good


def test_the_diagnosis_tells_rights_and_the_end_of_the_token(network):
    network.say("Bonjour")
    with Client() as client:
        remarks = page_of(network, **CLIENT).check(client)
        assert "49 jours" in remarks[0].words.say("fr") or "50 jours" in remarks[0].words.say("fr")
        network.scope, network.days = "r_organization_social", 3
        remarks = page_of(network, **CLIENT).check(client)
        assert [remark.is_good for remark in remarks] == [False, False, True]
        assert "w_organization_social" in remarks[1].words.say("en")
        remarks = page_of(network, refresh_token=REFRESH, **CLIENT).check(client)
        assert remarks[0].is_good
        (ended,) = page_of(network, **{**CLIENT, "token": "old"}).check(client)
        assert not ended.is_good


def test_the_diagnosis_of_a_page_without_posts(network):
    network.withdraw(next(iter(network.posts)))
    with Client() as client:
        remarks = page_of(network).check(client)
    assert all(remark.is_good for remark in remarks)
    assert "rien publié" in remarks[-1].words.say("fr")


def test_a_retired_version_says_what_to_do(network):
    with pytest.raises(NetworkRefused, match="set a newer one") as caught:
        drained(page_of(network, version="202401"))
    assert not isinstance(caught.value, CredentialsRefused)


DAY = "Resource level throttle APPLICATION DAY limit for calls to this resource is reached."


@pytest.mark.parametrize(
    ("code", "told", "raised"),
    [
        (401, {"code": "EXPIRED_ACCESS_TOKEN"}, CredentialsRefused),
        (403, {"code": "ACCESS_DENIED"}, CredentialsRefused),
        (429, {"message": DAY}, Throttled),
        (429, b"", Throttled),
        (404, {"message": "not found"}, NetworkRefused),
        (400, {"message": 3}, NetworkRefused),
        (500, {}, NotReached),
        (200, b"<html>", NetworkRefused),
        (200, {"elements": 3}, NetworkRefused),
        (200, [], NetworkRefused),
    ],
)
def test_each_answer_means_one_thing(network, code, told, raised):
    network.trouble = (code, told, {})
    with pytest.raises(raised) as caught:
        drained(page_of(network))
    assert isinstance(caught.value, CredentialsRefused) == (raised is CredentialsRefused)


def test_a_limit_of_the_day_waits_for_midnight_and_others_as_long_as_is_asked(network):
    network.trouble = (429, {"message": DAY}, {})
    with pytest.raises(Throttled) as caught:
        drained(page_of(network))
    assert caught.value.seconds == pytest.approx(api.until_midnight(datetime.now(UTC)), abs=5)
    network.trouble = (429, {"message": "slow down"}, {"Retry-After": "17"})
    with pytest.raises(Throttled) as caught:
        drained(page_of(network))
    assert caught.value.seconds == 17


@pytest.mark.parametrize(
    ("code", "told", "raised"),
    [
        (400, {"code": "INVALID_URN"}, NetworkRefused),
        (403, {"code": "ACCESS_DENIED"}, CredentialsRefused),
        (429, {"message": DAY}, Throttled),
        (503, {}, OutcomeUnknown),
        (201, b"", OutcomeUnknown),
        (201, {"id": "x"}, OutcomeUnknown),
    ],
)
def test_each_answer_to_a_reply_means_one_thing(network, code, told, raised):
    network.trouble = (code, told, {})
    with Client() as client, pytest.raises(raised):
        page_of(network).reply(Answered(NOBODY), "Merci.", "k", client)


def test_a_reply_without_an_answer_is_read_back(network):
    top, made = network.say("Bonjour"), page_of(network)
    network.slowness = 1.0
    with Client(seconds=0.3) as client, pytest.raises(OutcomeUnknown):
        made.reply(Answered(top), "Merci.", "k", client)
    network.slowness = 0.0
    with Client() as client:
        assert made.find_reply(Answered(top), "Merci.", "k", client) is not None
    assert network.replies(top) == ["Merci."]


def test_nobody_there_is_not_reached(network):
    made = page_of(network)
    network.shutdown()
    network.server_close()
    with pytest.raises(NotReached):
        drained(made)


@pytest.mark.parametrize(
    "cursor",
    ["", "{", "[]", '{"a": 1}', "null", "\ud83d", "[" * 10_000, '{"a": {"created": 1, "heard": {"x": ""}}}'],
)
def test_a_broken_cursor_means_from_the_beginning(network, cursor):
    network.say("Bonjour")
    assert texts(drained(page_of(network), cursor)[0]) == ["Bonjour"]


def test_odd_entries_are_left_out_and_the_others_brought(network, monkeypatch):
    good = {"id": 5, "object": "urn:li:activity:7", "message": {"text": "Bonjour \ud83d", "attributes": 3}}
    odd = [
        3,
        {},
        {"id": "x"},
        {"id": "6", "message": {"text": "sans adresse"}},
        {**good, "id": 8, "message": None},
    ]
    monkeypatch.setattr(network, "_under", lambda *_: (200, {"elements": [*odd, good]}))
    (item,) = drained(page_of(network))[0]
    assert (item.id, item.text) == ("urn:li:comment:(urn:li:activity:7,5)", "Bonjour �")
    assert (item.author, item.published_at) == ("", None)


def test_a_list_without_end_ends(network, monkeypatch):
    endless = {"elements": [{"id": "5", "object": "urn:li:activity:7"}], "paging": {"total": 10**9}}
    monkeypatch.setattr(network, "_under", lambda *_: (200, endless))
    assert drained(page_of(network))[0] == []
    assert len(network.reads) == 1 + api.MOST_PAGES


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"refresh_token": "a"},
        {"refresh_token": "a", "client_id": "b"},
        {"token": "a", "organisation": "clinique-du-lac"},
        {"token": "a", "organisation": "https://example.org/company/5515715"},
        {"token": "a", "version": "202613"},
        {"token": "a", "version": "latest"},
    ],
)
def test_settings_that_cannot_work_are_refused(told):
    with pytest.raises(ValidationError):
        LinkedInSettings(**{"organisation": "5515715", **told})


@pytest.mark.parametrize(
    "line",
    [
        "5515715",
        " urn:li:organization:5515715 ",
        "https://www.linkedin.com/company/5515715/admin/feed/posts/",
        "https://linkedin.com/company/5515715",
        "https://fr.linkedin.com/school/5515715?x=1",
    ],
)
def test_a_page_is_known_by_its_number_or_its_address(line):
    assert LinkedInSettings(organisation=line, token="a").organisation == ORGANISATION


@given(ANY_JSON)
def test_no_answer_makes_it_fall_over(told):
    with contextlib.suppress(NetworkRefused):
        asking.parsed(api.Listed, told).is_last(0)
    with contextlib.suppress(NetworkRefused):
        comment = asking.parsed(api.Comment, {"id": "1", "object": "urn:li:activity:2", "created": told})
        reading.heard_of(comment, ORGANISATION)


@given(st.text(), ANY_JSON)
def test_no_cursor_makes_it_fall_over(text, told):
    assert isinstance(reading.memory(text), dict)
    assert isinstance(reading.memory(json.dumps(told)), dict)


@given(st.floats(), st.text())
def test_no_date_and_no_urn_makes_it_fall_over(milliseconds, text):
    api.moment(milliseconds)
    with contextlib.suppress(NetworkRefused):
        api.parts_of(text)
