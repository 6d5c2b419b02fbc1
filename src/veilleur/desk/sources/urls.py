"""Addresses of the sources pages."""

from django.urls import path

from veilleur.desk.sources import network_views, sign_in_views, views

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
    path("networks/", network_views.gallery, name="networks"),
    path("networks/<slug:connector>/", network_views.add, name="add"),
    path("of/<slug:source>/", network_views.source_page, name="source"),
    path("of/<slug:source>/on/<slug:connector>/", network_views.change, name="change"),
    path("of/<slug:source>/past/", network_views.past, name="past"),
    path("of/<slug:source>/diagnosis/", network_views.diagnosis, name="diagnosis"),
    path("of/<slug:source>/sign-in/", sign_in_views.sign_in, name="sign_in"),
    path("of/<slug:source>/pause/", network_views.pause, name="pause"),
    path("of/<slug:source>/ask/", network_views.ask, name="ask"),
    path("of/<slug:source>/rhythm/", network_views.rhythm, name="rhythm"),
    path("of/<slug:source>/disconnect/", network_views.disconnect, name="disconnect"),
]
