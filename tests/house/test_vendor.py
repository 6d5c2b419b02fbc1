"""Third-party files are exactly those that the tables beside them name, each with its licence."""

import hashlib
from pathlib import Path

import pytest

from scripts import vendor


@pytest.mark.parametrize("folder", [vendor.DESK, vendor.TESTS], ids=["desk", "tests"])
def test_the_table_tells_the_truth(folder: Path) -> None:
    table = (folder / "LICENSES.md").read_text(encoding="utf-8")
    assert table == vendor.HEAD + vendor.table(folder)
    named = {
        name for package in vendor.PACKAGES if package.folder == folder for name in package.files.values()
    }
    assert {path.name for path in folder.iterdir()} == named | {"LICENSES.md"}
    for name in named:
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() in table


def test_every_package_brings_its_licence() -> None:
    for package in vendor.PACKAGES:
        assert any("LICENSE" in name for name in package.files.values()), package.name
