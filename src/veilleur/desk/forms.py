"""What the forms of the desk share."""

from __future__ import annotations

from typing import Any

from django import forms


class Said(forms.Form):
    """What a person says for one act."""

    def arguments(self) -> dict[str, Any]:
        """What the act is to be called with, by name."""
        return dict(self.cleaned_data)

    def sentence(self) -> str:
        """What is wrong, in one line."""
        return " ".join(str(error) for errors in self.errors.values() for error in errors)
