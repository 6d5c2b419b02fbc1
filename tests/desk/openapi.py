"""An OpenAPI document of the desk, drawn from its URL configuration and its forms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms

from tests.desk.addresses import Address

Fields = Mapping[str, forms.Field]
Json = dict[str, Any]

ANY_TEXT: Json = {"type": "string", "maxLength": 200}


@dataclass(frozen=True, slots=True)
class Page:
    """What one address takes: fields of its query, fields of its body; None: not that method."""

    get: Fields | None = None
    post: Fields | None = None


def document(pages: Mapping[str, Page], known: list[Address], values: Mapping[str, Any]) -> Json:
    """OpenAPI 3 for `known` addresses; `values` are existing objects, mixed with absent ones."""
    paths = {f"/{address.template}": _operations(address, pages[address.name], values) for address in known}
    return {"openapi": "3.0.3", "info": {"title": "Veilleur", "version": "1"}, "paths": paths}


def _operations(address: Address, page: Page, values: Mapping[str, Any]) -> Json:
    path = [_path_parameter(name, values[name]) for name in address.parameters]
    operations: Json = {}
    if page.get is not None:
        query = [{"name": n, "in": "query", "schema": schema(field)} for n, field in page.get.items()]
        operations["get"] = {"parameters": [*path, *query], "responses": ANY_RESPONSE}
    if page.post is not None:
        operations["post"] = {
            "parameters": path,
            "requestBody": {"content": {"multipart/form-data": {"schema": _body(page.post)}}},
            "responses": ANY_RESPONSE,
        }
    return operations


ANY_RESPONSE = {"default": {"description": "Anything but an error of ours."}}


def _path_parameter(name: str, value: Any) -> Json:
    # Whether a stranger gets in is another test's question: here, what exists or may not exist.
    absent: list[Json] = [{"type": "integer", "minimum": 0}] if isinstance(value, int) else []
    choices = {"anyOf": [{"enum": [value]}, {"enum": [value]}, *absent]}
    return {"name": name, "in": "path", "required": True, "schema": choices}


def _body(fields: Fields) -> Json:
    properties = {name: schema(field) for name, field in fields.items()}
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def schema(field: forms.Field) -> Json:
    """What a well-meaning browser would send for `field`, or any text at all."""
    return {"anyOf": [_meant(field), _meant(field), ANY_TEXT]}


def _meant(field: forms.Field) -> Json:
    if isinstance(field, forms.ChoiceField):
        return {"enum": [str(value) for value, _label in field.choices] or [""]}
    if isinstance(field, forms.RegexField):
        return {"type": "string", "pattern": field.regex.pattern.replace(r"\A", "^").replace(r"\Z", "$")}
    if isinstance(field, forms.DateField):
        return {"type": "string", "format": "date"}
    if isinstance(field, forms.IntegerField):
        # 1 is the version of a ticket that nobody has touched.
        return {"anyOf": [{"enum": [1]}, {"type": "integer"}]}
    if isinstance(field, forms.BooleanField):
        return {"enum": ["on", ""]}
    return {"type": "string"}
