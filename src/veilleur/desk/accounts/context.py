"""What every template may ask: where the reader works, and where else they could."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from veilleur import __version__
from veilleur.desk.accounts.models import User
from veilleur.desk.accounts.queries import organisations_of


def workplace(request: HttpRequest) -> dict[str, Any]:
    """`place` (a `Workplace` or None), `organisations` (where the signed-in person may work), `version`.

    Also `can_mail` (whether letters leave) and `sign_on` (the providers of single sign-on).
    """
    user = getattr(request, "user", None)
    return {
        "place": getattr(request, "workplace", None),
        "organisations": organisations_of(user) if isinstance(user, User) else [],
        "version": __version__,
        "can_mail": settings.CAN_MAIL,
        "sign_on": list(settings.OIDC.values()),
    }
