"""Single sign-on: who a provider sends is let in when the house knows, invited, or gave a role to them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from veilleur.desk.accounts.actions import admit
from veilleur.desk.accounts.invitations import accept_all, has_open
from veilleur.desk.accounts.models import Membership, Organisation, Role, User
from veilleur.desk.accounts.outside import Grant, Provider
from veilleur.errors import ActRefused

BY = "single sign-on"
"""The actor of what a provider's groups gave."""


@transaction.atomic
def enter(request: HttpRequest, login: Any) -> None:
    """Readies the account of whoever may enter; raises `ActRefused`, saying why, for anybody else."""
    provider = settings.OIDC[login.account.get_provider().app.provider_id]
    email = _verified_email(login, provider)
    user = login.user if login.is_existing else User.objects.filter(email=email).first()
    grants, now = _grants(provider, _claims(login)), timezone.now()
    if not (_belongs(user) or has_open(email, now=now) or grants):
        raise ActRefused(_("This account is not known here: ask your organisation for an invitation."))
    if user is None:
        user = User.objects.create_user(email, name=_name(login, email))
    if not login.is_existing:
        login.connect(request, user)
    accept_all(user, now=now)
    for grant in grants:
        _grant(user, grant)


def _verified_email(login: Any, provider: Provider) -> str:
    """The address that the provider vouches for."""
    verified = [one.email.lower() for one in login.email_addresses if one.verified]
    if not verified:
        raise ActRefused(_("Your provider does not say that your e-mail address is verified."))
    if not provider.vouches_for(verified[0]):
        raise ActRefused(_("Addresses of this domain do not enter through this provider."))
    return str(verified[0])


def _belongs(user: User | None) -> bool:
    return user is not None and user.is_active and Membership.objects.filter(user=user).exists()


def _claims(login: Any) -> dict[str, Any]:
    """What the provider said of the person, in the token and when asked."""
    said = login.account.extra_data or {}
    token, info = said.get("id_token") or {}, said.get("userinfo") or {}
    return {**said, **token, **info}


def _name(login: Any, email: str) -> str:
    return str(_claims(login).get("name") or email.partition("@")[0])[:120]


def _grants(provider: Provider, claims: dict[str, Any]) -> list[Grant]:
    said = claims.get(provider.groups_claim)
    groups: Iterable[Any] = [said] if isinstance(said, str) else said if isinstance(said, list) else []
    return [provider.grants[group] for group in groups if isinstance(group, str) and group in provider.grants]


def _grant(user: User, grant: Grant) -> None:
    """Gives the role of a group to somebody who has none there yet; what people decided here stands."""
    organisation = Organisation.objects.filter(slug=grant.organisation).first()
    if organisation is None or grant.role not in Role.values:
        return
    if not Membership.objects.filter(user=user, organisation=organisation).exists():
        admit(organisation, user.email, user.name, grant.role, password=None, by=BY)
