"""Declares the app to Django."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "veilleur.desk.api"
    label = "api"
    default_auto_field = "django.db.models.BigAutoField"
