"""A tool calls the desk: signed calls are stored once, the others leave nothing but a line in the log."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import subprocess
import threading
import time
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone

from veilleur.desk.inbox import hook_views
from veilleur.desk.inbox.collecting import collect
from veilleur.desk.inbox.collectors import collect_once
from veilleur.desk.inbox.models import MentionRow, TicketRow
from veilleur.desk.sources import leases, network_actions
from veilleur.desk.sources.connections import connect, disconnect
from veilleur.desk.sources.models import Fetch, Listening, Source
from veilleur.errors import ActRefused
from veilleur.listening import connector as protocol
from veilleur.listening.connectors.webhook import Webhook

pytestmark = pytest.mark.django_db
SECRET = "a secret of the tests"


@pytest.fixture(autouse=True)
def _calls_are_not_counted_across_tests():
    cache.clear()


@pytest.fixture
def installed(monkeypatch):
    known = {**protocol.connectors(), "webhook": Webhook}
    for module in ("connections", "network_queries", "network_views"):
        monkeypatch.setattr(f"veilleur.desk.sources.{module}.connectors", lambda: known)


def connected(organisation, secret=SECRET, **told):
    source = Source.objects.create(organisation=organisation, key="outil", name="Un outil")
    connect(source, "webhook", {"secret": secret, "network": "Livre d’or", **told}, by="x")
    return Listening.objects.get(source=source)


@pytest.fixture
def listening(installed, organisation_a):
    return connected(organisation_a)


def headers(content, secret=SECRET, at=None):
    now = str(int(time.time() if at is None else at))
    digest = hmac.new(secret.encode(), f"{now}.".encode() + content, hashlib.sha256).hexdigest()
    return {"X-Veilleur-Timestamp": now, "X-Veilleur-Signature": f"sha256={digest}"}


def call(hook, body, client=None, **signing):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    browser = client or Client(enforce_csrf_checks=True)
    return browser.post(
        f"/hooks/{hook}/", content, content_type="application/json", headers=headers(content, **signing)
    )


def counts(answer):
    assert answer.status_code == 202, answer.content
    return tuple(answer.json()[name] for name in ("added", "updated", "gone"))


def test_what_a_tool_says_becomes_a_mention_and_a_ticket(listening, organisation_a):
    now = timezone.now().isoformat()
    body = {
        "items": [{"id": "1", "text": "Trop d’attente.", "author": "Zoé", "published_at": now, "rating": 1}]
    }
    assert counts(call(listening.hook, body)) == (1, 0, 0)
    row = MentionRow.objects.get(organisation=organisation_a)
    assert (row.external_id, row.text, row.network, row.rating_best) == (
        "1",
        "Trop d’attente.",
        "Livre d’or",
        5,
    )
    assert row.author.startswith("auteur-")
    assert row.ticket.status == "new"
    assert row.reading.findings
    line = Fetch.objects.get()
    assert (line.listening_id, line.found, line.added, line.trouble) == (listening.pk, 1, 1, "")
    assert line.heard == len(json.dumps(body))
    listening.refresh_from_db()
    assert listening.last_good_at
    assert listening.last_new_at


def test_the_same_call_again_changes_nothing(listening):
    body = [{"id": "1", "text": "Merci."}, {"id": "2", "text": "Trop d’attente."}]
    assert counts(call(listening.hook, body)) == (2, 0, 0)
    before = list(MentionRow.objects.order_by("pk").values())
    assert counts(call(listening.hook, body)) == (0, 0, 0)
    assert list(MentionRow.objects.order_by("pk").values()) == before
    assert Fetch.objects.count() == 2


def test_edits_deletions_conversations_and_history(listening):
    call(listening.hook, [{"id": "2", "text": "Réponse", "parent": "1"}, {"id": "1", "text": "Début"}])
    assert counts(call(listening.hook, [{"id": "1", "text": "Début corrigé"}])) == (0, 1, 0)
    assert counts(call(listening.hook, [{"deleted": "2"}, {"deleted": "unknown"}])) == (0, 0, 1)
    assert counts(call(listening.hook, [{"deleted": "2"}])) == (0, 0, 0)
    call(listening.hook, [{"id": "3", "text": "Il y a longtemps", "published_at": "2019-01-01"}])
    assert MentionRow.objects.get(external_id="1").versions.count() == 1
    gone = MentionRow.objects.get(external_id="2")
    assert (gone.gone_at is not None, gone.thread) == (True, "1")
    assert TicketRow.objects.get(mention__external_id="3").status == "closed"


def test_who_signs_wrong_is_refused_and_noted_until_a_good_call(listening):
    for wrong in ({"secret": "another secret of the tests"}, {"at": time.time() - 400}):
        answer = call(listening.hook, [{"id": "1", "text": "x"}], **wrong)
        assert answer.status_code == 401
        assert "X-Veilleur-" in answer.json()["error"]
    assert Client().post(f"/hooks/{listening.hook}/").status_code == 401
    assert not MentionRow.objects.exists()
    listening.refresh_from_db()
    assert (listening.trouble, listening.last_good_at) == ("credentials", None)
    assert set(Fetch.objects.values_list("trouble", flat=True)) == {"credentials"}
    call(listening.hook, [])
    listening.refresh_from_db()
    assert (listening.trouble, listening.failure) == ("", "")


def test_a_body_that_is_not_as_agreed_is_refused_whole_with_a_sentence(listening):
    answer = call(listening.hook, [{"id": "1", "text": "x"}, {"text": "no id"}])
    assert answer.status_code == 422
    assert answer.json()["error"].startswith("item 2: “id” is missing")
    assert not MentionRow.objects.exists()
    assert Fetch.objects.get().trouble == "refused"


@pytest.mark.parametrize("size", [hook_views.MOST_BYTES + 1, 3 * 1024 * 1024])
def test_too_much_is_refused_before_it_is_read(listening, size):
    assert call(listening.hook, b" " * size).status_code == 413
    assert not Fetch.objects.exists()


def test_nobody_answers_elsewhere(listening, organisation_b):
    assert call("x" * 43, []).status_code == 404
    assert call(listening.hook[:-1], []).status_code == 404
    other = connected(organisation_b, secret="the secret of somebody else")
    assert other.hook != listening.hook
    assert call(other.hook, [{"id": "1", "text": "x"}]).status_code == 401
    source = Source.objects.get(pk=listening.pk)
    Listening.objects.filter(pk=listening.pk).update(is_paused=True)
    assert call(listening.hook, []).status_code == 404
    Listening.objects.filter(pk=listening.pk).update(is_paused=False)
    assert call(listening.hook, []).status_code == 202
    disconnect(source, by="x")
    assert call(listening.hook, []).status_code == 404


def test_messages_stay_with_the_organisation_that_is_called(listening, organisation_a, organisation_b):
    other = connected(organisation_b)
    call(listening.hook, [{"id": "1", "text": "Pour A"}])
    call(other.hook, [{"id": "1", "text": "For B"}, {"deleted": "2"}])
    assert counts(call(other.hook, [{"deleted": "1"}])) == (0, 0, 1)
    row = MentionRow.objects.get(organisation=organisation_a)
    assert (row.text, row.gone_at) == ("Pour A", None)
    assert MentionRow.objects.get(organisation=organisation_b).text == "For B"


def test_a_source_that_is_paused_while_it_is_called_keeps_nothing(listening, monkeypatch):
    received = Webhook.received

    def paused(self, *told):
        Listening.objects.update(is_paused=True)
        return received(self, *told)

    monkeypatch.setattr(Webhook, "received", paused)
    assert call(listening.hook, [{"id": "1", "text": "x"}]).status_code == 404
    assert not MentionRow.objects.exists()
    assert not Fetch.objects.exists()


def test_only_so_many_calls_a_minute(listening, settings):
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "hook": "2/m/ip"}
    assert [call(listening.hook, []).status_code for _time in range(3)] == [202, 202, 429]
    answer = call("x" * 43, [])
    assert (answer.status_code, answer["Retry-After"]) == (429, "60")
    assert answer.json()["error"]


def test_answers_are_json_without_cookies_and_with_the_headers_of_the_rest(listening):
    answer = call(listening.hook, [])
    assert answer["Content-Type"] == "application/json"
    assert not answer.cookies
    assert answer["X-Frame-Options"] == "DENY"
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert Client().get(f"/hooks/{listening.hook}/").status_code == 405


def test_it_is_never_asked(listening, place_a):
    assert listening.next_at is None
    later = timezone.now() + timedelta(days=1)
    source = Source.objects.get(pk=listening.pk)
    network_actions.pause(place_a, source, is_paused=True)
    network_actions.pause(place_a, source, is_paused=False)
    network_actions.set_rhythm(place_a, source, every=1, most_a_day=0, is_live=True)
    with pytest.raises(ActRefused):
        network_actions.ask_now(place_a, source)
    collect_once([listening.pk])
    assert collect(listening.pk) is None
    assert leases.due(later, 10) == []
    assert not Fetch.objects.exists()


def test_its_address_stays_when_it_is_set_up_again(listening):
    source = Source.objects.get(pk=listening.pk)
    connect(source, "webhook", {"secret": "a new secret of the tests"}, by="x")
    again = Listening.objects.get(pk=listening.pk)
    assert (again.hook, again.next_at) == (listening.hook, None)
    assert len(again.hook) >= 43
    connect(source, "gateway", {"address": "https://example.org/", "secret": SECRET}, by="x")
    assert not Listening.objects.exists()


def page(client, organisation):
    return client.get(f"/o/{organisation.slug}/sources/of/outil/").content.decode()


def test_the_page_says_how_to_call_to_those_who_may(listening, client_a, client_reader_a, organisation_a):
    shown = page(client_a, organisation_a)
    assert f"http://testserver/hooks/{listening.hook}/" in shown
    assert "openssl dgst" in shown
    assert "Demander maintenant" not in shown
    assert "en attente d’un premier appel" in shown
    assert listening.hook not in page(client_reader_a, organisation_a)
    call(listening.hook, [{"id": "1", "text": "x"}])
    assert "en attente d’un premier appel" not in page(client_a, organisation_a)


def test_the_example_of_the_page_is_taken(listening, client_a, organisation_a, tmp_path):
    """Its shell runs as it stands, with another program in the place of curl."""
    example = re.search(r"secret=.*?</pre>", page(client_a, organisation_a), re.DOTALL)[0]
    script = example.removesuffix("</pre>").replace("…", SECRET)
    curl = tmp_path / "curl"
    curl.write_text("#!/bin/sh\nprintf '%s\\n' \"$@\"\n")
    curl.chmod(0o755)
    done = subprocess.run(
        ["sh", "-c", f'PATH="{tmp_path}:$PATH"\n{script}'], capture_output=True, text=True, check=True
    )
    _address, _h, _kind, _h, at, _h, signature, _d, body = done.stdout.splitlines()
    told = dict(line.split(": ", 1) for line in (at, signature))
    answer = Client().post(f"/hooks/{listening.hook}/", body, content_type="application/json", headers=told)
    assert counts(answer) == (1, 0, 0)


@pytest.mark.django_db(transaction=True)
def test_the_same_call_from_several_at_once_is_stored_once(listening):
    body = [{"id": str(number), "text": f"Avis {number}"} for number in range(20)]
    call(listening.hook, [])  # the words of the reader are loaded before the others come
    answers = []

    def one():
        answers.append(call(listening.hook, body))
        connection.close()

    threads = [threading.Thread(target=one) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(counts(answer) for answer in answers) == [(0, 0, 0)] * 3 + [(20, 0, 0)]
    assert MentionRow.objects.count() == 20
