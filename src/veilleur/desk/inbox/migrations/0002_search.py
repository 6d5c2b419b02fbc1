"""The full-text index: FTS5 on SQLite, a generated `tsvector` with GIN on PostgreSQL.

SQLite: `inbox_search` keeps no copy of the text (external content, through a view). Its row id is
the position of the message (see `ordering.py`), so that matches come out newest first unsorted.
A later migration that alters `inbox_mention` must run `install` again: Django rebuilds the table
on SQLite, and its triggers go with the old one. A test says so when it was forgotten.

PostgreSQL: needs no extension; `normalize` takes the accents off. Beside the words, the index
holds every two that stand side by side (`@trop_longue`), so that a phrase of common words is found
without looking at every message that has them all. Of a very long message it holds the first
pairs only, and the mark `@long`. Words and pairs of a field carry its name (`#place_nord`). A `#`
that is no word parts the title from the text, so that no phrase reaches across. The functions have
bodies that are read when they are made (`BEGIN ATOMIC`): a dump is restored without a search path.

Both hold `marks`, what a query may ask of a message beside its words (`veilleur.listening.queries`),
and whom a message belongs to: an organisation (`o7`) and a source (`s12`).
"""

from django.db import migrations

SQLITE = [
    """
    CREATE VIEW inbox_searchable AS SELECT
        {position} AS position, {owner} AS owner, {title} AS title, {text} AS text,
        author, {network} AS network, {place} AS place, marks
    FROM inbox_mention
    """,
    """
    CREATE VIRTUAL TABLE inbox_search USING fts5(
        owner, title, text, author, network, place, marks, content='inbox_searchable', content_rowid='position',
        tokenize='unicode61 remove_diacritics 2'
    )
    """,
    """
    CREATE TRIGGER inbox_search_added AFTER INSERT ON inbox_mention BEGIN {add} END
    """,
    """
    CREATE TRIGGER inbox_search_removed AFTER DELETE ON inbox_mention BEGIN {remove} END
    """,
    """
    CREATE TRIGGER inbox_search_changed
    AFTER UPDATE OF title, text, author, network, place, marks, published_at, collected_at, organisation_id
    ON inbox_mention
    BEGIN {remove} {add} END
    """,
    "INSERT INTO inbox_search(inbox_search) VALUES ('rebuild')",
]

SQLITE_BACK = [
    "DROP TRIGGER IF EXISTS inbox_search_added",
    "DROP TRIGGER IF EXISTS inbox_search_removed",
    "DROP TRIGGER IF EXISTS inbox_search_changed",
    "DROP TABLE IF EXISTS inbox_search",
    "DROP VIEW IF EXISTS inbox_searchable",
]

POSTGRESQL = [
    """
    CREATE FUNCTION inbox_fold(written text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE BEGIN ATOMIC
        SELECT regexp_replace(replace(replace(
            regexp_replace(normalize(lower(left(written, 100000)), NFKD), '[\u0300-\u036f]', '', 'g'),
            'œ', 'oe'), 'æ', 'ae'), '[^[:alnum:]]+', ' ', 'g');
    END
    """,
    """
    CREATE FUNCTION inbox_pairs(folded text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE BEGIN ATOMIC
        SELECT array_to_tsvector(
            array_cat(array_agg('@' || word || '_' || next) FILTER (WHERE length(word || next) <= 400),
                      CASE WHEN length(folded) > 20000 THEN ARRAY['@long'] ELSE ARRAY[]::text[] END)
        ) FROM (
            SELECT word, lead(word) OVER (ORDER BY place) AS next
            FROM unnest(string_to_array(left(folded, 20000), ' ')) WITH ORDINALITY AS split(word, place)
            WHERE word <> ''
        ) AS neighbours;
    END
    """,
    """
    CREATE FUNCTION inbox_words(written text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE BEGIN ATOMIC
        SELECT to_tsvector('simple', folded) || inbox_pairs(folded)
        FROM (SELECT inbox_fold(written) AS folded OFFSET 0) AS once;
    END
    """,
    """
    CREATE FUNCTION inbox_field(name text, written text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE BEGIN ATOMIC
        SELECT array_to_tsvector(array_cat(
            array_agg('#' || name || '_' || word) FILTER (WHERE length(word) <= 400),
            array_agg('#' || name || '_' || word || '_' || next) FILTER (WHERE length(word || next) <= 400)
        )) FROM (
            SELECT word, lead(word) OVER (ORDER BY place) AS next
            FROM unnest(string_to_array(left(inbox_fold(written), 20000), ' ')) WITH ORDINALITY AS split(word, place)
            WHERE word <> ''
        ) AS neighbours;
    END
    """,
    """
    ALTER TABLE inbox_mention ADD COLUMN search tsvector GENERATED ALWAYS AS (
        array_to_tsvector(ARRAY['@o' || organisation_id, '@s' || source_id])
        || array_to_tsvector(string_to_array(regexp_replace(marks, '(\\S+)', '#\\1', 'g'), ' '))
        || COALESCE(inbox_field('title', title), '') || COALESCE(inbox_field('author', author), '')
        || COALESCE(inbox_field('network', network), '') || COALESCE(inbox_field('place', place), '')
        || inbox_words(title) || '''#'':1'::tsvector || inbox_words(author) || '''#'':1'::tsvector
        || inbox_words(text)
    ) STORED
    """,
    "CREATE INDEX inbox_search ON inbox_mention USING gin (search)",
]

POSTGRESQL_BACK = [
    "DROP INDEX IF EXISTS inbox_search",
    "ALTER TABLE inbox_mention DROP COLUMN search",
    "DROP FUNCTION IF EXISTS inbox_field(text, text)",
    "DROP FUNCTION IF EXISTS inbox_words(text)",
    "DROP FUNCTION IF EXISTS inbox_pairs(text)",
    "DROP FUNCTION IF EXISTS inbox_fold(text)",
]


SHIFT, FIRST, LAST = 1 << 29, -(1 << 33), (1 << 33) - 1
"""As in `ordering.py` when this migration was written."""


def _position(row):
    seconds = f"CAST(strftime('%s', COALESCE({row}published_at, {row}collected_at)) AS INTEGER)"
    return f"MIN(MAX({seconds}, {FIRST}), {LAST}) * {SHIFT} + {row}id"


def _unligatured(column):
    """FTS5 takes accents off by itself, but knows nothing of « œ »."""
    for ligature, letters in (("œ", "oe"), ("Œ", "oe"), ("æ", "ae"), ("Æ", "ae")):
        column = f"replace({column}, '{ligature}', '{letters}')"
    return column


def _owner(row):
    return f"'o' || {row}organisation_id || ' s' || {row}source_id"


def _values(row):
    texts = ", ".join(_unligatured(f"{row}.{name}") for name in ("title", "text"))
    places = ", ".join(_unligatured(f"{row}.{name}") for name in ("network", "place"))
    return f"{_position(f'{row}.')}, {_owner(f'{row}.')}, {texts}, {row}.author, {places}, {row}.marks"


def _statements(vendor):
    if vendor == "postgresql":
        return POSTGRESQL
    columns = "rowid, owner, title, text, author, network, place, marks"
    pieces = {
        "position": _position(""),
        "owner": _owner(""),
        **{name: _unligatured(name) for name in ("title", "text", "network", "place")},
        "add": f"INSERT INTO inbox_search({columns}) VALUES ({_values('new')});",
        "remove": f"INSERT INTO inbox_search(inbox_search, {columns}) VALUES ('delete', {_values('old')});",
    }
    return [statement.format(**pieces) for statement in SQLITE]


def install(apps, schema_editor):
    for statement in _statements(schema_editor.connection.vendor):
        schema_editor.execute(statement, params=None)


def uninstall(apps, schema_editor):
    back = POSTGRESQL_BACK if schema_editor.connection.vendor == "postgresql" else SQLITE_BACK
    for statement in back:
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("inbox", "0001_initial")]
    operations = [migrations.RunPython(install, uninstall)]
