"""Every address of the desk. All that belongs to an organisation lies under `/o/<organisation>/`."""

from allauth.account import views as door
from django.urls import include, path

from veilleur.desk.accounts import views as accounts
from veilleur.desk.inbox import hook_views as hooks
from veilleur.desk.replies import public_views as public
from veilleur.desk.sources import sign_in_views as sign_in

urlpatterns = [
    path("", accounts.home, name="home"),
    path("login/", door.login, name="account_login"),
    path("logout/", door.logout, name="account_logout"),
    path("inactive/", door.account_inactive, name="account_inactive"),
    path("password/", door.password_change, name="account_change_password"),
    path("check/", public.check, name="check"),
    path("hooks/<slug:token>/", hooks.call, name="hook"),
    path("oauth/callback/", sign_in.callback, name="oauth_callback"),
    path("preferences/", accounts.preferences, name="preferences"),
    path("o/<slug:organisation>/trail/", accounts.trail, name="trail"),
    path("o/<slug:organisation>/trail/verify/", accounts.verify_trail, name="verify_trail"),
    path("o/<slug:organisation>/members/", accounts.members, name="members"),
    path("o/<slug:organisation>/inbox/", include("veilleur.desk.inbox.urls")),
    path("o/<slug:organisation>/replies/", include("veilleur.desk.replies.urls")),
    path("o/<slug:organisation>/moderation/", include("veilleur.desk.moderation.urls")),
    path("o/<slug:organisation>/sources/", include("veilleur.desk.sources.urls")),
    path("o/<slug:organisation>/summary/", include("veilleur.desk.reports.urls")),
]
