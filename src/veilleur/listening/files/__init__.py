"""Import of files: from bytes on disk to mentions, each bad row with its line and reason.

table = open_table(path)                     what the file is, its headers, its rows
mapping = guess_mapping(table)               which column is which field; a person corrects it
problems = check_mapping(mapping, table)     what must be decided before the import starts
for outcome in read_mentions(table, mapping, source=…, collected_at=…, pseudonym=…):
    Accepted(number, row, mention) | Rejected(number, row, column, code, details)
"""

from veilleur.listening.files.dates import DateOrder, Moment
from veilleur.listening.files.guess import guess_mapping
from veilleur.listening.files.mapping import Mapping, Problem, check_mapping, headers_digest
from veilleur.listening.files.mentions import Accepted, Rejected, read_mentions, to_mention
from veilleur.listening.files.pseudonyms import Pseudonymiser, pseudonymiser
from veilleur.listening.files.ratings import Scale
from veilleur.listening.files.reasons import codes, sentence
from veilleur.listening.files.rejects import harmless, write_rejects
from veilleur.listening.files.row import Format, Row, labelled, unlabelled
from veilleur.listening.files.synonyms import Field
from veilleur.listening.files.table import Table, open_table

__all__ = [
    "Accepted",
    "DateOrder",
    "Field",
    "Format",
    "Mapping",
    "Moment",
    "Problem",
    "Pseudonymiser",
    "Rejected",
    "Row",
    "Scale",
    "Table",
    "check_mapping",
    "codes",
    "guess_mapping",
    "harmless",
    "headers_digest",
    "labelled",
    "open_table",
    "pseudonymiser",
    "read_mentions",
    "sentence",
    "to_mention",
    "unlabelled",
    "write_rejects",
]
