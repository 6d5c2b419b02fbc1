"""Addresses of the sources pages."""

from django.urls import path

from veilleur.desk.sources import views

app_name = "sources"
urlpatterns = [
    path("", views.source_list, name="list"),
    path("upload/", views.upload, name="upload"),
    path("runs/<int:run>/", views.run_page, name="run"),
    path("runs/<int:run>/columns/", views.columns, name="columns"),
    path("runs/<int:run>/progress/", views.progress, name="progress"),
    path("runs/<int:run>/rejects.csv", views.rejects, name="rejects"),
    path("runs/<int:run>/stop/", views.stop, name="stop"),
    path("runs/<int:run>/discard/", views.discard, name="discard"),
]
