"""The summary page: its figures, its links, its filters, its file."""

import csv
import json
import re
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from veilleur.desk.reports.forms import SummaryForm
from veilleur.desk.reports.models import Slice

NBSP = "\u00a0"


@pytest.fixture
def url(organisation_a):
    return reverse("reports:summary", args=[organisation_a.slug])


@pytest.fixture
def recent():
    return timezone.now() - timedelta(days=2)


def test_a_stranger_sees_nothing(client_b, url):
    assert client_b.get(url).status_code == 404
    assert client_b.get(f"{url}figures.csv").status_code == 404


def test_a_reader_may_look_but_nobody_may_post(client_reader_a, url):
    assert client_reader_a.get(url).status_code == 200
    assert client_reader_a.post(url).status_code == 405


def test_an_empty_organisation_is_told_what_to_do(client_a, client_reader_a, url, organisation_a):
    sources = reverse("sources:list", args=[organisation_a.slug])
    assert f'class="actions"><a href="{sources}"' in client_a.get(url).content.decode()
    assert f'class="actions"><a href="{sources}"' not in client_reader_a.get(url).content.decode()


def test_figures_of_a_few_messages(client_a, url, organisation_a, make_mention, recent):
    make_mention(
        organisation_a, published_at=recent, sentiment="neg", rating_value=1, rating_worst=1, rating_best=5
    )
    make_mention(
        organisation_a, published_at=recent, sentiment="pos", rating_value=5, rating_worst=1, rating_best=5
    )
    make_mention(
        organisation_a,
        published_at=recent,
        sentiment="",
        opened_at=recent,
        answered_at=recent + timedelta(hours=4.5),
    )
    response = client_a.get(url, headers={"accept-language": "en"})
    page = response.content.decode()
    cards = response.context["page"].cards
    assert cards[0].value == "3"
    assert cards[1].value.startswith("3,0")
    assert cards[1].caution
    shares = {part.href.split("sentiment=")[1].split("&")[0]: part.value for part in cards[3].parts}
    assert {name: value.replace(NBSP, "").replace(" ", "") for name, value in shares.items()} == {
        "pos": "50%",
        "neu": "0%",
        "mixed": "0%",
        "neg": "50%",
    }
    assert cards[2].value.replace(NBSP, "").replace(" ", "") == "33%"
    assert cards[5].value.replace(NBSP, " ") == "5 h"
    data = json.loads(
        re.search(r'<script id="volume-data" type="application/json">(.*?)</script>', page, re.DOTALL)[1]
    )
    assert sum(sum(line["values"]) for line in data["series"]) == 3


def test_every_link_opens_exactly_the_messages_it_counts(client_a, url, organisation_a, make_mention, recent):
    for number in range(6):
        make_mention(
            organisation_a,
            published_at=recent - timedelta(days=number),
            network=["CPAM", "CAF"][number % 2],
            sentiment=["neg", "pos"][number % 3 == 0],
            queue=["to-handle", "satisfied"][number % 3 == 0],
        )
    page = client_a.get(url, {"network": "CPAM", "period": "30"}).context["page"]
    volume, _, _, _, queues, _ = page.cards
    assert "network=CPAM" in volume.href
    for figure, href in [(volume.value, volume.href), *((part.value, part.href) for part in queues.parts)]:
        assert len(client_a.get(href).context["page"].rows) == int(figure)


def test_old_messages_are_shown_when_nothing_is_recent(client_a, url, organisation_a, make_mention):
    make_mention(organisation_a, published_at=datetime(2019, 5, 1, 12, tzinfo=UTC))
    page = client_a.get(url).context["page"]
    assert page.widened
    assert page.cards[0].value == "1"
    assert client_a.get(url, {"period": "30"}).context["page"].empty


def test_a_period_is_compared_with_the_one_before(client_a, url, organisation_a, make_mention, recent):
    for number in range(6):
        make_mention(organisation_a, published_at=recent)
        make_mention(organisation_a, published_at=recent - timedelta(days=30 + number % 2))
    make_mention(organisation_a, published_at=recent)
    assert client_a.get(url, {"period": "30"}).context["page"].cards[0].trend.startswith("+1")
    assert client_a.get(url, {"period": "all"}).context["page"].cards[0].trend == ""


def test_without_ratings_there_is_no_empty_drawing(client_a, url, organisation_a, make_mention, recent):
    make_mention(organisation_a, published_at=recent)
    assert [chart.key for chart in client_a.get(url).context["page"].charts] == ["volume", "queues"]


def test_two_dates_are_days_of_the_organisation(client_a, url, organisation_a, make_mention):
    make_mention(organisation_a, published_at=datetime(2026, 3, 2, 23, 30, tzinfo=UTC))
    assert client_a.get(url, {"from": "2026-03-03", "to": "2026-03-03"}).context["page"].cards[0].value == "1"
    assert client_a.get(url, {"from": "2026-03-02", "to": "2026-03-02"}).context["page"].empty


def test_what_makes_no_sense_is_left_out_and_named(client_a, url, organisation_a, make_mention, recent):
    make_mention(organisation_a, published_at=recent)
    asked = {"from": "yesterday", "to": "0001-01-01", "network": "x", "period": "7"}
    response = client_a.get(url, asked)
    assert response.context["form"].ignored() == ["Période", "Réseau", "Du", "Au"]
    assert response.context["page"].cards[0].value == "1"
    assert Slice.objects.filter(network="x").count() == 0


@given(st.dictionaries(st.sampled_from(["period", "from", "to", "network", "place"]), st.text(max_size=12)))
def test_any_address_is_understood_or_left_out(asked):
    form = SummaryForm({"network": ["CPAM"], "place": []}, asked)
    understood = form.asked()
    assert understood.choice.network in ("", "CPAM")
    assert understood.choice.place == ""


def test_the_file_says_what_the_page_says_and_holds_no_formula(
    client_a, url, organisation_a, make_mention, recent
):
    make_mention(
        organisation_a, published_at=recent, queue="=cmd()", rating_value=2, rating_worst=1, rating_best=5
    )
    response = client_a.get(f"{url}figures.csv", {"period": "30"})
    assert response.headers["Content-Disposition"].startswith('attachment; filename="clinique-a-')
    rows = list(csv.reader(StringIO(response.content.decode("utf-8-sig")), delimiter=";"))
    assert len(rows) == 31
    assert sum(int(row[2]) for row in rows[1:]) == 1
    assert [row[4] for row in rows[1:] if row[4]] == ["2,00"]
    assert "'=cmd()" in rows[0]


def test_no_script_or_style_is_written_into_the_page(client_a, url, organisation_a, make_mention, recent):
    make_mention(organisation_a, published_at=recent, network="</script><img src=x>")
    page = client_a.get(url).content.decode()
    assert "<img src=x>" not in page
    assert " style=" not in page
    assert all(
        'src="' in tag or 'type="application/json"' in tag for tag in re.findall(r"<script[^>]*>", page)
    )


def test_the_page_reads_no_ticket_again_once_counted(
    client_a, url, organisation_a, make_mention, recent, django_assert_max_num_queries
):
    make_mention(organisation_a, published_at=recent)
    client_a.get(url)
    with django_assert_max_num_queries(20) as captured:
        client_a.get(url)
    read = [query["sql"] for query in captured.captured_queries if "inbox_ticket" in query["sql"]]
    assert len(read) == 2
    assert all("MIN(" in sql or "MAX(" in sql for sql in read)
