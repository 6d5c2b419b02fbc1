"""Writes `docs/reference/api.md` from the OpenAPI document of the desk: run it when an endpoint changes."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PAGE = Path("docs/reference/api.md")
PREAMBLE = """\
# The API

<!-- Written by scripts/api_reference.py from the API itself; do not edit by hand. -->

[How to use it](../howto/use-the-api.md), with a first call and what to do with each refusal. The same
as a document for programs: `/api/v1/openapi.json` on the desk.

"""


def page() -> str:
    """The page as it should be now."""
    document = _document()
    return PREAMBLE + "\n".join(_lines(document)).rstrip() + "\n"


def _document() -> dict[str, Any]:
    """What the desk serves; Django is made ready where nobody did."""
    from django.conf import settings

    if not settings.configured:
        import django

        os.environ.setdefault("VEILLEUR_DATA_DIR", tempfile.mkdtemp(prefix="veilleur-api-"))
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "veilleur.desk.settings")
        django.setup()
    from veilleur.desk.api.schema import api

    return dict(api.get_openapi_schema(path_prefix="api/v1/"))


def _lines(document: dict[str, Any]) -> Iterator[str]:
    groups: dict[str, list[tuple[str, str, dict[str, Any]]]] = {}
    for path, methods in document["paths"].items():
        for method, told in methods.items():
            groups.setdefault(told["tags"][0], []).append((method.upper(), path, told))
    yield from _problems()
    for group, endpoints in groups.items():
        yield f"## {group}\n"
        for endpoint in endpoints:
            yield from _endpoint(*endpoint)
    yield "## What is sent and answered\n"
    for name, schema in sorted(document["components"]["schemas"].items()):
        yield from _schema(name, schema)


def _problems() -> Iterator[str]:
    from veilleur.desk.api.problems import KINDS, SPACE

    yield "## Refusals\n"
    yield "Every refusal is `application/problem+json` (RFC 9457), in English; decide by `type`.\n"
    yield "| status | `type` | meaning |\n|---|---|---|"
    yield from (f"| {status} | `{SPACE}{kind}` | {title} |" for kind, (status, title) in KINDS.items())
    yield ""


def _endpoint(method: str, path: str, told: dict[str, Any]) -> Iterator[str]:
    words, _blank, scope = told["description"].partition("\n\nScope: ")
    yield f"### {method} {path}\n"
    yield f"{words}\n"
    yield f"Scope {scope.rstrip('.')}."
    if "requestBody" in told:
        schema = told["requestBody"]["content"]["application/json"]["schema"]
        yield f"Takes {_type(schema)}."
    yield f"Answers {_answers(told['responses'])}.\n"
    named = [one for one in told["parameters"] if one["in"] == "query"]
    if named:
        yield "| parameter | | |\n|---|---|---|"
        yield from (_row(one["name"], one["schema"], is_required=one["required"]) for one in named)
        yield ""
    headers = [f"`{one['name']}`" for one in told["parameters"] if one["in"] == "header" and one["required"]]
    if headers:
        yield f"Needs the header {', '.join(headers)}.\n"


def _answers(responses: dict[int, Any]) -> str:
    good = [_good(status, told) for status, told in responses.items() if int(status) < 300]
    refused = sorted(int(status) for status in responses if int(status) >= 300)
    return f"{', '.join(good)}; refuses with {', '.join(map(str, refused))}"


def _good(status: int, told: dict[str, Any]) -> str:
    content = told.get("content")
    return f"{status} with {_type(next(iter(content.values()))['schema'])}" if content else f"{status}"


def _schema(name: str, schema: dict[str, Any]) -> Iterator[str]:
    yield f"### {name}\n"
    yield f"{_plain(schema.get('description', ''))}\n"
    fields = schema.get("properties", {})
    if fields:
        needed = set(schema.get("required", []))
        yield "| field | | |\n|---|---|---|"
        yield from (_row(field, told, is_required=field in needed) for field, told in fields.items())
        yield ""


def _row(name: str, schema: dict[str, Any], *, is_required: bool) -> str:
    default = schema.get("default")
    is_said = default not in (None, "", [])
    more = "" if is_required else f", {f'`{default}` when not said' if is_said else 'optional'}"
    return f"| `{name}` | {_type(schema)}{more} | {_plain(schema.get('description', ''))} |"


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        label = f"page of {name[5:-1]}" if name.startswith("Page_") else name
        return f"[{label}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(_type(one) for one in schema["anyOf"])
    if "enum" in schema or "const" in schema:
        values = schema.get("enum", [schema.get("const")])
        return ", ".join(f"`{value}`" for value in values if value != "")
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}"
    if schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"map to {_type(schema['additionalProperties'])}"
    named = {"date-time": "moment", "date": "day"}
    return named.get(schema.get("format", ""), str(schema.get("type", "anything")))


def _plain(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
