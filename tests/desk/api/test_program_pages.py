"""Pages about programs: a token made, shown once, revoked; a subscription set, switched, removed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.test import Client
from django.utils import timezone

from tests.desk.addresses import belongings
from tests.desk.api.conftest import Program
from veilleur.desk.accounts.models import AuditLine, Membership, Organisation, Role
from veilleur.desk.api.models import Delivery, Subscription, Token
from veilleur.desk.inbox.models import MentionRow

PAGE = "/o/clinique-a/api/"


def test_a_token_is_made_shown_once_and_revoked(client_a: Client) -> None:
    made = client_a.post(f"{PAGE}tokens/new/", {"name": "Robot", "scopes": ["read"], "lasts": "30"})
    assert made.status_code == 200
    assert "no-store" in made["Cache-Control"]
    found = re.search(r"vlr_[0-9a-f]{8}_[\w-]{43}", made.content.decode())
    assert found is not None
    program = Program(found.group())
    assert program.get("/organisation").json()["scopes"] == ["enter", "read"]
    page = client_a.get(PAGE).content.decode()
    assert "Robot" in page
    assert found.group() not in page
    token = Token.objects.get()
    assert (token.expires_at - timezone.now()).days in {29, 30}
    client_a.post(f"{PAGE}tokens/{token.pk}/revoke/")
    assert program.get("/organisation").status_code == 401
    assert client_a.post(f"{PAGE}tokens/{token.pk}/revoke/", follow=True).status_code == 200


def test_a_token_needs_a_name_and_a_scope(client_a: Client) -> None:
    for said in ({"name": "", "scopes": ["read"], "lasts": "30"}, {"name": "Robot", "lasts": "30"}):
        assert client_a.post(f"{PAGE}tokens/new/", said).status_code == 200
    assert not Token.objects.exists()


def test_only_who_configures_sees_programs(client_a: Client, alice: Any) -> None:
    Membership.objects.filter(user=alice).update(role=Role.MEMBER)
    assert client_a.get(PAGE).status_code == 403
    assert client_a.post(f"{PAGE}tokens/new/", {}).status_code == 403


def test_a_subscription_from_its_beginning_to_its_end(client_a: Client) -> None:
    said = {"name": "Suivi", "url": "https://example.org/hook", "events": ["ticket.closed", "reply.sent"]}
    made = client_a.post(f"{PAGE}subscriptions/new/", said)
    assert re.search(r"whsec_[0-9a-f]{64}", made.content.decode())
    subscription = Subscription.objects.get()
    page = f"{PAGE}subscriptions/{subscription.pk}/"
    assert "https://example.org/hook" in client_a.get(page).content.decode()
    client_a.post(f"{page}switch/", {"now": "off"})
    assert "notice-danger" in client_a.get(page).content.decode()
    client_a.post(f"{page}switch/", {"now": "on"})
    subscription.refresh_from_db()
    assert subscription.disabled_at is None
    client_a.post(f"{page}drop/")
    assert not Subscription.objects.exists()
    acts = AuditLine.objects.filter(act__startswith="api.").order_by("number").values_list("act", flat=True)
    assert list(acts) == ["api.subscribe", "api.switch", "api.switch", "api.unsubscribe"]


def test_a_delivery_is_sent_again_from_the_log(
    client_a: Client, organisation_a: Organisation, make_mention: Callable[..., MentionRow]
) -> None:
    held = belongings(organisation_a, make_mention)
    Delivery.objects.update(state="failed", attempts=15, status=500, failure="no", ended_at=timezone.now())
    page = client_a.get(f"{PAGE}subscriptions/{held['subscription']}/").content.decode()
    assert "HTTP 500" in page
    client_a.post(f"{PAGE}deliveries/{held['delivery']}/again/")
    assert Delivery.objects.get().state == "waiting"
