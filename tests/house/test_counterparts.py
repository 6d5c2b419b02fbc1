"""`make test-counterparts` finds its tests: what prepares the tests takes most settings away."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path


def collected(repository: Path, **asked: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "tests/counterparts", "--collect-only", "--quiet"],
        cwd=repository,
        env={**os.environ, **asked},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


def test_real_servers_are_asked_for_by_the_variable_of_the_makefile(repository: Path) -> None:
    recipe = (repository / "Makefile").read_text(encoding="utf-8")
    found = re.search(r"@(\w+)=1 \$\(PYTEST\) tests/counterparts", recipe)
    assert found
    assert "tests/counterparts/test_imap.py::" in collected(repository, **{found[1]: "1"})
    assert "tests/counterparts/" not in collected(repository)
