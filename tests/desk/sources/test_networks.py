"""Pages of networks: settings become forms, mistakes are named, secrets never come back."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import pytest
from django.urls import reverse
from pydantic import SecretStr

from tests.fake_network import SECRET
from veilleur.desk.accounts.models import AuditLine
from veilleur.desk.sources.connections import connect, connector_of, settings_of
from veilleur.desk.sources.models import Listening, Source
from veilleur.desk.sources.network_forms import NetworkForm
from veilleur.listening.settings import AccountSettings, asked


class EverySettings(AccountSettings):
    line: Annotated[str, asked("Ligne", "Line", fr_help="Une aide.", max_length=5)]
    secret: Annotated[SecretStr, asked("Secret", "Secret", min_length=4)]
    lines: Annotated[tuple[str, ...], asked("Lignes", "Lines", min_length=1, max_length=2)]
    count: Annotated[int, asked("Nombre", "Number", ge=1)] = 3
    share: Annotated[float | None, asked("Part", "Share")] = None
    is_wanted: Annotated[bool, asked("Voulu", "Wanted")] = False
    kind: Annotated[Literal["a", "b"], asked("Sorte", "Kind")] = "a"
    bare: str = "sans nom"


class Every:
    name: ClassVar[str] = "every"
    settings: ClassVar[type[AccountSettings]] = EverySettings


GOOD = {
    "name": "N",
    "s_line": "abc",
    "s_secret": "hidden",
    "s_lines": "un\n deux \n\n",
    "s_count": "4",
    "s_kind": "b",
}


def told(**changed):
    return {key: value for key, value in {**GOOD, "s_bare": "x", **changed}.items() if value is not None}


def test_every_kind_of_setting_has_its_field():
    form = NetworkForm(Every, told(s_is_wanted="on", s_share="0.5"))
    assert form.is_valid(), form.errors
    made = EverySettings.model_validate(form.told())
    assert (made.line, made.lines, made.count, made.share, made.is_wanted, made.kind) == (
        "abc", ("un", "deux"), 4, 0.5, True, "b",
    )  # fmt: skip
    assert made.secret.get_secret_value() == "hidden"
    assert form.fields["s_line"].label == "Ligne"
    assert form.fields["s_bare"].label == "bare"


@pytest.mark.parametrize(
    ("wrong", "field", "words"),
    [
        ({"s_line": "abcdef"}, "s_line", "5"),
        ({"s_line": None}, "s_line", ""),
        ({"s_secret": "abc"}, "s_secret", "4"),
        ({"s_lines": "a\nb\nc"}, "s_lines", "2"),
        ({"s_count": "0"}, "s_count", ""),
        ({"s_kind": "c"}, "s_kind", ""),
        ({"name": ""}, "name", ""),
    ],
)
def test_a_mistake_is_named_where_it_is(wrong, field, words):
    form = NetworkForm(Every, told(**wrong))
    assert list(form.errors) == [field]
    assert words in str(form.errors)


def test_a_secret_that_is_known_need_not_be_written_again():
    known = EverySettings(line="abc", secret=SecretStr("hidden"), lines=("a",))
    form = NetworkForm(Every, told(s_secret=""), known=known)
    assert form.is_valid(), form.errors
    assert EverySettings.model_validate(form.told()).secret.get_secret_value() == "hidden"
    assert "hidden" not in NetworkForm(Every, known=known).as_p()


@pytest.fixture
def source(organisation_a):
    return Source.objects.create(organisation=organisation_a, key="google", name="Google")


def url(name, organisation, **arguments):
    return reverse(f"sources:{name}", kwargs={"organisation": organisation.slug, **arguments})


GATEWAY = {"name": "Google", "s_address": "https://example.org/r", "s_secret": SECRET, "s_seconds": "5"}


def test_a_secret_is_never_shown_again(client_a, organisation_a, source):
    address = url("change", organisation_a, source="google", connector="gateway")
    client_a.post(address, GATEWAY)
    source.refresh_from_db()
    assert connector_of(source) is not None
    assert SECRET not in source.connection
    assert SECRET not in client_a.get(address).content.decode()
    assert not any(SECRET in str(line.details) for line in AuditLine.objects.all())
    client_a.post(address, {**GATEWAY, "s_secret": "", "s_seconds": "7"})
    source.refresh_from_db()
    known = settings_of(source)
    assert (known.secret.get_secret_value(), known.seconds) == (SECRET, 7)
    client_a.post(url("disconnect", organisation_a, source="google"))
    source.refresh_from_db()
    assert (source.connector, source.connection) == ("", "")


@pytest.mark.parametrize(
    "wrong",
    [
        {"s_address": "ftp://example.org/"},
        {"s_address": "https://user:password@example.org/"},
        {"s_address": "https://example.org/?a=1"},
        {"s_address": ""},
        {"s_secret": "short"},
        {"s_address": "http://[::1"},
    ],
)
def test_a_connection_that_makes_no_sense_is_refused(wrong, client_a, organisation_a, source):
    address = url("change", organisation_a, source="google", connector="gateway")
    answer = client_a.post(address, GATEWAY | wrong)
    assert answer.status_code == 200
    assert "errorlist" in answer.content.decode()
    source.refresh_from_db()
    assert source.connector == ""


def test_a_network_that_nobody_knows_is_not_found(client_a, organisation_a, source):
    assert client_a.get(url("add", organisation_a, connector="nobody")).status_code == 404
    assert client_a.get(url("change", organisation_a, source="google", connector="no")).status_code == 404


def test_two_sources_of_one_name_have_keys_of_their_own(client_a, organisation_a):
    for _time in range(2):
        client_a.post(url("add", organisation_a, connector="gateway"), GATEWAY)
    assert sorted(Source.objects.values_list("key", flat=True)) == ["google", "google-2"]


def test_who_may_only_read_sees_and_changes_nothing(client_reader_a, organisation_a, source):
    assert client_reader_a.get(url("source", organisation_a, source="google")).status_code == 200
    assert client_reader_a.get(url("networks", organisation_a)).status_code == 403
    assert client_reader_a.post(url("disconnect", organisation_a, source="google")).status_code == 403
    assert client_reader_a.get(url("diagnosis", organisation_a, source="google")).status_code == 403


def test_the_past_that_is_brought_is_shown_until_it_is_there(client_a, client_b, organisation_a):
    source = Source.objects.create(organisation=organisation_a, key="blog", name="Blog")
    account = {"address": "https://blog.example.org", "user": "vigie", "password": "abcd efgh"}
    connect(source, "wordpress", account, by="tests")
    how = Listening.objects.get()
    slug = {"organisation": organisation_a.slug, "source": source.key}
    page = client_a.get(reverse("sources:source", kwargs=slug)).content.decode()
    assert "en cours de relevé" in page
    assert "every 3s" in page
    assert client_b.get(reverse("sources:past", kwargs=slug)).status_code == 404
    client_a.post(reverse("sources:pause", kwargs=slug), {"now": "on"})
    part = client_a.get(reverse("sources:past", kwargs=slug)).content.decode()
    assert "s’est arrêté là" in part
    assert "every 3s" not in part
    Listening.objects.filter(pk=how.pk).update(is_paused=False, caught_up_at=how.handle_since)
    assert "Le passé est relevé" in client_a.get(reverse("sources:past", kwargs=slug)).content.decode()
    assert "Le passé" not in client_a.get(reverse("sources:source", kwargs=slug)).content.decode()
