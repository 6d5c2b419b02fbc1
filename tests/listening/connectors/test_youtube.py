"""YouTube: threads and replies, what changed in the newest of them, and what leaves in a channel’s name."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.fake_youtube import CHANNEL, KEY, OAUTH, STRANGER, VIDEO, FakeYouTube, refusal
from tests.listening.brought import ANY_JSON, drained, reached, texts
from veilleur.errors import CredentialsRefused, NetworkRefused, NotReached, OutcomeUnknown, Throttled
from veilleur.listening import asking, google
from veilleur.listening.client import Client
from veilleur.listening.connector import MOST_CURSOR, Answered, Gone
from veilleur.listening.connectors import youtube_threads as threads
from veilleur.listening.connectors.youtube import YouTube, YouTubeSettings
from veilleur.testing import check_connector


@pytest.fixture
def tube(monkeypatch):
    with reached(FakeYouTube(), monkeypatch) as running:
        yield running


def reader(tube: FakeYouTube, **told) -> YouTube:
    given = {"channel": CHANNEL, **OAUTH, **told}
    return YouTube(YouTubeSettings(**given), api=tube.url, tokens=f"{tube.url}/token")


def test_it_keeps_the_contract(tube):
    check_connector(reader(tube), tube)


def test_it_keeps_the_contract_where_pages_are_short(tube):
    tube.page = 2
    for number in range(7):
        tube.say(f"Avant {number}")
    check_connector(reader(tube), tube)


def test_a_comment_is_brought_whole_and_its_author_not_by_name(tube):
    top = tube.say("Très clair !\nMerci 👩‍⚕️")
    reply = tube.write("Pas d’accord", parent=top)
    first, second = drained(reader(tube))[0]
    assert (first.id, first.text, first.author) == (top, "Très clair !\nMerci 👩‍⚕️", STRANGER)
    assert first.url == f"https://www.youtube.com/watch?v={VIDEO}&lc={top}"
    assert (first.parent, first.thread) == ("", "")
    assert (second.id, second.parent, second.thread) == (reply, top, top)
    assert second.published_at == datetime(2026, 11, 2, 0, 2, tzinfo=UTC)
    assert "martin" not in repr([first, second])


def test_what_the_channel_says_itself_is_not_brought(tube):
    top = tube.say("Bonjour")
    tube.write("Merci de ce retour", CHANNEL, top)
    assert texts(drained(reader(tube))[0]) == ["Bonjour"]


def test_all_replies_of_a_thread_are_brought(tube):
    tube.page = 3
    top = tube.say("Bonjour")
    wanted = [f"Réponse {number}" for number in range(8)]
    for text in wanted:
        tube.write(text, parent=top)
    items, cursor = drained(reader(tube))
    assert sorted(texts(items)) == ["Bonjour", *wanted]
    asked = len(tube.questions)
    assert drained(reader(tube), cursor)[0] == []
    assert [one.path for one in tube.questions[asked:]] == ["/token", "/youtube/v3/commentThreads"]


def test_a_reply_in_an_old_thread_is_noticed(tube):
    top = tube.say("Bonjour")
    for number in range(10):
        tube.say(f"Après {number}")
    cursor = drained(reader(tube))[1]
    tube.write("Je découvre", parent=top)
    assert texts(drained(reader(tube), cursor)[0]) == ["Je découvre"]


def test_backfill_goes_on_where_it_stopped(tube):
    tube.page = 2
    for number in range(9):
        tube.say(f"Avis {number}")
    with Client() as client:
        pages = reader(tube).fetch("", client)
        brought = [next(pages), next(pages)]
    rest, cursor = drained(reader(tube), brought[-1].cursor)
    assert sorted(texts([*brought[0].items, *brought[1].items, *rest])) == [f"Avis {n}" for n in range(9)]
    tube.say("Nouveau")
    assert texts(drained(reader(tube), cursor)[0]) == ["Nouveau"]


def test_a_page_that_youtube_forgot_begins_again(tube):
    tube.page = 2
    for number in range(5):
        tube.say(f"Avis {number}")
    with Client() as client:
        cursor = next(reader(tube).fetch("", client)).cursor
    forgotten = cursor.replace('"page-2"', '"another"')
    assert forgotten != cursor
    assert len(texts(drained(reader(tube), forgotten)[0])) == 3


def test_a_comment_that_is_only_missing_from_the_list_is_not_gone(tube):
    tube.say("Un")
    held = tube.say("Deux")
    cursor = drained(reader(tube))[1]
    tube.comments[held]["status"] = "heldForReview"
    assert drained(reader(tube), cursor)[0] == []
    tube.delete(held)
    assert drained(reader(tube), cursor)[0] == [Gone(held)]


def test_a_thread_takes_its_replies_with_it(tube):
    top = tube.say("Un")
    reply = tube.write("Deux", parent=top)
    cursor = drained(reader(tube))[1]
    tube.delete(reply)
    assert drained(reader(tube), cursor)[0] == [Gone(reply)]
    tube.delete(top)
    assert drained(reader(tube), cursor)[0] == [Gone(top), Gone(reply)]


def test_the_oldest_thread_of_all_may_be_gone_too(tube):
    tube.page = 2
    first, *_others = [tube.say(f"Avis {number}") for number in range(2)]
    cursor = drained(reader(tube))[1]
    tube.delete(first)
    assert drained(reader(tube), cursor)[0] == [Gone(first)]


def test_videos_are_read_one_by_one(tube):
    tube.write("Ici", video=VIDEO)
    tube.write("Ailleurs", video="AAAAAAAAAAA")
    made = reader(tube, channel="", videos=(f"https://youtu.be/{VIDEO}?t=3",))
    assert texts(drained(made)[0]) == ["Ici"]


def test_a_video_without_comments_is_told_of_after_the_others(tube):
    tube.write("Ici")
    tube.closed.add("AAAAAAAAAAA")
    with Client() as client:
        pages = reader(tube, channel="", videos=("AAAAAAAAAAA", VIDEO)).fetch("", client)
        assert texts(next(pages).items) == ["Ici"]
        with pytest.raises(NetworkRefused, match="AAAAAAAAAAA"):
            next(pages)
        remarks = reader(tube, channel="", videos=("AAAAAAAAAAA", VIDEO)).check(client)
    assert [remark.is_good for remark in remarks] == [False, True, True]


def test_a_key_reads_and_changes_nothing(tube):
    top = tube.say("Bonjour")
    made = reader(tube, key=KEY, client_id="")
    assert texts(drained(made)[0]) == ["Bonjour"]
    with Client() as client:
        assert "clé d’API seule" in made.check(client)[-1].words.say("fr")
        for act in (made.hide, made.show, made.remove):
            with pytest.raises(CredentialsRefused):
                act(Answered(top), client)
        with pytest.raises(CredentialsRefused):
            made.reply(Answered(top), "Merci", "k", client)
        with pytest.raises(CredentialsRefused):
            made.find_reply(Answered(top), "Merci", "k", client)
    assert all(KEY not in one.path + repr(one.params) for one in tube.questions)
    assert tube.tokens == 0


def test_a_reply_to_a_reply_joins_the_thread(tube):
    top = tube.say("Bonjour")
    reply = tube.write("Moi aussi", parent=top)
    with Client() as client:
        sent = reader(tube).reply(Answered(reply), "Merci à vous deux.", "k", client)
        assert tube.comments[sent.id]["parent"] == top
        found = reader(tube).find_reply(Answered(reply, thread=top), "Merci à  vous deux.", "k", client)
    assert found == sent


def test_what_somebody_else_says_is_not_our_reply(tube):
    top = tube.say("Bonjour")
    tube.write("Merci.", parent=top)
    with Client() as client:
        assert reader(tube).find_reply(Answered(top), "Merci.", "k", client) is None


def test_a_removed_comment_may_be_removed_again(tube):
    with Client() as client:
        reader(tube).remove(Answered("Ug9999AaABAg"), client)
        with pytest.raises(NetworkRefused):
            reader(tube).hide(Answered("Ug9999AaABAg"), client)
        with pytest.raises(NetworkRefused, match="no comment"):
            reader(tube).hide(Answered("../channels?x="), client)


def test_one_token_serves_many_questions(tube):
    made = reader(tube)
    drained(made)
    drained(made)
    assert tube.tokens == 1


def test_a_refresh_token_that_was_revoked_is_told_apart(tube):
    made = reader(tube, refresh_token="revoked")
    with pytest.raises(CredentialsRefused):
        drained(made)
    with Client() as client:
        (remark,) = made.check(client)
    assert not remark.is_good


@pytest.mark.parametrize(
    ("code", "told", "raised"),
    [
        (400, refusal(400, "keyInvalid"), CredentialsRefused),
        (401, refusal(401, "authError"), CredentialsRefused),
        (403, refusal(403, "insufficientPermissions"), CredentialsRefused),
        (403, refusal(403, "commentsDisabled"), NetworkRefused),
        (403, refusal(403, "quotaExceeded"), Throttled),
        (403, refusal(403, "rateLimitExceeded"), Throttled),
        (429, {}, Throttled),
        (404, refusal(404, "channelNotFound"), NetworkRefused),
        (500, {}, NotReached),
        (200, b"<html>", NetworkRefused),
        (200, {"items": 3}, NetworkRefused),
        (400, {"error": "invalid_request"}, NetworkRefused),
    ],
)
def test_each_answer_means_one_thing(tube, code, told, raised):
    tube.trouble = (code, told, {})
    made = reader(tube, key=KEY, client_id="")
    with pytest.raises(raised) as caught:
        drained(made)
    assert isinstance(caught.value, CredentialsRefused) == (raised is CredentialsRefused)


@pytest.mark.parametrize(
    ("code", "told", "raised"),
    [
        (400, refusal(400, "commentTextTooLong"), NetworkRefused),
        (403, refusal(403, "forbidden"), CredentialsRefused),
        (403, refusal(403, "quotaExceeded"), Throttled),
        (503, {}, OutcomeUnknown),
        (200, b"", OutcomeUnknown),
        (200, {"id": 7}, OutcomeUnknown),
    ],
)
def test_each_answer_to_a_reply_means_one_thing(tube, code, told, raised):
    made = reader(tube)
    drained(made)
    tube.trouble = (code, told, {})
    with Client() as client, pytest.raises(raised):
        made.reply(Answered("Ug0001AaABAg"), "Merci.", "k", client)


def test_a_reply_without_an_answer_is_read_back(tube):
    top, made = tube.say("Bonjour"), reader(tube)
    drained(made)
    tube.slowness = 1.0
    with Client(seconds=0.3) as client, pytest.raises(OutcomeUnknown):
        made.reply(Answered(top), "Merci.", "k", client)
    tube.slowness = 0.0
    with Client() as client:
        found = made.find_reply(Answered(top), "Merci.", "k", client)
    assert found is not None
    assert tube.replies(top) == ["Merci."]


def test_nobody_there_is_not_reached(tube):
    made = reader(tube)
    tube.shutdown()
    tube.server_close()
    with pytest.raises(NotReached):
        drained(made)


def test_a_spent_quota_is_asked_again_after_midnight_in_california():
    noon = datetime(2026, 7, 1, 19, tzinfo=UTC)
    assert google.until_midnight(noon) == 12 * 3600


@pytest.mark.parametrize("cursor", ["", "{", "[]", '{"a": 1}', "null", "\ud83d", "[" * 10_000])
def test_a_broken_cursor_means_from_the_beginning(tube, cursor):
    tube.say("Bonjour")
    assert texts(drained(reader(tube), cursor)[0]) == ["Bonjour"]


def test_odd_entries_are_left_out_and_the_others_brought(tube):
    top = {"id": "Ug1", "snippet": {"textDisplay": "Bonjour \ud83d", "authorChannelId": None}}
    tube.trouble = (200, {"items": [3, {"snippet": {}}, {"snippet": {"topLevelComment": top}}]}, {})
    (item,) = drained(reader(tube, key=KEY, client_id=""))[0]
    assert (item.text, item.author, item.url, item.published_at) == ("Bonjour �", "", "", None)


def test_a_list_without_end_ends(tube):
    tube.trouble = (200, {"items": [], "nextPageToken": "again"}, {})
    made = reader(tube, key=KEY, client_id="")
    assert drained(made)[0] == []
    assert len(tube.questions) == 2


def test_the_cursor_stays_bounded(tube):
    top = tube.say("Bonjour")
    for number in range(900):
        tube.comments[f"{top}.{'r' * 22}{number}"] = {
            **tube.comments[top],
            "id": f"{top}.{'r' * 22}{number}",
            "parent": top,
        }
    for number in range(150):
        tube.say(f"Avis {number}")
    items, cursor = drained(reader(tube))
    assert len(items) == 1051
    assert len(cursor) < MOST_CURSOR // 2


@pytest.mark.parametrize(
    "told",
    [
        {"channel": "", "key": KEY},
        {"channel": CHANNEL},
        {"channel": CHANNEL, "client_id": "a"},
        {"channel": "clinique", "key": KEY},
        {"videos": ("not a video",), "key": KEY},
        {"videos": tuple(f"{number:011}" for number in range(11)), "key": KEY},
    ],
)
def test_settings_that_cannot_work_are_refused(told):
    with pytest.raises(ValidationError):
        YouTubeSettings(**told)


@pytest.mark.parametrize(
    "line",
    [
        VIDEO,
        f" https://www.youtube.com/watch?v={VIDEO}&t=3s",
        f"https://www.youtube.com/watch?app=desktop&v={VIDEO}",
        f"https://youtu.be/{VIDEO}",
        f"https://youtube.com/shorts/{VIDEO}?feature=share",
    ],
)
def test_a_video_is_known_by_its_address(line):
    assert YouTubeSettings(videos=(line,), key=KEY).videos == (VIDEO,)


@given(ANY_JSON)
def test_no_answer_makes_it_fall_over(told):
    with contextlib.suppress(NetworkRefused):
        for thread in asking.each(threads.Thread, asking.parsed(threads.Listed, told).items):
            threads.changes(thread, [], threads.UNKNOWN, is_whole=True)


@given(st.text(), ANY_JSON)
def test_no_cursor_makes_it_fall_over(text, told):
    assert isinstance(threads.memories(text), dict)
    assert isinstance(threads.memories(json.dumps(told)), dict)
