"""An OpenAPI document of the desk, drawn from its URL configuration and its forms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms

from tests.desk.addresses import FILE, Address

Fields = Mapping[str, forms.Field]
Json = dict[str, Any]

ANY_TEXT: Json = {"type": "string", "maxLength": 200}
ANY_FILE: Json = {"type": "string", "format": "binary"}
ANY_RESPONSE = {"default": {"description": "Anything but an error of ours."}}


@dataclass(frozen=True, slots=True)
class Page:
    """What one address takes: fields of its query, fields of its body; None: not that method."""

    get: Fields | None = None
    post: Fields | None = None

    def is_file(self, name: str) -> bool:
        """Whether the field `name` of the body is a file."""
        return isinstance((self.post or {}).get(name), forms.FileField)


def document(address: Address, page: Page, values: Mapping[str, Any], *, is_wild: bool) -> Json:
    """OpenAPI 3 for one address; `values` are the existing objects its parameters speak of.

    Tame: what a well-meaning browser would send. Wild: any text in any field, any bytes in
    a file. (Two documents, because Schemathesis folds “one of these words, or any text” into
    “any text”.)
    """
    path = [_path_parameter(name, values[name]) for name in address.parameters]
    operations: Json = {}
    if page.get is not None:
        query = [
            {"name": name, "in": "query", "schema": _schema(field, is_wild=is_wild)}
            for name, field in page.get.items()
        ]
        operations["get"] = {"parameters": [*path, *query], "responses": ANY_RESPONSE}
    if page.post is not None:
        body = {"multipart/form-data": {"schema": _body(page.post, is_wild=is_wild)}}
        operations["post"] = {
            "parameters": path,
            "requestBody": {"content": body, "required": True},
            "responses": ANY_RESPONSE,
        }
    paths = {f"/{address.template}": operations}
    return {"openapi": "3.0.3", "info": {"title": "Veilleur", "version": "1"}, "paths": paths}


def _path_parameter(name: str, value: Any) -> Json:
    # Whether a stranger gets in, and what an object that does not exist answers, test_strangers asks.
    return {"name": name, "in": "path", "required": True, "schema": {"enum": [value]}}


def _body(fields: Fields, *, is_wild: bool) -> Json:
    properties = {name: _schema(field, is_wild=is_wild) for name, field in fields.items()}
    required = [] if is_wild else [name for name, field in fields.items() if field.required]
    return {
        "type": "object",
        "properties": properties,
        **({"required": required} if required else {}),
        "additionalProperties": False,
    }


def _schema(field: forms.Field, *, is_wild: bool) -> Json:
    if is_wild:
        return ANY_FILE if isinstance(field, forms.FileField) else ANY_TEXT
    if isinstance(field, forms.RegexField):
        return {"type": "string", "pattern": field.regex.pattern.replace(r"\A", "^").replace(r"\Z", "$")}
    if isinstance(field, forms.DateField):
        return {"type": "string", "format": "date"}
    return {"enum": _usual(field)}


def _usual(field: forms.Field) -> list[Any]:
    if isinstance(field, forms.FileField):
        return [FILE.decode()]
    if isinstance(field, forms.ChoiceField):
        return [str(value) for value, _label in field.choices] or [""]
    if isinstance(field, forms.FloatField):
        return [1, 5, 10]
    if isinstance(field, forms.IntegerField):
        return [1]  # the version of a ticket that nobody has touched
    return ["", "me", "Europe/Paris", "Un mot."]
