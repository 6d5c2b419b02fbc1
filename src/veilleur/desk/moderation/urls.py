"""Addresses of the pages about acts on the network."""

from django.urls import path

from veilleur.desk.moderation import views

app_name = "moderation"
urlpatterns = [
    path("", views.act_list, name="list"),
    path("to/<int:ticket>/", views.standing, name="standing"),
    path("to/<int:ticket>/hide/", views.hide, name="hide"),
    path("to/<int:ticket>/show/", views.show, name="show"),
    path("to/<int:ticket>/remove/", views.remove, name="remove"),
    path("to/<int:ticket>/flag/", views.flag, name="flag"),
    path("<int:act>/again/", views.again, name="again"),
    path("<int:act>/drop/", views.drop, name="drop"),
]
