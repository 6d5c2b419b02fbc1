"""Declares the app to Django."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "veilleur.desk.reports"
    default_auto_field = "django.db.models.BigAutoField"
