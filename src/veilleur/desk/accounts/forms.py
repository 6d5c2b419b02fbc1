"""Forms about people."""

from django import forms
from django.utils.translation import gettext_lazy as _

from veilleur.desk.accounts import deeds
from veilleur.desk.accounts.models import User


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
