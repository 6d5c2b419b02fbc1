"""The language of watches and of the inbox's search: words, phrases, fields, AND, OR, NOT, NEAR.

`parse` reads a query, `mistake` says in the reader's language why one cannot be read, `Matcher` tells
which queries a message answers. `fold`, `bounds` and `necessary_words` serve whoever translates a
query for an index. The manual is docs/reference/queries.md.
"""

from veilleur.listening.queries.bounds import Bounds, bounds, necessary_words
from veilleur.listening.queries.expressions import (
    And,
    Day,
    Field,
    Is,
    Leaf,
    Near,
    Not,
    Or,
    Phrase,
    Place,
    Query,
    Stars,
    Word,
    fold,
)
from veilleur.listening.queries.facts import Words, is_all_of, mark, marks_of
from veilleur.listening.queries.matching import Matcher, matches
from veilleur.listening.queries.mistakes import mistake
from veilleur.listening.queries.parsing import parse, parse_list
from veilleur.listening.queries.words import words_of

__all__ = [
    "And",
    "Bounds",
    "Day",
    "Field",
    "Is",
    "Leaf",
    "Matcher",
    "Near",
    "Not",
    "Or",
    "Phrase",
    "Place",
    "Query",
    "Stars",
    "Word",
    "Words",
    "bounds",
    "fold",
    "is_all_of",
    "mark",
    "marks_of",
    "matches",
    "mistake",
    "necessary_words",
    "parse",
    "parse_list",
    "words_of",
]
