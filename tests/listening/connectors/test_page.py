"""Review pages: every way to write a review, robots.txt, and pages that are not as agreed."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from datetime import UTC, datetime
from html import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.fake_site import Served, bomb, fake_site
from veilleur.errors import NetworkRefused, NotReached, Throttled
from veilleur.listening.client import INTERNAL_HOSTS, Client
from veilleur.listening.connector import MOST_CURSOR, Gone, Heard
from veilleur.listening.connectors import page as pages
from veilleur.listening.connectors.page import ReviewPage, ReviewPageSettings
from veilleur.listening.robots import robots
from veilleur.listening.schema_org import LONGEST_ID, _scaled, read_page
from veilleur.testing import check_connector
from veilleur.vocabulary import Rating

ADDRESS = "https://avis.example/clinique"
NOW = datetime(2026, 6, 1, tzinfo=UTC)
NOBODY = Served(b"User-agent: *\nDisallow: /\n", "text/plain")
REVIEW = {
    "@type": "Review",
    "@id": "#r1",
    "name": "Accueil",
    "author": {"@type": "Person", "name": "Léa"},
    "datePublished": "2026-01-02",
    "reviewBody": "Deux heures d’attente.",
    "reviewRating": {"@type": "Rating", "ratingValue": "2", "bestRating": 5},
}


@pytest.fixture
def site(monkeypatch):
    monkeypatch.setattr(pages, "PAUSE", 0.0)
    with fake_site() as running:
        monkeypatch.setenv(INTERNAL_HOSTS, running.host)
        yield running


def ld(*told: object, body: str = "") -> bytes:
    scripts = "".join(
        f'<script type="application/ld+json">{json.dumps(one, ensure_ascii=False)}</script>' for one in told
    )
    return f"<html><head><meta charset=utf-8>{scripts}</head><body>{body}</body></html>".encode()


def clinic(*reviews: object, **more: object) -> dict:
    told = {"@context": "https://schema.org", "@type": "MedicalClinic", "name": "Clinique des Lilas"}
    return told | {"review": list(reviews)} | more


def read(content: bytes, charset: str = "utf-8"):
    return read_page(content, charset, ADDRESS, NOW)


def connector(site, *paths: str, **more) -> ReviewPage:
    addresses = tuple(site.url + path for path in (paths or ("/avis",)))
    return ReviewPage(ReviewPageSettings(addresses=addresses, **more))


def drained(made: ReviewPage, since: str = "", **bounds):
    items = []
    with Client(**bounds) as client:
        for page in made.fetch(since, client):
            assert len(page.cursor) <= MOST_CURSOR
            items += page.items
            since = page.cursor
    return items, since


class Reviews:
    """Somebody else's page of reviews."""

    def __init__(self, site, path: str = "/avis", body: str = "", **more) -> None:
        self.site, self.path, self.body, self.more = site, path, body, more
        self.texts: dict[str, str] = {}
        self.write()

    def write(self) -> None:
        told = [
            {"@type": "Review", "@id": name, "reviewBody": text, "author": "Léa", "reviewRating": 4}
            for name, text in reversed(self.texts.items())
        ]
        self.site.pages[self.path] = Served(ld(clinic(*told, **self.more), body=self.body), has_etag=True)

    def say(self, text: str) -> str:
        name = f"{self.site.url}{self.path}#r{len(self.texts)}"
        self.edit(name, text)
        return name

    def edit(self, message: str, text: str) -> None:
        self.texts[message] = text
        self.write()

    def delete(self, message: str) -> None:
        del self.texts[message]
        self.write()


def test_it_keeps_the_contract(site):
    check_connector(connector(site), Opened(site))


class Opened(Reviews):
    """A page that has a review already: one that shows none is found fault with."""

    def __init__(self, site) -> None:
        super().__init__(site)
        self.say("Premier avis")


MICRODATA = """<div itemscope itemtype="https://schema.org/MedicalClinic">
<h1 itemprop="name">Clinique des Lilas</h1>
<div itemprop="review" itemscope itemtype="https://schema.org/Review" itemid="#r1">
<b itemprop="name">Accueil</b>
<span itemprop="author" itemscope itemtype="https://schema.org/Person"><i itemprop="name">Léa</i></span>
<meta itemprop="datePublished" content="2026-01-02"><p itemprop="reviewBody">Deux heures d’attente.</p>
<p itemprop="reviewRating" itemscope itemtype="https://schema.org/Rating">
<meta itemprop="bestRating" content="5">
<span itemprop="ratingValue">2</span></p></div></div>"""
RDFA = """<div vocab="https://schema.org/" typeof="MedicalClinic"><h1 property="name">Clinique des Lilas</h1>
<div property="review" typeof="Review" resource="#r1"><b property="name">Accueil</b>
<span property="author" typeof="Person"><i property="name">Léa</i></span>
<meta property="datePublished" content="2026-01-02"><p property="reviewBody">Deux heures d’attente.</p>
<p property="reviewRating" typeof="Rating"><span property="ratingValue">2</span>/
<i property="bestRating">5</i></p></div></div>"""
LEA = {"@id": "#p", "name": "Léa"}
SHAPES = {
    "nested": ld(clinic(REVIEW)),
    "one review": ld(clinic(REVIEW) | {"review": REVIEW}),
    "alone": ld(REVIEW | {"itemReviewed": {"@type": "MedicalClinic", "name": "Clinique des Lilas"}}),
    "item as text": ld(REVIEW | {"itemReviewed": "Clinique des Lilas"}),
    "a list": ld([REVIEW | {"itemReviewed": "Clinique des Lilas"}]),
    "main entity": ld({"@type": "WebPage", "mainEntity": clinic(REVIEW)}),
    "types": ld(clinic(REVIEW | {"@type": ["Review", "CreativeWork"]})),
    "prefixes": ld(clinic(REVIEW | {"@type": "schema:Review"}), {"@type": "http://schema.org/Thing"}),
    "whole names": ld(clinic(REVIEW | {"@type": "https://schema.org/Review"})),
    "graph": ld({"@graph": [{"@type": "WebSite", "name": "x"}, clinic(REVIEW)]}),
    "pointers": ld({"@graph": [clinic({"@id": "#r1"}), REVIEW | {"author": {"@id": "#p"}}, LEA]}),
    "author as text": ld(clinic(REVIEW | {"author": "Léa"})),
    "author as list": ld(clinic(REVIEW | {"author": [{"name": "Léa"}]})),
    "rating as number": ld(clinic(REVIEW | {"reviewRating": 2})),
    "rating as text": ld(clinic(REVIEW | {"reviewRating": "2/5"})),
    "rating with a comma": ld(clinic(REVIEW | {"reviewRating": {"ratingValue": "2,0"}})),
    "html": ld(clinic(REVIEW | {"reviewBody": "<p>Deux heures d&rsquo;attente.</p>"})),
    "entities": ld(clinic(REVIEW | {"reviewBody": "Deux heures d&#8217;attente."})),
    "a broken script before": b'<script type="application/ld+json">{"@type":</script>' + ld(clinic(REVIEW)),
    "microdata": MICRODATA.encode(),
    "rdfa": RDFA.encode(),
    "said twice": ld(clinic(REVIEW), body=MICRODATA),
    "windows-1252": ld(clinic(REVIEW)).decode().replace("utf-8", "windows-1252").encode("cp1252"),
    "utf-8 that calls itself latin-1": ld(clinic(REVIEW)).replace(b"charset=utf-8", b"charset=latin-1"),
}


@pytest.mark.parametrize("name", SHAPES)
def test_every_shape_says_the_same(name):
    (one,) = read(SHAPES[name], "" if name == "windows-1252" else "utf-8").messages
    assert one.id == f"{ADDRESS}#r1"
    assert (one.text, one.title, one.author) == ("Deux heures d’attente.", "Accueil", "Léa")
    assert one.rating == Rating(2, 1, 5)
    assert one.place == "Clinique des Lilas"
    assert one.published_at == datetime(2026, 1, 2, 12, tzinfo=UTC)
    assert (one.network, one.url) == ("avis.example", f"{ADDRESS}#r1")


def test_comments_answer_what_holds_them():
    told = REVIEW | {
        "comment": [{"@type": "Comment", "@id": "#c1", "text": "Merci du retour", "author": "Accueil"}]
    }
    other = {"@type": "Comment", "@id": "#c2", "text": "Moi aussi", "parentItem": {"@id": "#c1"}}
    messages = {one.id.partition("#")[2]: one for one in read(ld(clinic(told), other)).messages}
    assert messages["c1"].parent == messages["r1"].id
    assert messages["c2"].parent == messages["c1"].id
    assert messages["c1"].place == ""


@pytest.mark.parametrize(
    ("told", "rating"),
    [
        ({"ratingValue": 4}, Rating(4, 1, 5)),
        ({"ratingValue": "8", "bestRating": "10"}, Rating(8, 1, 10)),
        ({"ratingValue": 0}, Rating(0, 0, 5)),
        ({"ratingValue": "9 sur 10"}, Rating(9, 1, 10)),
        ({"ratingValue": 1, "bestRating": 1, "worstRating": 4}, Rating(1, 4, 1)),
        ({"ratingValue": 8}, None),
        ({"ratingValue": "NaN"}, None),
        ({"ratingValue": True}, None),
        ({"ratingValue": {}}, None),
        ({"ratingValue": 1, "bestRating": 1}, None),
        ({}, None),
    ],
)
def test_ratings_and_their_scales(told, rating):
    assert _scaled(told) == rating


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026-01-02T10:00:00+01:00", datetime(2026, 1, 2, 9, tzinfo=UTC)),
        ("2026-01-02T10:00:00Z", datetime(2026, 1, 2, 10, tzinfo=UTC)),
        ("2 janvier 2026", datetime(2026, 1, 2, 12, tzinfo=UTC)),
        ("01/02/2026", None),
        ("hier", None),
        ("x" * 5000, None),
        (20260102, None),
    ],
)
def test_dates(written, day):
    assert read(ld(clinic(REVIEW | {"datePublished": written}))).messages[0].published_at == day


def without(review: dict, *names: str, **more) -> dict:
    return {name: value for name, value in review.items() if name not in names} | more


def test_ids_are_the_pages_own_else_what_a_new_rating_leaves():
    bare = without(REVIEW, "@id")
    (numbered,) = read(ld(clinic(bare | {"url": "https://avis.example/clinique#avis-9"}))).messages
    assert numbered.id == "https://avis.example/clinique#avis-9"
    (first,) = read(ld(clinic(bare))).messages
    (second,) = read(ld(clinic(bare | {"reviewRating": 5, "name": "Autre titre"}))).messages
    (third,) = read(ld(clinic(bare | {"reviewBody": "Tout autre chose."}))).messages
    assert first.id == second.id != third.id
    assert first != second
    assert first.id == read(MICRODATA.replace(' itemid="#r1"', "").encode()).messages[0].id
    assert len(read(ld(clinic(bare, bare))).messages) == 1


def test_an_id_that_two_texts_share_is_none():
    other = REVIEW | {"reviewBody": "Parfait."}
    found = read(ld(clinic(REVIEW, other))).messages
    assert len({one.id for one in found}) == 2
    assert not any("#r1" in one.id for one in found)


def test_the_same_words_of_nobody_are_as_many_messages():
    short = {"@type": "Review", "reviewBody": "Très bien"}
    two, three = (read(ld(clinic(*[short] * count))).messages for count in (2, 3))
    assert len(two) == 2
    assert {one.id for one in two} < {one.id for one in three}
    assert len(three) == 3


def test_who_wrote_is_a_profile_else_a_name_never_an_address_of_e_mail():
    def author(told: object) -> str:
        return read(ld(clinic(REVIEW | {"author": told}))).messages[0].author

    assert author({"name": "Léa", "url": "/u/lea", "email": "lea@m.example"}) == "https://avis.example/u/lea"
    assert author({"name": "Léa", "url": "https://avis.example/"}) == "Léa"
    assert author("lea@m.example") == ""
    assert author(None) == author({}) == author([[3]]) == ""


@pytest.mark.parametrize(
    ("body", "more", "is_whole"),
    [
        ("<p>Fin</p>", {}, True),
        ("<a rel=next href=/p>x</a>", {}, False),
        ("<a href='?page=2'>2</a>", {}, False),
        ("<a href='/avis/page/2'>2</a>", {}, False),
        ("<div class='review-pagination'></div>", {}, False),
        ("<button>Afficher plus d’avis</button>", {}, False),
        ("<a href=/x>Tous les avis</a>", {}, False),
        ("<a href=/x>Suivant</a>", {}, False),
        ("", {"aggregateRating": {"@type": "AggregateRating", "reviewCount": "12", "ratingValue": 4}}, False),
        ("", {"aggregateRating": {"@type": "AggregateRating", "reviewCount": 1, "ratingValue": 4}}, True),
    ],
)
def test_whether_a_page_shows_everything(body, more, is_whole):
    found = read(ld(clinic(REVIEW, **more), body=body))
    assert found.is_whole is is_whole
    assert found.average == (Rating(4, 1, 5) if more else None)


def test_what_changed_is_brought_again_and_nothing_else(site):
    page = Reviews(site)
    first, second = page.say("Un"), page.say("Deux")
    items, cursor = drained(connector(site))
    assert [one.id for one in items] == [first, second]
    assert drained(connector(site), cursor)[0] == []
    assert "if-none-match" in site.asked[-1][1]
    page.edit(second, "Deux, corrigé")
    items, _cursor = drained(connector(site), cursor)
    assert [(one.id, one.text) for one in items] == [(second, "Deux, corrigé")]


def test_a_new_rating_is_an_edit(site):
    bare = without(REVIEW, "@id")
    site.pages["/avis"] = Served(ld(clinic(bare)))
    (before,), cursor = drained(connector(site))
    site.pages["/avis"] = Served(ld(clinic(bare | {"reviewRating": 5})))
    (after,), _cursor = drained(connector(site), cursor)
    assert (before.id, after.rating) == (after.id, Rating(5, 1, 5))


def test_gone_is_what_is_missing_twice_in_a_row(site):
    page = Reviews(site)
    first, second = page.say("Un"), page.say("Deux")
    _items, cursor = drained(connector(site))
    page.delete(first)
    items, once = drained(connector(site), cursor)
    assert items == []
    assert drained(connector(site), once)[0] == [Gone(first)]
    page.edit(first, "Un")
    items, back = drained(connector(site), once)
    assert items == []
    page.delete(first)
    assert drained(connector(site), back)[0] == []
    _items, after = drained(connector(site), once)
    assert drained(connector(site), after)[0] == []
    page.delete(second)
    for _run in range(3):
        items, after = drained(connector(site), after)
        assert items == []


def test_on_a_page_that_shows_a_part_nothing_is_ever_gone(site):
    page = Reviews(site, body="<a rel=next href=/avis/2>Suite</a>")
    first = page.say("Un")
    page.say("Deux")
    _items, cursor = drained(connector(site))
    page.delete(first)
    for _run in range(3):
        items, cursor = drained(connector(site), cursor)
        assert items == []


def test_what_moved_to_another_page_is_not_gone(site):
    one, two = Reviews(site), Reviews(site, "/deux")
    moved = one.say("Un")
    one.say("Deux")
    two.say("Trois")
    made = connector(site, "/avis", "/deux")
    _items, cursor = drained(made)
    one.delete(moved)
    two.edit(moved, "Un")
    for _run in range(3):
        items, cursor = drained(made, cursor)
        assert not any(isinstance(item, Gone) for item in items)


def test_robots_are_obeyed_also_after_a_redirection(site):
    Reviews(site, "/secret/avis").say("Un")
    Reviews(site).say("Deux")
    site.pages["/robots.txt"] = Served(b"User-agent: *\nDisallow: /secret/\n", "text/plain")
    site.pages["/vers"] = Served(status=302, headers={"Location": "/secret/avis"})
    items, _cursor = drained(connector(site, "/secret/avis", "/vers", "/avis"))
    assert [one.text for one in items] == ["Deux"]
    assert "/secret/avis" not in site.paths
    with pytest.raises(NetworkRefused, match=r"robots\.txt does not allow"):
        drained(connector(site, "/secret/avis"))


@pytest.mark.parametrize(
    ("served", "raised"),
    [
        (Served(status=500), NotReached),
        (Served(status=503), NotReached),
        (Served(status=403), NetworkRefused),
        (Served(status=401), NetworkRefused),
        (Served(status=400), NetworkRefused),
        (Served(status=429), Throttled),
        (Served(length=10 * 1024**3), NetworkRefused),
        (Served(status=302, headers={"Location": "/robots.txt"}), NetworkRefused),
        (Served(b"User-agent: veilleur\nDisallow: /*vis$"), NetworkRefused),
    ],
)
def test_a_robots_txt_that_cannot_be_read_forbids(site, served, raised):
    Reviews(site).say("Un")
    site.pages["/robots.txt"] = served
    with pytest.raises(raised):
        drained(connector(site))
    assert "/avis" not in site.paths


def test_without_robots_txt_everything_may_be_read(site):
    Reviews(site).say("Un")
    assert len(drained(connector(site))[0]) == 1
    assert site.paths == ["/robots.txt", "/avis"]


ROBOTS = b"""\xef\xbb\xbf# a comment
Sitemap: https://x/s.xml
User-agent: Googlebot
User-agent: VEILLEUR/2.0   # us
Disallow: /prive
Allow: /prive/avis$
Disallow: /*?tri=
Crawl-delay: 2,5
crawl-delay: 7
no colon
User-agent: *
Disallow: /
"""


@pytest.mark.parametrize(
    ("path", "allows"),
    [
        ("", True),
        ("/", True),
        ("/prive", False),
        ("/prive/avis", True),
        ("/prive/avis/2", False),
        ("/a?tri=1", False),
        ("/%70rive/x", False),
        ("/publi", True),
    ],
)
def test_the_longest_rule_decides(path, allows):
    assert robots(ROBOTS, "Veilleur").allows("https://x" + path) is allows
    assert not robots(ROBOTS, "Autre").allows("https://x" + path)


def test_the_delay_is_a_number_of_seconds():
    assert robots(ROBOTS, "Veilleur").delay == 7
    for odd in (b"nan", b"-1", b"inf", b"", b"x"):
        assert robots(b"User-agent: *\nCrawl-delay: " + odd, "Veilleur").delay == 0


def test_a_site_that_wants_long_pauses_gets_one_page_a_run(site, monkeypatch):
    now = [1_000_000.0]
    monkeypatch.setattr(pages.time, "time", lambda: now[0])
    monkeypatch.setattr(pages.time, "sleep", lambda seconds: pytest.fail("slept") if seconds else None)
    site.pages["/robots.txt"] = Served(b"User-agent: *\nCrawl-delay: 3600", "text/plain")
    for path in ("/a", "/b"):
        Reviews(site, path).say(path)
    made, cursor, brought = connector(site, "/a", "/b"), "", []
    for seconds in (0, 30, 40, 20, 61):
        now[0] += seconds
        items, cursor = drained(made, cursor)
        brought.append([one.text for one in items])
    assert brought == [["/a"], [], ["/b"], [], []]
    assert [path for path in site.paths if path != "/robots.txt"] == ["/a", "/b", "/a"]


def test_short_pauses_are_slept(site, monkeypatch):
    slept = []
    monkeypatch.setattr(pages.time, "sleep", slept.append)
    site.pages["/robots.txt"] = Served(b"User-agent: *\nCrawl-delay: 4", "text/plain")
    for path in ("/a", "/b"):
        Reviews(site, path).say(path)
    assert len(drained(connector(site, "/a", "/b"))[0]) == 2
    assert slept[0] == 0
    assert 3 < slept[1] <= 4


def test_one_page_an_address_and_each_can_be_gone_on_from(site):
    for path in ("/a", "/b", "/c"):
        Reviews(site, path).say(path)
    made = connector(site, "/a", "/b", "/c")
    with Client() as client:
        steps = list(made.fetch("", client))
    assert [[one.text for one in step.items] for step in steps] == [["/a"], ["/b"], ["/c"]]
    assert [one.text for one in drained(made, steps[0].cursor)[0]] == ["/b", "/c"]
    assert drained(made, steps[2].cursor)[0] == []


def test_a_run_has_its_time(site, monkeypatch):
    monkeypatch.setattr(pages, "LONGEST_RUN", -1.0)
    Reviews(site).say("Un")
    assert drained(connector(site)) == ([], "")


def test_an_address_that_fails_stops_no_other(site):
    Reviews(site, "/b").say("B")
    items, cursor = drained(connector(site, "/a", "/b", "/c"))
    assert [one.text for one in items] == ["B"]
    assert json.loads(cursor)["next"] == ""
    with pytest.raises(NetworkRefused, match="/a: HTTP 404"):
        drained(connector(site, "/a"))


def test_a_page_that_asks_to_wait_is_passed_over_the_next_time(site):
    site.pages["/a"] = Served(status=429, headers={"Retry-After": "9"})
    Reviews(site, "/b").say("B")
    made = connector(site, "/a", "/b")
    with Client() as client:
        run = made.fetch("", client)
        first = next(run)
        with pytest.raises(Throttled) as caught:
            next(run)
    assert caught.value.seconds == 9
    assert [one.text for one in drained(made, first.cursor)[0]] == ["B"]


def test_a_budget_that_is_spent_starves_no_page(site):
    for path in "abc":
        Reviews(site, f"/{path}").say(path)
    made, cursor, brought = connector(site, "/a", "/b", "/c"), "", []
    for _run in range(3):
        with Client(most_asked=2) as client, contextlib.suppress(Throttled):
            for step in made.fetch(cursor, client):
                brought += [one.text for one in step.items]
                cursor = step.cursor
    assert brought == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("served", "raised"),
    [
        (Served(status=404), NetworkRefused),
        (Served(status=403), NetworkRefused),
        (Served(status=302), NetworkRefused),
        (Served(status=302, headers={"Location": "/avis"}), NetworkRefused),
        (Served(status=302, headers={"Location": "http://[x/"}), NotReached),
        (Served(status=302, headers={"Location": "ftp://x.example/"}), NotReached),
        (Served(status=302, headers={"Location": "http://127.0.0.1:1/"}), NotReached),
        (Served(status=500), NotReached),
        (Served(length=10 * 1024**3), NetworkRefused),
        (bomb(), NetworkRefused),
        (Served(b"x" * 100, drips=0.6), NotReached),
    ],
)
def test_each_answer_means_one_thing(site, served, raised):
    site.pages["/avis"] = served
    with pytest.raises(raised) as caught:
        drained(connector(site), seconds=0.3)
    assert caught.type is raised
    assert site.paths.count("/avis") <= 6


def test_a_page_that_is_too_large_hides_no_other_of_its_site(site):
    site.pages["/a"] = Served(length=10 * 1024**3)
    Reviews(site, "/b").say("B")
    assert [one.text for one in drained(connector(site, "/a", "/b"))[0]] == ["B"]


def test_a_site_that_is_down_is_asked_once_a_run(site):
    site.shutdown()
    site.server_close()
    start = time.monotonic()
    with pytest.raises(NotReached):
        drained(connector(site, *(f"/{number}" for number in range(50))))
    assert time.monotonic() - start < 5


def test_what_is_found_is_said_in_two_languages(site):
    page = Reviews(site, aggregateRating={"@type": "AggregateRating", "reviewCount": 30, "ratingValue": 4})
    page.say("Un")
    site.pages["/vide"] = Served(b"<p>Bonjour</p>")
    site.pages["/robots.txt"] = Served(b"User-agent: *\nDisallow: /non", "text/plain")
    paths = ("/avis", "/vide", "/non", "/absente", "/avis?x", "/ailleurs", "/non/plus")
    with Client() as client:
        remarks = connector(site, *paths).check(client)
    assert [remark.is_good for remark in remarks] == [True, False, False, False, False, False]
    assert "lus : 1 sur 30 ; les suppressions n’y seront pas vues" in remarks[0].words.say("fr")
    assert "describes no review" in remarks[1].words.say("en")
    assert "robots.txt" in remarks[2].words.say("fr")
    assert "/non/plus" in remarks[5].words.say("en")


def test_a_contact_is_told_with_our_name(site):
    Reviews(site).say("Un")
    drained(connector(site, contact="dpo@clinique.example"))
    agents = {headers["user-agent"] for _path, headers in site.asked}
    assert agents == {"Veilleur (+https://github.com/veilleur/veilleur; dpo@clinique.example)"}


@pytest.mark.parametrize(
    "told",
    [
        {"addresses": ()},
        {"addresses": tuple(f"https://x/{n}" for n in range(51))},
        {"addresses": ("file:///etc/passwd",)},
        {"addresses": ("https://x",), "contact": "a\r\nX: y"},
        {"addresses": ("https://x",), "contact": "é"},
        {"addresses": ("https://x",), "contact": "a)"},
    ],
)
def test_settings_that_are_refused(told):
    with pytest.raises(ValidationError):
        ReviewPageSettings(**told)


@pytest.mark.parametrize("cursor", ["{", "[]", "null", '{"pages": 3}', '{"asked": {"x": "y"}}', "\x00"])
def test_a_broken_cursor_begins_from_the_beginning(site, cursor):
    Reviews(site).say("Un")
    assert len(drained(connector(site), cursor)[0]) == 1


def test_fifty_full_pages_fit_the_cursor(site):
    made = connector(site, *(f"/{number}" for number in range(50)))
    told = [{"@type": "Review", "@id": f"#{'é' * 150}{n}", "reviewBody": f"Avis {n}"} for n in range(300)]
    page = Served(ld(clinic(*told)), headers={"ETag": '"' + "e" * 190 + '"'})
    site.pages |= {f"/{number}": page for number in range(50)}
    assert len(drained(made)[0]) == 15_000


def test_reading_a_page_asks_nobody_else(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *told, **more: pytest.fail("asked"))
    monkeypatch.setattr(socket, "create_connection", lambda *told, **more: pytest.fail("asked"))
    read(
        b'<html profile="http://x.example/p"><body vocab="http://x.example/v#" typeof="Review">'
        b'<script type="application/ld+json">{"@context":"http://x.example/c","@type":"Review"}</script>'
    )


RING = {
    "@id": "#a",
    "@type": "Review",
    "text": "x",
    "itemReviewed": {"@id": "#a"},
    "parentItem": {"@id": "#a"},
}
FIELDS = (
    "reviewBody",
    "author",
    "name",
    "reviewRating",
    "datePublished",
    "itemReviewed",
    "url",
    "@id",
    "comment",
)
ODD = (None, True, 3, 1e400, [], {}, [[]], [{}], "", "http://[", {"@id": 3}, {"@value": {}})
BAD = {
    "nothing": b"",
    "blanks": b" \n ",
    "bytes": bytes(range(256)) * 20,
    "no html": b"\x89PNG\r\n",
    "deep json": b'<script type="application/ld+json">' + b"[" * 100_000 + b"</script>",
    "deep objects": ld({"a": 1}).replace(b'{"a": 1}', b'{"review":' * 900 + b"1" + b"}" * 900),
    "deep microdata": b'<div itemprop=review itemscope itemtype="http://schema.org/Review">x' * 2000,
    "deep rdfa": b'<body vocab="http://schema.org/">' + b'<div property=review typeof="Review">x' * 2000,
    "ring": b"<div itemscope itemtype='http://schema.org/Review' itemref=a><p id=a itemprop=review itemscope"
    b" itemtype='http://schema.org/Review' itemref=a>x</p></div>",
    "pointers in a ring": ld(RING),
    "odd values": ld(*({"@type": "Review", "text": "x", name: odd} for name in FIELDS for odd in ODD)),
    "bad addresses": b'<div itemscope itemtype="http://[x"><a itemprop=x href="http://[x">d</a></div>',
    "many": ld(clinic(*[{"@type": "Review", "reviewBody": f"Avis {n}"} for n in range(3000)])),
    "half characters": ld(REVIEW).replace(b"Deux", b"\\ud800\\u0000"),
    "large": b"<p>x</p>" * 500_000,
    "references": b"<p id=b itemprop=reviewBody>"
    + b"<b>x</b>" * 1000
    + b"<p itemscope itemtype='http://schema.org/Review' itemref=b></p>" * 1000,
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("charset", ["utf-8", "", "hex", "utf-16", "klingon"])
def test_a_bad_page_is_read_as_far_as_it_goes(name, charset):
    for one in read(BAD[name], charset).messages:
        sound(one)


def sound(one: Heard) -> None:
    assert 0 < len(one.id) <= LONGEST_ID
    assert one.published_at is None or one.published_at.tzinfo is not None
    assert one.parent != one.id
    repr(one).encode()
    (one.text + one.title + one.author + one.id + one.place).encode()
    assert "\x00" not in one.text


NAMES = st.sampled_from(
    (*FIELDS, "@type", "id", "@graph", "@value", "review", "text", "ratingValue", "bestRating", "parentItem")
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.floats(),
    st.integers(),
    st.text(max_size=12),
    st.sampled_from(
        ["Review", "Comment", "AggregateRating", "#a", "_:b", "2026-01-02", "4/5", "http://[", "<b>x</b>"]
    ),
)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(NAMES, inner, max_size=6)),
    max_leaves=25,
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(NAMES, JSON, max_size=6))
def test_no_data_make_it_fall_over(told):
    for one in read(ld(told | {"@type": "Review"}, [told])).messages:
        sound(one)


PIECES = st.sampled_from(
    """<div itemscope itemtype='http://schema.org/Review'>|<p itemprop=reviewBody>|</p>|</div>|<!--|\x00|<svg>
<i itemprop='author name'>|<a itemprop=url href='http://['>|<time itemprop=datePublished>|<base href='http://['>
<div vocab='http://schema.org/' typeof='Review'>|<p property=reviewBody>|<b property='a:b'>|prefix='a'
<meta charset=klingon>|<div itemscope itemref='a b' id=a>|<script type='application/ld+json'>|</script>
{"@type":"Review","text":"x"}""".replace("\n", "|").split("|")
)
MARKUP = st.lists(st.one_of(PIECES, st.text(max_size=8)), max_size=25).map("".join)


@settings(max_examples=200, deadline=None)
@given(st.one_of(MARKUP.map(lambda text: text.encode("utf-8", "replace")), st.binary(max_size=200)))
def test_no_markup_makes_it_fall_over(content):
    for one in read(content).messages:
        sound(one)


@given(st.binary(max_size=200), st.text(max_size=30))
def test_no_robots_txt_makes_it_fall_over(content, path):
    rules = robots(b"User-agent: *\nDisallow: /" + content, "Veilleur")
    rules.allows(f"https://x/{escape(path)}")
    assert rules.delay >= 0


@given(st.text(max_size=100))
def test_no_cursor_makes_it_fall_over(cursor):
    assert isinstance(pages._Cursor.of(cursor), pages._Cursor)
