"""Who calls: tokens and what they allow."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.desk.api.conftest import Program
from veilleur.desk.accounts.models import AuditLine, Membership, Organisation, Role, User
from veilleur.desk.accounts.permissions import May, Workplace, workplace_of
from veilleur.desk.api.models import Token
from veilleur.desk.api.scopes import SCOPES, scope_choices
from veilleur.desk.api.tokens import caller_of, make_token, revoke_token
from veilleur.errors import ActRefused

NOW = timezone.now()


def made(place: Workplace, *scopes: May, **fields: Any) -> tuple[Token, str]:
    return make_token(place, name="essai", scopes=scopes, expires_at=fields.get("expires_at"), now=NOW)


def test_a_token_is_kept_as_a_digest_alone(place_a: Workplace) -> None:
    token, text = made(place_a, May.READ)
    assert text.startswith(token.prefix + "_")
    row = Token.objects.values().get()
    assert text not in str(row)
    assert text.removeprefix(token.prefix) not in str(row)
    line = AuditLine.objects.get(act="api.token")
    assert (line.actor, line.target) == ("alice@example.org", f"token:{token.pk}")
    assert text not in str(line.details)


def test_a_token_works_in_one_organisation_in_its_maker_s_name(place_a: Workplace) -> None:
    _token, text = made(place_a, May.READ, May.WORK)
    caller = caller_of(text, NOW)
    assert caller is not None
    assert (caller.organisation, caller.user) == (place_a.organisation, place_a.user)
    assert caller.allows(May.WORK)
    assert not caller.allows(May.CONFIGURE)


@pytest.mark.parametrize("spoilt", ["", "vlr_", "vlr_00000000_x", "x" * 400, "vlr_é0000000_", "vlr_\0"])
def test_what_is_no_token_is_nobody(spoilt: str, place_a: Workplace) -> None:
    made(place_a, May.READ)
    assert caller_of(spoilt, NOW) is None


def test_a_secret_that_is_wrong_by_one_letter_is_nobody(place_a: Workplace) -> None:
    _token, text = made(place_a, May.READ)
    assert caller_of(text[:-1] + ("a" if text[-1] != "a" else "b"), NOW) is None


def test_a_token_ends(place_a: Workplace) -> None:
    _token, text = made(place_a, May.READ, expires_at=NOW + timedelta(days=1))
    assert caller_of(text, NOW) is not None
    assert caller_of(text, NOW + timedelta(days=1)) is None


def test_a_revoked_token_is_nobody_and_is_revoked_once(place_a: Workplace) -> None:
    token, text = made(place_a, May.READ)
    revoke_token(place_a, token.pk, now=NOW)
    assert caller_of(text, NOW) is None
    with pytest.raises(ActRefused):
        revoke_token(place_a, token.pk, now=NOW)
    assert AuditLine.objects.filter(act="api.revoke").count() == 1


def test_a_token_never_reaches_further_than_its_maker_does_today(
    organisation_a: Organisation, alice: User
) -> None:
    _token, text = made(workplace_of(alice, organisation_a.slug), *May)
    Membership.objects.update(role=Role.READER)
    caller = caller_of(text, NOW)
    assert caller is not None
    assert caller.allows(May.READ)
    assert not caller.allows(May.WORK)


def test_the_token_of_who_left_is_nobody(place_a: Workplace) -> None:
    _token, text = made(place_a, May.READ)
    Membership.objects.all().delete()
    assert caller_of(text, NOW) is None


def test_the_token_of_who_may_not_sign_in_any_more_is_nobody(place_a: Workplace) -> None:
    _token, text = made(place_a, May.READ)
    User.objects.update(is_active=False)
    assert caller_of(text, NOW) is None


def test_nobody_makes_a_token_that_may_more(organisation_a: Organisation, reader_a: User) -> None:
    with pytest.raises(ActRefused):
        made(workplace_of(reader_a, organisation_a.slug), May.READ, May.WORK)
    with pytest.raises(ActRefused):
        made(workplace_of(reader_a, organisation_a.slug))


def test_the_last_use_is_noted_now_and_then(place_a: Workplace, program_a: Program) -> None:
    assert program_a.get("/organisation").status_code == 200
    first = Token.objects.get().used_at
    assert first is not None
    program_a.get("/organisation")
    assert Token.objects.get().used_at == first


def test_who_calls_is_told(program_a: Program) -> None:
    told = program_a.get("/organisation").json()
    assert told["slug"] == "clinique-a"
    assert told["you"]["name"] == "Alice"
    assert told["scopes"] == [may.value for may in May]


def test_no_token_says_how_to_come_in() -> None:
    answer = Program().get("/tickets")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:veilleur:problem:unauthenticated"


@pytest.mark.django_db
def test_a_session_is_no_token(client_a: Client) -> None:
    assert client_a.get("/api/v1/tickets").status_code == 401


def test_too_many_calls_of_one_token_wait(
    settings: Any, program: Callable[..., Program], place_a: Workplace
) -> None:
    settings.API_RATE = 2
    one, other = program(place_a), program(place_a)
    assert [one.get("/organisation").status_code for _ in range(3)] == [200, 200, 429]
    refused = one.get("/organisation")
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert refused.json()["type"] == "urn:veilleur:problem:throttled"
    assert other.get("/organisation").status_code == 200


@pytest.mark.parametrize("path", ["/nowhere", "/tickets/abc", "/tickets/1/2/3"])
def test_no_such_address_is_a_problem(path: str, program_a: Program) -> None:
    answer = program_a.get(path)
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")


def test_no_such_method_is_a_problem_that_names_the_others(program_a: Program) -> None:
    answer = program_a.call("PATCH", "/tickets")
    assert (answer.status_code, answer["Allow"]) == (405, "GET")
    assert answer.json()["type"] == "urn:veilleur:problem:method-not-allowed"


def test_every_right_is_a_scope_with_words(place_a: Workplace) -> None:
    assert set(SCOPES) == set(May)
    assert [value for value, _words in scope_choices(place_a)] == [may.value for may in SCOPES]
