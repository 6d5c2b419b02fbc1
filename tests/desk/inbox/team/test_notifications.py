"""Who is named in a note, given a ticket, and told of it; files beside notes; the digest by e-mail."""

from __future__ import annotations

from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings as desk
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from tests.desk.inbox.team.conftest import NOW, url
from tests.fake_clamd import EICAR, scanning
from veilleur.desk.accounts.models import Membership
from veilleur.desk.inbox import actions
from veilleur.desk.inbox.models import Note
from veilleur.desk.inbox.team import digest, notifications
from veilleur.desk.inbox.team.attachments import MOST_BYTES, media_type_of, name_of
from veilleur.desk.inbox.team.models import Attachment, Notification, NotificationChoice
from veilleur.desk.inbox.team.naming import named_in, pieces_of
from veilleur.listening.scanning import SCANNER


class Somebody:
    def __init__(self, name):
        self.name = name


PEOPLE = [Somebody(name) for name in ("Marie", "Marie Curie", "Rémi", "Jean-Paul Le Goff", "Ève")]


@pytest.fixture
def client_m(member_a):
    client = Client()
    client.force_login(member_a, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("@Marie, peux-tu rappeler ?", [0]),
        ("Pour @marie curie.", [1]),
        ("@REMI et @Ève", [2, 4]),
        ("@jean-paul le goff !", [3]),
        ("@Jean", []),
        ("@Mariette", []),
        ("écris à alice@marie.fr", []),
        ("@Marie\nCurie est passée", [0]),
        ("@@Marie", []),
        ("@Marie @Marie", [0]),
    ],
)
def test_the_longest_name_behind_an_at_is_meant(text, named):
    assert named_in(text, PEOPLE) == named


@given(st.text(alphabet="@ MarieCué.-\n'x", max_size=60))
def test_the_pieces_of_a_note_are_the_note(text):
    pieces = pieces_of(text, PEOPLE)
    assert "".join(piece.text for piece in pieces) == text
    assert any(piece.is_name for piece in pieces) == bool(named_in(text, PEOPLE))


def told(person):
    return list(Notification.objects.filter(person=person).values_list("kind", "read_at"))


def test_who_is_named_is_told_and_has_read_it_once_the_message_was_seen(
    client_a, client_m, organisation_a, member_a, alice, tickets
):
    said = {"text": "@Marie, à toi. @Alice aussi."}
    client_a.post(url("note", organisation_a, ticket=tickets[0].pk), said)
    assert told(member_a) == [("named", None)]
    assert told(alice) == []
    page = client_m.get(url("list", organisation_a)).content.decode()
    assert '<span class="bell-count" aria-hidden="true">1</span>' in page
    page = client_m.get(url("notifications", organisation_a)).content.decode()
    assert "Alice vous a cité dans une note" in page
    assert "à toi." in page
    client_m.post(url("seen", organisation_a, ticket=tickets[0].pk))
    assert "bell-count" not in client_m.get(url("bell", organisation_a)).content.decode()
    one = Notification.objects.get()
    client_m.post(url("turn_notification", organisation_a, notification=one.pk))
    assert Notification.objects.get().read_at is None
    client_m.post(url("read_all", organisation_a))
    assert Notification.objects.get().read_at


def test_who_is_given_a_ticket_is_told_and_nobody_of_what_they_did(place_a, member_a, alice, tickets):
    decision = actions.assign(place_a, tickets[0].pk, 1, to=member_a, now=NOW)
    actions.assign(place_a, tickets[1].pk, 1, to=alice, now=NOW)
    assert told(member_a) == [("assigned", None)]
    assert told(alice) == []
    actions.undo(place_a, decision.pk, now=NOW)
    assert len(told(member_a)) == 1


def test_an_undone_note_takes_what_was_told_and_its_files_with_it(
    client_a, organisation_a, place_a, member_a, tickets, django_capture_on_commit_callbacks
):
    post_note(client_a, organisation_a, tickets[0], "@Marie", pdf())
    path = Path(desk.DATA_DIR) / Attachment.objects.get().path
    assert path.exists()
    decision = tickets[0].decisions.get()
    with django_capture_on_commit_callbacks(execute=True):
        actions.undo(place_a, decision.pk, now=NOW)
    assert told(member_a) == []
    assert not path.exists()


def test_one_is_told_only_what_one_wants(client_m, organisation_a, place_a, member_a, tickets):
    client_m.post(url("notification_choices", organisation_a), {"told": ["named"], "digest": "never"})
    actions.assign(place_a, tickets[0].pk, 1, to=member_a, now=NOW)
    assert told(member_a) == []
    page = client_m.get(url("notification_choices", organisation_a)).content.decode()
    assert page.count("checked") == 1


def test_the_bell_counts_up_to_a_bound_and_pages_go_on(client_m, organisation_a, member_a, tickets):
    Notification.objects.bulk_create(
        Notification(organisation=organisation_a, person=member_a, kind="assigned", ticket=tickets[0], at=NOW)
        for _number in range(150)
    )
    assert "99+" in client_m.get(url("bell", organisation_a)).content.decode()
    page = client_m.get(url("notifications", organisation_a)).content.decode()
    assert "?before=" in page
    assert notifications.forget_old(NOW + timedelta(days=91)) == 150


def test_a_second_reader_is_asked_for(place_a, member_a, reader_a, alice, tickets):
    notifications.tell_readers(place_a, tickets[0], NOW)
    assert told(member_a) == [("approve", None)]
    assert told(reader_a) == told(alice) == []


# --- files ---


def pdf(name="compte rendu.pdf", content=b"%PDF-1.7 hello"):
    return SimpleUploadedFile(name, content, content_type="text/html")


def post_note(client, organisation, ticket, text, *files):
    address = url("note", organisation, ticket=ticket.pk)
    return client.post(address, {"text": text, "attached": list(files)}, follow=True)


def kept_files():
    return [path for path in Path(desk.MEDIA_ROOT).rglob("*") if path.is_file()]


@pytest.fixture(autouse=True)
def _no_file_left():
    yield
    for path in kept_files():
        path.unlink()


def test_a_file_is_saved_never_shown_and_only_by_colleagues(client_a, client_b, organisation_a, tickets):
    page = post_note(client_a, organisation_a, tickets[0], "Voir.", pdf('a"b\r\nc.pdf')).content.decode()
    file = Attachment.objects.get()
    assert url("attachment", organisation_a, attachment=file.pk) in page
    answer = client_a.get(url("attachment", organisation_a, attachment=file.pk))
    assert b"".join(answer.streaming_content) == b"%PDF-1.7 hello"
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"].startswith("attachment;")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert client_b.get(url("attachment", organisation_a, attachment=file.pk)).status_code == 404


def office(entry):
    content = BytesIO()
    with ZipFile(content, "w") as archive:
        archive.writestr(entry, "x")
    return content.getvalue()


@pytest.mark.parametrize(
    ("head", "media_type"),
    [
        (b"\x89PNG\r\n\x1a\n....", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (office("xl/workbook.xml"), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (office("evil.exe"), ""),
        ("Été".encode(), "text/plain"),
        (b"<svg onload=alert(1)>", ""),
        (b"  <!DOCTYPE html><script>", ""),
        (b"\x7fELF\x00\x01", ""),
        (b"\xe9\xe8", ""),
    ],
)  # fmt: skip
def test_a_file_is_what_its_bytes_say(head, media_type):
    assert media_type_of(head) == media_type


@given(st.text(max_size=200))
def test_a_name_is_never_a_path(said):
    name = name_of(said)
    assert name
    assert not set(name) & set("/\\\r\n\0")
    assert len(name) <= 120


@pytest.mark.parametrize(
    "files",
    [
        [pdf("x.exe", b"MZ\x90\x00")],
        [pdf("a.pdf", b"%PDF" + b"-" * MOST_BYTES)],
        [pdf() for _number in range(6)],
    ],
    ids=["kind", "size", "count"],
)
def test_what_a_note_does_not_carry_is_refused_whole(client_a, organisation_a, tickets, files):
    page = post_note(client_a, organisation_a, tickets[0], "Voir.", pdf(), *files).content.decode()
    assert "toast-error" in page
    assert not Note.objects.exists()
    assert kept_files() == []


def test_a_virus_is_kept_out(client_a, organisation_a, tickets, monkeypatch):
    with scanning() as clamd:
        monkeypatch.setenv(SCANNER, clamd.told)
        post_note(client_a, organisation_a, tickets[0], "Voir.", pdf())
        page = post_note(client_a, organisation_a, tickets[0], "Voir.", pdf(content=b"%PDF-" + EICAR))
    assert "virus" in page.content.decode()
    assert Attachment.objects.count() == 1
    assert len(kept_files()) == 1


# --- by e-mail ---


@pytest.fixture
def wants_mail(organisation_a, member_a, settings):
    settings.PUBLIC_URL = "https://desk.example.org"
    return NotificationChoice.objects.create(organisation=organisation_a, person=member_a, digest="hourly")


def test_a_digest_tells_what_is_unread_once_without_a_word_of_it(
    place_a, member_a, organisation_a, tickets, wants_mail
):
    actions.add_note(place_a, tickets[0].pk, text="@Marie le patient Dupont rappelle", now=NOW)
    actions.assign(place_a, tickets[1].pk, 1, to=member_a, now=NOW)
    now = datetime.now(ZoneInfo("Europe/Paris"))
    assert digest.due(now) == [wants_mail.pk]
    digest.send(wants_mail.pk)
    digest.send(wants_mail.pk)
    assert digest.due(now) == []
    assert digest.due(now + timedelta(hours=2)) == [wants_mail.pk]
    (message,) = mail.outbox
    assert message.to == ["marie@example.org"]
    link = "https://desk.example.org" + url("ticket", organisation_a, ticket=tickets[0].pk)
    assert link in message.body
    for word in ("Dupont", "attente", "Alice"):
        assert word not in message.subject + message.body
    NotificationChoice.objects.update(sent_at=now - timedelta(hours=2))
    digest.send(wants_mail.pk)
    assert len(mail.outbox) == 1, "what was told is told once"


def test_who_left_gets_nothing(place_a, member_a, tickets, wants_mail):
    actions.assign(place_a, tickets[1].pk, 1, to=member_a, now=NOW)
    Membership.objects.filter(user=member_a).delete()
    digest.send(wants_mail.pk)
    assert mail.outbox == []


def test_a_daily_digest_leaves_in_the_morning_of_the_house(wants_mail):
    NotificationChoice.objects.update(digest="daily")
    night, morning = (datetime(2026, 3, 3, hour, 30, tzinfo=ZoneInfo("Europe/Paris")) for hour in (7, 8))
    assert (digest.due(night), digest.due(morning)) == ([], [wants_mail.pk])
    NotificationChoice.objects.update(sent_at=morning)
    assert digest.due(morning + timedelta(hours=3)) == []
    assert digest.due(morning + timedelta(days=1)) == [wants_mail.pk]


def test_without_an_address_of_the_desk_nothing_leaves(wants_mail, settings):
    settings.PUBLIC_URL = ""
    assert digest.due(NOW) == []


def test_reading_only_is_enough_to_be_told(client_reader_a, organisation_a):
    assert client_reader_a.get(url("notifications", organisation_a)).status_code == 200
