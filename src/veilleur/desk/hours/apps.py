"""Declares the app to Django."""

from django.apps import AppConfig


class HoursConfig(AppConfig):
    name = "veilleur.desk.hours"
    label = "hours"
    default_auto_field = "django.db.models.BigAutoField"
