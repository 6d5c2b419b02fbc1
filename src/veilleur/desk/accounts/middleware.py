"""Shows each page in the language and the time zone of its reader."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from veilleur.desk.accounts.models import User


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
