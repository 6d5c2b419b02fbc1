"""The French of the desk: complete, in step with the code, well set, and compiled."""

from __future__ import annotations

import ast
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import polib
import pytest
from django.utils import translation
from django.utils.translation import ngettext

from scripts import messages

PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%%|\{\w*\}")
HIGH_SIGN = re.compile(r"(?<![\u00a0\d])[:;!?»](?=\s|$|<)|«(?!\u00a0)")
BREAKING_SPACE = re.compile(r" [:;!?»%](?=\s|$)|« ")


def sentences(entry: polib.POEntry) -> list[str]:
    """Every French form of an entry."""
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


@pytest.fixture(scope="module")
def french() -> polib.POFile:
    return polib.pofile(str(messages.catalogue(messages.DESK)))


@pytest.fixture(scope="module")
def extracted(tmp_path_factory: pytest.TempPathFactory) -> polib.POFile:
    """The catalogue as it would be if somebody ran `scripts/messages.py` now."""
    if shutil.which("xgettext") is None:
        pytest.fail("gettext is missing: install Debian's package `gettext`, then run the tests again.")
    copy = tmp_path_factory.mktemp("locale") / "desk"
    shutil.copytree(messages.DESK, copy, ignore=shutil.ignore_patterns("static", "__pycache__"))
    messages.extract(copy)
    return polib.pofile(str(messages.catalogue(copy)))


def keys(catalogue: polib.POFile) -> set[tuple[str, str, str]]:
    return {(entry.msgctxt or "", entry.msgid, entry.msgid_plural or "") for entry in catalogue}


def test_the_catalogue_is_in_step_with_the_code(french: polib.POFile, extracted: polib.POFile) -> None:
    assert len(french) > 100
    assert keys(french) == keys(extracted), "run `python scripts/messages.py` and translate what it names"


def test_everything_is_translated(french: polib.POFile) -> None:
    assert [entry.msgid for entry in french.untranslated_entries()] == []
    assert [entry.msgid for entry in french.fuzzy_entries()] == []
    assert [entry.msgid for entry in french.obsolete_entries()] == []


def test_nothing_is_said_where_the_extractor_does_not_look() -> None:
    """`xgettext` reads no f-string: what is translated inside one stays English."""
    names = {"_", "gettext", "ngettext", "pgettext", "npgettext"}
    hidden = [
        f"{path.name}:{written.lineno}"
        for path in sorted(messages.DESK.rglob("*.py"))
        for written in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(written, ast.JoinedStr)
        for call in ast.walk(written)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in names
    ]
    assert hidden == []


def test_placeholders_match(french: polib.POFile) -> None:
    wrong = [
        (entry.msgid, sentence)
        for entry in french
        for sentence in sentences(entry)
        if sorted(PLACEHOLDER.findall(sentence))
        not in (sorted(PLACEHOLDER.findall(entry.msgid)), sorted(PLACEHOLDER.findall(entry.msgid_plural)))
    ]
    assert wrong == []


def test_typography(french: polib.POFile) -> None:
    everything = [sentence for entry in french for sentence in sentences(entry)]
    assert [one for one in everything if HIGH_SIGN.search(one) or BREAKING_SPACE.search(one)] == []
    assert [one for one in everything if re.search(r"\w'\w", one)] == [], "use the apostrophe ’"
    assert [one for one in everything if "..." in one] == [], "use the ellipsis …"


@pytest.mark.parametrize("wrong", ["Où ?", "Où?", "« là »", "«là»", "Note : 3", "Attention!", "87 %"])
def test_the_typography_test_can_fail(wrong: str) -> None:
    assert HIGH_SIGN.search(wrong) or BREAKING_SPACE.search(wrong)


def test_what_is_compiled_is_what_is_written() -> None:
    compiled = messages.catalogue(messages.DESK).with_suffix(".mo").read_bytes()
    assert compiled == messages.compiled(messages.DESK), "run `python scripts/messages.py compile`"


def plurals(catalogue: polib.POFile) -> Iterator[polib.POEntry]:
    return (entry for entry in catalogue if entry.msgid_plural)


def test_french_plural_starts_at_two(french: polib.POFile) -> None:
    """0 and 1 take the singular in French, unlike in English."""
    seen = 0
    with translation.override("fr"):
        for entry in plurals(french):
            if entry.msgctxt:
                continue
            seen += 1
            singular, plural = entry.msgstr_plural[0], entry.msgstr_plural[1]
            forms = [ngettext(entry.msgid, entry.msgid_plural, count) for count in (0, 1, 2)]
            assert forms == [singular, singular, plural]
    assert seen > 0


def test_templates_hold_no_french(repository: Path) -> None:
    """A French word in a template would stay French on an English screen."""
    wrong = [
        str(template.relative_to(repository))
        for template in (repository / "src/veilleur/desk").rglob("templates/**/*.html")
        if re.search(r"[éèêàùçœ]", template.read_text(encoding="utf-8"))
    ]
    assert wrong == []
