"""Feeds: what is brought, what is brought again, and that no bytes make the reader fall over."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.fake_site import Served, bomb, fake_site
from veilleur.errors import CredentialsRefused, NetworkRefused, NotReached, Throttled
from veilleur.listening import client as clients
from veilleur.listening.client import INTERNAL_HOSTS, MOST_BYTES, Client, TooLarge
from veilleur.listening.connector import MOST_CURSOR
from veilleur.listening.connectors import feed as feeds
from veilleur.listening.connectors.feed import Feed, FeedSettings
from veilleur.testing import check_connector

RSS = "application/rss+xml"
DISCOURSE = """<?xml version="1.0" encoding="UTF-8" ?>
<rss version="2.0" xmlns:discourse="http://www.discourse.org/" xmlns:atom="http://www.w3.org/2005/Atom"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>
<title>Forum des aidants - Latest posts</title><link>https://forum.example</link><language>fr</language>
<atom:link href="https://forum.example/posts.rss" rel="self" type="application/rss+xml" />
<item><title>Attente aux urgences</title>
<dc:creator><![CDATA[lea_m]]></dc:creator>
<description><![CDATA[ <p>Deux heures d'attente,<br>mais un m&eacute;decin &agrave; l'&eacute;coute.</p>
<p>Merci &amp; bravo</p> ]]></description>
<link>https://forum.example/t/attente/12/3</link>
<pubDate>Mon, 05 Jan 2026 10:15:00 +0100</pubDate>
<guid isPermaLink="false">forum.example-post-77</guid></item>
</channel></rss>"""
NODEBB = """<?xml version="1.0" encoding="UTF-8"?><rss xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:content="http://purl.org/rss/1.0/modules/content/" version="2.0">
<channel><title><![CDATA[Welcome!]]></title><description><![CDATA[<p>Bienvenue</p>\n]]></description>
<link>http://forum.example/topic/1</link><generator>RSS for Node</generator><ttl>60</ttl>
<item><title><![CDATA[Reply to Welcome on Sat, 21 Nov 2026 20:00:00 GMT]]></title>
<description><![CDATA[<p>Le <strong>kiné</strong> est en retard.</p>\n]]></description>
<link>http://forum.example/post/4</link><guid isPermaLink="true">http://forum.example/post/4</guid>
<dc:creator><![CDATA[admin]]></dc:creator><pubDate>Sat, 21 Nov 2026 20:00:00 GMT</pubDate></item>
</channel></rss>"""
WORDPRESS = """<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="fr-FR" xmlns:thr="http://purl.org/syndication/thread/1.0">
<title type="text">Commentaires pour Clinique</title><id>http://w.example/comments/feed/atom/</id>
<updated>2026-01-02T10:00:00Z</updated>
<entry><title>Commentaires sur Horaires par Léa</title><link rel="alternate" href="http://w.example/?p=1#comment-8"
 type="text/html"/><author><name>Léa</name><email>lea@mail.example</email></author>
<id>http://w.example/?p=1#comment-8</id><updated>2026-01-02T10:00:00Z</updated>
<published>2026-01-02T10:00:00Z</published>
<content type="html" xml:base="http://w.example/?p=1#comment-8"><![CDATA[<p>Merci, 3 &lt; 4 !</p>]]></content>
<thr:in-reply-to ref="http://w.example/?p=1#comment-7" href="http://w.example/?p=1#comment-7"
 type="text/html"/></entry></feed>"""
RDF = """<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns="http://purl.org/rss/1.0/"><channel rdf:about="http://o.example/"><title>Vieux</title></channel>
<item rdf:about="http://o.example/1"><title>Un</title><link>http://o.example/1</link></item></rdf:RDF>"""


@pytest.fixture
def site(monkeypatch):
    monkeypatch.setattr(clients, "PAUSE", 0.01)
    with fake_site() as running:
        monkeypatch.setenv(INTERNAL_HOSTS, running.host)
        yield running


def rss(*items: str) -> bytes:
    return f'<rss version="2.0"><channel><title>F</title>{"".join(items)}</channel></rss>'.encode()


def item(guid: str, text: str, day: int = 1) -> str:
    return (
        f'<item><guid isPermaLink="false">{escape(guid)}</guid>'
        f"<description>{escape(escape(text))}</description>"
        f"<pubDate>{day:02} Jan 2026 10:00:00 GMT</pubDate></item>"
    )


def feed(site, path: str = "/feed") -> Feed:
    return Feed(FeedSettings(address=site.url + path))


def drained(connector: Feed, since: str = "", **bounds):
    items = []
    with Client(**bounds) as client:
        for page in connector.fetch(since, client):
            assert len(page.cursor) <= MOST_CURSOR
            items += page.items
            since = page.cursor
    return items, since


def read(content: str | bytes, kind: str = RSS):
    raw = content.encode() if isinstance(content, str) else content
    return feeds._read(raw, {"content-type": kind}, "https://example.org/feed")


class Forum:
    """Somebody else's forum, whose feed this is."""

    def __init__(self, site) -> None:
        self.site, self.posts = site, {}
        self.write()

    def write(self) -> None:
        posts = [item(name, text) for name, text in reversed(self.posts.items())]
        self.site.pages["/feed"] = Served(rss(*posts), RSS, has_etag=True)

    def say(self, text: str) -> str:
        name = f"post-{len(self.posts)}"
        self.edit(name, text)
        return name

    def edit(self, message: str, text: str) -> None:
        self.posts[message] = text
        self.write()


def test_it_keeps_the_contract(site):
    check_connector(feed(site), Forum(site))


def test_discourse():
    (post,) = read(DISCOURSE).messages
    assert post.id == "forum.example-post-77"
    assert post.text == "Deux heures d'attente,\nmais un médecin à l'écoute.\nMerci & bravo"
    assert (post.title, post.author, post.network) == (
        "Attente aux urgences",
        "lea_m",
        "Forum des aidants - Latest posts",
    )
    assert (post.url, post.language) == ("https://forum.example/t/attente/12/3", "fr")
    assert post.published_at == datetime(2026, 1, 5, 9, 15, tzinfo=UTC)


def test_nodebb():
    (post,) = read(NODEBB).messages
    assert (post.id, post.text, post.author) == (
        "http://forum.example/post/4",
        "Le kiné est en retard.",
        "admin",
    )


def test_comments_of_wordpress_answer_one_another():
    (comment,) = read(WORDPRESS, "application/atom+xml").messages
    assert comment.parent == "http://w.example/?p=1#comment-7"
    assert (comment.text, comment.title) == ("Merci, 3 < 4 !", "Commentaires sur Horaires")
    assert (comment.author, comment.language) == ("Léa", "fr-FR")


def test_an_old_feed_of_rdf():
    (one,) = read(RDF).messages
    assert (one.id, one.title, one.text) == ("http://o.example/1", "Un", "")


@pytest.mark.parametrize(
    ("title", "name", "kept"),
    [
        ("By: Léa", "Léa", ""),
        ("Par : Léa", "Léa", ""),
        ("Comment on X by Léa M", "Léa M", "Comment on X"),
        ("Le chien de Léa", "Léa", "Le chien de Léa"),
        ("Par : Léa", "", "Par : Léa"),
    ],
)
def test_no_title_names_its_author(title, name, kept):
    assert feeds._without_author(title, name) == kept


def test_an_address_of_e_mail_is_no_author():
    assert "@" not in repr(read(rss("<item><author>a@b.org</author><title>x</title></item>")).messages)
    (one,) = read(rss("<item><author>a@b.org (Jean)</author><title>x</title></item>")).messages
    assert one.author == "Jean"


def test_the_author_of_an_atom_feed_is_that_of_its_entries():
    atom = """<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><author><name>Blog</name>
    <uri>https://b.example/me</uri></author><entry><id>1</id><title>x</title></entry></feed>"""
    assert read(atom).messages[0].author == "https://b.example/me"


def test_an_entry_is_known_by_guid_else_link_else_what_it_says():
    entries = (
        "<item><title>a</title><guid isPermaLink='false'>g</guid><link>https://e.example/a</link></item>",
        "<item><title>b</title><link>https://e.example/b</link></item>",
        "<item><title>c</title></item>",
        "<item></item>",
        f"<item><title>d</title><guid isPermaLink='false'>{'g' * 201}</guid></item>",
    )
    by_title = {one.title: one.id for one in read(rss(*entries)).messages}
    assert (by_title["a"], by_title["b"]) == ("g", "https://e.example/b")
    assert by_title["c"] == {one.title: one.id for one in read(rss(*entries)).messages}["c"] != ""
    assert by_title["d"].startswith("sha256:")
    assert len(by_title) == 4


def test_of_two_entries_with_one_id_the_newer_one_counts():
    assert [one.text for one in read(rss(item("a", "new", 2), item("a", "old", 1))).messages] == ["new"]
    assert [one.text for one in read(rss(item("a", "first"), item("a", "second"))).messages] == ["first"]


def test_oldest_first_in_steps_that_can_each_be_gone_on_from(site, monkeypatch):
    monkeypatch.setattr(feeds, "PAGE", 2)
    posts = [item(f"p{day}", f"Jour {day}", day) for day in range(7, 0, -1)]
    site.pages["/feed"] = Served(rss(*posts), RSS, has_etag=True)
    with Client() as client:
        pages = list(feed(site).fetch("", client))
    assert [len(page.items) for page in pages] == [2, 2, 2, 1]
    assert [one.id for page in pages for one in page.items] == [f"p{day}" for day in range(1, 8)]
    for number, page in enumerate(pages):
        left, _cursor = drained(feed(site), page.cursor)
        assert [one.id for one in left] == [f"p{day}" for day in range(1, 8)][2 * number + 2 :]


def test_nothing_new_costs_a_conditional_question(site):
    forum = Forum(site)
    forum.say("Bonjour")
    _items, cursor = drained(feed(site))
    again, same = drained(feed(site), cursor)
    assert (again, same) == ([], cursor)
    assert site.asked[-1][1]["if-none-match"] == json.loads(cursor)["etag"] != ""


def test_a_site_that_always_says_unchanged_is_not_believed_for_ever(site, monkeypatch):
    now = [1_000_000.0]
    monkeypatch.setattr(feeds.time, "time", lambda: now[0])
    Forum(site).say("Bonjour")
    _items, cursor = drained(feed(site))
    for seconds, is_conditional in ((3600, True), (6 * 3600, False), (-9 * 3600, False)):
        now[0] += seconds
        drained(feed(site), cursor)
        assert ("if-none-match" in site.asked[-1][1]) is is_conditional


def test_what_has_left_the_feed_is_not_gone_and_what_changed_is_brought_again(site):
    forum = Forum(site)
    first, second = forum.say("Un"), forum.say("Deux")
    _items, cursor = drained(feed(site))
    del forum.posts[first]
    forum.edit(second, "Deux, corrigé")
    items, cursor = drained(feed(site), cursor)
    assert [(one.id, one.text) for one in items] == [(second, "Deux, corrigé")]


@pytest.mark.parametrize("cursor", ["{", "[]", "null", '{"seen": 3}', "\x00", '{"seen":["x"],"etag":"é\\n"}'])
def test_a_broken_cursor_begins_from_the_beginning(site, cursor):
    Forum(site).say("Un")
    assert len(drained(feed(site), cursor)[0]) == 1


def test_another_address_begins_from_the_beginning(site):
    forum = Forum(site)
    forum.say("Un")
    _items, cursor = drained(feed(site))
    site.pages["/other"] = site.pages["/feed"]
    assert len(drained(feed(site, "/other"), cursor)[0]) == 1


def test_an_etag_that_cannot_be_sent_back_is_not(site):
    site.pages["/feed"] = Served(rss(item("a", "Un")), RSS, headers={"ETag": '"\xe9"'})
    _items, cursor = drained(feed(site))
    assert json.loads(cursor)["etag"] == ""
    assert drained(feed(site), cursor)[0] == []


def test_a_large_feed_fits_its_cursor(site):
    posts = [f"<item><guid>g{n}</guid><title>t{n}</title></item>" for n in range(4000)]
    site.pages["/feed"] = Served(rss(*posts), RSS)
    items, _cursor = drained(feed(site))
    assert len(items) == feeds.MOST_ENTRIES
    assert items[-1].title == "t0"


def test_redirections_are_followed(site):
    Forum(site).say("Un")
    site.pages["/old"] = Served(status=301, headers={"Location": "/feed"})
    assert len(drained(feed(site, "/old"))[0]) == 1


PAGE = b"""<html><head><title>Forum</title>
<link rel="alternate" type="application/rss+xml" title="Tout" href="/latest.rss">
<link rel="ALTERNATE nofollow" type="application/atom+xml; charset=utf-8" href="https://f.example/atom">
<link rel="alternate" hreflang="en" href="/en">
<link rel="alternate" type="application/rss+xml" href="http://[x">
<link rel="alternate" type="application/rss+xml" href="javascript:alert(1)"></head>
<body>Bonjour</body></html>"""


def test_a_page_is_no_feed_but_tells_where_they_are(site):
    site.pages["/feed"] = Served(PAGE)
    with Client() as client:
        (remark,) = feed(site).check(client)
    assert not remark.is_good
    assert f"Elle annonce : {site.url}/latest.rss, https://f.example/atom" in remark.words.say("fr")
    assert "javascript" not in remark.words.say("en")
    with pytest.raises(NetworkRefused, match=r"not a feed. It announces: .*/latest\.rss"):
        drained(feed(site))


@pytest.mark.parametrize("content", [b"", b"{}", b"<html></html>", b"\x89PNG\r\n", b"hello", PAGE[:40]])
def test_what_is_no_feed_is_refused(site, content):
    site.pages["/feed"] = Served(content, "text/plain")
    with pytest.raises(NetworkRefused):
        drained(feed(site))
    with Client() as client, contextlib.suppress(NetworkRefused):
        assert not any(remark.is_good for remark in feed(site).check(client))


def test_what_is_found_is_said_in_two_languages(site):
    Forum(site).say("Un")
    with Client() as client:
        (remark,) = feed(site).check(client)
        assert remark.is_good
        assert (
            remark.words.say("fr")
            == "Le flux « F » est lu ; messages présents : 1, le dernier du 01/01/2026."
        )
        site.pages["/feed"] = Served(rss(), RSS)
        assert "empty" in feed(site).check(client)[0].words.say("en")
        site.pages["/feed"] = Served(status=401)
        assert not feed(site).check(client)[0].is_good


@pytest.mark.parametrize(
    ("served", "raised"),
    [
        (Served(status=401), CredentialsRefused),
        (Served(status=403), CredentialsRefused),
        (Served(status=404), NetworkRefused),
        (Served(status=410), NetworkRefused),
        (Served(status=429, headers={"Retry-After": "7"}), Throttled),
        (Served(status=500), NotReached),
        (Served(status=302, headers={"Location": "/feed"}), NetworkRefused),
        (Served(status=302, headers={"Location": "ftp://x.example/"}), NotReached),
        (Served(length=10 * 1024**3), TooLarge),
        (bomb(), TooLarge),
        (Served(b"x" * 100, drips=0.6), NotReached),
        (Served(b"<rss version='2.0'><channel><title>", RSS), NetworkRefused),
    ],
)
def test_each_answer_means_one_thing(site, served, raised):
    site.pages["/feed"] = served
    with pytest.raises(raised) as caught:
        drained(feed(site), seconds=0.3)
    assert caught.type is raised
    assert len(site.asked) <= 7


def test_a_drip_that_never_stops_is_cut_off(site, monkeypatch):
    monkeypatch.setattr(clients, "LONGEST_ANSWER", 0.3)
    site.pages["/feed"] = Served(b"x" * 1000, RSS, drips=0.05)
    with pytest.raises(NotReached):
        drained(feed(site), seconds=1)


def test_nobody_there_is_not_reached(site):
    site.shutdown()
    site.server_close()
    with pytest.raises(NotReached):
        drained(feed(site))


def test_a_feed_does_not_lead_inside(site, monkeypatch):
    site.pages["/feed"] = Served(status=302, headers={"Location": "http://127.0.0.1:1/secret"})
    with pytest.raises(NotReached, match="lies inside"):
        drained(feed(site))


LAUGHS = b"".join(b'<!ENTITY l%d "%s">' % (n, (b"&l%d;" % (n - 1) if n else b"lol") * 10) for n in range(10))
BAD = {
    "billion laughs": b"<!DOCTYPE x [" + LAUGHS + b"]>" + rss("<item><title>&l9;</title></item>"),
    "quadratic": b'<!DOCTYPE x [<!ENTITY a "%s">]>' % (b"a" * 50_000) + rss("<item><title>" + "&a;" * 5000),
    "a file": b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    + rss("<item><title>&a;</title></item>"),
    "a dtd": b'<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd">' + rss("<item><title>a</title></item>"),
    "deep": b"<rss version='2.0'><channel>" + b"<item>" * 20_000,
    "deep html": rss("<item><description>" + "&lt;div&gt;" * 20_000 + "x</description></item>"),
    "cut off": DISCOURSE.encode()[:-90],
    "no end of a comment": rss("<item><title>" + "<!--" * 20_000),
    "cdata": rss("<item><title>" + "<![CDATA[" * 20_000),
    "nul": rss("<item><title>a\x00b</title></item>"),
    "half characters": rss("<item><title>a&#xD800;b &#0; &#x110000;</title></item>"),
    "latin-1 that calls itself utf-8": b'<?xml version="1.0" encoding="utf-8"?>'
    + rss().replace(b"</channel>", b"<item><title>\xe9t\xe9</title></item></channel>"),
    "unknown charset": b'<?xml version="1.0" encoding="klingon"?>' + rss("<item><title>a</title></item>"),
    "codec that is none": b'<?xml version="1.0" encoding="zlib"?>' + rss("<item><title>\xe9</title></item>"),
    "utf-16": rss("<item><title>été</title></item>").decode().encode("utf-16"),
    "utf-32": rss("<item><title>été</title></item>").decode().encode("utf-32"),
    "bad dates": rss(
        *(
            f"<item><title>{d}</title><pubDate>{d}</pubDate></item>"
            for d in ("Mon, 99 Foo 99999", "0000-00-00", "9999-12-31T99:99:99Z", "1e400", "-1")
        )
    ),
    "bad addresses": rss("<item><title>a</title><link>http://[x</link><guid>http://[y</guid></item>"),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("kind", [RSS, "text/xml", "text/html; charset=iso-8859-1", "x/y; charset=hex", ""])
def test_a_bad_feed_is_read_or_refused(name, kind):
    try:
        found = read(BAD[name], kind)
    except NetworkRefused:
        return
    for one in found.messages if found else ():
        assert len(one.text) + len(one.title) < 600_000
        assert "root:" not in one.title
        one.text.encode()
        one.title.encode()


def test_wrong_charsets_are_put_right():
    french = rss("<item><title>été</title></item>")
    assert read(french, "text/xml; charset=iso-8859-1").messages[0].title == "été"
    assert read(french, "text/xml").messages[0].title == "été"
    assert read(BAD["latin-1 that calls itself utf-8"]).messages[0].title == "été"
    assert read(BAD["utf-16"]).messages[0].title == "été"


PIECES = st.sampled_from(
    """<rss version='2.0'>|<channel>|<item>|</item>|<title>|</title>|<guid>|<![CDATA[|]]>|<entry>|<author>
<feed xmlns='http://www.w3.org/2005/Atom'>|<content type='xhtml'>|<content type='html'>|<uri>|<email>|<name>
<pubDate>|2026-01-01|&amp;|&lt;b&gt;|&#xD800;|<!--|<thr:in-reply-to ref='1'/>|<thr:in-reply-to/>
<link href='['/>|<!DOCTYPE a [|<?xml |?>|<media:content/>|<georss:point>1 x</georss:point>
<itunes:duration>|<dc:date>|\x00
xml:base='['""".replace("\n", "|").split("|")
)
PATCHWORK = st.lists(st.one_of(PIECES, st.text(max_size=8)), max_size=30).map("".join)
KINDS = st.sampled_from([RSS, "text/xml", "", "x; charset=idna", "text/xml; charset=utf-7"])


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=300), PATCHWORK.map(lambda text: text.encode("utf-8", "replace"))), KINDS)
def test_no_bytes_make_it_fall_over(content, kind):
    with contextlib.suppress(NetworkRefused):
        found = feeds._read(content, {"content-type": kind}, "https://example.org/")
        for one in found.messages if found else ():
            assert 0 < len(one.id) <= feeds.LONGEST_ID
            assert one.published_at is None or one.published_at.tzinfo is not None
            repr(one).encode()
    for address in feeds._announced(content, "https://example.org/"):
        assert address.startswith("http")


@given(st.text(max_size=100))
def test_no_cursor_makes_it_fall_over(cursor):
    assert feeds._resumed(cursor, "https://example.org/") == feeds._Cursor()


@pytest.mark.parametrize("address", ["", "ftp://x", "file:///etc/passwd", "http://u:p@x/", "http://"])
def test_only_addresses_of_the_web_are_settings(address):
    with pytest.raises(ValidationError):
        FeedSettings(address=address)


def test_a_feed_as_large_as_may_be_is_read_in_time(site):
    posts = "".join(f"<item><guid>g{n}</guid><title>{'t' * 400}</title></item>" for n in range(10_000))
    site.pages["/feed"] = Served(rss(posts), RSS)
    assert len(site.pages["/feed"].content) < MOST_BYTES
    assert len(drained(feed(site))[0]) == feeds.MOST_ENTRIES
