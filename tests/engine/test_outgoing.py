from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.conftest import TEXTS
from veilleur.engine import encoding, from_mapping, outgoing, schema
from veilleur.engine.outgoing import Judged
from veilleur.engine.sources import Chunk
from veilleur.engine.work import Work
from veilleur.reading import installed_reader
from veilleur.reading.analyzers.labels import chances_by_label, priorities
from veilleur.vocabulary import LABELS, Because, Concept, Finding, Priority, Reading, Span, Why

WHY = Why(Because.TERM, ("mot",))
CHECK = jsonschema_rs.validator_for(schema())
UNLIKELY = Judged(dict.fromkeys(LABELS, 0.01), Priority.NONE)
"""A panel that would say nothing."""


def record(text: str, *findings: Finding, judged: Judged = UNLIKELY) -> dict[str, Any]:
    incoming = from_mapping(1, {"text": text})
    return outgoing(incoming, Reading(incoming.mention.digest, "test/1", findings), judged)


def written(*texts: str) -> list[dict[str, Any]]:
    """The records of `texts` as the installed reader and the panel make them."""
    rows = [(number, {"text": text}) for number, text in enumerate(texts, start=1)]
    return list(map(json.loads, Work("parquet", "jsonl")(Chunk(0, rows, 0)).payload.splitlines()))


def test_the_schema_is_one_and_an_empty_reading_satisfies_it() -> None:
    jsonschema_rs.meta.validate(schema())
    empty = record("")
    CHECK.validate(empty)
    assert empty["sentiment"] == {"label": "neu", "score": 0.0}
    assert (empty["decided"], empty["personal_data"], empty["aspects"]) == ([], [], [])


def test_findings_go_where_their_analyzer_and_label_say() -> None:
    seen = record(
        "Dr Martin, 06 12 34 56 78 : sale con, deux heures d’attente",
        Finding("toxicity", "insult", 0.91234567, WHY, Span(29, 37)),
        Finding("aspects", "attente:neg", 0.8, WHY, Span(39, 50)),
        Finding("aspects", "attente:neg", 0.7, WHY, Span(51, 58)),
        Finding("personal_data", "PHONE", 0.99, WHY, Span(11, 25)),
        Finding("personal_data", "PRO_NAME", 0.99, WHY, Span(0, 9)),
        Finding("misinformation", "vaccines", 0.6, WHY, Span(0, 2)),
    )
    CHECK.validate(seen)
    assert seen["labels"]["insult"] == 0.9123
    assert seen["decided"] == ["insult", "misinformation", "personal_data"]
    assert seen["aspects"] == [{"aspect": "attente", "polarity": "neg"}]
    assert seen["personal_data"][0] == {"type": "PHONE", "start": 11, "end": 25}


def test_a_case_is_put_together_from_its_findings() -> None:
    seen = record(
        "Doliprane : nausées, hospitalisée, enceinte",
        Finding("adverse", "suspected", 0.9, WHY),
        Finding("adverse", "criterion.reporter", 0.9, WHY),
        Finding("adverse", "criterion.product", 0.9, WHY),
        Finding("adverse", "product", 0.9, WHY, Span(0, 9)),
        Finding("adverse", "reaction", 0.9, WHY, Span(12, 19)),
        Finding("adverse", "pair", 0.9, WHY, Span(0, 19)),
        Finding("adverse", "serious.hospitalisation", 0.9, WHY, Span(21, 33)),
        Finding("adverse", "special.pregnancy", 0.9, WHY, Span(35, 43)),
    )
    CHECK.validate(seen)
    assert seen["decided"] == ["adverse_reaction"]
    assert seen["adverse_reaction"] == {
        "suspected": True, "score": 0.9,
        "criteria": {"reporter": True, "patient": False, "product": True, "reaction": False},
        "serious": True, "seriousness": ["hospitalisation"], "special": ["pregnancy"],
        "pairs": [[[0, 9], [12, 19]]],
    }  # fmt: skip


def test_names_of_professionals_are_shown_and_are_no_breach() -> None:
    seen = record("Dr Martin", Finding("personal_data", "PRO_NAME", 0.99, WHY, Span(0, 9)))
    assert seen["personal_data"] == [{"type": "PRO_NAME", "start": 0, "end": 9}]
    assert seen["decided"] == []


def test_a_finding_says_what_where_how_sure_and_why() -> None:
    concept = Concept("HP:0002018", "Nausée", "digestive")
    [seen] = record("nausée", Finding("reactions", "reaction", 0.9, WHY, Span(0, 6), concept))["findings"]
    assert seen == {
        "kind": "reactions", "label": "reaction", "start": 0, "end": 6, "score": 0.9,
        "why": {"because": "term", "grounds": ["mot"]},
        "concept": {"id": "HP:0002018", "label": "Nausée", "group": "digestive"},
    }  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text() | st.sampled_from(TEXTS), max_size=5))
def test_every_output_satisfies_the_schema(texts: list[str]) -> None:
    rows = [(number, {"text": text, "id": text}) for number, text in enumerate(texts, start=1)]
    answer = Work("parquet", "jsonl")(Chunk(0, rows, 0))
    lines = [line for line in answer.payload.decode().split("\n") if line]
    assert len(lines) == len(texts)
    for line, text in zip(map(json.loads, lines), texts, strict=True):
        CHECK.validate(line)
        assert line["id"] == text or not text
        for finding in line["findings"]:
            assert finding["start"] is None or 0 <= finding["start"] <= finding["end"] <= len(text)


@pytest.mark.parametrize("priority", Priority)
def test_the_priority_is_the_one_that_was_judged(priority: Priority) -> None:
    seen = record("x", judged=Judged(UNLIKELY.chances, priority))
    CHECK.validate(seen)
    assert seen["priority"] == priority.value


def test_a_chance_is_told_of_every_label_and_decides_none() -> None:
    seen = record("x", judged=Judged(dict.fromkeys(LABELS, 0.98765), Priority.NORMAL))
    CHECK.validate(seen)
    assert seen["labels"] == dict.fromkeys(LABELS, 0.9877)
    assert seen["decided"] == []


def test_what_was_found_is_never_less_likely_than_the_panel_thinks() -> None:
    found = Finding("toxicity", "insult", 0.6, WHY, Span(0, 1))
    doubted, believed = (
        record("x", found, judged=Judged(UNLIKELY.chances | {"insult": chance}, Priority.NONE))
        for chance in (0.2, 0.9)
    )
    assert (doubted["labels"]["insult"], believed["labels"]["insult"]) == (0.6, 0.9)
    assert doubted["decided"] == believed["decided"] == ["insult"]


def test_each_record_carries_the_judgement_of_its_own_message() -> None:
    texts = [TEXTS[1], "Merci à toute l’équipe, accueil parfait.", "Je vais me tuer ce soir, adieu."]
    mentions = [from_mapping(1, {"text": text}).mention for text in texts]
    [(batch, _)] = installed_reader().batches(mentions)
    seen = written(*texts)
    assert [line["priority"] for line in seen] == [priority.value for priority in priorities(batch)]
    assert len({line["priority"] for line in seen}) > 1, "the panel tells these apart"
    for line, chances in zip(seen, chances_by_label(batch), strict=True):
        assert all(line["labels"][name] >= round(chance, 4) for name, chance in chances.items())
        assert set(line["decided"]) <= {name for name in LABELS if line["labels"][name] > 0}


def test_a_spreadsheet_finds_no_formula() -> None:
    rows = encoding("csv").encode([record("x") | {"id": "=1+1"}])
    assert rows.startswith(b"'=1+1,")


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
def test_half_an_emoji_breaks_no_format(form: str) -> None:
    if form == "parquet":
        pytest.importorskip("pyarrow")
    seen = record("\ud83d", Finding("x", "y", 0.5, Why(Because.TERM, ("\ud83d",)), Span(0, 1)))
    assert encoding(form, explain=True).encode([seen | {"id": "\ud83d"}])


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
def test_redaction_leaves_nothing_that_can_be_found(form: str) -> None:
    if form == "parquet":
        pytest.importorskip("pyarrow")
    text = "Merci Mme Lefebvre. Appelez-moi au 06 12 34 56 78 ou marie.lefebvre@exemple.fr, très déçue !"
    answer = Work("parquet", form, explain=True, redact=True)(Chunk(0, [(1, {"text": text})], 0))
    assert b"[PHONE_1]" in answer.payload
    for secret in (b"06 12 34 56 78", b"marie.lefebvre"):
        assert secret not in answer.payload
    if form == "jsonl":
        CHECK.validate(json.loads(answer.payload))
