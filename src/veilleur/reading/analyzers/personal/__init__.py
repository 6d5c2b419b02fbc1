"""Identifiers, contacts and names of persons: how each is told, and how all are taken out of a text."""

from veilleur.reading.analyzers.personal.redaction import Redacted, Replacement, clean, redact

__all__ = ["Redacted", "Replacement", "clean", "redact"]
