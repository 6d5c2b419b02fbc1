"""What keeps the house one house: names, templates, migrations, documentation."""

from __future__ import annotations

import ast
import dataclasses
import enum
import inspect
import re
import subprocess
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import allauth
import pytest
from django.core.management import call_command
from django.db import models
from django.utils import translation

from veilleur import vocabulary
from veilleur.desk.accounts import models as accounts
from veilleur.desk.inbox import models as inbox
from veilleur.desk.inbox.team import models as team
from veilleur.desk.moderation import models as moderation
from veilleur.desk.settings import Environment
from veilleur.desk.sources import models as sources

SOURCE = Path(vocabulary.__file__).parent
DESK = SOURCE / "desk"
BINARY = {".gz", ".png", ".jpg", ".webp", ".mo", ".npz", ".xlsx", ".ods", ".woff2", ".daac"}


def tracked(repository: Path) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=repository, capture_output=True, text=True, check=True
    )
    return [repository / name for name in listed.stdout.split("\0") if name]


def texts(repository: Path) -> Iterator[tuple[str, str]]:
    for path in tracked(repository):
        if path.suffix not in BINARY and path.is_file():
            yield path.relative_to(repository).as_posix(), path.read_text(encoding="utf-8", errors="replace")


# Written in pieces, so that this file is not its own catch.
MACHINE = re.compile(
    "|".join(
        (
            "(?<![a-z.])/ro" + "ot/",
            "/wo" + r"rk/(main|shared)",
            "/ho" + r"me/\w",
            r"\.\./sha" + "red",
            r"\.lib" + "rary/",
        )
    )
)


def test_nothing_names_the_machine_it_was_written_on(repository: Path) -> None:
    found = [
        f"{name}: {match.group()}" for name, text in texts(repository) for match in MACHINE.finditer(text)
    ]
    assert found == []


def test_nobody_swallows_every_error() -> None:
    silenced = [path.name for path in SOURCE.rglob("*.py") if "noqa: BLE" in path.read_text(encoding="utf-8")]
    assert silenced == []


def test_no_file_promises_to_be_finished_later(repository: Path) -> None:
    unfinished = re.compile(r"\b(TO" + "DO|FIX" + r"ME|X" + r"XX)\b")
    code = [
        (name, text) for name, text in texts(repository) if name.endswith((".py", ".html", ".sh", ".css"))
    ]
    assert [name for name, text in code if unfinished.search(text) and "/vendor/" not in name] == []


@pytest.mark.django_db
def test_migrations_say_what_the_models_say() -> None:
    out = StringIO()
    try:
        call_command("makemigrations", "--check", "--dry-run", stdout=out)
    except SystemExit:
        pytest.fail(f"the models changed without a migration:\n{out.getvalue()}")


def _templates() -> dict[str, Path]:
    return {
        path.relative_to(folder).as_posix(): path
        for folder in DESK.rglob("templates")
        for path in folder.rglob("*.html")
    }


CALLED_BY_DJANGO = {"400.html", "403.html", "403_csrf.html", "404.html", "429.html", "500.html"}


def test_every_template_is_shown_somewhere() -> None:
    theirs = Path(allauth.__file__).parent / "templates"
    pages = [*DESK.rglob("*.py"), *_templates().values()]
    words = "\n".join(path.read_text(encoding="utf-8") for path in pages)
    unused = [
        name
        for name in _templates()
        if f'"{name}' not in words and name not in CALLED_BY_DJANGO and not (theirs / name).exists()
    ]
    assert unused == []


def test_templates_hold_no_inline_script_or_style() -> None:
    inline = re.compile(
        r"<script(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>|<style|\sstyle=|\son[a-z]+=\""
    )
    guilty = [name for name, path in _templates().items() if inline.search(path.read_text(encoding="utf-8"))]
    assert guilty == []


def test_the_nouns_are_frozen() -> None:
    nouns = [thing for thing in vars(vocabulary).values() if dataclasses.is_dataclass(thing)]
    assert len(nouns) >= 9
    assert [noun for noun in nouns if not noun.__dataclass_params__.frozen] == []
    assert [noun for noun in nouns if not hasattr(noun, "__slots__")] == []


def test_every_field_of_a_noun_is_described_or_plain() -> None:
    """A field that counts, measures or dates something says in which unit or zone."""
    tree = ast.parse(inspect.getsource(vocabulary))
    dated = [
        f"{node.name}.{field.target.id}"
        for node in tree.body
        if isinstance(node, ast.ClassDef)
        for field, after in zip(node.body, [*node.body[1:], None], strict=True)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if "datetime" in ast.unparse(field.annotation) and not _is_docstring(after)
    ]
    assert dated == ["Decision.at"]


def _is_docstring(node: ast.stmt | None) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


@pytest.mark.parametrize("name", sorted(Environment.model_fields))
def test_every_setting_is_documented(repository: Path, name: str) -> None:
    page = (repository / "docs/reference/settings.md").read_text(encoding="utf-8")
    assert f"`VEILLEUR_{name.upper()}`" in page


def _rooms() -> list[str]:
    rooms = [
        path.stem
        for folder in (SOURCE, DESK)
        for path in folder.iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    ]
    return sorted(set(rooms) - {"__init__", "__main__"})


@pytest.mark.parametrize("room", _rooms())
def test_every_room_is_explained(repository: Path, room: str) -> None:
    page = (repository / "docs/explanation/architecture.md").read_text(encoding="utf-8")
    assert f"`{room}`" in page


def _shown() -> Iterator[tuple[str, str]]:
    for module in (vocabulary, accounts, sources, inbox, moderation, team):
        for name, thing in vars(module).items():
            is_enum = isinstance(thing, type) and issubclass(thing, enum.Enum)
            if is_enum and thing.__module__ == module.__name__ and thing is not models.TextChoices:
                yield from ((name, member.value) for member in thing)


@pytest.mark.parametrize(("name", "value"), sorted(set(_shown())))
def test_every_word_of_an_enumeration_is_in_the_glossary(repository: Path, name: str, value: str) -> None:
    page = (repository / "docs/glossary.md").read_text(encoding="utf-8")
    assert f"`{value}`" in page, f"`{value}` of {name} has no French term in docs/glossary.md"


def _choices() -> list[type[models.TextChoices]]:
    return [
        thing
        for module in (accounts, sources, inbox, moderation, team)
        for thing in vars(module).values()
        if isinstance(thing, type)
        and issubclass(thing, models.TextChoices)
        and thing.__module__ == module.__name__
    ]


@pytest.mark.parametrize("choices", _choices(), ids=lambda choices: choices.__name__)
def test_the_glossary_speaks_the_words_of_the_screens(
    repository: Path, choices: type[models.TextChoices]
) -> None:
    page = " ".join((repository / "docs/glossary.md").read_text(encoding="utf-8").split())
    with translation.override("fr"):
        spoken = [f"`{member.value}` {member.label}" for member in choices]
    assert [words for words in spoken if words not in page] == []


def test_shipped_weights_and_lexicons_stay_small(repository: Path) -> None:
    """At most 25 MB together: a practice downloads them over its telephone line."""
    folders = [path for name in ("weights", "data") for path in (repository / "src/veilleur").rglob(name)]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 20
    assert sum(path.stat().st_size for path in files if "__pycache__" not in path.parts) <= 25_000_000
