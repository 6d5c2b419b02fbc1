"""Pages of replies as a browser gets them: with and without htmx, and what they never show or keep."""

from __future__ import annotations

import re

from django.test import Client
from django.urls import reverse

from tests.desk.replies.conftest import BAD, GOOD
from veilleur.desk.accounts.models import AuditLine
from veilleur.desk.inbox.columns import reading_columns
from veilleur.desk.replies.models import Reply, ReplyStep, State
from veilleur.vocabulary import Because, Finding, Reading, Why

POST = {"kind": "post", "actor": "medecin", "network": "", "review": "", "author": "", "on": ""}


def url(name, organisation, **arguments):
    return reverse(f"replies:{name}", kwargs={"organisation": organisation.slug, **arguments})


def live(client, organisation, reply, text, **told):
    """What htmx gets while somebody types."""
    version = Reply.objects.get(pk=reply.pk).version
    return client.post(
        url("write", organisation, reply=reply.pk),
        {"version": version, "text": text, **told},
        headers={"HX-Request": "true"},
    )


def test_what_is_typed_is_kept_and_judged(client_a, organisation_a, review, begun):
    reply = begun(review)
    page = live(client_a, organisation_a, reply, BAD).content.decode()
    assert Reply.objects.get(pk=reply.pk).text == BAD
    assert page.count('class="breach ') >= 2
    assert "12 mars" in page
    assert f'id="live-version" value="{Reply.objects.get(pk=reply.pk).version}"' in page
    assert "<html" not in page


def test_the_name_shown_under_a_review_is_compared_and_kept_nowhere(client_a, organisation_a, review, begun):
    reply = begun(review)
    text = "Bonjour Zébulon, merci pour ce message."
    with_name = live(client_a, organisation_a, reply, text, author="Zébulon K.").content.decode()
    assert "S-08-IDENT" in with_name
    assert "<q>Zébulon</q>" in with_name
    kept = [str(line.details) for line in AuditLine.objects.all()]
    kept += [f"{step.reason} {step.rule}" for step in ReplyStep.objects.all()]
    assert not any("Zébulon K" in one for one in kept)


def test_what_a_stranger_wrote_is_never_html(client_a, organisation_a, make_mention, begun):
    mention = make_mention(organisation_a, text="<script>alert(1)</script> attente")
    reply = begun(mention, "<img src=x onerror=alert(1)> Bonjour")
    page = client_a.get(url("reply", organisation_a, ticket=mention.ticket.pk)).content.decode()
    page += live(client_a, organisation_a, reply, "<img src=x onerror=alert(1)> Merci").content.decode()
    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_without_javascript_it_is_kept_and_judged_too(client_a, organisation_a, review, begun):
    reply = begun(review)
    answer = client_a.post(
        url("write", organisation_a, reply=reply.pk), {"version": reply.version, "text": BAD}
    )
    assert answer.status_code == 200
    assert 'class="breach ' in answer.content.decode()


def test_a_stale_text_is_refused_and_the_page_says_so(client_a, organisation_a, review, begun):
    reply = begun(review)
    live(client_a, organisation_a, reply, "Bonjour.")
    answer = client_a.post(
        url("write", organisation_a, reply=reply.pk),
        {"version": reply.version, "text": "Autre."},
        headers={"HX-Request": "true"},
    )
    assert "Quelqu’un a changé cette réponse" in answer.content.decode()
    assert Reply.objects.get(pk=reply.pk).text == "Bonjour."


def test_one_breach_is_rewritten_and_then_all(client_a, organisation_a, review, begun):
    reply = begun(review, f"Bonjour. {BAD} L'accueil est ouvert le samedi.")
    page = client_a.get(url("reply", organisation_a, ticket=review.ticket.pk)).content.decode()
    form = re.search(
        r'name="rule" value="([^"]+)".*?name="start" value="(\d+)".*?name="end" value="(\d+)"', page
    )
    assert form
    told = {"version": reply.version, "rule": form[1], "start": form[2], "end": form[3]}
    client_a.post(url("rewrite", organisation_a, reply=reply.pk), told)
    once = Reply.objects.get(pk=reply.pk)
    assert once.text != f"Bonjour. {BAD} L'accueil est ouvert le samedi."
    client_a.post(url("rewrite", organisation_a, reply=reply.pk), {"version": once.version})
    text = Reply.objects.get(pk=reply.pk).text
    assert "12 mars" not in text
    assert "samedi" in text
    page = client_a.get(url("reply", organisation_a, ticket=review.ticket.pk)).content.decode()
    assert 'class="breach ' not in page


def test_the_whole_way_through_pages(
    client_a, organisation_a, member_a, review, connected, django_capture_on_commit_callbacks
):
    marie = Client()
    marie.force_login(member_a, backend="allauth.account.auth_backends.AuthenticationBackend")
    client_a.post(url("start", organisation_a, ticket=review.ticket.pk))
    reply = Reply.objects.get()
    first = reply.text
    client_a.post(url("start", organisation_a, ticket=review.ticket.pk), {"version": reply.version})
    reply.refresh_from_db()
    assert reply.text != first, "another proposal is another wording"

    def post(client, name, **told):
        reply.refresh_from_db()
        with django_capture_on_commit_callbacks(execute=True):
            return client.post(
                url(name, organisation_a, reply=reply.pk), {"version": reply.version, **told}, follow=True
            )

    post(client_a, "submit")
    assert "Approuver" not in post(client_a, "approve").content.decode()
    post(marie, "return", reason="Plus court.")
    post(client_a, "submit")
    post(marie, "approve")
    post(client_a, "send")
    reply.refresh_from_db()
    assert reply.state == State.SENT
    assert len(connected.published) == 1
    page = client_a.get(url("list", organisation_a) + "?view=sent").content.decode()
    assert reply.text[:40].replace("'", "&#x27;") in page


def test_a_text_is_checked_and_nothing_is_kept(client_a, organisation_a):
    before = AuditLine.objects.count()
    text = "Le meilleur chirurgien de la région, -20 % jusqu'à dimanche !"
    page = client_a.post(url("check", organisation_a), POST | {"text": text}).content.decode()
    assert "D-PROMOTION-PRIX" in page
    assert AuditLine.objects.count() == before


def test_a_text_of_2019_is_judged_by_the_law_of_2019(client_a, organisation_a):
    text = "Le meilleur chirurgien de la région, -20 % jusqu'à dimanche !"
    now = client_a.post(url("check", organisation_a), POST | {"text": text}).content.decode()
    then = client_a.post(
        url("check", organisation_a), POST | {"text": text, "on": "2019-05-01"}
    ).content.decode()
    assert now != then


def test_anybody_may_check_a_text_when_the_administrator_says_so(client, db, settings):
    assert client.get("/check/").status_code == 404
    settings.PUBLIC_CHECK = True
    assert client.get("/check/").status_code == 200
    page = client.post("/check/", POST | {"text": "Le meilleur chirurgien de la région."}).content.decode()
    assert "D-SUPERLATIF" in page
    codes = [client.post("/check/", POST | {"text": GOOD}).status_code for _ in range(25)]
    assert codes[0] == 200
    assert codes[-1] == 429


def test_numbers_come_first_when_somebody_may_be_in_danger(client_a, organisation_a, make_mention):
    seen = Reading("d", "r", (Finding("labels", "crisis_suicide", 0.9, Why(Because.NGRAMS)),))
    mention = make_mention(organisation_a, text="…", findings=reading_columns(seen)["findings"])
    page = client_a.get(url("reply", organisation_a, ticket=mention.ticket.pk)).content.decode()
    assert "3114" in page
    client_a.post(url("start", organisation_a, ticket=mention.ticket.pk))
    assert re.search(r"3114|15", Reply.objects.get().text)
