"""Where one is signed in: noted with little, shown to its owner only, ended when they say so."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from tests.desk.accounts.conftest import PASSWORD
from veilleur.desk.accounts.models import OpenSession, Organisation, User
from veilleur.desk.accounts.sessions import NOTED, device_of, network_of

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605 Version/18.5 Safari/604.1"
EDGE = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/138.0 Safari/537.36 Edg/138.0"
BrowserOf = Callable[..., Client]


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        (FIREFOX, "Firefox, Linux"),
        (SAFARI, "Safari, iPhone"),
        (EDGE, "Edge, Windows"),
        ("", ""),
        ("curl/8", ""),
    ],
)
def test_a_device_is_named_as_its_owner_would(agent: str, device: str) -> None:
    assert device_of(agent) == device


@given(st.one_of(st.text(), st.ip_addresses().map(str)))
def test_no_address_is_kept_whole(text: str) -> None:
    kept = network_of(text)
    assert kept == "" or kept.endswith((".x.x", ":…"))
    assert len(kept) <= 60


@given(st.text())
def test_any_agent_fits(text: str) -> None:
    assert len(device_of(text)) <= 60


def test_both_browsers_are_shown_and_one_is_ended(
    browser_of: BrowserOf, alice: User, organisation_a: Organisation, acts: Callable[..., list[str]]
) -> None:
    here = browser_of(alice, HTTP_USER_AGENT=FIREFOX, REMOTE_ADDR="203.0.113.9")
    there = browser_of(alice, HTTP_USER_AGENT=SAFARI, REMOTE_ADDR="198.51.100.7")
    there.get(reverse("home"))
    page = here.get(reverse("sessions")).content.decode()
    assert "Firefox, Linux" in page
    assert "Safari, iPhone" in page
    assert "203.0.x.x" in page
    assert "203.0.113.9" not in page
    assert page.index("Firefox, Linux") < page.index("Safari, iPhone"), "this one comes first"
    (path,) = re.findall(r'action="(/sessions/\d+/end/)"', page)
    here.post(path)
    assert there.get(reverse("preferences")).status_code == 302
    assert here.get(reverse("preferences")).status_code == 200
    assert acts(organisation_a)[-1] == "accounts.end_session"


def test_all_others_end_at_once(browser_of: BrowserOf, alice: User) -> None:
    here, *others = [browser_of(alice) for _ in range(3)]
    for one in (here, *others):
        one.get(reverse("preferences"))
    here.post(reverse("end_other_sessions"))
    assert [one.get(reverse("preferences")).status_code for one in (here, *others)] == [200, 302, 302]


def test_nobody_ends_the_session_of_another(browser_of: BrowserOf, alice: User, bob: User) -> None:
    hers, his = browser_of(alice), browser_of(bob)
    hers.get(reverse("home"))
    session = OpenSession.objects.get(user=alice)
    assert his.post(reverse("end_session", args=[session.pk])).status_code == 404
    assert hers.get(reverse("preferences")).status_code == 200


def test_a_new_password_ends_the_others(
    browser_of: BrowserOf, alice: User, organisation_a: Organisation, acts: Callable[..., list[str]]
) -> None:
    here, there = browser_of(alice), browser_of(alice)
    for one in (here, there):
        one.get(reverse("preferences"))
    said = {"oldpassword": PASSWORD, "password1": "another long one", "password2": "another long one"}
    assert here.post(reverse("account_change_password"), said).status_code == 302
    assert here.get(reverse("preferences")).status_code == 200
    assert there.get(reverse("preferences")).status_code == 302
    assert acts(organisation_a)[-1] == "accounts.password"
    page = here.get(reverse("sessions")).content.decode()
    assert "/end/" not in page


def test_a_forgotten_password_is_chosen_again_by_letter(
    browser_of: BrowserOf, alice: User, client: Client, settings: Any
) -> None:
    settings.CAN_MAIL = True
    there = browser_of(alice)
    there.get(reverse("preferences"))
    client.post(reverse("account_reset_password"), {"email": alice.email})
    (letter,) = mail.outbox
    (path,) = re.findall(r"http://testserver(/password/new/\S+/)", letter.body)
    page = client.get(path, follow=True)
    form = page.redirect_chain[-1][0]
    said = {"password1": "another long one", "password2": "another long one"}
    client.post(form, said)
    alice.refresh_from_db()
    assert alice.check_password("another long one")
    assert there.get(reverse("preferences")).status_code == 302
    assert "_auth_user_id" not in Client().get(path, follow=True).client.session
    again = Client().get(path, follow=True).content.decode()
    assert 'name="password1"' not in again, "the link works once"


def test_nothing_tells_whether_an_address_has_an_account(client: Client, alice: User, settings: Any) -> None:
    settings.CAN_MAIL = True
    answers = [
        client.post(reverse("account_reset_password"), {"email": email})
        for email in (alice.email, "nobody@example.org")
    ]
    assert {answer["Location"] for answer in answers} == {reverse("account_reset_password_done")}
    assert [letter.to for letter in mail.outbox] == [[alice.email]]


def test_a_page_does_not_write_each_time(client_a: Client, django_assert_num_queries: Any) -> None:
    client_a.get(reverse("preferences"))
    seen = OpenSession.objects.get().seen_at
    client_a.get(reverse("preferences"))
    assert OpenSession.objects.get().seen_at == seen
    session = client_a.session
    key, at = session[NOTED]
    session[NOTED] = [key, at - timedelta(minutes=16).total_seconds()]
    session.save()
    client_a.get(reverse("preferences"))
    assert OpenSession.objects.get().seen_at > seen


def test_what_has_ended_is_not_shown(browser_of: BrowserOf, alice: User) -> None:
    here, there = browser_of(alice), browser_of(alice)
    there.get(reverse("home"))
    Session.objects.filter(session_key=there.session.session_key).update(
        expire_date=timezone.now() - timedelta(days=1)
    )
    assert len(re.findall("row-session", here.get(reverse("sessions")).content.decode())) == 1
