"""Rebuilds `src/veilleur/reading/weights/meanings.npz` from `training/terms/meanings.toml`.

    python -m training.meanings

Every trained head reads meanings by their number: train all of them again afterwards.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np

from training.sentiment import WEIGHTS
from veilleur.reading.concepts import compiled

SOURCE = Path(__file__).parent / "terms/meanings.toml"


def main() -> None:
    """Writes the hashes of every expression beside the number of its meaning."""
    found = compiled(tomllib.loads(SOURCE.read_text("utf-8")))
    np.savez_compressed(WEIGHTS / "meanings.npz", **found._asdict())
    print(f"meanings.npz: {len(found.names)} meanings, {len(found.keys)} expressions")


if __name__ == "__main__":
    main()
