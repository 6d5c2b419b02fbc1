"""The same reading over an archive: in this process, on all cores, on a Dask cluster.

`Source` (a file or a pipe) → chunks → `Work` on an `Engine` → answers, in order. `read_archive` does it
from file to file and resumes after a crash. `outgoing` and `schema` say what one record holds.
"""

from veilleur.engine.archive import Outcome, Progress, read_archive
from veilleur.engine.encodings import Csv, encoding
from veilleur.engine.engines import Engine, engine
from veilleur.engine.incoming import FIELDS, Incoming, Notice, from_mapping
from veilleur.engine.outgoing import Record, outgoing
from veilleur.engine.schema import schema
from veilleur.engine.sources import Source, kind_of, open_file, open_pipe
from veilleur.engine.work import Answer, Work

__all__ = [
    "FIELDS",
    "Answer",
    "Csv",
    "Engine",
    "Incoming",
    "Notice",
    "Outcome",
    "Progress",
    "Record",
    "Source",
    "Work",
    "encoding",
    "engine",
    "from_mapping",
    "kind_of",
    "open_file",
    "open_pipe",
    "outgoing",
    "read_archive",
    "schema",
]
