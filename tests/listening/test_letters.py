"""Letters: what is kept of them, and that none makes their reader fall over."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veilleur.errors import InvalidInput
from veilleur.listening.letters import FIRST_YEAR, MOST_TEXT, read_letter, without_history

HEADER = b"Message-ID: <a.1@example.net>\r\nFrom: =?utf-8?q?L=C3=A9a?= <LEA@example.net>\r\n"


def body(content: bytes, kind: str = "text/plain; charset=utf-8") -> str:
    return read_letter(HEADER + f"Content-Type: {kind}\r\n\r\n".encode() + content).text


def test_the_headers_that_are_kept():
    letter = read_letter(
        HEADER + b"Subject: =?iso-8859-1?q?R=E9clamation?=\r\n =?utf-8?b?IOKAkyAz?=\r\n"
        b"Date: Mon, 02 Nov 2026 10:00:00 +0100\r\nIn-Reply-To: <b@c>\r\n"
        b"References: <root@c>\r\n <b@c>\r\n\r\nBonjour\r\n"
    )
    assert (letter.id, letter.sender, letter.title) == (
        "a.1@example.net",
        "lea@example.net",
        "Réclamation – 3",
    )
    assert (letter.parent, letter.thread, letter.text) == ("b@c", "root@c", "Bonjour")
    assert letter.written_at == datetime(2026, 11, 2, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "parent", "thread"),
    [
        (b"In-Reply-To: <b@c>", "b@c", "b@c"),
        (b"References: <r@c> <b@c>", "b@c", "r@c"),
        (b"In-Reply-To: your letter of Monday", "", ""),
        (b"In-Reply-To: <" + b"x" * 300 + b"@c>", "", ""),
    ],
)
def test_what_a_letter_answers(header, parent, thread):
    letter = read_letter(HEADER + header + b"\r\n\r\nBonjour")
    assert (letter.parent, letter.thread) == (parent, thread)


def test_plain_before_html_and_attachments_only_counted():
    letter = EmailMessage()
    letter.set_content("Merci.")
    letter.add_alternative("<p>Merci <b>beaucoup</b>.</p>", subtype="html")
    letter.add_attachment("une note", filename="note.txt")
    letter.add_attachment(b"\x00", maintype="image", subtype="png")
    forwarded = EmailMessage()
    forwarded.set_content("de quelqu’un d’autre")
    letter.add_attachment(forwarded)
    read = read_letter(letter.as_bytes())
    assert (read.text, read.attachments) == ("Merci.", 3)


def test_html_when_there_is_nothing_else():
    page = "<style>p{}</style><p>Trois heures&nbsp;!</p><blockquote type=cite>Bonjour</blockquote>"
    assert body(page.encode(), "text/html") == "Trois heures\xa0!"
    assert body(b"<blockquote type=cite>Bonjour</blockquote>", "text/html") == "Bonjour"


@pytest.mark.parametrize(
    ("content", "kind", "text"),
    [
        (b"\xe9t\xe9", "text/plain; charset=utf-8", "été"),
        (b"\xe9t\xe9", "text/plain; charset=nowhere", "été"),
        (b"\xe9t\xe9", "text/plain; charset=hex", "été"),
        (b"\xe9t\xe9", "text/plain; charset=idna", "été"),
        ("été".encode(), "text/plain", "été"),
        (b"a\x00b\x1bc\rd", "text/plain", "abc\nd"),
        (b"--x\r\n\r\nun", "multipart/mixed; boundary=x", "un"),
    ],
)
def test_charsets_that_lie(content, kind, text):
    assert body(content, kind) == text


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("Oui.\n\n-----Message d’origine-----\nDe : A\n", "Oui."),
        ("Yes.\n\nFrom: A <a@b>\nSent: Monday\nTo: B\nSubject: Hello\n\nHello", "Yes."),
        ("Oui.\n\nDe : A <a@b>\nEnvoyé : lundi\nÀ : B\nObjet : Bonjour\n\nBonjour", "Oui."),
        ("Oui.\n\nLe lun. 2 nov. 2026 à 9:00, A <a@b> a\nécrit :\n> Bonjour", "Oui.\n\nLe lun"),
        ("Oui.\n\nLe lun. 2 nov. 2026 à 9:00, A\n<a@b> a écrit :\n> Un ?\nDeux.\n> Trois", "Oui.\n\nDeux."),
        ("On Monday, A wrote:\n> Hello", "On Monday, A wrote:\n> Hello"),
        ("Température\n> 38 °C depuis lundi", "Température\n> 38 °C depuis lundi"),
        ("Le docteur a écrit : repos.", "Le docteur a écrit : repos."),
    ],
)
def test_quoted_history_that_is_clearly_marked(text, rest):
    assert without_history(text).startswith(rest)
    assert len(without_history(text)) == len(rest) or rest.endswith("lun")


def test_what_is_forwarded_is_kept():
    text = "Voir.\n\n-----Original Message-----\nLe voici"
    assert read_letter(HEADER + b"Subject: TR : avis\r\n\r\n" + text.encode()).text == text


def test_a_long_text_is_cut_and_a_deep_letter_is_refused_or_read():
    assert len(body(b"a" * (MOST_TEXT + 5))) == MOST_TEXT
    deep = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(3000)
    )
    with contextlib.suppress(InvalidInput):
        read_letter(deep)


WORDS = st.sampled_from(
    [
        b"Content-Type: ",
        b"multipart/mixed; boundary=x",
        b"text/html; charset=",
        b"message/rfc822",
        b"Content-Transfer-Encoding: base64",
        b"=?utf-8?b?w6k?=",
        b"=?utf-7?q?+?=",
        b"Content-Disposition: attachment; filename*=u'",
        b"--x",
        b"--x--",
        b"Subject: ",
        b"Date: Mon, 99 Foo 99999 10:00 +9999",
        b"From: ",
        b"References: <a@b>",
        b"<p>&#0;",
        b"\r\n",
        b"\r\n\r\n",
    ]
)


@given(st.lists(WORDS | st.binary(max_size=12), max_size=30).map(b"".join))
def test_no_letter_makes_it_fall_over(content):
    with contextlib.suppress(InvalidInput):
        letter = read_letter(content)
        assert len(letter.id) <= 200
        assert "\x00" not in letter.text + letter.title
        assert letter.written_at is None or letter.written_at.year >= FIRST_YEAR


@given(st.text())
def test_no_history_makes_it_fall_over(text):
    assert without_history(text) or not text
