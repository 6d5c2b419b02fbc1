"""Writes `docs/reference/cli.md` from the command line itself: run it when a command changes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PAGE = Path("docs/reference/cli.md")
PREAMBLE = """\
# Commands

<!-- Written by scripts/cli_reference.py from the commands themselves; do not edit by hand. -->

Messages are in French when `LC_ALL`, `LC_MESSAGES` or `LANG` says so, in English otherwise. The desk is set
by environment variables: see [settings](settings.md).

Exit codes: `0` done · `1` it cannot be done, and standard error says why · `2` bad usage · `3` done, but rows
were refused · `130` stopped by a person.

"""


def page() -> str:
    """The page as it should be now."""
    command = [sys.executable, "-m", "typer", "veilleur.cli", "utils", "docs", "--name", "veilleur"]
    described = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    plain = described.replace("&#x27;", "'").replace("&lt;", "<").replace("# `veilleur`", "## `veilleur`", 1)
    return PREAMBLE + plain.rstrip() + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
