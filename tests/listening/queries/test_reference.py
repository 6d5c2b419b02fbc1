"""The manual: its examples are read, its table of mistakes is whole and true."""

import re

import pytest

from veilleur.errors import QueryInvalid
from veilleur.listening.queries import parse
from veilleur.listening.queries.mistakes import sentences
from veilleur.listening.queries.names import CHOICES, DAY_FIELDS, LIST, TEXT_FIELDS, field_of


@pytest.fixture
def rows(repository):
    """Title of a section → the rows of its table, as lists of cells."""
    page = (repository / "docs/reference/queries.md").read_text(encoding="utf-8")
    parts = [part.partition("\n") for part in page.split("\n## ")[1:]]
    return {
        title: [line.strip("| ").split(" | ") for line in body.splitlines() if line.startswith("| ")]
        for title, _, body in parts
    }


def quoted(cell):
    return re.findall(r"`([^`]+)`", cell)


def test_every_example_is_read(rows):
    examples = [
        *(row[0] for row in rows["Words"][1:]),
        *(row[1] for row in rows["Fields"] if ":" not in row[0]),
    ]
    spelled = [query for cell in examples for query in quoted(cell)]
    assert len(spelled) > 20
    for query in spelled:
        assert parse(query)


def test_every_field_is_described_by_the_names_that_it_has(rows):
    fields = [row for row in rows["Fields"] if len(row) == 3 and quoted(row[0])]
    for english, french, _ in fields:
        assert quoted(english)[0].removesuffix(":") == field_of(quoted(french)[0].removesuffix(":"))
    assert {quoted(row[0])[0].removesuffix(":") for row in fields} == {
        LIST,
        *CHOICES,
        *DAY_FIELDS,
        *TEXT_FIELDS,
    }


def test_every_mistake_is_named_and_the_examples_make_it(rows):
    mistakes = {tuple(quoted(row[0])): quoted(row[1]) for row in rows["Mistakes"][1:]}
    assert {code for codes in mistakes for code in codes} == {*sentences()["whole"], *sentences()["mistakes"]}
    for codes, examples in mistakes.items():
        for example in examples:
            if example not in {"PRÈS/5", "attente", "2026-01-31"}:
                with pytest.raises(QueryInvalid) as refused:
                    parse(example)
                assert refused.value.code in codes
