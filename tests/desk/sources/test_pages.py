"""The pages of an import, from the file to the messages."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from veilleur.desk.accounts.models import Organisation
from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.inbox.models import MentionRow
from veilleur.desk.sources import actions, files, running
from veilleur.desk.sources.models import CollectionRun, RememberedMapping, RunState, Source

FILE = "Date;Note;Auteur;Commentaire\n03/03/2026;4/5;Marie;Très bien\n31/02/2026;2/5;Paul;Trop d’attente\n"


def at(name: str, organisation: str = "clinique-a", run: int | None = None) -> str:
    tail = {"list": "", "upload": "upload/", "run": f"runs/{run}/"}.get(name, f"runs/{run}/{name}/")
    return f"/o/{organisation}/sources/{tail}"


def start_url(run: CollectionRun, act: str = "start") -> str:
    return f"/o/{run.organisation.slug}/inbox/runs/{run.pk}/{act}/"


def send(
    client: Client, content: str | bytes = FILE, file_name: str = "avis.csv", **fields: Any
) -> HttpResponse:
    data = content.encode() if isinstance(content, str) else content
    return client.post(at("upload"), {"file": SimpleUploadedFile(file_name, data), "name": "Avis"} | fields)


@pytest.fixture
def draft(client_a: Client) -> CollectionRun:
    """A file that Alice has just sent."""
    send(client_a)
    return CollectionRun.objects.get()


def choices(page: HttpResponse) -> dict[str, Any]:
    """What the form of the columns would send back as it stands."""
    form = page.context["form"]
    return {name: "" if form[name].value() is None else form[name].value() for name in form.fields}


def kept_files() -> list[Path]:
    return [path for path in Path(django_settings.MEDIA_ROOT).rglob("*") if path.is_file()]


@pytest.fixture(autouse=True)
def _no_file_left() -> None:
    for path in kept_files():
        path.unlink()


def test_an_empty_desk_teaches(client_a: Client) -> None:
    page = client_a.get(at("list"))
    assert page.status_code == 200
    assert at("upload") in page.text


def test_a_file_is_shown_before_anything_is_imported(client_a: Client) -> None:
    answer = send(client_a)
    run = CollectionRun.objects.get()
    assert answer.headers["Location"] == at("columns", run=run.pk)
    page = client_a.get(at("columns", run=run.pk))
    assert "Très bien" in page.text
    assert "Marie" in page.text, "the cells as they are, beside the selects"
    assert "auteur-" in page.text, "and the pseudonym that will be kept"
    assert "★★★★☆" in page.text
    assert page.context["preview"].refused[0].line == 3
    assert not MentionRow.objects.exists()
    assert run.state == RunState.DRAFT
    assert run.total == 2


def test_the_import_starts_and_ends(client_a: Client, draft: CollectionRun) -> None:
    page = client_a.get(at("columns", run=draft.pk))
    answer = client_a.post(start_url(draft), choices(page), follow=True)
    assert answer.redirect_chain[-1][0] == at("run", run=draft.pk)
    draft.refresh_from_db()
    assert (draft.state, draft.added, draft.rejected) == (RunState.DONE, 1, 1)
    assert MentionRow.objects.get().text == "Très bien"
    assert f"?source={draft.source.key}" in answer.text
    assert 'hx-trigger="every 1s"' not in answer.text, "nothing more to wait for"
    assert kept_files() == []


def test_a_correction_is_seen_and_remembered(client_a: Client, draft: CollectionRun) -> None:
    page = client_a.get(at("columns", run=draft.pk))
    given = choices(page) | {"constant_network": "Google", "scale_worst": "0", "scale_best": "10"}
    client_a.post(at("columns", run=draft.pk), given)
    page = client_a.get(at("columns", run=draft.pk))
    assert {message.network for message in page.context["preview"].messages} == {"Google"}
    client_a.post(start_url(draft), choices(page))
    assert RememberedMapping.objects.get().organisation == draft.organisation
    send(client_a)
    again = CollectionRun.objects.latest("pk")
    assert again.mapping["constant_network"] == "Google"
    assert again.mapping["scale"]["best"] == 10


def test_what_one_organisation_confirmed_stays_there(
    client_a: Client, draft: CollectionRun, organisation_b: Organisation
) -> None:
    page = client_a.get(at("columns", run=draft.pk))
    client_a.post(start_url(draft), choices(page) | {"constant_network": "Google"})
    source = actions.add_source(organisation_b, "Avis", by="tests")
    run = actions.draft_run(source, [FILE.encode()], "avis.csv")
    assert run.mapping["constant_network"] == ""


def test_a_start_without_text_or_rating_is_refused(client_a: Client, draft: CollectionRun) -> None:
    page = client_a.get(at("columns", run=draft.pk))
    given = choices(page)
    nothing = {name: "" for name in given if name.startswith("column_")}
    answer = client_a.post(start_url(draft), given | nothing, follow=True)
    assert not answer.context["preview"].can_start
    draft.refresh_from_db()
    assert draft.state == RunState.DRAFT
    assert start_url(draft) not in answer.text


@pytest.mark.parametrize(
    "wrong",
    [
        {"column_0": "text", "column_3": "text"},
        {"column_0": "no such field"},
        {"zone": "Mars/Olympus"},
        {"scale_worst": "1", "scale_best": ""},
        {"scale_worst": "3", "scale_best": "3"},
        {"date_order": "ymd"},
    ],
)
@pytest.mark.parametrize("start", [True, False])
def test_wrong_columns_are_said_and_change_nothing(
    client_a: Client, draft: CollectionRun, wrong: dict[str, str], start: bool
) -> None:
    page = client_a.get(at("columns", run=draft.pk))
    url = start_url(draft) if start else at("columns", run=draft.pk)
    answer = client_a.post(url, choices(page) | wrong)
    assert answer.status_code == 200
    assert "errorlist" in answer.text
    before = draft.mapping
    draft.refresh_from_db()
    assert (draft.state, draft.mapping) == (RunState.DRAFT, before)


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7 ...", b"PK\x03\x04broken", b"\x00\x01\x02\x03"])
def test_what_cannot_be_read_is_refused_in_words_and_not_kept(client_a: Client, content: bytes) -> None:
    answer = send(client_a, content)
    assert answer.status_code == 200
    assert answer.context["form"].errors["file"]
    assert not CollectionRun.objects.exists()
    assert kept_files() == []


def test_a_file_beyond_the_limit_is_refused_while_it_arrives(client_a: Client, settings: Any) -> None:
    settings.UPLOAD_LIMIT = 1 << 20
    answer = send(client_a, b"a;b\n" + b"x;y\n" * (1 << 19))
    assert answer.status_code == 200
    assert "1 MiB" in answer.context["form"].errors["file"].as_text()
    assert kept_files() == []


def test_the_name_of_the_file_is_shown_but_never_a_path(client_a: Client) -> None:
    send(client_a, file_name="../../<b>evil</b>.csv")
    run = CollectionRun.objects.get()
    assert files.location(run).resolve().is_relative_to(Path(django_settings.MEDIA_ROOT).resolve())
    assert len(kept_files()) == 1
    assert "<b>evil" not in client_a.get(at("run", run=run.pk)).text


def test_an_existing_source_may_be_chosen_but_not_a_stranger_s(
    client_a: Client, organisation_a: Organisation, organisation_b: Organisation
) -> None:
    ours = actions.add_source(organisation_a, "Google", by="tests")
    theirs = actions.add_source(organisation_b, "Google", by="tests")
    send(client_a, source=str(ours.pk), name="")
    assert CollectionRun.objects.get().source == ours
    assert send(client_a, source=str(theirs.pk)).context["form"].errors["source"]


def test_a_source_without_a_name_is_called_as_its_file(client_a: Client) -> None:
    send(client_a, file_name="avis mars.csv", name="")
    assert Source.objects.filter(key="avis-mars").exists()


def test_a_draft_may_be_forgotten(client_a: Client, draft: CollectionRun) -> None:
    path = files.location(draft)
    answer = client_a.post(at("discard", run=draft.pk))
    assert answer.headers["Location"] == at("list")
    assert not CollectionRun.objects.exists()
    assert path.name  # the copy goes when the transaction of the act is over


@pytest.mark.django_db(transaction=True)
def test_a_forgotten_file_leaves_the_disk(client_a: Client, draft: CollectionRun) -> None:
    client_a.post(at("discard", run=draft.pk))
    assert kept_files() == []


def running_run(draft: CollectionRun) -> CollectionRun:
    actions.request_start(draft, actions.Mapping.from_json(draft.mapping), by="tests")
    return running.claim(draft.pk)


def test_the_page_of_a_live_import_asks_again(client_a: Client, draft: CollectionRun) -> None:
    running_run(draft)
    page = client_a.get(at("run", run=draft.pk))
    assert f'hx-get="{at("progress", run=draft.pk)}"' in page.text
    part = client_a.get(at("progress", run=draft.pk))
    assert "hx-get" in part.text
    assert "<html" not in part.text
    assert "HX-Refresh" not in part.headers


def test_stop_and_resume_from_the_page(client_a: Client, draft: CollectionRun) -> None:
    running_run(draft)
    client_a.post(at("stop", run=draft.pk))
    draft.refresh_from_db()
    assert (draft.state, draft.cancel_requested) == (RunState.RUNNING, True)
    CollectionRun.objects.update(heartbeat_at=timezone.now() - 2 * running.SILENCE)
    page = client_a.get(at("run", run=draft.pk))
    assert start_url(draft, "resume") in page.text, "its runner is silent: it may be resumed"
    client_a.post(start_url(draft, "resume"))
    draft.refresh_from_db()
    assert (draft.state, draft.added) == (RunState.DONE, 1)
    assert client_a.get(at("progress", run=draft.pk)).headers["HX-Refresh"] == "true"


@pytest.mark.parametrize("act", ["stop", "discard"])
def test_a_finished_import_refuses_acts_calmly(client_a: Client, draft: CollectionRun, act: str) -> None:
    client_a.post(start_url(draft), choices(client_a.get(at("columns", run=draft.pk))))
    answer = client_a.post(at(act, run=draft.pk), follow=True)
    assert answer.status_code == 200
    assert "toast-error" in answer.text
    for name in ("start", "resume"):
        assert "toast-error" in client_a.post(start_url(draft, name), follow=True).text


def test_the_refused_rows_come_back_to_be_mended(client_a: Client, draft: CollectionRun) -> None:
    client_a.post(start_url(draft), choices(client_a.get(at("columns", run=draft.pk))))
    answer = client_a.get(f"/o/clinique-a/sources/runs/{draft.pk}/rejects.csv")
    content = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    header, row = csv.reader(io.StringIO(content), delimiter=";")
    assert header[:4] == ["Date", "Note", "Auteur", "Commentaire"]
    assert row[:4] == ["31/02/2026", "2/5", "Paul", "Trop d’attente"]
    assert row[4] == "3"
    mended = content.replace("31/02/2026", "28/02/2026")
    send(client_a, mended, source=str(draft.source.pk), name="")
    again = CollectionRun.objects.latest("pk")
    client_a.post(start_url(again), choices(client_a.get(at("columns", run=again.pk))))
    assert MentionRow.objects.count() == 2


def test_a_reader_sees_runs_but_not_what_people_wrote(
    client_reader_a: Client, client_a: Client, draft: CollectionRun
) -> None:
    client_a.post(start_url(draft), choices(client_a.get(at("columns", run=draft.pk))))
    page = client_reader_a.get(at("run", run=draft.pk))
    assert page.status_code == 200
    assert "31/02/2026" not in page.text
    for url in (
        at("upload"),
        at("columns", run=draft.pk),
        f"/o/clinique-a/sources/runs/{draft.pk}/rejects.csv",
    ):
        assert client_reader_a.get(url).status_code == 403
    assert client_reader_a.post(start_url(draft)).status_code == 403


def test_a_stranger_s_run_does_not_exist(client_b: Client, place_b: Workplace, draft: CollectionRun) -> None:
    for name in ("run", "columns", "progress"):
        for slug in ("clinique-a", place_b.organisation.slug):
            assert client_b.get(at(name, slug, draft.pk)).status_code == 404
    for act in ("start", "resume"):
        url = f"/o/{place_b.organisation.slug}/inbox/runs/{draft.pk}/{act}/"
        assert client_b.post(url).status_code == 404
    assert draft.file_name not in client_b.get(at("list", place_b.organisation.slug)).text
