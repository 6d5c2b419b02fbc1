"""Rebuilds the tables of `src/veilleur/lexicon/data` from the terminologies.

    python training/lexicon.py TERMINOLOGIES

TERMINOLOGIES holds `drugs.tsv.gz`, `reactions.tsv.gz`, `ambiguous_fr.tsv.gz` and
`prenoms_fr.tsv.gz`. What Veilleur adds, drops and doubts of its own stands in
`training/terms/`. The tables come out the same to the byte.

What is kept, and why:

* drugs: everything of the French public database but homeopathy and labels nobody would
  type (brackets, commas, plant parts); of the English list, what MedlinePlus, the NHS or
  France know, in at most three words; a label that also is a first name, a short word or
  an ordinary word is kept as *doubtful*;
* reactions: the concepts that serve for adverse reactions (`adr_core`), whose labels stay
  as HPO, SYMP and CTCAE write them; plurals are rows of our own.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from training.spelling import slips
from veilleur.lexicon.alternatives import spelled_out
from veilleur.text import normalise

HERE = Path(__file__).resolve().parent
TERMS = HERE / "terms"
DATA = HERE.parent / "src/veilleur/lexicon/data"

Row = dict[str, str]
MOST_WORDS = 3
FEWEST_LETTERS = 3
SURE_LENGTH = 5
LONG_ENOUGH = 6
FEWEST_BIRTHS = 300
TYPED = re.compile(r"[^\W\d_][\w' /-]*")
UNTYPED = re.compile(r"\bother\b|\bnos\b|\bautres?\b|en association|sauf |\d-|[a-z]\d{3}|combination")
PLURAL_ENDING = ("s", "x", "z")


@dataclass(frozen=True)
class Entry:
    """One line of a table: words to find and what they mean."""

    text: str
    concept: str
    label: str
    kind: str
    language: str
    group: str
    doubtful: bool = False

    def line(self) -> list[str]:
        """The cells of the table."""
        cells = [self.text, self.concept, self.label, self.kind, self.language, self.group]
        return [*cells, "1" if self.doubtful else ""]


HEADER = ["text", "concept", "label", "kind", "language", "group", "doubtful"]


def rows(path: Path) -> list[Row]:
    """The rows of a table of the terminologies."""
    content = path.read_bytes()
    text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode()
    return list(csv.DictReader(io.StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE))


def plain_words(text: str) -> str:
    """`text` as the automaton sees it: one spelling, one space between words."""
    return re.sub(r"[\W_]+", " ", normalise(text).text).strip()


@cache
def listed(name: str) -> frozenset[str]:
    """The normalised lines of one of our own lists; `#` starts a comment."""
    lines = (TERMS / name).read_text(encoding="utf-8").splitlines()
    bare = (line.partition("#")[0].strip() for line in lines)
    return frozenset(plain_words(line) for line in bare if line)


def added(name: str) -> Iterator[Entry]:
    """Entries of our own: one row per concept and language, its words separated by `|`.

    `(a|b) c` stands for « a c » and « b c ».
    """
    for row in rows(TERMS / name):
        group = row.get("atc") or row.get("group") or ""
        for words in spelled_out(row["words"]):
            yield Entry(words, row["concept_id"], row["label"], row["kind"], row["language"], group)


def misspelt(entries: Iterable[Entry]) -> Iterator[Entry]:
    """The slips people make in the names of `drugs_common.txt`; they are nobody's other word."""
    known = list(entries)
    taken = {plain_words(entry.text) for entry in known}
    names = {word for line in listed("drugs_common.txt") for word in line.split()}
    for entry in known:
        plain = plain_words(entry.text)
        if plain in names and len(plain) >= LONG_ENOUGH:
            names.discard(plain)
            for slip in sorted(slips(plain) - taken):
                taken.add(slip)
                yield replace(entry, text=slip, doubtful=False)


def drugs(folder: Path) -> Iterator[Entry]:
    """Every drug label worth looking for, the surest source first."""
    names = first_names(folder)
    table = rows(folder / "drugs.tsv.gz")
    codes = {row["concept_id"]: code for row in table if (code := atc(row))}
    for wanted in (french_drug, english_drug):
        for row in filter(wanted, table):
            for words in drug_words(row["label"]):
                plain = plain_words(words)
                doubtful = plain in names or len(plain) < SURE_LENGTH
                yield Entry(
                    words,
                    row["concept_id"],
                    drug_label(row),
                    drug_kind(row),
                    row["lang"],
                    codes.get(row["concept_id"], ""),
                    doubtful,
                )


def first_names(folder: Path) -> frozenset[str]:
    """First names borne often enough to be met in a message."""
    table = rows(folder / "prenoms_fr.tsv.gz")
    return frozenset(plain_words(row["prenom"]) for row in table if int(row["total"]) >= FEWEST_BIRTHS)


def french_drug(row: Row) -> bool:
    """Rows of the French database and of Romedi, homeopathy apart."""
    homeopathic = row["kind"] == "homeopathic" or row["flag"] == "homeopathic" or "HOMÉOPATHI" in row["label"]
    return row["lang"] == "fr" and not homeopathic


def english_drug(row: Row) -> bool:
    """Rows that MedlinePlus, the NHS or the French database also know."""
    known = "MEDLINEPLUS" in row["codes"] or row["concept_id"].startswith(("EN:", "BDPM-SUB:"))
    return row["lang"] == "en" and known and len(row["label"]) >= SURE_LENGTH


def drug_words(label: str) -> list[str]:
    """`label` when somebody could type it, in a list; else nothing."""
    plain = normalise(label).text
    fits = TYPED.fullmatch(label) and not UNTYPED.search(plain)
    return [label] if fits and len(plain) >= FEWEST_LETTERS and len(plain.split()) <= MOST_WORDS else []


def drug_label(row: Row) -> str:
    """The name to show. Romedi's concepts are classes: there the label itself is the name."""
    name = row["label"] if row["concept_id"].startswith("ATC:") else row["preferred_label"]
    return name[:1].upper() + name[1:].lower()


def drug_kind(row: Row) -> str:
    """`brand` or `substance`."""
    return "brand" if row["kind"] in {"brand", "generic_name"} else "substance"


def atc(row: Row) -> str:
    """The longest ATC code of the row, the first one when several are as long."""
    codes = [code[4:] for code in row["codes"].split("|") if code.startswith("ATC:")]
    return max(codes, key=len, default="")


SOURCES = ("project", "HPO-fr", "HPO", "CTCAE5", "SYMP")
KINDS = ("preferred", "synonym", "lay")


def reactions(folder: Path) -> Iterator[Entry]:
    """Labels of the concepts that serve for adverse reactions, preferred ones first."""
    table = sorted(
        (row for row in rows(folder / "reactions.tsv.gz") if row["adr_core"] == "1"), key=trust, reverse=True
    )
    shown = french_labels(table)
    english = {normalise(row["label"]).text for row in table if row["lang"] == "en"}
    for row in table:
        french = row["lang"] == "fr"
        label = shown.get(row["concept_id"], row["preferred_label"]) if french else row["preferred_label"]
        for words in reaction_words(row["label"]):
            # Some rows of the French translation still are in English.
            if not (row["source"] == "HPO-fr" and normalise(words).text in english):
                yield Entry(words, row["concept_id"], label, "reaction", row["lang"], row["group"])


def trust(row: Row) -> tuple[bool, int, int]:
    """Sorts labels: plain kinds before odd ones, our own words first, then HPO, CTCAE, SYMP."""
    plain = row["kind"] in KINDS
    return plain, -SOURCES.index(row["source"]), -KINDS.index(row["kind"]) if plain else 0


def reaction_words(label: str) -> list[str]:
    """What stands in `label` that somebody could type; some rows hold several labels."""
    typed = (words for words in label.split("|") if TYPED.fullmatch(words))
    return [words for words in typed if not UNTYPED.search(normalise(words).text)]


def french_labels(table: list[Row]) -> dict[str, str]:
    """Concept → its preferred French label, verbatim."""
    preferred = (row for row in table if row["lang"] == "fr" and row["kind"] == "preferred")
    return {row["concept_id"]: row["label"] for row in preferred if "|" not in row["label"]}


def with_plurals(entries: Iterable[Entry]) -> Iterator[Entry]:
    """Entries, then the French plurals that need more than a final s."""
    singular = list(entries)
    yield from singular
    for entry in singular:
        for words in plurals(entry.text) if entry.language == "fr" else ():
            yield Entry(words, entry.concept, entry.label, entry.kind, entry.language, entry.group)


def plurals(words: str) -> list[str]:
    """The plural of an expression that starts with a noun of `nouns.txt`.

    « douleur thoracique » → « douleurs thoraciques »; « saignement de nez » → « saignements de nez ».
    """
    first, _, rest = words.partition(" ")
    if not rest or normalise(first).text not in listed("nouns.txt"):
        return []
    if rest.startswith(("de ", "d'", "du ", "des ", "à ", "au ", "aux ", "dans ")):
        return [f"{first}s {rest}"]
    return [f"{first}s {rest}s"] if " " not in rest and not rest.endswith(PLURAL_ENDING) else []


def chosen(entries: Iterable[Entry], topic: str) -> list[Entry]:
    """The first entry for each normalised text and language, sorted; dropped ones out, doubts marked."""
    dropped, doubtful = listed(f"{topic}_dropped.txt"), listed(f"{topic}_doubtful.txt")
    first: dict[tuple[str, str], Entry] = {}
    for entry in entries:
        plain = plain_words(entry.text)
        if plain and plain not in dropped:
            first.setdefault(
                (plain, entry.language), replace(entry, doubtful=entry.doubtful or plain in doubtful)
            )
    return [first[key] for key in sorted(first)]


def write(name: str, entries: list[Entry]) -> None:
    """Writes one compressed table; no clock in it, so that it is the same every time."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_NONE, quotechar=None)
    writer.writerows([HEADER, *(entry.line() for entry in entries)])
    path = DATA / name
    path.write_bytes(gzip.compress(out.getvalue().encode(), 9, mtime=0))
    print(f"{name}: {len(entries)} expressions, {path.stat().st_size // 1024} kB")


def main() -> None:
    folder = Path(sys.argv[1])
    of_drugs = [*added("drugs_added.tsv"), *drugs(folder)]
    write("drugs.tsv.gz", chosen([*of_drugs, *misspelt(of_drugs)], "drugs"))
    # What a terminology says of a word goes before the wide nets of everyday expressions.
    own, lay = added("reactions_added.tsv"), added("reactions_lay.tsv")
    of_reactions = with_plurals([*own, *reactions(folder), *lay])
    write("reactions.tsv.gz", chosen(of_reactions, "reactions"))


if __name__ == "__main__":
    main()
