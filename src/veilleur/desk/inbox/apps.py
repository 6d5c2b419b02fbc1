"""Declares the app to Django."""

from django.apps import AppConfig


class InboxConfig(AppConfig):
    name = "veilleur.desk.inbox"
    default_auto_field = "django.db.models.BigAutoField"
