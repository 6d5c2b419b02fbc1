"""The benchmark of the pages runs, in small: what it measures at 200,000 messages is not guessed here."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest


@pytest.mark.slow
def test_the_benchmark_prints_a_table_and_a_line_for_machines(repository):
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("VEILLEUR_", "DJANGO_"))
    }
    command = [sys.executable, "-W", "ignore", "benchmarks/desk.py", "--mentions", "600", "--requests", "2"]
    done = subprocess.run(
        [*command, "--budget", "60000"],
        cwd=repository,
        env=clean,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout.splitlines()[-1])
    assert record["mentions"] == 600
    assert {page["page"].split(":")[0] for page in record["pages"]} == {
        "author",
        "command bar",
        "focus",
        "list",
        "live",
        "reply",
        "search",
        "ticket",
        "watch",
    }
    assert [page for page in record["pages"] if page["queries"] > 48] == []
