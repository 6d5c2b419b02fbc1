"""Declares the app to Django."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "veilleur.desk.accounts"
    default_auto_field = "django.db.models.BigAutoField"
