"""Forms about people."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from veilleur.desk.accounts import deeds, mandates
from veilleur.desk.accounts.models import HouseRole, Membership, Organisation, Role, User
from veilleur.desk.accounts.permissions import May
from veilleur.desk.accounts.queries import RIGHTS, role_choices
from veilleur.desk.forms import Said


class LanguageForm(forms.ModelForm[User]):
    """Which language the person reads the desk in."""

    class Meta:
        model = User
        fields = ("language",)
        labels = {"language": _("Language of the desk")}


class TrailForm(forms.Form):
    """Filters of the audit page."""

    before = forms.IntegerField(required=False, min_value=1)
    actor = forms.CharField(required=False, max_length=254)
    act = forms.ChoiceField(required=False, choices=deeds.choices)


class RoleForm(Said):
    """Which role somebody gets: one of the house, or one of the organisation."""

    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.MEMBER)

    def __init__(self, organisation: Organisation | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.organisation = organisation
        if organisation is not None:
            self.fields["role"].choices = role_choices(organisation)  # type: ignore[attr-defined]

    def arguments(self) -> dict[str, Any]:
        """The role, and the role of the organisation in its place."""
        said = dict(self.cleaned_data)
        code = said.pop("role")
        shipped, _dash, number = code.partition("-")
        if not number:
            return {**said, "role": shipped}
        own = HouseRole.objects.filter(organisation=self.organisation, pk=number).first()
        return {**said, "role": Role.READER.value, "own_role": own}


class InvitationForm(RoleForm):
    """Who is asked to join, and as what."""

    email = forms.EmailField(label=_("E-mail address"), max_length=254)
    field_order = ("email", "role")


class WelcomeForm(forms.Form):
    """What somebody new says of themselves."""

    name = forms.CharField(label=_("Your name"), max_length=120, help_text=_("Your colleagues read it."))
    password = forms.CharField(
        label=_("Password"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Twelve characters at least: a sentence is easy to remember."),
    )

    def __init__(self, email: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email = email

    def clean(self) -> dict[str, Any]:
        """A password that nobody guesses from the name or the address."""
        cleaned = super().clean() or {}
        if cleaned.get("password"):
            try:
                validate_password(cleaned["password"], User(email=self.email, name=cleaned.get("name", "")))
            except ValidationError as error:
                self.add_error("password", error)
        return cleaned


class OwnRoleForm(Said):
    """A role of the organisation: its name and its rights."""

    name = forms.CharField(label=_("Name of the role"), max_length=60)
    rights = forms.MultipleChoiceField(
        label=_("Rights"),
        required=False,
        choices=[(may.value, words) for may, words in RIGHTS.items() if may is not May.ENTER],
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Everybody sees the figures. Who acts on messages also sees what people wrote."),
    )

    def arguments(self) -> dict[str, Any]:
        """The name, and the rights themselves."""
        said = self.cleaned_data
        return {"name": said["name"], "rights": [May(value) for value in said["rights"]]}


class TeamForm(Said):
    """A team: its name and its people."""

    name = forms.CharField(label=_("Name of the team"), max_length=60)
    members = forms.ModelMultipleChoiceField(
        label=_("People"),
        required=False,
        queryset=Membership.objects.none(),
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, organisation: Organisation | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = Membership.objects.filter(organisation=organisation).select_related("user")
        field = self.fields["members"]
        field.queryset = people.order_by("user__name", "pk")  # type: ignore[attr-defined]
        field.label_from_instance = lambda member: str(member.user)  # type: ignore[attr-defined]


class MandateForm(RoleForm):
    """Which agency may work here, who of it, and as what."""

    code = forms.CharField(
        label=_("Code of the agency"),
        max_length=200,
        help_text=_("The agency reads it on its own page of agencies."),
    )
    needed = forms.ChoiceField(
        label=_("Who, at the agency"),
        choices=[(may.value, words) for may, words in RIGHTS.items() if may is not May.ENTER],
        initial=May.WORK.value,
        help_text=_("Those whom the agency gave this right."),
    )
    role = forms.ChoiceField(
        label=_("Role here"),
        choices=Role.choices,
        initial=Role.MEMBER,
        help_text=_("It never includes deciding who works here."),
    )
    field_order = ("code", "needed", "role")

    def clean_code(self) -> Organisation:
        """The agency that the code names."""
        agency = mandates.agency_of(self.cleaned_data["code"])
        if agency is None:
            raise ValidationError(_("No agency has this code: copy the whole of it."))
        return agency

    def arguments(self) -> dict[str, Any]:
        """The agency, the right asked for, and the role."""
        said = super().arguments()
        return {"agency": said.pop("code"), "needed": May(said.pop("needed")), **said}
