"""The acts of the audit trail in words: what stands in the table is a code, what is read is not.

`tests/desk/accounts/test_deeds.py` fails when an act is recorded anywhere without words here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from veilleur.desk.accounts.models import Role

DEEDS: dict[str, Promise] = {
    "accounts.found": _("organisation founded"),
    "accounts.admit": _("person admitted"),
    "accounts.language": _("language chosen"),
    "accounts.invite": _("person invited"),
    "accounts.revoke_invitation": _("invitation taken back"),
    "accounts.accept_invitation": _("invitation accepted"),
    "accounts.role": _("role of a person changed"),
    "accounts.leave": _("person removed"),
    "accounts.keep_role": _("role written"),
    "accounts.drop_role": _("role removed"),
    "accounts.keep_team": _("team written"),
    "accounts.drop_team": _("team removed"),
    "accounts.give_mandate": _("agency let in"),
    "accounts.receive_mandate": _("mandate of a client received"),
    "accounts.end_mandate": _("mandate ended"),
    "accounts.ask_second_factor": _("second factor asked of everybody"),
    "accounts.waive_second_factor": _("second factor no longer asked"),
    "accounts.password": _("password changed"),
    "accounts.second_factor": _("second factor set up"),
    "accounts.drop_second_factor": _("second factor removed"),
    "accounts.recovery_codes": _("recovery codes drawn"),
    "accounts.sign_on": _("single sign-on linked"),
    "accounts.end_session": _("session ended"),
    "accounts.rescue": _("password and second factors put back by an administrator"),
    "inbox.route": _("message sorted"),
    "inbox.assign": _("message assigned"),
    "inbox.snooze": _("message snoozed"),
    "inbox.close": _("message closed"),
    "inbox.reopen": _("message reopened"),
    "inbox.correct": _("reading corrected"),
    "inbox.note": _("note written"),
    "inbox.near": _("message nearly due"),
    "inbox.late": _("message overdue"),
    "inbox.move": _("message moved by a rule"),
    "inbox.undo": _("act undone"),
    "inbox.wait": _("message waits for somebody outside"),
    "inbox.tag": _("tags of a message changed"),
    "inbox.fill": _("field of a message changed"),
    "inbox.macro": _("macro run or changed"),
    "inbox.drop_macro": _("macro removed"),
    "inbox.add_tag": _("tag made"),
    "inbox.change_tag": _("tag changed"),
    "inbox.merge_tag": _("tags merged"),
    "inbox.drop_tag": _("tag removed"),
    "inbox.field": _("field of the house changed"),
    "inbox.drop_field": _("field of the house removed"),
    "inbox.bulk": _("act on several messages"),
    "inbox.undo_bulk": _("act on several messages undone"),
    "inbox.notify": _("notifications chosen"),
    "inbox.policy": _("sorting rules changed"),
    "inbox.hold": _("message held whatever the rule"),
    "inbox.lift": _("hold lifted"),
    "inbox.erase": _("texts erased"),
    "inbox.retention": _("keeping of texts changed"),
    "inbox.erase_author": _("erasure of an author asked for"),
    "inbox.free": _("messages of somebody who left freed"),
    "replies.write": _("reply written"),
    "replies.submit": _("second reading asked"),
    "replies.approve": _("reply approved"),
    "replies.return": _("reply sent back"),
    "replies.override": _("responsibility taken for a breach"),
    "replies.send": _("sending decided"),
    "replies.hold": _("reply held back"),
    "replies.sent": _("reply sent"),
    "replies.fail": _("reply not sent"),
    "replies.doubt": _("outcome of a reply unknown"),
    "replies.read_back": _("reply looked for on the network"),
    "replies.publish": _("reply published by hand"),
    "replies.drop": _("reply dropped"),
    "replies.safety": _("pharmacovigilance decided before a reply"),
    "replies.ask_guest": _("guest asked to approve"),
    "replies.revoke_guest": _("link of a guest taken back"),
    "replies.guest": _("verdict of a guest"),
    "replies.policy": _("ways of answering changed"),
    "replies.pack": _("rule pack switched"),
    "replies.rule": _("rule changed"),
    "replies.template": _("wording of the house changed"),
    "moderation.hide": _("hiding asked of a network"),
    "moderation.show": _("showing asked of a network"),
    "moderation.remove": _("removal asked of a network"),
    "moderation.flag": _("message flagged to a network"),
    "moderation.again": _("act on a network tried again"),
    "moderation.postponed": _("act on a network postponed"),
    "moderation.doubted": _("outcome of an act on a network unknown"),
    "moderation.done": _("act on a network done"),
    "moderation.failed": _("act on a network failed"),
    "moderation.dropped": _("act on a network given up"),
    "automation.save": _("automatic rule changed"),
    "automation.switch_on": _("automatic rule switched on"),
    "automation.switch_off": _("automatic rule switched off"),
    "automation.order": _("order of the automatic rules changed"),
    "automation.drop": _("automatic rule removed"),
    "automation.try": _("automatic rule tried on the past"),
    "hours.calendar": _("working hours changed"),
    "hours.promise": _("promise made"),
    "hours.withdraw": _("promise withdrawn"),
    "hours.presence": _("presence said"),
    "sources.connect": _("connection set up"),
    "sources.disconnect": _("connection removed"),
    "sources.sign_in": _("signed in at a network"),
    "sources.rotate_keys": _("key of the secrets changed"),
    "sources.pause": _("source paused"),
    "inbox.watch": _("watch set"),
    "inbox.unwatch": _("watch removed"),
    "inbox.keep_view": _("view saved"),
    "inbox.drop_view": _("view removed"),
    "inbox.word_list": _("list of words changed"),
    "inbox.drop_list": _("list of words removed"),
    "api.token": _("token made for a program"),
    "api.revoke": _("token revoked"),
    "api.subscribe": _("subscription set"),
    "api.unsubscribe": _("subscription removed"),
    "api.switch": _("subscription switched on or off"),
    "api.redeliver": _("delivery sent again"),
    "sources.resume_listening": _("source listened to again"),
    "sources.ask_now": _("source asked at once"),
    "sources.rhythm": _("rhythm of a source set"),
    "sources.add": _("source added"),
    "sources.upload": _("file received"),
    "sources.hold_back": _("file held back by the virus scanner"),
    "sources.confirm": _("columns confirmed"),
    "sources.start": _("import started"),
    "sources.ask_stop": _("stop of the import asked"),
    "sources.resume": _("import resumed"),
    "sources.finish": _("import finished"),
    "sources.stop": _("import stopped"),
    "sources.fail": _("import failed"),
    "sources.discard": _("file forgotten"),
}


def words(act: str) -> str:
    """The words of an act; the code itself when a newer Veilleur wrote it."""
    return str(DEEDS.get(act, act))


TARGETS: dict[str, Promise] = {
    "bulk": _("act on several messages"),
    "erasure": _("request"),
    "invitation": _("invitation"),
    "mandate": _("mandate"),
    "role": _("role"),
    "team": _("team"),
    "field": _("field"),
    "macro": _("macro"),
    "tag": _("tag"),
    "organisation": _("organisation"),
    "run": _("import"),
    "source": _("source"),
    "pack": _("rule pack"),
    "promise": _("promise"),
    "reply": _("reply"),
    "rule": _("rule"),
    "subscription": _("subscription"),
    "template": _("wording"),
    "ticket": _("message"),
    "token": _("token"),
    "user": _("person"),
}
DETAILS: dict[str, Promise] = {
    "added": _("added"),
    "any_days": _("days after publication"),
    "count": _("messages"),
    "cursor": _("rows read"),
    "days": _("days"),
    "email": _("e-mail"),
    "failure": _("failure"),
    "file": _("file"),
    "ground": _("ground"),
    "from": _("from"),
    "gone_days": _("days after deletion"),
    "key": _("key"),
    "language": _("language"),
    "name": _("name"),
    "now": _("now"),
    "organisation": _("organisation"),
    "outcome": _("outcome"),
    "people": _("people"),
    "reason": _("reason"),
    "rejected": _("refused"),
    "right": _("right"),
    "rights": _("rights"),
    "removed": _("taken off"),
    "role": _("role"),
    "rule": _("rule"),
    "state": _("state"),
    "to": _("to"),
    "unchanged": _("unchanged"),
    "until": _("until"),
    "updated": _("updated"),
    "verb": _("act"),
    "was": _("was"),
    "why": _("why"),
}
FEELINGS: dict[str, Promise] = {
    "pos": pgettext_lazy("what the author feels", "positive"),
    "neg": pgettext_lazy("what the author feels", "negative"),
    "neu": pgettext_lazy("what the author feels", "neutral"),
    "mixed": pgettext_lazy("what the author feels", "mixed"),
}
LANGUAGES: dict[str, Promise] = {"fr": _("French"), "en": _("English"), "other": _("another language")}
OUTCOMES: dict[str, Promise] = {
    "answered": _("answered"),
    "nothing": _("nothing to do"),
    "elsewhere": _("handled elsewhere"),
    "not_ours": _("not about us"),
    "case": _("a case"),
    "not_case": _("not a case"),
    "approved": _("approved"),
    "refused": _("refused"),
}
VERBS: dict[str, Promise] = {
    "hide": _("hide"),
    "show": _("show"),
    "remove": _("remove"),
    "flag": _("flag to the network"),
}
WHYS: dict[str, Promise] = {
    "gone": _("gone from its network"),
    "old": _("older than the house keeps"),
    "author": _("its author asked for it"),
    "asked": _("somebody asked for it"),
    "case": _("a case of pharmacovigilance"),
}
ROLES: dict[str, Promise] = {role.value: role.label for role in Role}
VALUES: dict[str, dict[str, Promise]] = {
    "language": LANGUAGES,
    "now": FEELINGS | LANGUAGES,
    "outcome": OUTCOMES,
    "role": ROLES,
    "verb": VERBS,
    "was": FEELINGS | LANGUAGES | ROLES,
    "why": WHYS,
}
"""Details that hold a code: name → code → words."""
LONGEST = 60
"""Characters of one detail on the page; the whole of it is in the table."""


def target_words(target: str) -> str:
    """`ticket:42` as « avis 42 »; what is not of that form as it is."""
    kind, colon, number = target.partition(":")
    return f"{TARGETS[kind]} {number}" if colon and kind in TARGETS else target


def detail_words(details: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(name, value cut to a line) of each detail that has a value and a name that people know."""
    known = [(name, details.get(name)) for name in DETAILS]
    return [
        (str(DETAILS[name]), _value_words(name, value)) for name, value in known if value not in ("", None)
    ]


def _value_words(name: str, value: object) -> str:
    words = VALUES.get(name, {}).get(str(value), str(value))
    return Truncator(str(words)).chars(LONGEST)


def choices() -> list[tuple[str, str]]:
    """(code, words) for a choice, by words in the active language; the first one chooses nothing."""
    return [("", str(_("all acts"))), *sorted(((act, words(act)) for act in DEEDS), key=lambda pair: pair[1])]
