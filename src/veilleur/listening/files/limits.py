"""How much of each field a message may hold: what the desk can keep and show."""

from __future__ import annotations

from veilleur.listening.files.synonyms import Field

LIMITS: dict[Field, int] = {
    Field.TEXT: 100_000,
    Field.TITLE: 2_000,
    Field.AUTHOR: 1_000,
    Field.URL: 4_000,
    Field.NETWORK: 120,
    Field.PLACE: 200,
    Field.QUESTION: 300,
    Field.LANGUAGE_HINT: 16,
}
"""Most characters of each field; a longer cell refuses its row rather than being cut."""
ID_LENGTH = 200
"""Identifiers beyond this are replaced by their digest: some sources use whole addresses."""
