"""The drop box of an organisation: read where the desk keeps its data, and by nobody else."""

from __future__ import annotations

import secrets

import pytest
from django.conf import settings
from django.utils import timezone

from veilleur.desk.inbox.collecting import collect
from veilleur.desk.inbox.models import MentionRow
from veilleur.desk.sources.connections import connect
from veilleur.desk.sources.models import Fetch, Listening, Source, Trouble
from veilleur.listening import connector as protocol
from veilleur.listening.connectors import folder as folders

pytestmark = pytest.mark.django_db
PASSWORD = "a password of the tests"


@pytest.fixture
def box(monkeypatch):
    known = {**protocol.connectors(), "folder": folders.Folder}
    monkeypatch.setattr("veilleur.desk.sources.connections.connectors", lambda: known)
    monkeypatch.setattr(folders, "QUIET", 0.0)
    place = settings.DATA_DIR / folders.DROPBOX / f"avis-{secrets.token_hex(4)}"
    place.mkdir(parents=True)
    return place


def connected(organisation, box, password=PASSWORD):
    source = Source.objects.create(organisation=organisation, key="depot", name="Dépôt")
    connect(source, "folder", {"name": box.name, "password": password}, by="x")
    return source.pk


def test_a_file_that_is_laid_there_becomes_messages_once(box, organisation_a):
    source = connected(organisation_a, box)
    today = timezone.now().date().isoformat()
    (box / "avis.csv").write_text(
        f"Date;Auteur;Commentaire\n{today};Zoé;Trop d’attente.\n{today};Léa;Merci !\n"
    )
    (box / "scan.pdf").write_bytes(b"%PDF-1.7")
    took = collect(source)
    assert (took.added, took.trouble) == (2, Trouble.REFUSED)
    assert "scan.pdf" in Fetch.objects.get().failure
    assert set(MentionRow.objects.values_list("network", flat=True)) == {"Dossier de dépôt"}
    assert all(name.startswith("auteur-") for name in MentionRow.objects.values_list("author", flat=True))
    took = collect(source)
    assert (took.found, took.trouble) == (0, "")
    Listening.objects.update(cursor="")
    took = collect(source)
    assert (took.found, took.added, took.updated) == (2, 0, 0)


def test_another_organisation_does_not_read_along(box, organisation_a, organisation_b):
    (box / "avis.csv").write_text("Commentaire\nTrop d’attente.\nMerci beaucoup !\n")
    assert collect(connected(organisation_a, box)).added == 2
    took = collect(connected(organisation_b, box, password="another password"))
    assert (took.added, took.trouble) == (0, Trouble.CREDENTIALS)
    assert not MentionRow.objects.filter(organisation=organisation_b).exists()
