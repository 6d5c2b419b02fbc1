"""Another wording of a neutral draft, by a language model that an administrator allowed.

Only the draft travels, never the message it answers nor anything of its author. What comes back is a text
of a stranger: it is judged like any reply before anybody sees it (`guard.judge`).
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from veilleur.errors import PluginInvalid
from veilleur.reading.outside.endpoint import MISSHAPEN, Unusable, as_data, chat
from veilleur.reading.outside.settings import LlmSettings, settings_of
from veilleur.replies.draft import Draft

INSTRUCTIONS = (
    "Between two equal marks you are given a JSON string: a short public reply of a health professional. "
    "Write it again in other words, in the same language, as courteous and no longer. Add no fact, no name, "
    "no date, nothing about any person or visit; keep telephone numbers, addresses and web sites as they "
    'are. Answer with one JSON object and nothing else: {"reply": …}.'
)
BY_MODEL = "model"
"""Begins the id of a wording that a model made."""


class _Reworded(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    reply: Annotated[str, Field(min_length=1, max_length=1500)]


def allowed() -> LlmSettings | None:
    """The endpoint that may reword drafts; None when no administrator allowed one."""
    try:
        settings = settings_of(LlmSettings)
    except PluginInvalid:  # the analyzer of the same name says what is wrong, at the start
        return None
    return settings if settings.drafts else None


def reworded(draft: Draft, settings: LlmSettings) -> Draft:
    """The draft in other words. Raises `Unusable`."""
    with chat(settings) as ask:
        content = ask(_question(draft.text, settings.model))
    try:
        answer = _Reworded.model_validate_json(content)
    except (ValidationError, ValueError, RecursionError) as error:
        raise Unusable(MISSHAPEN) from error
    return Draft(f"{BY_MODEL}-{draft.id}", draft.situation, answer.reply.strip())


def _question(text: str, model: str) -> dict[str, Any]:
    shape = {"name": "reply", "strict": True, "schema": _Reworded.model_json_schema()}
    return {
        "model": model,
        "messages": [
            {"role": "system", "content": INSTRUCTIONS},
            {"role": "user", "content": as_data(text)},
        ],
        "temperature": 0.7,
        "max_tokens": 400,
        "response_format": {"type": "json_schema", "json_schema": shape},
    }
