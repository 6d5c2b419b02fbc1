"""What a message says: analyzers that share one pass over the text."""

from veilleur.reading.analyzer import Analyzer, Batch, Subject

__all__ = ["Analyzer", "Batch", "Subject"]
