"""Addresses of the pages about programs."""

from django.urls import path

from veilleur.desk.api import views

app_name = "api"
urlpatterns = [
    path("", views.programs, name="programs"),
    path("tokens/new/", views.add_token, name="add_token"),
    path("tokens/<int:api_token>/revoke/", views.revoke, name="revoke"),
    path("subscriptions/new/", views.add_subscription, name="add_subscription"),
    path("subscriptions/<int:subscription>/", views.subscription, name="subscription"),
    path("subscriptions/<int:subscription>/switch/", views.switch, name="switch"),
    path("subscriptions/<int:subscription>/drop/", views.unsubscribe, name="unsubscribe"),
    path("deliveries/<int:delivery>/again/", views.deliver_again, name="deliver_again"),
]
