"""Addresses of the sources pages."""

from django.urls import URLPattern

app_name = "sources"
urlpatterns: list[URLPattern] = []
