"""Fetches the browser assets that Veilleur ships, at the versions pinned here.

Run by a developer, with npm and a network, when a version changes:

    python scripts/vendor.py

It downloads each package with `npm pack`, copies the few files the desk serves and
rewrites `LICENSES.md` beside them with version, licence and SHA-256 of every file.
`tests/house/test_vendor.py` checks that the files are still those that the table names.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DESK = ROOT / "src/veilleur/desk/static/vendor"
TESTS = ROOT / "tests/vendor"
HEAD = "# Third-party files in this folder\n\nWritten by `scripts/vendor.py`; the files are unchanged.\n\n"


@dataclass(frozen=True, slots=True)
class Package:
    """One npm package: what to take from it (path in the package → our file name)."""

    name: str
    version: str
    licence: str
    home: str
    folder: Path
    files: dict[str, str]


PACKAGES = (
    Package(
        "htmx.org",
        "2.0.11",
        "0BSD",
        "https://htmx.org",
        DESK,
        {"dist/htmx.min.js": "htmx.min.js", "LICENSE": "htmx.LICENSE.txt"},
    ),
    Package(
        "@picocss/pico",
        "2.1.1",
        "MIT",
        "https://picocss.com",
        DESK,
        {"css/pico.min.css": "pico.min.css", "LICENSE.md": "pico.LICENSE.txt"},
    ),
    Package(
        "echarts",
        "6.1.0",
        "Apache-2.0",
        "https://echarts.apache.org",
        DESK,
        {
            "dist/echarts.common.min.js": "echarts.common.min.js",
            "i18n/langFR.js": "echarts.langFR.js",
            "LICENSE": "echarts.LICENSE.txt",
            "NOTICE": "echarts.NOTICE.txt",
        },
    ),
    Package(
        "axe-core",
        "4.14.1",
        "MPL-2.0",
        "https://github.com/dequelabs/axe-core",
        TESTS,
        {"axe.min.js": "axe.min.js", "LICENSE": "axe.LICENSE.txt"},
    ),
)


def fetch(package: Package, scratch: Path) -> None:
    """Downloads one package and copies its files; raises when npm or a file fails."""
    packed = subprocess.run(
        ["npm", "pack", "--silent", f"{package.name}@{package.version}"],  # noqa: S607 - npm is found on PATH
        cwd=scratch,
        check=True,
        capture_output=True,
        text=True,
    )
    package.folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(scratch / packed.stdout.strip().splitlines()[-1]) as archive:
        for inside, ours in package.files.items():
            member = archive.extractfile(f"package/{inside}")
            if member is None:
                raise FileNotFoundError(f"{package.name}@{package.version} has no {inside}")
            (package.folder / ours).write_bytes(member.read())


def table(folder: Path) -> str:
    """The Markdown table of the files that lie in `folder`, with their SHA-256."""
    rows = [
        f"| `{ours}` | [{package.name}]({package.home}) | {package.version} | {package.licence} "
        f"| `{hashlib.sha256((folder / ours).read_bytes()).hexdigest()}` |"
        for package in PACKAGES
        if package.folder == folder
        for ours in package.files.values()
    ]
    head = "| file | package | version | licence | SHA-256 |\n|---|---|---|---|---|\n"
    return head + "\n".join(rows) + "\n"


def main() -> int:
    """Fetches everything and writes both tables."""
    with tempfile.TemporaryDirectory() as scratch:
        for package in PACKAGES:
            fetch(package, Path(scratch))
    for folder in (DESK, TESTS):
        (folder / "LICENSES.md").write_text(HEAD + table(folder), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
