"""What a message says: analyzers that share one pass over the text."""

from veilleur.reading.analyzer import Analyzer, Batch, Subject
from veilleur.reading.reader import Reader, installed_reader, read

__all__ = ["Analyzer", "Batch", "Reader", "Subject", "installed_reader", "read"]
