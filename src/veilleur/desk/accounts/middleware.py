"""Notes where people are signed in; shows each page in the language and the time zone of its reader."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from veilleur.desk.accounts.models import User
from veilleur.desk.accounts.sessions import note_session


class OpenSessionMiddleware:
    """Notes in which browsers a person is signed in, for their page of sessions."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answers `request`, and notes its browser first when somebody is signed in."""
        if isinstance(request.user, User):
            note_session(request, request.user)
        return self.get_response(request)


class ReaderLanguageMiddleware:
    """A signed-in person reads in their own language; a visitor in the browser's."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answers `request` in its reader's language."""
        user = request.user
        language = user.language if isinstance(user, User) else translation.get_language_from_request(request)
        with translation.override(language), timezone.override(zoneinfo.ZoneInfo(settings.TIME_ZONE)):
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        return response
