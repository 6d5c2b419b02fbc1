"""Addresses of the pages about replies."""

from django.urls import path

from veilleur.desk.replies import guest_views, settings_views, thanks_views, views

app_name = "replies"
urlpatterns = [
    path("", views.reply_list, name="list"),
    path("to/<int:ticket>/", views.page, name="reply"),
    path("to/<int:ticket>/start/", views.start, name="start"),
    path("to/<int:ticket>/safety/", views.safety, name="safety"),
    path("<int:reply>/write/", views.write, name="write"),
    path("<int:reply>/rewrite/", views.rewrite, name="rewrite"),
    path("<int:reply>/submit/", views.submit, name="submit"),
    path("<int:reply>/approve/", views.approve, name="approve"),
    path("<int:reply>/return/", views.send_back, name="return"),
    path("<int:reply>/override/", views.override, name="override"),
    path("<int:reply>/send/", views.send, name="send"),
    path("<int:reply>/hold/", views.hold, name="hold"),
    path("<int:reply>/look/", views.look, name="look"),
    path("<int:reply>/publish/", views.publish, name="publish"),
    path("<int:reply>/drop/", views.drop, name="drop"),
    path("<int:reply>/guest/", guest_views.ask_guest, name="ask_guest"),
    path("guests/<int:link>/revoke/", guest_views.revoke_guest, name="revoke_guest"),
    path("thanks/", thanks_views.thanks, name="thanks"),
    path("check/", views.check, name="check"),
    path("templates/", settings_views.templates, name="templates"),
    path("templates/<int:template>/retire/", settings_views.retire, name="retire"),
    path("policy/", settings_views.policy, name="policy"),
    path("rules/", settings_views.rules, name="rules"),
    path("rules/<slug:rule>/change/", settings_views.change_rule, name="change_rule"),
    path("packs/<slug:pack>/switch/", settings_views.switch_pack, name="switch_pack"),
]
