"""Declares the app to Django."""

from django.apps import AppConfig


class UpkeepConfig(AppConfig):
    name = "veilleur.desk.upkeep"
    default_auto_field = "django.db.models.BigAutoField"
