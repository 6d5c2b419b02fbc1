"""What changes the ways of the house: its policy of replies, its rules, its library of wordings."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from veilleur.desk.accounts import audit
from veilleur.desk.accounts.permissions import May, Workplace
from veilleur.desk.replies.models import ReplyPolicy, RuleChange, Template
from veilleur.desk.replies.rulebooks import OWN, policy_of, rulebook_of
from veilleur.desk.replies.steps import require_reason
from veilleur.errors import ActRefused
from veilleur.rules import installed_packs, load_pack
from veilleur.vocabulary import Severity


@transaction.atomic
def save_policy(place: Workplace, **told: Any) -> ReplyPolicy:
    """Keeps how the house answers; `told` are columns of `ReplyPolicy`. Raises `PackInvalid`."""
    _require(place)
    policy = policy_of(place.organisation)
    before = {name: getattr(policy, name) for name in told}
    if told.get("own_pack", "").strip():
        load_pack(told["own_pack"], OWN)
    for name, value in told.items():
        setattr(policy, name, value)
    policy.save()
    changed = {
        name: str(value) if isinstance(value, time) else value
        for name, value in told.items()
        if value != before[name]
    }
    _record(place, "policy", f"organisation:{place.organisation.slug}", changed)
    return policy


@transaction.atomic
def switch_pack(place: Workplace, pack: str, *, is_on: bool, reason: str) -> None:
    """Switches a whole pack on or off, with a reason."""
    _require(place)
    require_reason(reason)
    if pack not in {known.id for known in installed_packs()}:
        raise ActRefused(_("There is no pack “%s”.") % pack)
    policy = policy_of(place.organisation)
    off = set(policy.packs_off)
    policy.packs_off = sorted(off - {pack} if is_on else off | {pack})
    policy.save()
    _record(place, "pack", f"pack:{pack}", {"now": "on" if is_on else "off", "reason": reason})


@transaction.atomic
def change_rule(place: Workplace, rule: str, *, severity: str, reason: str, now: datetime) -> None:
    """Gives a rule another severity, or switches it off (`""`), or back to its pack (`"pack"`)."""
    _require(place)
    require_reason(reason)
    if rule not in rulebook_of(place.organisation).by_id:
        raise ActRefused(_("There is no rule “%s”.") % rule)
    was = RuleChange.objects.filter(organisation=place.organisation, rule=rule).first()
    if severity == "pack":
        RuleChange.objects.filter(organisation=place.organisation, rule=rule).delete()
    else:
        RuleChange.objects.update_or_create(
            organisation=place.organisation,
            rule=rule,
            defaults={
                "severity": Severity(severity).value if severity else "",
                "reason": reason.strip(),
                "by_name": str(place.user),
                "at": now,
            },
        )
    told = {"was": was.severity or "off" if was else "pack", "now": severity or "off", "reason": reason}
    _record(place, "rule", f"rule:{rule}", told)


@transaction.atomic
def add_template(place: Workplace, *, name: str, language: str, text: str) -> Template:
    """Adds a wording to the library."""
    _require(place)
    try:
        with transaction.atomic():
            made = Template.objects.create(
                organisation=place.organisation, name=name.strip(), language=language, text=text.strip()
            )
    except IntegrityError as error:
        raise ActRefused(_("There is already a wording of this name.")) from error
    _record(place, "template", f"template:{made.pk}", {"name": name})
    return made


@transaction.atomic
def retire_template(place: Workplace, template: Template, *, is_retired: bool) -> None:
    """Takes a wording out of the choice, or back; what it was used for stays known."""
    _require(place)
    template.is_retired = is_retired
    template.save(update_fields=["is_retired"])
    told = {"name": template.name, "now": "off" if is_retired else "on"}
    _record(place, "template", f"template:{template.pk}", told)


def _record(place: Workplace, verb: str, target: str, told: dict[str, Any]) -> None:
    audit.record(place.organisation, place.user.email, f"replies.{verb}", target, told)


def _require(place: Workplace) -> None:
    if not place.allows(May.CONFIGURE):
        raise ActRefused(_("Only who configures this house may change this."))
