"""Compiles the words of the built-in analyzers, so that a process need not: `python -m training.compiled`."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from veilleur import plugins
from veilleur.lexicon.compiled import Compiled, compiled, packed
from veilleur.reading.reader import BUILT_IN, made

SHIPPED = Path(str(files("veilleur.reading").joinpath("weights/lexicon.npz")))


def built_in() -> Compiled:
    """The words of the built-in analyzers, as their data say now."""
    analyzers = [made(name, maker) for name, maker in plugins.installed(plugins.ANALYZERS)]
    own = sorted(
        (one for one in analyzers if type(one).__module__.startswith(BUILT_IN)), key=lambda one: one.name
    )
    return compiled({one.name: one.terms() for one in own})


def main() -> None:
    """Writes the file that the package ships."""
    arrays: dict[str, Any] = packed(built_in())
    np.savez_compressed(SHIPPED, **arrays)
    print(f"{SHIPPED.name}: {SHIPPED.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
