"""Drafts in the words of a model: asked of a real server, judged before anybody sees them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from veilleur.desk.replies.models import Reply
from veilleur.replies import situations, written
from veilleur.replies.reworded import BY_MODEL, allowed

SAFE = "Bonjour et merci de ce message. Notre accueil répond à chacun par téléphone."
REVEALS = "Bonjour Zoé, merci d'être venue le 12 mars pour votre genou."


class Model(ThreadingHTTPServer):
    """Says `content` to whoever asks."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.content = json.dumps({"reply": SAFE})
        self.asked: list[Any] = []


class _Handler(BaseHTTPRequestHandler):
    server: Model

    def do_POST(self) -> None:
        self.server.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        said = {"choices": [{"message": {"content": self.server.content}}]}
        body = json.dumps(said).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Says nothing."""


@pytest.fixture
def model(monkeypatch) -> Iterator[Model]:
    running = Model()
    threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    address = f"http://127.0.0.1:{running.server_address[1]}/v1"
    for name, value in {"URL": address, "ALLOWED": address, "MODEL": "m", "DRAFTS": "1"}.items():
        monkeypatch.setenv(f"VEILLEUR_LLM_{name}", value)
    yield running
    running.shutdown()
    running.server_close()


def start(client, organisation, review) -> Reply:
    address = f"/o/{organisation.slug}/replies/to/{review.ticket.pk}/start/"
    assert client.post(address, {"model": "1"}).status_code == 302
    return Reply.objects.get()


def test_a_safe_wording_is_offered_and_only_the_draft_left(client_a, organisation_a, review, model):
    reply = start(client_a, organisation_a, review)
    assert reply.text == SAFE
    assert reply.wording.startswith(BY_MODEL)
    (asked,) = model.asked
    sent = json.dumps(asked, ensure_ascii=False)
    assert "genou" not in sent
    assert "Zoé" not in sent
    texts = [written(one, "fr", "x").text for one in situations()]
    assert any(text[:20] in sent for text in texts)


@pytest.mark.parametrize(
    "content",
    [
        json.dumps({"reply": REVEALS}),
        json.dumps({"reply": ""}),
        json.dumps({"reply": SAFE, "more": 1}),
        json.dumps({"reply": "x" * 2000}),
        "Bonjour !",
        "[" * 5000,
    ],
)
def test_anything_else_is_not_shown(content, client_a, organisation_a, review, model):
    model.content = content
    reply = start(client_a, organisation_a, review)
    assert reply.text.startswith("Bonjour")
    assert not reply.wording.startswith(BY_MODEL)
    assert reply.text not in content


def test_without_leave_nothing_is_asked(client_a, organisation_a, review, model, monkeypatch):
    monkeypatch.setenv("VEILLEUR_LLM_DRAFTS", "0")
    assert allowed() is None
    start(client_a, organisation_a, review)
    assert model.asked == []
