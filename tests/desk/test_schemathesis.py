"""Schemathesis drives every page with random queries and bodies: nothing makes the desk fall over."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case

from tests.desk.addresses import addresses, belongings
from tests.desk.openapi import Page, document
from veilleur.desk.accounts import forms as accounts
from veilleur.desk.accounts.models import Organisation
from veilleur.desk.api.forms import SubscriptionForm
from veilleur.desk.automation import forms as automation
from veilleur.desk.inbox import forms as inbox
from veilleur.desk.inbox.command_views import CareForm
from veilleur.desk.inbox.hours_forms import CalendarForm, PresenceForm, PromiseForm
from veilleur.desk.inbox.models import MentionRow
from veilleur.desk.inbox.retention_forms import ReasonForm, RetentionForm
from veilleur.desk.inbox.team import forms as team
from veilleur.desk.inbox.watch_forms import WatchForm
from veilleur.desk.moderation import forms as moderation
from veilleur.desk.replies import forms as replies
from veilleur.desk.reports import forms as reports
from veilleur.desk.sources import forms as sources
from veilleur.desk.sources import network_forms
from veilleur.listening.connectors.gateway import Gateway
from veilleur.listening.files import Field

OF_ALLAUTH = ("account_", "mfa_", "openid_connect_", "socialaccount_")
"""Whose pages answer a method they do not need in ways of their own."""
NOTHING: dict[str, Any] = {}
EXAMPLES = 8
FILTERS = inbox.FilterForm().fields
SUMMARY = reports.SummaryForm({"network": ["Google"], "place": ["Urgences"]}, {}).fields
CHECK = replies.CheckForm().fields
NETWORK = network_forms.NetworkForm(Gateway).fields
RULE = {
    **automation.RuleForm.base_fields,
    "do_close": forms.CharField(required=False),
    "do_snooze": forms.IntegerField(required=False),
    "do_note": forms.CharField(required=False),
}
COLUMNS = {
    sources.choice_name(index): forms.ChoiceField(choices=[(field.value, field.value) for field in Field])
    for index in range(3)
}

PASSKEY = {"credential": forms.CharField(), "name": forms.CharField()}

PAGES = {
    "home": Page(get=NOTHING),
    "hook": Page(post={"items": forms.CharField(), "secret": forms.CharField()}),
    "account_login": Page(get=NOTHING),
    "account_logout": Page(get=NOTHING),
    "account_inactive": Page(get=NOTHING),
    "account_change_password": Page(get=NOTHING, post=NOTHING),
    "account_reauthenticate": Page(get=NOTHING, post={"password": forms.CharField()}),
    "account_set_password": Page(get=NOTHING, post=NOTHING),
    "account_reset_password": Page(get=NOTHING, post={"email": forms.EmailField()}),
    "account_reset_password_done": Page(get=NOTHING),
    "account_reset_password_from_key": Page(get=NOTHING, post={"password1": forms.CharField()}),
    "account_reset_password_from_key_done": Page(get=NOTHING),
    "mfa_index": Page(get=NOTHING),
    "mfa_authenticate": Page(get=NOTHING, post={"code": forms.CharField()}),
    "mfa_reauthenticate": Page(get=NOTHING, post={"code": forms.CharField()}),
    "mfa_activate_totp": Page(get=NOTHING, post={"code": forms.CharField()}),
    "mfa_deactivate_totp": Page(get=NOTHING, post=NOTHING),
    "mfa_view_recovery_codes": Page(get=NOTHING),
    "mfa_generate_recovery_codes": Page(get=NOTHING, post=NOTHING),
    "mfa_download_recovery_codes": Page(get=NOTHING),
    "mfa_list_webauthn": Page(get=NOTHING),
    "mfa_add_webauthn": Page(get=NOTHING, post=PASSKEY),
    "mfa_reauthenticate_webauthn": Page(get=NOTHING, post=PASSKEY),
    "mfa_remove_webauthn": Page(get=NOTHING, post=NOTHING),
    "mfa_edit_webauthn": Page(get=NOTHING, post={"name": forms.CharField()}),
    "mfa_login_webauthn": Page(get=NOTHING, post=PASSKEY),
    "openid_connect_login": Page(get=NOTHING, post=NOTHING),
    "openid_connect_callback": Page(get={name: forms.CharField() for name in ("state", "code", "error")}),
    "socialaccount_login_cancelled": Page(get=NOTHING),
    "socialaccount_login_error": Page(get=NOTHING),
    "sessions": Page(get=NOTHING),
    "end_session": Page(post=NOTHING),
    "end_other_sessions": Page(post=NOTHING),
    "invitation": Page(get=NOTHING, post=accounts.WelcomeForm.base_fields),
    "oauth_callback": Page(get={name: forms.CharField() for name in ("state", "code", "error")}),
    "preferences": Page(get=NOTHING, post=accounts.LanguageForm.base_fields),
    "trail": Page(get=accounts.TrailForm.base_fields),
    "verify_trail": Page(post=NOTHING),
    "start": Page(get=NOTHING),
    "members": Page(get=NOTHING),
    "invite": Page(post=accounts.InvitationForm.base_fields),
    "revoke_invitation": Page(post=NOTHING),
    "change_role": Page(post=accounts.RoleForm.base_fields),
    "second_factor": Page(post={"asked": forms.CharField()}),
    "remove_member": Page(post=NOTHING),
    "roles": Page(get=NOTHING),
    "add_role": Page(get=NOTHING, post=accounts.OwnRoleForm.base_fields),
    "role": Page(get=NOTHING, post=accounts.OwnRoleForm.base_fields),
    "drop_role": Page(post=NOTHING),
    "teams": Page(get=NOTHING),
    "add_team": Page(get=NOTHING, post=accounts.TeamForm.base_fields),
    "team": Page(get=NOTHING, post=accounts.TeamForm.base_fields),
    "drop_team": Page(post=NOTHING),
    "agencies": Page(get=NOTHING, post=accounts.MandateForm.base_fields),
    "end_mandate": Page(post=NOTHING),
    "api:programs": Page(get=NOTHING),
    "api:add_token": Page(get=NOTHING, post={"name": forms.CharField(), "scopes": forms.CharField()}),
    "api:revoke": Page(post=NOTHING),
    "api:add_subscription": Page(get=NOTHING, post=SubscriptionForm.base_fields),
    "api:subscription": Page(get=NOTHING),
    "api:switch": Page(post={"now": forms.CharField()}),
    "api:unsubscribe": Page(post=NOTHING),
    "api:deliver_again": Page(post=NOTHING),
    "inbox:list": Page(get=FILTERS),
    "inbox:policy": Page(
        get=NOTHING, post={**inbox.PolicyForm.base_fields, "save": forms.CharField(required=False)}
    ),
    "inbox:calendar": Page(get=NOTHING, post=CalendarForm("Europe/Paris").fields),
    "inbox:promises": Page(
        get=NOTHING,
        post={**PromiseForm([("law", "law")]).fields, "save": forms.CharField(required=False)},
    ),
    "inbox:withdraw": Page(post=NOTHING),
    "inbox:presence": Page(get=NOTHING, post=PresenceForm.base_fields),
    "automation:list": Page(get=NOTHING),
    "automation:log": Page(get=automation.LogForm.base_fields),
    "automation:add": Page(get=NOTHING, post=RULE),
    "automation:rule": Page(get=NOTHING, post=RULE),
    "automation:try": Page(post=automation.TrialForm.base_fields),
    "automation:switch": Page(post=automation.SwitchForm.base_fields),
    "automation:before": Page(post=NOTHING),
    "automation:drop": Page(post=NOTHING),
    "automation:trial": Page(get=NOTHING),
    "inbox:retention": Page(
        get=NOTHING, post={**RetentionForm.base_fields, "save": forms.CharField(required=False)}
    ),
    "inbox:hold": Page(post=ReasonForm.base_fields),
    "inbox:lift": Page(post=NOTHING),
    "inbox:erase_author": Page(get=NOTHING, post=ReasonForm.base_fields),
    "inbox:ticket": Page(get=FILTERS),
    "inbox:seen": Page(post=NOTHING),
    "inbox:assign": Page(post=inbox.AssignForm.base_fields),
    "inbox:snooze": Page(post=inbox.SnoozeForm.base_fields),
    "inbox:close": Page(post=inbox.CloseForm.base_fields),
    "inbox:reopen": Page(post=inbox.ReopenForm.base_fields),
    "inbox:correct": Page(post=inbox.CorrectForm.base_fields),
    "inbox:note": Page(post=inbox.NoteForm.base_fields),
    "inbox:undo": Page(post=NOTHING),
    "inbox:wait": Page(post=inbox.WaitForm.base_fields),
    "inbox:tag": Page(post=team.TagForm.base_fields),
    "inbox:run_macro": Page(post=inbox.ReopenForm.base_fields),
    "inbox:fill": Page(post=inbox.FillForm.base_fields),
    "inbox:bulk": Page(post={**team.BeginForm.base_fields, "ticket": forms.CharField()}),
    "inbox:bulk_act": Page(get=NOTHING, post=team.StepsForm.base_fields),
    "inbox:run_bulk": Page(post=NOTHING),
    "inbox:undo_bulk": Page(post=NOTHING),
    "inbox:bulk_progress": Page(get=NOTHING),
    "inbox:notifications": Page(get={"before": forms.CharField()}),
    "inbox:bell": Page(get=NOTHING),
    "inbox:read_all": Page(post=NOTHING),
    "inbox:turn_notification": Page(post=NOTHING),
    "inbox:notification_choices": Page(get=NOTHING, post=team.ChoiceForm.base_fields),
    "inbox:attachment": Page(get=NOTHING),
    "inbox:tags": Page(get=NOTHING),
    "inbox:change_tag": Page(post=team.TagChangeForm.base_fields),
    "inbox:drop_tag": Page(post={"into": forms.CharField()}),
    "inbox:macros": Page(get=NOTHING),
    "inbox:add_macro": Page(get=NOTHING, post=team.MacroForm.base_fields),
    "inbox:macro": Page(get=NOTHING, post=team.MacroForm.base_fields),
    "inbox:drop_macro": Page(post=NOTHING),
    "inbox:fields": Page(get=NOTHING),
    "inbox:add_field": Page(get=NOTHING, post=team.FieldForm.base_fields),
    "inbox:field": Page(get=NOTHING, post=team.FieldForm.base_fields),
    "inbox:drop_field": Page(post=NOTHING),
    "inbox:start_run": Page(post={**sources.MappingForm.base_fields, **COLUMNS}),
    "inbox:resume_run": Page(post=NOTHING),
    "inbox:saved": Page(get=NOTHING),
    "inbox:keep_view": Page(post={**inbox.SavedViewForm.base_fields, "query": forms.CharField()}),
    "inbox:change_view": Page(post=inbox.SavedViewForm.base_fields),
    "inbox:view_count": Page(get=NOTHING),
    "inbox:drop_view": Page(post=NOTHING),
    "inbox:lists": Page(get=NOTHING),
    "inbox:add_list": Page(get=NOTHING, post=inbox.WordListForm.base_fields),
    "inbox:word_list": Page(get=NOTHING, post=inbox.WordListForm.base_fields),
    "inbox:drop_list": Page(post=NOTHING),
    "inbox:watches": Page(get=NOTHING),
    "inbox:add_watch": Page(get=NOTHING, post=WatchForm.base_fields),
    "inbox:preview_watch": Page(post=WatchForm.base_fields),
    "inbox:watch": Page(get=NOTHING, post=WatchForm.base_fields),
    "inbox:drop_watch": Page(post=NOTHING),
    "inbox:attend": Page(post={name: forms.CharField() for name in ("doing", "version", "known")}),
    "inbox:claim": Page(post=NOTHING),
    "inbox:note_draft": Page(post=inbox.NoteForm.base_fields),
    "inbox:live": Page(get={name: forms.CharField() for name in ("since", "window")}),
    "inbox:fresh": Page(
        get={**FILTERS, **{name: forms.CharField() for name in ("tickets", "top", "counts")}}
    ),
    "inbox:go": Page(get={name: forms.CharField() for name in ("c", "ticket")}),
    "inbox:care": Page(get=NOTHING, post=CareForm.base_fields),
    "inbox:focus": Page(get={**FILTERS, **{name: forms.CharField() for name in ("passed", "above", "done")}}),
    "inbox:focus_ticket": Page(get={**FILTERS, "done": forms.CharField()}),
    "inbox:focus_decide": Page(post={**inbox.CloseForm.base_fields, "act": forms.CharField()}),
    "inbox:focus_undo": Page(post=NOTHING),
    "inbox:fold": Page(post={"apart": forms.CharField()}),
    "inbox:author": Page(get=NOTHING),
    "check": Page(get=NOTHING, post=CHECK),
    "replies:list": Page(get={"view": forms.CharField(), "page": forms.CharField()}),
    "replies:reply": Page(get=NOTHING),
    "replies:start": Page(post=replies.StartForm.base_fields),
    "replies:safety": Page(post=replies.SafetyForm.base_fields),
    "replies:write": Page(post=replies.WriteForm.base_fields),
    "replies:rewrite": Page(post=replies.RewriteForm.base_fields),
    "replies:submit": Page(post=replies.VersionForm.base_fields),
    "replies:approve": Page(post=replies.VersionForm.base_fields),
    "replies:return": Page(post=replies.ReasonForm.base_fields),
    "replies:override": Page(post=replies.OverrideForm.base_fields),
    "replies:send": Page(post=replies.VersionForm.base_fields),
    "replies:hold": Page(post=replies.VersionForm.base_fields),
    "replies:look": Page(post=NOTHING),
    "replies:publish": Page(post=replies.PublishForm.base_fields),
    "replies:drop": Page(post=replies.VersionForm.base_fields),
    "guest": Page(get=NOTHING, post=replies.VerdictForm.base_fields),
    "replies:ask_guest": Page(post=replies.GuestForm.base_fields),
    "replies:revoke_guest": Page(post=NOTHING),
    "replies:thanks": Page(get=NOTHING, post={"chosen": forms.CharField()}),
    "replies:check": Page(get=NOTHING, post=CHECK),
    "replies:templates": Page(get=NOTHING, post=replies.TemplateForm.base_fields),
    "replies:retire": Page(post=NOTHING),
    "replies:policy": Page(get=NOTHING, post=replies.PolicyForm.base_fields),
    "replies:rules": Page(get=NOTHING),
    "replies:change_rule": Page(post=replies.RuleForm.base_fields),
    "replies:switch_pack": Page(post=replies.PackForm.base_fields),
    "moderation:list": Page(get={"view": forms.CharField(), "page": forms.CharField()}),
    "moderation:standing": Page(get={**FILTERS, **moderation.StandingForm.base_fields}),
    "moderation:hide": Page(get=FILTERS, post=moderation.AskForm.base_fields),
    "moderation:show": Page(post=moderation.AskForm.base_fields),
    "moderation:remove": Page(get=FILTERS, post=moderation.ReasonForm.base_fields),
    "moderation:flag": Page(get=FILTERS, post=moderation.FlagForm.base_fields),
    "moderation:again": Page(post=moderation.BackForm.base_fields),
    "moderation:drop": Page(post=moderation.BackForm.base_fields),
    "reports:summary": Page(get=SUMMARY),
    "reports:download": Page(get=SUMMARY),
    "sources:list": Page(get=NOTHING),
    "sources:upload": Page(get=NOTHING, post=sources.UploadForm.base_fields),
    "sources:run": Page(get=NOTHING),
    "sources:columns": Page(get=NOTHING, post={**sources.MappingForm.base_fields, **COLUMNS}),
    "sources:progress": Page(get=NOTHING),
    "sources:rejects": Page(get=NOTHING),
    "sources:stop": Page(post=NOTHING),
    "sources:discard": Page(post=NOTHING),
    "sources:networks": Page(get={"source": forms.CharField()}),
    "sources:add": Page(get=NOTHING, post=NETWORK),
    "sources:source": Page(get=NOTHING),
    "sources:change": Page(get=NOTHING, post=NETWORK),
    "sources:past": Page(get=NOTHING),
    "sources:diagnosis": Page(get=NOTHING),
    "sources:sign_in": Page(get=NOTHING, post=NOTHING),
    "sources:pause": Page(post={"now": forms.CharField()}),
    "sources:ask": Page(post=NOTHING),
    "sources:rhythm": Page(post=network_forms.RhythmForm.base_fields),
    "sources:disconnect": Page(post=NOTHING),
}
"""What each address takes. A new address without a line here makes the tests fail."""

KNOWN = addresses()
WITHOUT_PAGE = sorted({address.name for address in KNOWN} - PAGES.keys())
COVERED = [address for address in KNOWN if address.name in PAGES]


def test_every_address_says_what_it_takes() -> None:
    assert WITHOUT_PAGE == []
    assert sorted(PAGES.keys() - {address.name for address in KNOWN}) == []


@pytest.fixture
def of_a(organisation_a: Organisation, make_mention: Callable[..., MentionRow]) -> dict[str, Any]:
    """The belongings of A."""
    return belongings(organisation_a, make_mention)


def send(client: Client, case: Case, page: Page) -> int:
    """Sends what Schemathesis drew as a browser would; an error inside a view is raised here."""
    path = case.formatted_path
    if case.method == "GET":
        return client.get(path, _texts(case.query or {})).status_code
    drawn = case.body if isinstance(case.body, dict) else {}
    files = {name: _file(value) for name, value in drawn.items() if page.is_file(name)}
    return client.post(path, {**_texts(drawn), **files}).status_code


def _texts(values: dict[str, Any]) -> dict[str, str]:
    # A browser sends UTF-8: a lone surrogate cannot leave it.
    return {name: str(value).encode("utf-8", "replace").decode() for name, value in values.items()}


def _file(value: Any) -> SimpleUploadedFile:
    return SimpleUploadedFile("avis.csv", value.encode() if isinstance(value, str) else value.data)


@pytest.mark.parametrize("is_wild", [False, True], ids=["tame", "wild"])
@pytest.mark.parametrize("address", COVERED, ids=lambda address: address.name)
def test_no_request_makes_the_desk_fall_over(
    address: Any, is_wild: bool, of_a: dict[str, Any], client_a: Client
) -> None:
    logging.getLogger("django.request").setLevel(logging.CRITICAL)
    page = PAGES[address.name]
    schema = schemathesis.openapi.from_dict(document(address, page, of_a, is_wild=is_wild))

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        phases=[Phase.generate],
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=schema.as_strategy())
    def ask(case: Case) -> None:
        assert send(client_a, case, page) < 500

    ask()


@pytest.mark.parametrize("address", COVERED, ids=lambda address: address.name)
def test_a_page_takes_no_other_method(address: Any, of_a: dict[str, Any], client_a: Client) -> None:
    page, path = PAGES[address.name], address.of(of_a)
    if page.get is None:
        assert client_a.get(path).status_code == 405
    if page.post is None and not address.name.startswith(OF_ALLAUTH):
        assert client_a.post(path).status_code == 405
