"""Letters to people: invitations, and what changed in their account."""

from __future__ import annotations

import logging

from django.conf import settings
from django.core.mail import send_mail
from django.utils.translation import gettext as _
from django.utils.translation import override

from veilleur.desk.accounts import deeds
from veilleur.desk.accounts.models import Invitation, User

log = logging.getLogger(__name__)


def send_invitation(invitation: Invitation, link: str) -> bool:
    """Sends the link of an invitation; False when no server is set or it did not take the letter."""
    with override(invitation.organisation.language):
        subject = _("%(organisation)s invites you to Veilleur")
        text = _(
            "%(name)s invites you to work with %(organisation)s on Veilleur.\n\n"
            "Follow this link within seven days; it works once:\n%(link)s\n\n"
            "If you expected nothing of the kind, do nothing: without the link nobody can join."
        )
        told = {
            "organisation": invitation.organisation.name,
            "name": invitation.invited_by_name,
            "link": link,
        }
        return _send(invitation.email, subject % told, text % told)


def tell_change(user: User, act: str) -> bool:
    """Tells a person what changed in their account, so that they notice what was not them."""
    with override(user.language):
        text = _(
            "This changed in your Veilleur account: %(change)s.\n\n"
            "If it was not you, change your password, end the other sessions in your preferences, and tell "
            "who administers your organisation."
        )
        return _send(user.email, _("Your Veilleur account"), text % {"change": deeds.words(act)})


def _send(to: str, subject: str, text: str) -> bool:
    if not settings.CAN_MAIL:
        return False
    try:
        return bool(send_mail(" ".join(subject.split()), text, None, [to]))
    except OSError as error:  # those of the protocol, too
        log.warning("a letter did not leave: %s", type(error).__name__)
        return False
