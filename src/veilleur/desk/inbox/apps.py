"""Declares the app to Django."""

from importlib import import_module

from django.apps import AppConfig


class InboxConfig(AppConfig):
    name = "veilleur.desk.inbox"
    default_auto_field = "django.db.models.BigAutoField"

    def import_models(self) -> None:
        """Beside `models`, the tables of a team and those of the desk while people work."""
        super().import_models()
        for module in ("team.models", "attendance"):
            import_module(f"veilleur.desk.inbox.{module}")
