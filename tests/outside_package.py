"""The wheel of an outside package: Python files and their entry points, as `pip install` takes it."""

from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path

EXAMPLE = Path(__file__).parents[1] / "examples" / "one_connector.py"
CLUB = Path(__file__).parent / "standins" / "club.py"
UV = Path(__file__).parents[1] / "scripts" / "uv.sh"


def installed_example(folder: Path) -> Path:
    """A folder with the example connector and the club, installed there by the installer of the house."""
    wheel = folder / "one_connector-1.0-py3-none-any.whl"
    info = "one_connector-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("one_connector.py", EXAMPLE.read_text(encoding="utf-8"))
        archive.writestr("club.py", CLUB.read_text(encoding="utf-8"))
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: one-connector\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        points = "[veilleur.connectors]\nguestbook = one_connector:GuestBook\nclub = club:Club\n"
        archive.writestr(f"{info}/entry_points.txt", points)
        archive.writestr(f"{info}/RECORD", "")
    target = folder / "installed"
    uv = subprocess.run([str(UV)], capture_output=True, text=True, check=True).stdout.strip()
    subprocess.run(
        [uv, "pip", "install", "--quiet", "--no-deps", "--offline", "--target", str(target), str(wheel)],
        check=True,
        capture_output=True,
    )
    return target
