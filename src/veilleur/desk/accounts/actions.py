"""What changes people and organisations: one act, one transaction, one line in the trail."""

from __future__ import annotations

from django.db import transaction

from veilleur.desk.accounts import audit
from veilleur.desk.accounts.models import Membership, Organisation, Role, User


@transaction.atomic
def found_organisation(
    slug: str, name: str, *, language: str = "fr", time_zone: str = "Europe/Paris", by: str = audit.JOB
) -> Organisation:
    """Makes an organisation; harmless when one with this slug exists (it is returned unchanged)."""
    organisation, is_new = Organisation.objects.get_or_create(
        slug=slug, defaults={"name": name, "language": language, "time_zone": time_zone}
    )
    if is_new:
        organisation.full_clean()
        audit.record(organisation, by, "accounts.found", f"organisation:{slug}", {"name": name})
    return organisation


@transaction.atomic
def admit(
    organisation: Organisation,
    email: str,
    name: str,
    role: str = Role.MEMBER,
    *,
    password: str | None,
    by: str,
) -> User:
    """Makes the person if needed and gives them `role` in the organisation.

    `password` is only used for a person who is new.
    """
    user = User.objects.filter(email=email.lower()).first() or User.objects.create_user(
        email, password, name=name, language=organisation.language
    )
    membership, is_new = Membership.objects.get_or_create(
        user=user, organisation=organisation, defaults={"role": role}
    )
    if is_new or membership.role != role:
        membership.role = role
        membership.save(update_fields=["role"])
        audit.record(
            organisation, by, "accounts.admit", f"user:{user.pk}", {"email": user.email, "role": role}
        )
    return user


@transaction.atomic
def choose_language(user: User, language: str) -> None:
    """Sets the language a person reads the desk in; noted in each of their organisations."""
    user.language = language
    user.full_clean(exclude=["password"])
    user.save(update_fields=["language"])
    for membership in Membership.objects.select_related("organisation").filter(user=user):
        audit.record(
            membership.organisation,
            user.email,
            "accounts.language",
            f"user:{user.pk}",
            {"language": language},
        )
