"""Declares the app to Django."""

from django.apps import AppConfig


class SourcesConfig(AppConfig):
    name = "veilleur.desk.sources"
    default_auto_field = "django.db.models.BigAutoField"
