"""Addresses of the pages of rules."""

from django.urls import path

from veilleur.desk.automation import views

app_name = "automation"
urlpatterns = [
    path("", views.rules, name="list"),
    path("log/", views.log, name="log"),
    path("new/", views.add_rule, name="add"),
    path("<int:automatic_rule>/", views.rule, name="rule"),
    path("<int:automatic_rule>/try/", views.try_rule, name="try"),
    path("<int:automatic_rule>/switch/", views.switch, name="switch"),
    path("<int:automatic_rule>/before/", views.put_before, name="before"),
    path("<int:automatic_rule>/drop/", views.drop, name="drop"),
    path("trials/<int:trial>/", views.trial, name="trial"),
]
