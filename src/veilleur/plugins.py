"""Finds what other distributions add to Veilleur, through entry points.

Built-ins are declared in the same groups as anybody's, so that an extension is never
a second-class citizen:

* `veilleur.analyzers`: classes that keep `veilleur.reading.Analyzer`;
* `veilleur.connectors`: classes that keep `veilleur.listening.Connector`;
* `veilleur.rule_packs`: TOML rule packs.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import EntryPoint, entry_points

from veilleur.errors import PluginInvalid

ANALYZERS = "veilleur.analyzers"
CONNECTORS = "veilleur.connectors"
RULE_PACKS = "veilleur.rule_packs"


def installed(group: str) -> Iterator[tuple[str, object]]:
    """Yields (name, loaded object) for every entry point of `group`, sorted by name.

    Raises `PluginInvalid` when one cannot be imported or when two share a name: a
    silently missing analyzer would be a silent change of every reading.
    """
    seen: dict[str, EntryPoint] = {}
    for point in sorted(entry_points(group=group), key=lambda point: point.name):
        if point.name in seen:
            raise PluginInvalid(
                f"two plugins call themselves “{point.name}” in {group}: "
                f"{seen[point.name].value} and {point.value}. Uninstall one of them."
            )
        seen[point.name] = point
        yield point.name, _load(point)


def names(group: str) -> frozenset[str]:
    """The names declared in `group`, without loading anything."""
    return frozenset(point.name for point in entry_points(group=group))


def _load(point: EntryPoint) -> object:
    try:
        return point.load()
    except (ImportError, AttributeError) as error:
        raise PluginInvalid(
            f"the plugin “{point.name}” ({point.value}) cannot be imported: {error}"
        ) from error
