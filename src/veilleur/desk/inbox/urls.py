"""Addresses of the inbox pages."""

from django.urls import path

from veilleur.desk.inbox import (
    alike_views,
    list_views,
    retention_views,
    run_views,
    saved_views,
    views,
    watch_views,
)

app_name = "inbox"
urlpatterns = [
    path("", views.inbox, name="list"),
    path("policy/", views.policy, name="policy"),
    path("retention/", retention_views.retention, name="retention"),
    path("<int:ticket>/", views.ticket, name="ticket"),
    path("<int:ticket>/seen/", views.seen, name="seen"),
    path("<int:ticket>/assign/", views.assign, name="assign"),
    path("<int:ticket>/snooze/", views.snooze, name="snooze"),
    path("<int:ticket>/close/", views.close, name="close"),
    path("<int:ticket>/reopen/", views.reopen, name="reopen"),
    path("<int:ticket>/correct/", views.correct, name="correct"),
    path("<int:ticket>/note/", views.note, name="note"),
    path("<int:ticket>/hold/", retention_views.hold, name="hold"),
    path("holds/<int:hold>/lift/", retention_views.lift, name="lift"),
    path("undo/<int:decision>/", views.undo, name="undo"),
    path("fold/", alike_views.fold, name="fold"),
    path("author/<path:author>/", alike_views.author, name="author"),
    path("erase-author/<path:author>/", retention_views.erase_author, name="erase_author"),
    path("runs/<int:run>/start/", run_views.start_run, name="start_run"),
    path("runs/<int:run>/resume/", run_views.resume_run, name="resume_run"),
    path("views/", saved_views.saved, name="saved"),
    path("views/keep/", saved_views.keep_view, name="keep_view"),
    path("views/<int:view>/change/", saved_views.change_view, name="change_view"),
    path("views/<int:view>/count/", saved_views.view_count, name="view_count"),
    path("views/<int:view>/drop/", saved_views.drop_view, name="drop_view"),
    path("lists/", list_views.lists, name="lists"),
    path("lists/new/", list_views.add_list, name="add_list"),
    path("lists/<int:word_list>/", list_views.word_list, name="word_list"),
    path("lists/<int:word_list>/drop/", list_views.drop_list, name="drop_list"),
    path("watches/", watch_views.watches, name="watches"),
    path("watches/new/", watch_views.add_watch, name="add_watch"),
    path("watches/preview/", watch_views.preview_watch, name="preview_watch"),
    path("watches/<int:watch>/", watch_views.watch, name="watch"),
    path("watches/<int:watch>/drop/", watch_views.drop_watch, name="drop_watch"),
]
