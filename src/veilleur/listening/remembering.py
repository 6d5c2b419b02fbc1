"""What a connector remembers from one time to the next, in a cursor that only it understands."""

from __future__ import annotations

import hashlib
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError


class Cursor(BaseModel):
    """How far a connector has come: kept as JSON, empty at first."""

    model_config = ConfigDict(frozen=True)

    @classmethod
    def of(cls, text: str) -> Self:
        """What a cursor says; one that cannot be read is empty."""
        try:
            return cls.model_validate_json(text)
        except ValidationError:
            return cls()

    @property
    def text(self) -> str:
        """The other way round."""
        return self.model_dump_json()


def digest(text: str) -> str:
    """12 characters that tell one wording from another."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
