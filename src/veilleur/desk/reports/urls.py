"""Addresses of the reports pages."""

from django.urls import path

from veilleur.desk.reports import views

app_name = "reports"
urlpatterns = [
    path("", views.summary, name="summary"),
    path("figures.csv", views.download, name="download"),
]
