"""`veilleur lint` and `veilleur packs`, as somebody types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from veilleur.cli import app

GOOD = '{"id": "g", "lang": "fr", "actor": "medecin", "reply": "Merci pour ces mots, transmis à l’équipe."}'
BAD = (
    '{"id": "b", "lang": "fr", "review": "Opéré, je boite", "author_display": "Zoé", "actor": "medecin", '
    '"reply": "Bonjour Zoé, votre intervention du 12 mars s’est bien passée."}'
)
POST = '{"id": "p", "actor": "dentiste", "network": "facebook", "text": "-20 % sur le blanchiment !"}'


def run(*words: str, said: str | None = None) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["lint", *words], input=said)
    return result.exit_code, result.stdout, result.stderr


def records(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_nothing_found_is_0_and_silence() -> None:
    assert run("-", said=GOOD + "\n")[:2] == (0, "")


def test_json_lines_in_and_out_keep_order_and_ids() -> None:
    status, out, _err = run("--format", "jsonl", "-", said=f"{GOOD}\n{BAD}\n\n{POST}")
    assert status == 1
    found = records(out)
    assert [(one["id"], one["verdict"]) for one in found] == [
        ("g", "compliant"),
        ("b", "violating"),
        ("p", "violating"),
    ]
    finding = found[1]["findings"][0]  # type: ignore[index]
    assert set(finding) == {
        "rule", "severity", "start", "end", "message", "reference", "advice", "score"
    }  # fmt: skip
    assert "Zoé" in json.loads(BAD)["reply"][finding["start"] : finding["end"]]


def test_a_file_of_text_is_judged_whole_and_underlined(tmp_path: Path) -> None:
    page = tmp_path / "page.txt"
    page.write_text(
        "Horaires du cabinet.\nLe meilleur dentiste de Lyon, n° 1 de la région.\n", encoding="utf-8"
    )
    status, out, _err = run("--as", "page", "--actor", "dentiste", "--on", "2026-03-01", str(page))
    assert status == 1
    assert "page.txt:2:" in out
    assert "D-SUPERLATIF [error]" in out
    assert "CSP R.4127-215-1 [S]" in out
    assert "^^^" in out


def test_a_bad_line_is_told_and_the_others_are_judged() -> None:
    said = f'{GOOD}\n{{"id": "x"}}\n{{"id": "y", "actor": "mage", "text": "a"}}\n{BAD}'
    status, out, err = run("--format", "jsonl", "-", said=said)
    assert status == 2
    assert [one["id"] for one in records(out)] == ["g", "b"]
    assert "-:2:" in err
    assert "-:3:" in err
    assert "mage" in err


def test_sarif_and_github() -> None:
    _status, out, _err = run("--format", "sarif", "-", said=POST)
    log = json.loads(out)
    assert log["version"] == "2.1.0"
    result = log["runs"][0]["results"][0]
    assert result["ruleId"] in {rule["id"] for rule in log["runs"][0]["tool"]["driver"]["rules"]}
    assert result["locations"][0]["physicalLocation"]["region"]["startLine"] == 1
    _status, out, _err = run("--format", "github", "-", said=POST)
    assert out.startswith("::error file=-,line=1,")


def test_a_pack_of_ones_own_and_a_rule_switched_off(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(
        'id = "own"\nversion = "1"\nchecked_on = 2026-01-01\ntitle = { fr = "Nôtre" }\n[[rules]]\n'
        'id = "O-MOT"\nseverity = "info"\ntitle = { fr = "Mot" }\nterms = ["bonjour"]\n'
        'message = { fr = "Dire « Madame, Monsieur »." }\nadvice = { fr = "Changer." }\n'
        '[[rules.in_force]]\nreference = { title = "Charte" }\nmark = "V"\n',
        encoding="utf-8",
    )
    status, out, _err = run("--pack", str(own), "-", said="Bonjour à tous")
    assert (status, "O-MOT [info]" in out) == (1, True)
    assert run("--pack", str(own), "--ignore", "O-MOT", "-", said="Bonjour à tous")[0] == 0
    status, _out, err = run("--ignore", "X-RIEN", "-", said="Bonjour")
    assert (status, "X-RIEN" in err) == (2, True)


@pytest.mark.parametrize("words", [["/nulle/part.txt"], ["--pack", "/nulle/part.toml", "-"]])
def test_what_cannot_be_read_is_2(words: list[str]) -> None:
    status, _out, err = run(*words, said="Bonjour")
    assert status == 2
    assert "nulle" in err


def test_packs_lists_packs_rules_and_what_is_due() -> None:
    listed = CliRunner().invoke(app, ["packs", "--format", "json"])
    assert {row["pack"] for row in json.loads(listed.stdout)} >= {"deontologie-fr", "secret-medical"}
    rules = CliRunner().invoke(app, ["packs", "secret-medical", "--format", "json"])
    assert len(json.loads(rules.stdout)) == 18
    assert CliRunner().invoke(app, ["packs", "rien"]).exit_code == 1
