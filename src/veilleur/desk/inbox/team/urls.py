"""Addresses of a team at work, below those of the inbox."""

from django.urls import path

from veilleur.desk.inbox.team import bulk_views, notification_views, settings_views

urlpatterns = [
    path("bulk/", bulk_views.begin, name="bulk"),
    path("bulk/<int:bulk>/", bulk_views.bulk_act, name="bulk_act"),
    path("bulk/<int:bulk>/run/", bulk_views.run, name="run_bulk"),
    path("bulk/<int:bulk>/undo/", bulk_views.undo, name="undo_bulk"),
    path("bulk/<int:bulk>/progress/", bulk_views.progress, name="bulk_progress"),
    path("notifications/", notification_views.notifications, name="notifications"),
    path("notifications/bell/", notification_views.bell, name="bell"),
    path("notifications/read/", notification_views.read_all, name="read_all"),
    path("notifications/choices/", notification_views.choices, name="notification_choices"),
    path("notifications/<int:notification>/turn/", notification_views.turn, name="turn_notification"),
    path("attachments/<int:attachment>/", notification_views.attachment, name="attachment"),
    path("tags/", settings_views.tag_list, name="tags"),
    path("tags/<int:tag>/change/", settings_views.change_tag, name="change_tag"),
    path("tags/<int:tag>/drop/", settings_views.drop_tag, name="drop_tag"),
    path("macros/", settings_views.macro_list, name="macros"),
    path("macros/new/", settings_views.add_macro, name="add_macro"),
    path("macros/<int:macro>/", settings_views.macro, name="macro"),
    path("macros/<int:macro>/drop/", settings_views.drop_macro, name="drop_macro"),
    path("fields/", settings_views.field_list, name="fields"),
    path("fields/new/", settings_views.add_field, name="add_field"),
    path("fields/<int:custom_field>/", settings_views.field, name="field"),
    path("fields/<int:custom_field>/drop/", settings_views.drop_field, name="drop_field"),
]
