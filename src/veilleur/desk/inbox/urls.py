"""Addresses of the inbox pages."""

from django.urls import path

from veilleur.desk.inbox import run_views, views, watch_views

app_name = "inbox"
urlpatterns = [
    path("", views.inbox, name="list"),
    path("policy/", views.policy, name="policy"),
    path("<int:ticket>/", views.ticket, name="ticket"),
    path("<int:ticket>/seen/", views.seen, name="seen"),
    path("<int:ticket>/assign/", views.assign, name="assign"),
    path("<int:ticket>/snooze/", views.snooze, name="snooze"),
    path("<int:ticket>/close/", views.close, name="close"),
    path("<int:ticket>/reopen/", views.reopen, name="reopen"),
    path("<int:ticket>/correct/", views.correct, name="correct"),
    path("<int:ticket>/note/", views.note, name="note"),
    path("undo/<int:decision>/", views.undo, name="undo"),
    path("runs/<int:run>/start/", run_views.start_run, name="start_run"),
    path("runs/<int:run>/resume/", run_views.resume_run, name="resume_run"),
    path("watches/", watch_views.watches, name="watches"),
    path("watches/new/", watch_views.add_watch, name="add_watch"),
    path("watches/preview/", watch_views.preview_watch, name="preview_watch"),
    path("watches/<int:watch>/", watch_views.watch, name="watch"),
    path("watches/<int:watch>/drop/", watch_views.drop_watch, name="drop_watch"),
]
