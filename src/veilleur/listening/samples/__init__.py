"""Real messages for the demo: two files, each belonging to an organisation that does not exist.

`ATTRIBUTION.md` beside this file says who wrote them, who published them and under which
licence. `training/samples.py` rebuilds both files.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from veilleur.listening.files import Mapping, Table, guess_mapping, open_table


@dataclass(frozen=True, slots=True)
class Sample:
    """One file of real messages and the demo organisation that receives them."""

    path: Path
    organisation: str
    slug: str
    language: str
    """Of the messages and of the people who work there: `fr` or `en`."""
    zone: str
    """IANA time zone of the organisation."""
    source: str
    """Key of the source that the messages come from."""
    source_name: str

    def table(self) -> Table:
        """The file, opened like any file that somebody imports."""
        return open_table(self.path)

    def mapping(self) -> Mapping:
        """What the importer guesses for it by itself."""
        return guess_mapping(self.table(), self.zone)


def samples() -> tuple[Sample, Sample]:
    """The French file and the English one."""
    folder = Path(str(files(__package__)))
    french = Sample(
        path=folder / "fr_experiences.jsonl.gz",
        organisation="Groupe hospitalier des Trois-Rivières",
        slug="trois-rivieres",
        language="fr",
        zone="Europe/Paris",
        source="services-publics-plus",
        source_name="Services Publics+",
    )
    english = Sample(
        path=folder / "en_patient_comments.jsonl.gz",
        organisation="Northmoor Care NHS Trust",
        slug="northmoor",
        language="en",
        zone="Europe/London",
        source="nhs-fft",
        source_name="NHS Friends and Family Test",
    )
    return french, english
