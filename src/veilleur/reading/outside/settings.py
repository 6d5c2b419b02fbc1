"""What an administrator sets to switch a model on, read from the environment."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from veilleur.errors import PluginInvalid


class TransformersSettings(BaseSettings):
    """A classifier in a folder of this machine; each field is `VEILLEUR_TRANSFORMERS_<FIELD>`."""

    model_config = SettingsConfigDict(
        env_prefix="VEILLEUR_TRANSFORMERS_", extra="ignore", hide_input_in_errors=True
    )

    folder: Path = Field(description="Where `save_pretrained` left the model and its tokenizer.")
    labels: Path | None = Field(None, description="What its labels mean (TOML), unless the folder says it.")

    @field_validator("folder")
    @classmethod
    def _is_a_model(cls, folder: Path) -> Path:
        if not (folder / "config.json").is_file():
            raise ValueError(f"there is no model in {folder}")
        return folder

    @property
    def meaning(self) -> Path:
        """The TOML that says what its labels mean."""
        return self.labels or self.folder / "veilleur.toml"


class LlmSettings(BaseSettings):
    """An OpenAI-compatible endpoint; each field is the variable `VEILLEUR_LLM_<FIELD>`."""

    model_config = SettingsConfigDict(env_prefix="VEILLEUR_LLM_", extra="ignore", hide_input_in_errors=True)

    url: str = Field(description="Base of the endpoint, for instance `http://127.0.0.1:8080/v1`.")
    allowed: Annotated[list[str], NoDecode] = Field(
        description="Bases that messages may be sent to, separated by commas; `URL` must be one of them."
    )
    model: str = Field(min_length=1, description="Name of the model there.")
    key: SecretStr = Field(SecretStr(""), description="Sent as a bearer token; never logged.")
    timeout: float = Field(20.0, gt=0, le=300, description="Seconds that one message may take.")
    drafts: bool = Field(default=False, description="Let it reword neutral drafts of replies, too.")
    longest: int = Field(4000, ge=100, le=100_000, description="Characters of a message that are sent.")

    @field_validator("url")
    @classmethod
    def _plain(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("write it as in “http://127.0.0.1:8080/v1”")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("no name, password, question mark or fragment may stand in it")
        return value.rstrip("/")

    @field_validator("allowed", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return [base.strip().rstrip("/") for base in value.split(",") if base.strip()]

    @model_validator(mode="after")
    def _is_allowed(self) -> Self:
        if self.url not in self.allowed:
            raise ValueError("VEILLEUR_LLM_URL is not among VEILLEUR_LLM_ALLOWED: nothing may be sent there")
        return self


Settings = TypeVar("Settings", TransformersSettings, LlmSettings)


def settings_of(kind: type[Settings]) -> Settings:
    """What the environment says.

    Raises `PluginInvalid`, naming the variables that make no sense and never their values.
    """
    try:
        return kind()
    except ValidationError as error:
        said = "; ".join(_sentence(kind, one["loc"], one["msg"]) for one in error.errors())
        raise PluginInvalid(said) from None  # its own text could quote what was set


def _sentence(kind: type[BaseSettings], place: tuple[int | str, ...], message: str) -> str:
    """`place` is empty when the mistake is in no single variable; the message then names them."""
    variable = kind.model_config.get("env_prefix", "") + "_".join(map(str, place)).upper()
    return f"{variable}: {message}" if place else message
