"""Extensions are found, and a bad one is named."""

from importlib.metadata import EntryPoint

import pytest

from veilleur import plugins
from veilleur.errors import PluginInvalid

GROUP = "veilleur.analyzers"


def _install(monkeypatch: pytest.MonkeyPatch, *points: EntryPoint) -> None:
    monkeypatch.setattr(plugins, "entry_points", lambda group: [p for p in points if p.group == group])


def test_plugins_come_sorted_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    _install(monkeypatch, EntryPoint("b", "json:loads", GROUP), EntryPoint("a", "json:dumps", GROUP))
    assert [name for name, _ in plugins.installed(GROUP)] == ["a", "b"]


def test_a_plugin_that_cannot_be_imported_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    _install(monkeypatch, EntryPoint("lost", "no_such_module:Thing", GROUP))
    with pytest.raises(PluginInvalid, match="lost"):
        list(plugins.installed(GROUP))


def test_two_plugins_of_one_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    _install(monkeypatch, EntryPoint("a", "json:dumps", GROUP), EntryPoint("a", "json:loads", GROUP))
    with pytest.raises(PluginInvalid, match="two plugins"):
        list(plugins.installed(GROUP))


def test_names_are_told_without_importing_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    _install(monkeypatch, EntryPoint("lost", "no_such_module:Thing", GROUP))
    assert plugins.names(GROUP) == {"lost"}
