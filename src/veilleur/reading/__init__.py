"""What a message says: analyzers that share one pass over the text.

`Reader.default().read(texts)` reads texts or mentions with every installed analyzer.
"""

from veilleur.reading.analyzer import Analyzer, Batch, Subject
from veilleur.reading.reader import Reader, installed_reader, read
from veilleur.vocabulary import Finding, Mention, Reading

__all__ = [
    "Analyzer",
    "Batch",
    "Finding",
    "Mention",
    "Reader",
    "Reading",
    "Subject",
    "installed_reader",
    "read",
]
