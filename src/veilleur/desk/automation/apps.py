"""Declares the app to Django."""

from django.apps import AppConfig


class AutomationConfig(AppConfig):
    name = "veilleur.desk.automation"
    label = "automation"
    default_auto_field = "django.db.models.BigAutoField"
