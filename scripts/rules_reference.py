"""Writes `docs/reference/rules/` from the rule packs: run it when a pack changes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from veilleur.rules import Pack, Rule, installed_packs
from veilleur.rules.codes import actors, articles
from veilleur.rules.rule import Basis

FOLDER = Path("docs/reference/rules")
SENTENCES = Path("training/corpora/rules")
SHOWN = 3
"""Sentences of each kind that a page shows."""
_KINDS = {"reply": "réponse", "post": "publication", "profile": "profil", "page": "page"}
_SEVERITIES = {
    "blocker": "bloquant : deux personnes, avec leurs motifs",
    "error": "erreur : à corriger, ou motif écrit",
    "warning": "à relire par une personne",
    "info": "conseil",
}
_MARKS = {"V": "texte lu", "S": "source secondaire", "G": "usage, non vérifié"}
_NOTICE = "<!-- Written by scripts/rules_reference.py from the packs; do not edit by hand. -->"


def pages() -> dict[str, str]:
    """File name → page, as they should be now."""
    written = _sentences()
    found = {
        f"{rule.id}.md": "\n".join(_page(pack, rule, written)) + "\n"
        for pack in installed_packs()
        for rule in pack.rules
    }
    return {**found, "README.md": "\n".join(_index()) + "\n"}


def _sentences() -> dict[tuple[str, bool], list[str]]:
    """(rule, whether it is broken) → short sentences written for it."""
    found: dict[tuple[str, bool], list[str]] = {}
    for path in sorted(SENTENCES.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            raw = json.loads(line)
            broken = {rule for span in raw["spans"] for rule in span["rules"]}
            alone = broken == {raw["target"]} or not broken
            if raw["lang"] == "fr" and alone and 40 <= len(raw["text"]) <= 140 and "\n" not in raw["text"]:
                found.setdefault((raw["target"], bool(broken)), []).append(raw["text"])
    return {key: sorted(texts)[:: max(1, len(texts) // SHOWN)][:SHOWN] for key, texts in found.items()}


def _page(pack: Pack, rule: Rule, written: dict[tuple[str, bool], list[str]]) -> Iterator[str]:
    yield f"# {rule.id} : {rule.title.say('fr')}\n\n{_NOTICE}\n"
    yield f"{rule.message.say('fr')}\n"
    yield f"**À écrire plutôt** : {rule.advice.say('fr')}\n"
    yield f"*{rule.title.say('en')}.* {rule.message.say('en')} *Instead:* {rule.advice.say('en')}\n"
    kinds = ", ".join(_KINDS[kind.value] for kind in sorted(rule.kinds))
    yield f"| | |\n|---|---|\n| jeu de règles | [{pack.id}](README.md#{pack.id}) |"
    yield f"| gravité | {_SEVERITIES[rule.severity.value]} |\n| textes jugés | {kinds} |"
    yield f"| qui est tenu | {_bound(rule)} |\n| détection | {_detected(rule)} |"
    yield f"| vérifié le | {rule.checked_on.isoformat()} |\n"
    if rule.note:
        yield f"{rule.note}\n"
    yield "## Fondements\n\n| texte | à partir de | jusqu’à | marque |\n|---|---|---|---|"
    yield from (_ground(basis) for basis in rule.bases)
    if rule.theme:
        yield from _articles(rule)
    yield "\nMarques : " + " · ".join(f"{mark} {said}" for mark, said in _MARKS.items()) + ".\n"
    yield from _examples(rule, written)


def _bound(rule: Rule) -> str:
    if not rule.professions:
        return "tout le monde"
    return ", ".join(sorted(profession or "sans code" for profession in rule.professions))


def _detected(rule: Rule) -> str:
    ways = []
    if rule.learned:
        ways.append("apprise sur des exemples")
    if rule.terms or rule.pattern:
        ways.append("expressions")
    if rule.check:
        ways.append("mesure exacte")
    return ", ".join(ways)


def _ground(basis: Basis) -> str:
    since, until = (day.isoformat() if day else "" for day in (basis.since, basis.until))
    return f"| {basis.reference.title} | {since} | {until} | {basis.reference.mark.value} |"


def _articles(rule: Rule) -> Iterator[str]:
    """Of the theme, the articles of the day when the codes were looked up."""
    for profession in sorted({actor.profession for actor in actors().values()} & _whom(rule)):
        for reference in articles(rule.theme, profession, rule.checked_on):
            yield f"| {reference.title} ({profession}) | | | {reference.mark.value} |"


def _whom(rule: Rule) -> set[str]:
    return set(rule.professions) or {actor.profession for actor in actors().values()}


def _examples(rule: Rule, written: dict[tuple[str, bool], list[str]]) -> Iterator[str]:
    head = rule.learned or rule.id
    for broken, title in ((True, "Enfreint la règle"), (False, "Passe")):
        texts = written.get((head, broken), [])
        if texts:
            yield f"## {title}\n"
            yield from (f"- {text}" for text in texts)
            yield ""


def _index() -> Iterator[str]:
    yield f"# Règles\n\n{_NOTICE}\n"
    yield "Ce que `veilleur lint` vérifie. Les règles sont des données datées et sourcées, pas un avis"
    yield "juridique : un avocat, l’Ordre, le délégué à la protection des données et le responsable de la"
    yield "pharmacovigilance les relisent avant usage. Comment elles sont jugées : [linter](../lint.md).\n"
    for pack in installed_packs():
        house = (
            " Politique de la maison : elle conseille, sans rendre un texte illicite." if pack.house else ""
        )
        yield f"## {pack.id}\n"
        yield f"{pack.title.say('fr')}, version {pack.version}, vérifié le {pack.checked_on}.{house}\n"
        yield "| règle | | gravité |\n|---|---|---|"
        for rule in pack.rules:
            yield f"| [{rule.id}]({rule.id}.md) | {rule.title.say('fr')} | {rule.severity.value} |"
        yield ""


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*.md"):
        old.unlink()
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
