"""Declares the app to Django."""

from importlib import import_module

from django.apps import AppConfig


class InboxConfig(AppConfig):
    name = "veilleur.desk.inbox"
    default_auto_field = "django.db.models.BigAutoField"

    def import_models(self) -> None:
        """Those of the team lie in a package of their own."""
        super().import_models()
        import_module("veilleur.desk.inbox.team.models")
