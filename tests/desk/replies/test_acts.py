"""What people may do with a reply, what holds it back, and what stays of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from django.utils import timezone

from tests.desk.replies.conftest import BAD, GOOD
from veilleur.desk.accounts.models import AuditLine
from veilleur.desk.accounts.permissions import workplace_of
from veilleur.desk.inbox.columns import reading_columns
from veilleur.desk.replies import actions
from veilleur.desk.replies import settings_actions as ways
from veilleur.desk.replies.judging import case_of, judged, overrides_of
from veilleur.desk.replies.models import Approval, Reply, ReplyPolicy, State
from veilleur.desk.replies.queries import reply_page, templates_of
from veilleur.desk.replies.rulebooks import rulebook_of
from veilleur.desk.replies.thanks import give, spread, thanks_of
from veilleur.errors import ActRefused, Outdated, PackInvalid
from veilleur.vocabulary import Because, Finding, Reading, Why

WHY = "L'avocat de la clinique a relu et accepte ce texte."


def now():
    return timezone.now()


def fresh(reply):
    return Reply.objects.get(pk=reply.pk)


def act(what, place, reply, **told):
    return what(place, reply.pk, fresh(reply).version, **told, now=now())


def blocked(reply):
    case = case_of(fresh(reply).ticket)
    return [one.rule for one in judged(case, fresh(reply).text, overrides_of(fresh(reply))).blocking]


def test_two_people_begin_one_reply(place_a, place_marie, review):
    first = actions.begin(place_a, review.ticket.pk, text=GOOD, now=now())
    second = actions.begin(place_marie, review.ticket.pk, text="Autre texte.", now=now())
    assert first.pk == second.pk
    assert fresh(first).text == GOOD


def test_who_writes_second_is_told_so_and_nothing_is_lost(place_a, place_marie, review, begun):
    reply = begun(review)
    seen = reply.version
    actions.write(place_a, reply.pk, seen, text="Le texte d'Alice.", now=now())
    with pytest.raises(Outdated):
        actions.write(place_marie, reply.pk, seen, text="Le texte de Marie.", now=now())
    assert fresh(reply).text == "Le texte d'Alice."


def test_one_sitting_is_one_version_and_another_person_begins_a_new_one(place_a, place_marie, review, begun):
    reply = begun(review)
    for text in ("Bonjour.", "Bonjour, merci.", "Bonjour, merci beaucoup."):
        act(actions.write, place_a, reply, text=text)
    act(actions.write, place_marie, reply, text="Bonjour, merci bien.")
    texts = list(fresh(reply).versions.order_by("number").values_list("text", "by_name"))
    assert texts == [("Bonjour, merci beaucoup.", "Alice"), ("Bonjour, merci bien.", "Marie")]
    shown = reply_page(place_a, review.ticket.pk).versions[0]
    assert [(one.kind, one.text) for one in shown.changes if one.kind != "kept"] == [
        ("removed", "beaucoup"),
        ("added", "bien"),
    ]


def test_a_text_that_reveals_somebody_is_held_back(place_a, review, begun, connected, no_second_reader):
    reply = begun(review, BAD)
    assert {"S-03-DATE", "S-05-TREAT"} & set(blocked(reply))
    with pytest.raises(ActRefused, match="12 mars"):
        act(actions.send, place_a, reply)
    assert fresh(reply).state == State.DRAFT


def test_a_blocker_leaves_when_two_people_say_why(
    place_a, place_marie, review, begun, connected, no_second_reader
):
    reply = begun(review, BAD)
    rules = dict.fromkeys(blocked(reply))
    for rule in rules:
        act(actions.override, place_a, reply, rule=rule, reason=WHY)
        with pytest.raises(ActRefused):
            act(actions.override, place_a, reply, rule=rule, reason=WHY)
    assert blocked(reply), "one person is not enough for what is forbidden"
    for rule in dict.fromkeys(blocked(reply)):
        act(actions.override, place_marie, reply, rule=rule, reason=WHY)
    assert blocked(reply) == []
    assert act(actions.send, place_a, reply).state == State.QUEUED
    lines = AuditLine.objects.filter(act="replies.override")
    assert {line.actor for line in lines} == {"alice@example.org", "marie@example.org"}
    assert {line.details["reason"] for line in lines} == {WHY}
    assert all("12 mars" not in str(line.details) for line in AuditLine.objects.all())


def test_a_reason_holds_for_one_wording(place_a, place_marie, review, begun):
    reply = begun(review, BAD)
    before = blocked(reply)
    for rule in dict.fromkeys(before):
        for place in (place_a, place_marie):
            if rule in blocked(reply):
                act(actions.override, place, reply, rule=rule, reason=WHY)
    assert blocked(reply) == []
    act(actions.write, place_a, reply, text=f"{BAD} Merci.")
    assert blocked(reply) != []


def test_a_reason_that_says_nothing_is_no_reason(place_a, review, begun):
    reply = begun(review, BAD)
    with pytest.raises(ActRefused):
        act(actions.override, place_a, reply, rule=blocked(reply)[0], reason="ok")


def test_nobody_approves_what_they_wrote(place_a, place_marie, review, begun, connected):
    reply = begun(review)
    with pytest.raises(ActRefused):
        act(actions.send, place_a, reply)
    act(actions.submit, place_a, reply)
    with pytest.raises(ActRefused):
        act(actions.approve, place_a, reply)
    act(actions.approve, place_marie, reply)
    assert act(actions.send, place_a, reply).state == State.QUEUED


def test_an_approval_holds_for_one_wording(place_a, place_marie, review, begun, connected):
    reply = begun(review)
    act(actions.submit, place_a, reply)
    act(actions.approve, place_marie, reply)
    act(actions.write, place_a, reply, text=f"{GOOD} Bien à vous.")
    assert fresh(reply).state == State.DRAFT
    with pytest.raises(ActRefused):
        act(actions.send, place_a, reply)


def test_what_was_sent_back_is_no_longer_approved(
    place_a, place_marie, review, begun, connected, organisation_a
):
    reply = begun(review)
    act(actions.submit, place_a, reply)
    act(actions.approve, place_marie, reply)
    act(actions.send_back, place_marie, reply, reason="Pas comme cela.")
    with pytest.raises(ActRefused):
        act(actions.send, place_a, reply)
    assert not reply_page(place_a, review.ticket.pk).approved
    act(actions.submit, place_a, reply)
    act(actions.approve, place_marie, reply)
    assert act(actions.send, place_a, reply).state == State.QUEUED


@pytest.mark.parametrize("network", ["Google", "google", "Google Maps", "Avis Google"])
def test_a_reply_that_is_too_long_for_its_network_is_held_back(
    network, place_a, make_mention, organisation_a, begun, no_second_reader
):
    mention = make_mention(organisation_a, text="Attente.", network=network)
    reply = begun(mention, "Bonjour, merci pour ce message. " * 150)
    assert "P-LENGTH" in blocked(reply)
    assert reply_page(place_a, mention.ticket.pk).result.is_too_long


def test_an_approval_holds_for_one_message(place_a, place_marie, review, begun, connected):
    reply = begun(review)
    act(actions.submit, place_a, reply)
    act(actions.approve, place_marie, reply)
    review.digest = "1" * 64
    review.save()
    with pytest.raises(ActRefused):
        act(actions.send, place_a, reply)


def test_it_is_sent_back_with_a_word(place_a, place_marie, review, begun):
    reply = begun(review)
    act(actions.submit, place_a, reply)
    with pytest.raises(ActRefused):
        act(actions.send_back, place_marie, reply, reason=" ")
    act(actions.send_back, place_marie, reply, reason="Plus court.")
    page = reply_page(place_a, review.ticket.pk)
    assert page.reply.state == State.DRAFT
    assert page.steps[0].reason == "Plus court."


@pytest.mark.parametrize(
    ("approval", "stars", "value", "asked"),
    [
        (Approval.ALWAYS, 0, 5.0, True),
        (Approval.NEVER, 5, 1.0, False),
        (Approval.SOMETIMES, 3, 2.0, True),
        (Approval.SOMETIMES, 3, 4.0, False),
        (Approval.SOMETIMES, 0, 1.0, False),
    ],
)
def test_the_house_chooses_when_a_second_person_reads(
    approval, stars, value, asked, place_a, organisation_a, make_mention, begun
):
    ReplyPolicy.objects.create(organisation=organisation_a, approval=approval, approval_stars=stars)
    scale = {"rating_value": value, "rating_worst": 1.0, "rating_best": 5.0}
    mention = make_mention(organisation_a, text="Attente.", **scale)
    begun(mention)
    assert reply_page(place_a, mention.ticket.pk).second_reader is asked


def test_an_adverse_reaction_is_decided_first(
    place_a, place_marie, organisation_a, make_mention, begun, connected, no_second_reader, review
):
    seen = Reading("d", "r", (Finding("labels", "adverse_reaction", 0.9, Why(Because.NGRAMS)),))
    mention = make_mention(
        organisation_a, text="Depuis le vaccin, fièvre.", source=review.source,
        findings=reading_columns(seen)["findings"],
    )  # fmt: skip
    reply = begun(mention)
    with pytest.raises(ActRefused):
        act(actions.send, place_a, reply)
    with pytest.raises(ActRefused):
        actions.decide_safety(place_a, mention.ticket.pk, is_case=True, reason="oui", now=now())
    actions.decide_safety(place_a, mention.ticket.pk, is_case=True, reason=WHY, now=now())
    with pytest.raises(Outdated):
        actions.decide_safety(place_marie, mention.ticket.pk, is_case=False, reason=WHY, now=now())
    assert act(actions.send, place_a, reply).state == State.QUEUED


def test_without_a_connection_a_person_publishes_and_says_where(
    place_a, review, begun, no_second_reader, organisation_a
):
    reply = begun(review)
    with pytest.raises(ActRefused):
        act(actions.send, place_a, reply)
    with pytest.raises(ActRefused):
        act(actions.publish_by_hand, place_a, reply, url="javascript:alert(1)")
    act(actions.publish_by_hand, place_a, reply, url="https://example.org/avis/1")
    assert fresh(reply).state == State.SENT


def test_who_only_reads_changes_nothing(reader_a, organisation_a, review, begun):
    reply = begun(review)
    place = workplace_of(reader_a, organisation_a.slug)
    for what, told in (
        (actions.write, {"text": "x"}),
        (actions.submit, {}),
        (actions.send, {}),
        (actions.drop, {}),
    ):
        with pytest.raises(ActRefused):
            act(what, place, reply, **told)
    with pytest.raises(ActRefused):
        actions.begin(place, review.ticket.pk, text="x", now=now())
    with pytest.raises(ActRefused):
        ways.change_rule(place, "S-03-DATE", severity="", reason=WHY, now=now())


def test_a_rule_is_switched_off_and_back_with_a_reason(place_a, organisation_a, review, begun):
    reply = begun(review, BAD)
    rule = blocked(reply)[0]
    with pytest.raises(ActRefused):
        ways.change_rule(place_a, rule, severity="", reason="", now=now())
    ways.change_rule(place_a, rule, severity="", reason=WHY, now=now())
    assert rule not in blocked(reply)
    ways.change_rule(place_a, rule, severity="info", reason=WHY, now=now())
    assert rule not in blocked(reply)
    assert rule in [one.rule for one in reply_page(place_a, review.ticket.pk).result.told]
    ways.change_rule(place_a, rule, severity="pack", reason=WHY, now=now())
    assert rule in blocked(reply)
    assert AuditLine.objects.filter(act="replies.rule", target=f"rule:{rule}").count() == 3


def test_a_pack_is_switched_off_and_on(place_a, organisation_a):
    ways.switch_pack(place_a, "zero-publicite", is_on=False, reason=WHY)
    assert "zero-publicite" not in [pack.id for pack in rulebook_of(organisation_a).packs]
    ways.switch_pack(place_a, "zero-publicite", is_on=True, reason=WHY)
    assert "zero-publicite" in [pack.id for pack in rulebook_of(organisation_a).packs]


def test_a_pack_of_the_house_judges_and_a_broken_one_is_refused(
    place_a, organisation_a, review, begun, repository
):
    own = (repository / "examples/one_rule_pack.toml").read_text(encoding="utf-8")
    ways.save_policy(place_a, own_pack=own)
    known = rulebook_of(organisation_a)
    assert len(known.packs) == 6
    sentence = known.packs[-1].rules[0].flags[0]
    begun(review, sentence)
    rules = [one.rule for one in reply_page(place_a, review.ticket.pk).result.told]
    assert known.packs[-1].rules[0].id in rules
    with pytest.raises(PackInvalid):
        ways.save_policy(place_a, own_pack="[[rules]]\nid = 3")
    assert ReplyPolicy.objects.get(organisation=organisation_a).own_pack == own


def test_a_wording_counts_what_became_of_it(place_a, review, begun, no_second_reader, make_mention):
    wording = ways.add_template(place_a, name="Accueil", language="fr", text=GOOD)
    with pytest.raises(ActRefused):
        ways.add_template(place_a, name="Accueil", language="fr", text=GOOD)
    for mention, text in ((review, GOOD), (make_mention(place_a.organisation), f"{GOOD} Merci.")):
        reply = actions.begin(place_a, mention.ticket.pk, text=text, template=wording, now=now())
        act(actions.publish_by_hand, place_a, reply, url="")
    version = review.versions.create(
        number=1,
        digest="x",
        text="",
        rating_value=1,
        rating_worst=1,
        rating_best=5,
        collected_at=review.collected_at,
    )
    assert version.rating_value == 1
    review.rating_value = 4
    review.save()
    (shown,) = templates_of(place_a.organisation)
    assert shown.raised == 0, "the better rating was there before the reply"
    review.collected_at = now()
    review.save()
    (shown,) = templates_of(place_a.organisation)
    assert (shown.used, shown.sent, shown.unchanged, shown.raised) == (2, 2, 1, 1)


def ratings(make_mention, organisation, count, **fields):
    scale = {"rating_value": 5.0, "rating_worst": 1.0, "rating_best": 5.0}
    return [make_mention(organisation, text="", sentiment="", **scale, **fields) for _ in range(count)]


def test_thanks_differ_and_leave_one_after_another(
    place_a, review, connected, make_mention, no_second_reader, organisation_a
):
    mentions = ratings(make_mention, organisation_a, 4, source=review.source)
    ratings(make_mention, organisation_a, 1, status="closed")
    proposed = thanks_of(place_a, now())
    assert {one.ticket.pk for one in proposed} == {mention.ticket.pk for mention in mentions}
    texts = [one.text for one in proposed]
    assert all(first != second for first, second in pairwise(texts))
    chosen = [mention.ticket.pk for mention in mentions[:3]]
    assert give(place_a, chosen, now()) == (3, 0)
    leaves = sorted(Reply.objects.values_list("leaves_at", flat=True))
    assert all(second - first >= timedelta(minutes=4) for first, second in pairwise(leaves))
    assert len(thanks_of(place_a, now())) == 1
    last = max(leaves)
    assert thanks_of(place_a, now())[0].leaves_at >= last + timedelta(minutes=4), "after those that wait"


def test_thanks_leave_only_while_the_house_is_open(organisation_a):
    policy = ReplyPolicy(organisation=organisation_a)
    friday = datetime(2026, 11, 20, 16, 55, tzinfo=UTC)  # 17:55 in Paris
    moments = spread(policy, friday)
    first, second, third = next(moments), next(moments), next(moments)
    assert (first, second) == (friday, friday + timedelta(minutes=4))
    assert (third.weekday(), third.hour, third.minute) == (0, 9, 0)
