"""Rebuilds the word lists by which names of persons are told from other words.

    python -m training.first_names TERMINOLOGIES

TERMINOLOGIES holds `prenoms_fr.tsv.gz` (Insee) and `ambiguous_fr.tsv.gz`. Written into
`src/veilleur/reading/analyzers/personal/data`, the same to the byte each time:

* `first_names.tsv.gz`: names given at least `FEWEST_BIRTHS` times; `word` marks those that
  are also words of the French dictionary (« Olivier », « Rose »), `rare` those given less
  than `FEWEST_COMMON` times, which may as well be towns or brands;
* `ordinary.txt.gz`: words that people write without a capital in the training corpora,
  French and English, and that are therefore no names when a capital starts a sentence.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from veilleur.text import normalise

ROOT = Path(__file__).resolve().parents[1]
CORPORA = ROOT / "training/corpora"
DATA = ROOT / "src/veilleur/reading/analyzers/personal/data"
FEWEST_BIRTHS, FEWEST_COMMON, FEWEST_IF_ORDINARY = 100, 500, 20_000
REAL = ("en_nhs_fft_v6.jsonl.gz", "en_nhs_phase1.jsonl.gz", "fr_public_services_experiences.jsonl.gz")
FEWEST_LETTERS = 3
FEWEST_USES = {"fr": 2, "en": 4}
WORD = re.compile(r"(?<![\w@.-])[a-zà-ÿœ]{2,}(?![\w@])")


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of a gzipped table with a header."""
    text = gzip.decompress(path.read_bytes()).decode()
    return list(csv.DictReader(io.StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE))


def first_names(folder: Path, everyday: set[str]) -> Iterator[str]:
    """Lines `name<TAB>word, rare or nothing`, most frequent first; without « Juste », « Will », « Can »."""
    words = {row["label"] for row in rows(folder / "ambiguous_fr.tsv.gz") if row["type"] == "first_name"}
    for row in rows(folder / "prenoms_fr.tsv.gz"):
        name = row["prenom"]
        if int(row["total"]) < FEWEST_IF_ORDINARY and normalise(name).text in everyday:
            continue
        if int(row["total"]) >= FEWEST_BIRTHS and len(name) >= FEWEST_LETTERS and not name.startswith("_"):
            rare = "rare" if int(row["total"]) < FEWEST_COMMON else ""
            yield f"{name.lower()}\t{'word' if name in words else rare}"


def ordinary(corpora: Path) -> list[str]:
    """The words of everyday use, folded, in the order of the alphabet."""
    uses = {language: Counter[str]() for language in FEWEST_USES}
    for name in REAL:
        with gzip.open(corpora / name, "rt", encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                if row["split"] != "test":
                    uses[row["lang"]].update(WORD.findall(row["text"]))
    kept = {
        word for language, least in FEWEST_USES.items() for word, n in uses[language].items() if n >= least
    }
    return sorted({normalise(word).text for word in kept})


def write(name: str, lines: Iterable[str]) -> None:
    """Packs lines without a time stamp."""
    content = "".join(f"{line}\n" for line in lines).encode()
    (DATA / name).write_bytes(gzip.compress(content, mtime=0))


if __name__ == "__main__":
    words = ordinary(CORPORA)
    write("ordinary.txt.gz", words)
    write("first_names.tsv.gz", first_names(Path(sys.argv[1]), set(words)))
