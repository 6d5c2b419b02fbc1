"""A network where people sign in, on 127.0.0.1: codes with PKCE, tokens that rotate, revocation.

It keeps RFC 6749, 7636 and 7009 to the letter: a code and a refresh token serve once, and who shows one again
loses everything that came of it.
"""

from __future__ import annotations

import base64
import hashlib
import html
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.fake_api import FakeApi, Question

CLIENT, CLIENT_SECRET = "club-app", "club-secret"
Answer = tuple[int, Any, dict[str, str]]


@dataclass(frozen=True)
class Code:
    client: str
    back: str
    challenge: str
    scopes: tuple[str, ...]


class FakeOAuth(FakeApi):
    """`withheld`: rights that the person unticks; `life`: seconds of an access token; `rotates`: new refresh
    tokens each time; `gives_refresh`: whether there are any."""

    def __init__(self, port: int = 0) -> None:
        super().__init__(port)
        self.clients = {CLIENT: CLIENT_SECRET}
        self.backs: set[str] = set()
        """Redirect addresses that are allowed; none: any."""
        self.codes: dict[str, Code] = {}
        self.spent: set[str] = set()
        self.access: dict[str, tuple[str, ...]] = {}
        self.refresh: dict[str, tuple[str, ...]] = {}
        self.revoked: list[str] = []
        self.withheld: set[str] = set()
        self.life, self.refresh_life = 3600, 0
        self.rotates = self.gives_refresh = True
        self.renewals = 0
        self.lock = threading.Lock()

    def answer(self, question: Question) -> Answer:
        if self.trouble or self.once or not question.path.startswith("/oauth/authorize"):
            return super().answer(question)
        self.questions.append(question)
        return self._decided(question) if question.method == "POST" else self._asked(question)

    def told(self, question: Question) -> tuple[int, Any]:
        form = dict(parse_qsl(question.raw.decode()))
        with self.lock:
            match question.path:
                case "/oauth/token":
                    return self._token(question, form)
                case "/oauth/revoke":
                    return self._revoke(question, form)
                case "/api/v1/apps":
                    return self._app(form)
                case "/me":
                    return self._me(question)
        return 404, {"error": "not_found"}

    def _asked(self, question: Question) -> Answer:
        """The page on which a person allows or refuses."""
        known = self._known(question.params)
        if known:
            return 400, known.encode(), {"Content-Type": "text/html"}
        rights = "".join(f"<li>{html.escape(one)}</li>" for one in question.params["scope"].split())
        action = html.escape(f"/oauth/authorize?{urlencode(dict(question.params))}")
        page = (
            "<!doctype html><html lang=en><title>Club</title><main><h1>Club</h1>"
            f"<ul>{rights}</ul><form method=post action='{action}'>"
            "<button name=is_allowed value=yes>Allow</button><button name=is_allowed value=no>Deny</button>"
            "</form></main></html>"
        )
        return 200, page.encode(), {"Content-Type": "text/html; charset=utf-8"}

    def _known(self, params: Mapping[str, str]) -> str:
        if params.get("client_id") not in self.clients or params.get("response_type") != "code":
            return "unknown application"
        if self.backs and params.get("redirect_uri") not in self.backs:
            return "redirect_uri does not match"
        if params.get("code_challenge_method") != "S256" or not params.get("code_challenge"):
            return "PKCE is needed"
        return ""

    def _decided(self, question: Question) -> Answer:
        is_allowed = dict(parse_qsl(question.raw.decode())).get("is_allowed") == "yes"
        return 302, b"", {"Location": self.decide(question.params, is_allowed=is_allowed)}

    def decide(self, params: Mapping[str, str], *, is_allowed: bool = True) -> str:
        """What a person decides; where the network sends them."""
        state = {"state": params["state"]}
        if not is_allowed:
            return f"{params['redirect_uri']}?{urlencode({'error': 'access_denied', **state})}"
        code = secrets.token_hex(8)
        scopes = tuple(one for one in params["scope"].split() if one not in self.withheld)
        challenge = params.get("code_challenge", "")
        self.codes[code] = Code(params["client_id"], params["redirect_uri"], challenge, scopes)
        return f"{params['redirect_uri']}?{urlencode({'code': code, **state})}"

    def visited(self, address: str, *, is_allowed: bool = True) -> str:
        """A person opens the address that Veilleur sent them to; where they come back to."""
        params = dict(parse_qsl(urlsplit(address).query))
        fault = self._known(params)
        assert not fault, fault
        return self.decide(params, is_allowed=is_allowed)

    def _client(self, question: Question, form: Mapping[str, str]) -> str:
        """Who asks; empty for nobody we know."""
        name, secret = form.get("client_id", ""), form.get("client_secret", "")
        kind, _blank, told = question.headers.get("Authorization", "").partition(" ")
        if kind == "Basic":
            name, _colon, secret = base64.b64decode(told).decode().partition(":")
        return name if name and self.clients.get(name) == secret else ""

    def _token(self, question: Question, form: Mapping[str, str]) -> tuple[int, Any]:
        client = self._client(question, form)
        if not client:
            return 401, {"error": "invalid_client"}
        if form.get("grant_type") == "authorization_code":
            return self._for_code(client, form)
        return self._for_refresh(form)

    def _for_code(self, client: str, form: Mapping[str, str]) -> tuple[int, Any]:
        code = self.codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        shown = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if code is None or (code.client, code.back, code.challenge) != (client, form["redirect_uri"], shown):
            return 400, {"error": "invalid_grant", "error_description": "the code is not known"}
        return 200, self._given(code.scopes)

    def _for_refresh(self, form: Mapping[str, str]) -> tuple[int, Any]:
        shown = form.get("refresh_token", "")
        if shown in self.spent:  # somebody else has it, too: everything ends
            self.access.clear()
            self.refresh.clear()
        scopes = self.refresh.get(shown)
        if scopes is None:
            return 400, {"error": "invalid_grant", "error_description": "Token has been revoked."}
        self.renewals += 1
        if self.rotates:
            self.spent.add(shown)
            del self.refresh[shown]
        return 200, self._given(scopes, is_first=self.rotates)

    def _given(self, scopes: tuple[str, ...], *, is_first: bool = True) -> dict[str, Any]:
        access = f"access-{secrets.token_hex(6)}"
        self.access[access] = scopes
        told: dict[str, Any] = {"access_token": access, "token_type": "bearer", "scope": " ".join(scopes)}
        if self.life:
            told["expires_in"] = self.life
        if self.gives_refresh and is_first:
            told["refresh_token"] = f"refresh-{secrets.token_hex(6)}"
            self.refresh[told["refresh_token"]] = scopes
            if self.refresh_life:
                told["refresh_token_expires_in"] = self.refresh_life
        return told

    def _revoke(self, question: Question, form: Mapping[str, str]) -> tuple[int, Any]:
        if not self._client(question, form):
            return 401, {"error": "invalid_client"}
        self.revoked.append(form["token"])
        self.refresh.pop(form["token"], None)
        self.access.clear()
        return 200, {}

    def _app(self, form: Mapping[str, str]) -> tuple[int, Any]:
        name = f"app-{len(self.clients)}"
        self.clients[name] = secrets.token_hex(8)
        self.backs.add(form["redirect_uris"])
        return 200, {"client_id": name, "client_secret": self.clients[name]}

    def _me(self, question: Question) -> tuple[int, Any]:
        token = question.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self.access:
            return 401, {"error": "invalid_token"}
        return 200, {"name": "clinique-du-lac"}
