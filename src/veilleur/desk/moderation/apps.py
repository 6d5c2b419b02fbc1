"""Declares the app to Django."""

from django.apps import AppConfig


class ModerationConfig(AppConfig):
    name = "veilleur.desk.moderation"
    label = "moderation"
    default_auto_field = "django.db.models.BigAutoField"
