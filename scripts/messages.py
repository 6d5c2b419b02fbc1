"""Keeps the catalogue of the desk's languages in step with its code.

    python scripts/messages.py            extract the strings (needs gettext) and compile
    python scripts/messages.py compile    compile only

The English of the source is the key; `locale/fr/LC_MESSAGES/django.po` holds the French. The
compiled `.mo` is committed: an installed Veilleur needs no gettext. `tests/house/test_locale.py`
fails when a string is missing, when the French breaks its typography, or when the two files differ.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import polib

DESK = Path(__file__).resolve().parent.parent / "src/veilleur/desk"
LANGUAGE = "fr"


def catalogue(desk: Path) -> Path:
    """Where the French of the desk in the folder `desk` lies."""
    return desk / "locale" / LANGUAGE / "LC_MESSAGES" / "django.po"


def extract(desk: Path) -> None:
    """Brings the catalogue of the folder `desk` up to its templates and modules.

    Django's settings are kept out of it: with them, `makemessages` would write into the
    locale folder that they name instead of the one of `desk`.
    """
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    command = [sys.executable, "-m", "django", "makemessages", "--locale", LANGUAGE]
    options = ["--no-obsolete", "--add-location", "file", "--ignore", "static", "--verbosity", "0"]
    subprocess.run([*command, *options], cwd=desk, env=environment, check=True)


def compiled(desk: Path) -> bytes:
    """The binary catalogue that belongs to the `.po`; the same bytes for the same sentences."""
    return bytes(polib.pofile(str(catalogue(desk))).to_binary())


def main(arguments: list[str]) -> int:
    """Runs the command and says what is left to translate."""
    if arguments != ["compile"]:
        extract(DESK)
    path = catalogue(DESK)
    path.with_suffix(".mo").write_bytes(compiled(DESK))
    entries = polib.pofile(str(path))
    for entry in entries.untranslated_entries() + entries.fuzzy_entries():
        print(f"to translate: {entry.msgid!r}")
    print(f"{path.name}: {entries.percent_translated()} % translated, {len(entries)} strings")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
