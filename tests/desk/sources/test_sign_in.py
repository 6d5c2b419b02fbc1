"""Signing in at a network: sent there, brought back once, by nobody else; kept, renewed, wiped."""

from __future__ import annotations

import os
import signal
import threading
import time
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection, connections
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from hypothesis import given
from hypothesis import strategies as st

from tests.standins.oauth import CLIENT, CLIENT_SECRET
from veilleur.desk.accounts.actions import admit
from veilleur.desk.accounts.models import AuditLine, Role
from veilleur.desk.inbox.collecting import collect
from veilleur.desk.sources import grants, leases, sign_in_actions
from veilleur.desk.sources.connections import connect, connector_of
from veilleur.desk.sources.diagnosis import diagnosis_of
from veilleur.desk.sources.grants import opened
from veilleur.desk.sources.models import Grant, Listening, Source, Trouble
from veilleur.desk.sources.sign_in_queries import WARNED, sign_in_card
from veilleur.errors import CredentialsRefused, NotReached
from veilleur.listening.client import Client

CALLBACK = "/oauth/callback/"


def page(organisation, source="club"):
    return reverse("sources:sign_in", args=[organisation.slug, source])


def sent_to(client, organisation):
    """Where the person is sent."""
    answer = client.post(page(organisation))
    assert answer.status_code == 200
    return answer["Refresh"].partition("url=")[2]


def back(client, address):
    parts = urlsplit(address)
    return client.get(f"{parts.path}?{parts.query}")


def signed_in(client, organisation, network):
    return back(client, network.visited(sent_to(client, organisation)))


def card(source):
    return sign_in_card(Source.objects.get(pk=source.pk), timezone.now())


def due(source):
    """The token of the source ends within minutes."""
    Grant.objects.filter(pk=source.pk).update(ends_at=timezone.now() - timedelta(seconds=1))


def asked(source):
    """What the connector of a source says when it is asked."""
    with Client() as client:
        return connector_of(Source.objects.get(pk=source.pk)).check(client)


def test_a_person_signs_in_and_the_source_is_listened_to(client_a, organisation_a, network, club):
    assert card(club).standing == "missing"
    assert club.pk not in leases.due(timezone.now(), 10)
    assert collect(club.pk) is None
    with pytest.raises(CredentialsRefused):
        asked(club)
    assert [one.is_good for one in diagnosis_of(club)] == [False]
    assert network.questions == [], "nobody is asked before somebody signs in"
    answer = signed_in(client_a, organisation_a, network)
    assert answer["Location"] == reverse("sources:source", args=[organisation_a.slug, "club"])
    assert (card(club).standing, card(club).by) == ("well", "alice@example.org")
    assert Listening.objects.get(pk=club.pk).trouble == ""
    assert collect(club.pk).trouble == ""
    assert AuditLine.objects.filter(act="sources.sign_in", actor="alice@example.org").count() == 1


def test_what_is_kept_is_sealed(client_a, organisation_a, network, club):
    signed_in(client_a, organisation_a, network)
    row = Grant.objects.get(pk=club.pk)
    (access,), (refresh,) = network.access, network.refresh
    _application, grant, _endpoint = opened(row)
    assert (grant.access, grant.refresh) == (access, refresh)
    told = str(vars(row)) + str([line.details for line in AuditLine.objects.all()])
    assert not any(secret in told for secret in (access, refresh, CLIENT_SECRET))
    assert access not in repr(grant)


def test_the_session_holds_no_secret_in_the_open(client_a, organisation_a, network, club):
    sent_to(client_a, organisation_a)
    assert CLIENT_SECRET not in str(dict(client_a.session))


def test_the_network_is_told_what_is_asked_for(client_a, organisation_a, network, club):
    params = parse_qs(urlsplit(sent_to(client_a, organisation_a)).query)
    assert params["scope"] == ["read write"]
    assert params["redirect_uri"] == ["http://testserver/oauth/callback/"]
    assert params["code_challenge_method"] == ["S256"]
    assert "http://testserver/oauth/callback/" in client_a.get(page(organisation_a)).content.decode()


def test_a_state_serves_once(client_a, organisation_a, network, club):
    address = network.visited(sent_to(client_a, organisation_a))
    back(client_a, address)
    asked_before = len(network.questions)
    assert back(client_a, address).status_code == 403
    assert len(network.questions) == asked_before, "the code is not even tried"


def test_a_state_ends_after_ten_minutes(client_a, organisation_a, network, club, monkeypatch):
    address = network.visited(sent_to(client_a, organisation_a))
    monkeypatch.setattr(sign_in_actions, "SECONDS", -1)
    assert back(client_a, address).status_code == 403
    assert not Grant.objects.exists()


def test_a_state_is_of_one_person_and_one_session(client_a, client_b, organisation_a, network, club, bob):
    address = network.visited(sent_to(client_a, organisation_a))
    assert back(client_b, address).status_code == 404, "another person’s, who is of another organisation"
    admit(organisation_a, bob.email, "Bob", Role.MANAGER, password=None, by="tests")
    assert back(client_b, address).status_code == 404, "another person’s, who may configure the same source"
    assert not Grant.objects.exists()


def test_a_state_without_its_session_is_refused(client_a, alice, organisation_a, network, club):
    address = network.visited(sent_to(client_a, organisation_a))
    client_a.logout()
    client_a.force_login(alice, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert back(client_a, address).status_code == 403
    assert not Grant.objects.exists()


def test_a_visitor_is_sent_to_the_door_and_keeps_the_address(client, db):
    assert client.get(f"{CALLBACK}?state=x&code=y")["Location"].startswith("/login/?next=/oauth/callback/")


def test_who_lost_the_right_meanwhile_is_refused(client_a, alice, organisation_a, network, club):
    address = network.visited(sent_to(client_a, organisation_a))
    alice.memberships.update(role=Role.READER)
    assert back(client_a, address).status_code == 403
    alice.memberships.all().delete()
    assert back(client_a, address).status_code == 404
    assert not Grant.objects.exists()


@given(state=st.text(min_size=1, max_size=200))
def test_a_state_of_one_s_own_making_is_not_found(client_a, state):
    code = client_a.get(
        CALLBACK, {"state": state.encode("utf-8", "replace").decode(), "code": "x"}
    ).status_code
    assert code == 404


def test_members_and_strangers_do_not_sign_in(client_reader_a, client_b, organisation_a, club):
    assert client_reader_a.post(page(organisation_a)).status_code == 403
    assert client_b.post(page(organisation_a)).status_code == 404


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("error=access_denied", "changé"),
        ("error=invalid_scope", "application"),
        ("error=server_error", "plus tard"),
        ("error=odd&error_description=Because", "Because"),
        ("", "code"),
        ("code=" + "x" * 5000, "code"),
    ],
)
def test_what_the_network_refuses_is_told(client_a, organisation_a, network, club, query, words):
    params = parse_qs(urlsplit(sent_to(client_a, organisation_a)).query)
    answer = client_a.get(f"{CALLBACK}?state={params['state'][0]}&{query}", follow=True)
    assert answer.redirect_chain == [(page(organisation_a), 302)]
    assert len(list(answer.context["messages"])) == 1
    assert not Grant.objects.exists()


def test_a_wrong_secret_is_told(client_a, organisation_a, network, club):
    network.clients[CLIENT] = "another"
    answer = back(client_a, network.visited(sent_to(client_a, organisation_a)))
    assert answer["Location"] == page(organisation_a)
    assert not Grant.objects.exists()


def test_a_network_that_fell_over_is_told(client_a, organisation_a, network, club):
    address = network.visited(sent_to(client_a, organisation_a))
    network.trouble = (503, {}, {})
    assert back(client_a, address)["Location"] == page(organisation_a)
    assert not Grant.objects.exists()


def test_settings_that_change_meanwhile_end_the_sign_in(client_a, organisation_a, network, club, told):
    address = network.visited(sent_to(client_a, organisation_a))
    connect(club, "club", {**told, "client_secret": "another"}, by="tests")
    assert back(client_a, address)["Location"] == page(organisation_a)
    assert not Grant.objects.exists()


def test_rights_that_were_not_granted_are_shown(client_a, organisation_a, network, club):
    network.withheld = {"write"}
    signed_in(client_a, organisation_a, network)
    found = card(club)
    assert found.standing == "partial"
    assert [(one.name, one.is_granted) for one in found.scopes] == [("read", True), ("write", False)]
    shown = client_a.get(reverse("sources:source", args=[organisation_a.slug, "club"])).content.decode()
    assert "publier les réponses" in shown.lower()
    assert diagnosis_of(club)[0].is_good is False


def test_an_application_registers_itself_where_the_network_allows_it(
    place_a, client_a, network, organisation_a
):
    from veilleur.desk.sources.network_actions import add_network  # noqa: PLC0415

    source = add_network(place_a, "club", "Libre", {"address": network.url})
    address = client_a.post(page(organisation_a, source.key))["Refresh"].partition("url=")[2]
    assert network.backs == {"http://testserver/oauth/callback/"}
    back(client_a, network.visited(address))
    assert card(source).standing == "well"
    due(source)
    assert asked(source)[0].is_good, "renewed with the application that was registered"


def test_a_token_is_renewed_and_the_new_refresh_token_is_kept(client_a, organisation_a, network, club):
    signed_in(client_a, organisation_a, network)
    for renewals in (1, 2, 3):
        due(club)
        assert asked(club)[0].is_good
        assert network.renewals == renewals
        (refresh,) = network.refresh
        row = Grant.objects.get(pk=club.pk)
        assert opened(row)[1].refresh == refresh
        assert (row.version, row.runner, row.leased_until) == (1 + renewals, "", None)


def test_a_token_that_is_good_is_not_renewed(client_a, organisation_a, network, club):
    signed_in(client_a, organisation_a, network)
    asked(club)
    assert network.renewals == 0


def test_a_network_that_gives_one_refresh_token_for_good(client_a, organisation_a, network, club):
    network.rotates = False
    signed_in(client_a, organisation_a, network)
    before = opened(Grant.objects.get(pk=club.pk))[1].refresh
    for _time in range(2):
        due(club)
        asked(club)
    assert opened(Grant.objects.get(pk=club.pk))[1].refresh == before
    assert card(club).standing == "well"


def test_a_refused_renewal_asks_for_a_person_and_the_network_is_left_alone(
    client_a, organisation_a, network, club
):
    signed_in(client_a, organisation_a, network)
    network.refresh.clear()
    due(club)
    assert collect(club.pk).trouble == Trouble.CREDENTIALS
    assert (card(club).standing, "invalid_grant" in card(club).refusal) == ("refused", True)
    before = len(network.questions)
    with pytest.raises(CredentialsRefused):
        asked(club)
    assert len(network.questions) == before
    assert [one.is_good for one in diagnosis_of(club)] == [False]
    signed_in(client_a, organisation_a, network)
    assert (card(club).standing, card(club).refusal) == ("well", "")
    assert collect(club.pk).trouble == ""


def test_a_network_out_of_order_is_asked_again_and_a_good_token_goes_on(
    client_a, organisation_a, network, club
):
    signed_in(client_a, organisation_a, network)
    Grant.objects.update(ends_at=timezone.now() + timedelta(minutes=1))
    network.once = [(503, {})]
    assert asked(club)[0].is_good, "the present token is good for a minute"
    due(club)
    network.once = [(400, {"error": "temporarily_unavailable"})]
    with pytest.raises(NotReached):
        asked(club)
    assert asked(club)[0].is_good
    assert Grant.objects.get(pk=club.pk).refusal == ""


def test_without_a_refresh_token_the_end_is_told_before_it_comes(client_a, organisation_a, network, club):
    network.gives_refresh, network.life = False, int(WARNED.total_seconds()) + 3600
    signed_in(client_a, organisation_a, network)
    assert card(club).standing == "well"
    Grant.objects.update(lasts_until=timezone.now() + WARNED - timedelta(hours=1))
    assert card(club).standing == "ending"
    found = diagnosis_of(club)
    assert [one.is_good for one in found] == [False, True], "told, and the network is asked all the same"
    shown = client_a.get(reverse("sources:list", args=[organisation_a.slug])).content.decode()
    assert date_format(timezone.localtime(Grant.objects.get().lasts_until)) in shown
    Grant.objects.update(ends_at=timezone.now(), lasts_until=timezone.now())
    assert card(club).standing == "ended"
    with pytest.raises(CredentialsRefused):
        asked(club)


def test_the_end_of_a_refresh_token_is_the_end_of_the_sign_in(client_a, organisation_a, network, club):
    network.refresh_life = 86400
    signed_in(client_a, organisation_a, network)
    assert card(club).standing == "ending"


def test_a_pasted_token_needs_no_sign_in(client_a, organisation_a, network, club, told):
    signed_in(client_a, organisation_a, network)
    network.access["pasted"] = ("read",)
    connect(club, "club", {**told, "token": "pasted"}, by="tests")
    assert not Grant.objects.exists()
    assert card(club) is None
    assert asked(club)[0].is_good
    assert client_a.get(page(organisation_a)).status_code == 404


@pytest.mark.parametrize(
    ("changed", "is_kept"),
    [({}, True), ({"client_secret": "another"}, False), ({"address": "https://example.org"}, False)],
)
def test_other_settings_keep_a_grant_that_still_fits(
    client_a, organisation_a, network, club, told, changed, is_kept
):
    signed_in(client_a, organisation_a, network)
    connect(club, "club", {**told, **changed}, by="tests")
    assert Grant.objects.exists() is is_kept
    assert (club.pk in leases.due(timezone.now(), 10)) is is_kept


def test_disconnecting_wipes_everything_and_tells_the_network(client_a, organisation_a, network, club):
    signed_in(client_a, organisation_a, network)
    (refresh,) = network.refresh
    client_a.post(reverse("sources:disconnect", args=[organisation_a.slug, "club"]))
    club.refresh_from_db()
    assert (club.connection, Grant.objects.count(), network.revoked) == ("", 0, [refresh])


@pytest.mark.parametrize("trouble", [(503, {}, {}), (400, {"error": "odd"}, {}), (200, b"\xff", {})])
def test_a_network_that_cannot_be_told_blocks_no_wiping(client_a, organisation_a, network, club, trouble):
    signed_in(client_a, organisation_a, network)
    network.trouble = trouble
    client_a.post(reverse("sources:disconnect", args=[organisation_a.slug, "club"]))
    club.refresh_from_db()
    assert (club.connector, club.connection, Grant.objects.count()) == ("", "", 0)


def test_a_sign_in_under_way_does_not_bring_back_what_was_wiped(client_a, organisation_a, network, club):
    address = network.visited(sent_to(client_a, organisation_a))
    client_a.post(reverse("sources:disconnect", args=[organisation_a.slug, "club"]))
    assert back(client_a, address).status_code == 302
    assert not Grant.objects.exists()


def _asked_in_a_thread(source, outcomes):
    try:
        outcomes.append(asked(source)[0].is_good)
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_many_at_once_renew_once(client_a, organisation_a, network, club):
    signed_in(client_a, organisation_a, network)
    for _round in range(3):
        due(club)
        network.slowness, before, outcomes = 0.2, network.renewals, []
        threads = [threading.Thread(target=_asked_in_a_thread, args=(club, outcomes)) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (outcomes, network.renewals) == ([True] * 6, before + 1)


def _killed_child(source, seconds):
    connections.close_all()
    child = os.fork()
    if child == 0:
        try:
            asked(source)
        finally:
            os._exit(0)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


@pytest.mark.django_db(transaction=True)
def test_who_is_killed_while_renewing_holds_nobody_up(client_a, organisation_a, network, club, monkeypatch):
    network.rotates = False  # a token that rotated and was never stored is lost to anybody: see below
    signed_in(client_a, organisation_a, network)
    monkeypatch.setattr(grants, "PATIENCE", 3.0)
    network.slowness = 0.1
    for round_ in range(12):
        due(club)
        _killed_child(club, 0.02 + 0.02 * round_)
        assert asked(club)[0].is_good
    assert Grant.objects.get(pk=club.pk).runner == ""


@pytest.mark.django_db(transaction=True)
def test_a_rotated_token_that_was_lost_with_its_process_asks_for_a_person(
    client_a, organisation_a, network, club
):
    signed_in(client_a, organisation_a, network)
    due(club)
    network.slowness = 5.0  # after the network rotated it, and before anybody hears of it
    _killed_child(club, 1.0)
    network.slowness = 0.0
    assert network.renewals == 1
    with pytest.raises(CredentialsRefused):
        asked(club)
    assert card(club).standing == "refused"


def test_the_lease_of_a_living_process_is_respected(client_a, organisation_a, network, club, monkeypatch):
    signed_in(client_a, organisation_a, network)
    due(club)
    monkeypatch.setattr(grants, "PATIENCE", 0.3)
    held = timezone.now() + timedelta(minutes=1)
    Grant.objects.update(runner=leases.new_runner(), leased_until=held)
    with pytest.raises(NotReached):
        asked(club)
    Grant.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    assert asked(club)[0].is_good, "a lease ends"


def test_what_another_process_stored_is_not_overwritten(client_a, organisation_a, network, club, monkeypatch):
    signed_in(client_a, organisation_a, network)
    due(club)
    renewed = grants.oauth2.renewed

    def overtaken(*told):
        made = renewed(*told)
        signed_in(client_a, organisation_a, network)
        return made

    monkeypatch.setattr(grants.oauth2, "renewed", overtaken)
    assert asked(club)[0].is_good
    newest = list(network.refresh)[-1]
    assert opened(Grant.objects.get(pk=club.pk))[1].refresh == newest
