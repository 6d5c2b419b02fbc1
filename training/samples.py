"""Rebuilds the demo messages that the package ships.

    python training/samples.py SOURCE

SOURCE is the folder that holds `fr_public_services_experiences.jsonl.gz` (DITP, Services
Publics+) and `en_nhs_fft_v6.jsonl.gz` (NHS England, pxtextmining). The result is the same
to the byte on every machine.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

SAMPLES = Path(__file__).parent.parent / "src" / "veilleur" / "listening" / "samples"
ENGLISH_ROWS = 2000
RATING = "rating (1 = very good, 5 = very poor)"
JOIN = " · "

Record = dict[str, Any]


def main(source: Path) -> None:
    """Writes both files and says how many messages each holds."""
    french = list(french_records(read(source / "fr_public_services_experiences.jsonl.gz")))
    english = list(english_records(read(source / "en_nhs_fft_v6.jsonl.gz")))
    write(SAMPLES / "fr_experiences.jsonl.gz", french)
    write(SAMPLES / "en_patient_comments.jsonl.gz", english)
    print(f"{len(french)} French experiences, {len(english)} English comments")


def french_records(corpus: Iterable[Record]) -> Iterator[Record]:
    """All of them, those about health first, each part from the oldest to the newest."""
    for record in sorted(corpus, key=lambda record: (not record["health"], record["date"], record["id"])):
        yield {
            "identifiant": record["id"],
            "date": record["date"],
            "titre": record["title"],
            "texte": record["text"],
            "réseau": JOIN.join(record["networks"]),
        }


def english_records(corpus: Iterable[Record]) -> Iterator[Record]:
    """About two thousand, in the proportions of the corpus by month and by rating."""
    strata = sorted((record for record in corpus if record["date"] and record["text"].strip()), key=stratum)
    step = len(strata) / ENGLISH_ROWS
    chosen = [strata[int(index * step)] for index in range(ENGLISH_ROWS)]
    for record in sorted(chosen, key=lambda record: (record["date"], record["id"])):
        yield {
            "id": record["id"],
            "date": record["date"],
            RATING: record["rating"],
            "question": " ".join(record["question"].split()),
            "text": record["text"],
            "author": record["author"],
            "place": place(record),
            "network": "NHS Friends and Family Test",
        }


def stratum(record: Record) -> tuple[str, int, str]:
    """Month, rating, then an order that means nothing."""
    return record["date"][:7], record["rating"] or 0, sha256(record["id"].encode()).hexdigest()


def place(record: Record) -> str:
    """Trust and service, without what the corpus wrote for "unknown"."""
    names = (" ".join(str(record[key]).split()) for key in ("trust", "service"))
    return JOIN.join(name for name in names if name.lower() not in {"", "nan", "none", "unknown"})


def read(path: Path) -> Iterator[Record]:
    """The records of a gzipped JSON Lines file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def write(path: Path, records: Iterable[Record]) -> None:
    """Gzipped JSON Lines without a date inside, so that the bytes depend on the records alone."""
    lines = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    path.write_bytes(gzip.compress(lines.encode(), compresslevel=9, mtime=0))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
