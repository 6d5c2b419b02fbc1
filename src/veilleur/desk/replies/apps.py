"""Declares the app to Django."""

from django.apps import AppConfig


class RepliesConfig(AppConfig):
    name = "veilleur.desk.replies"
    label = "replies"
    default_auto_field = "django.db.models.BigAutoField"
