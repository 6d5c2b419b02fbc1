"""Every address of the desk. All that belongs to an organisation lies under `/o/<organisation>/`."""

from allauth.account import views as door
from allauth.socialaccount import views as sign_on
from allauth.socialaccount.providers.openid_connect import views as openid
from django.urls import include, path

from veilleur.desk.accounts import door_views, member_views, role_views
from veilleur.desk.accounts import views as accounts
from veilleur.desk.api.schema import api
from veilleur.desk.inbox import hook_views as hooks
from veilleur.desk.inbox import leaving_views as leaving
from veilleur.desk.replies import guest_views as guests
from veilleur.desk.replies import public_views as public
from veilleur.desk.sources import sign_in_views as sign_in

urlpatterns = [
    path("", accounts.home, name="home"),
    path("login/", door.login, name="account_login"),
    path("logout/", door.logout, name="account_logout"),
    path("inactive/", door.account_inactive, name="account_inactive"),
    path("confirm/", door.reauthenticate, name="account_reauthenticate"),
    path("password/", door.password_change, name="account_change_password"),
    path("password/set/", door.password_set, name="account_set_password"),
    path("password/forgotten/", door.password_reset, name="account_reset_password"),
    path("password/forgotten/sent/", door.password_reset_done, name="account_reset_password_done"),
    path(
        "password/new/<str:uidb36>/<str:key>/",
        door.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "password/new/done/", door.password_reset_from_key_done, name="account_reset_password_from_key_done"
    ),
    path("second-factor/", include("allauth.mfa.urls")),
    path("sign-on/cancelled/", sign_on.login_cancelled, name="socialaccount_login_cancelled"),
    path("sign-on/failed/", sign_on.login_error, name="socialaccount_login_error"),
    path("sign-on/<slug:provider_id>/", openid.login, name="openid_connect_login"),
    path("sign-on/<slug:provider_id>/callback/", openid.callback, name="openid_connect_callback"),
    path("sessions/", door_views.session_list, name="sessions"),
    path("sessions/others/end/", door_views.end_other_sessions, name="end_other_sessions"),
    path("sessions/<int:session>/end/", door_views.end_session, name="end_session"),
    path("invitation/<str:token>/", door_views.invitation, name="invitation"),
    path("check/", public.check, name="check"),
    path("approve/<str:token>/", guests.guest, name="guest"),
    path("hooks/<slug:token>/", hooks.call, name="hook"),
    path("oauth/callback/", sign_in.callback, name="oauth_callback"),
    path("preferences/", accounts.preferences, name="preferences"),
    path("api/v1/", api.urls),
    path("o/<slug:organisation>/trail/", accounts.trail, name="trail"),
    path("o/<slug:organisation>/trail/verify/", accounts.verify_trail, name="verify_trail"),
    path("o/<slug:organisation>/", accounts.start, name="start"),
    path("o/<slug:organisation>/members/", member_views.members, name="members"),
    path("o/<slug:organisation>/members/invite/", member_views.invite, name="invite"),
    path("o/<slug:organisation>/members/second-factor/", member_views.second_factor, name="second_factor"),
    path("o/<slug:organisation>/members/<int:member>/role/", member_views.change_role, name="change_role"),
    path("o/<slug:organisation>/members/<int:member>/remove/", leaving.remove, name="remove_member"),
    path(
        "o/<slug:organisation>/invitations/<int:invitation>/revoke/",
        member_views.revoke_invitation,
        name="revoke_invitation",
    ),
    path("o/<slug:organisation>/roles/", role_views.role_list, name="roles"),
    path("o/<slug:organisation>/roles/add/", role_views.role, name="add_role"),
    path("o/<slug:organisation>/roles/<int:role>/", role_views.role, name="role"),
    path("o/<slug:organisation>/roles/<int:role>/drop/", role_views.drop_role, name="drop_role"),
    path("o/<slug:organisation>/teams/", role_views.team_list, name="teams"),
    path("o/<slug:organisation>/teams/add/", role_views.team, name="add_team"),
    path("o/<slug:organisation>/teams/<int:team>/", role_views.team, name="team"),
    path("o/<slug:organisation>/teams/<int:team>/drop/", role_views.drop_team, name="drop_team"),
    path("o/<slug:organisation>/agencies/", role_views.agencies, name="agencies"),
    path("o/<slug:organisation>/agencies/<int:mandate>/end/", role_views.end_mandate, name="end_mandate"),
    path("o/<slug:organisation>/api/", include("veilleur.desk.api.urls")),
    path("o/<slug:organisation>/inbox/", include("veilleur.desk.inbox.urls")),
    path("o/<slug:organisation>/replies/", include("veilleur.desk.replies.urls")),
    path("o/<slug:organisation>/rules/", include("veilleur.desk.automation.urls")),
    path("o/<slug:organisation>/moderation/", include("veilleur.desk.moderation.urls")),
    path("o/<slug:organisation>/sources/", include("veilleur.desk.sources.urls")),
    path("o/<slug:organisation>/summary/", include("veilleur.desk.reports.urls")),
]
