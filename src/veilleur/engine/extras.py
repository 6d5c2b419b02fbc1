"""What is installed only by those who need it, with a clear sentence for those who lack it."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from veilleur.errors import ExtraMissing


def require(module: str, extra: str, purpose: str) -> Any:
    """The imported `module`.

    Raises `ExtraMissing`, naming the `extra` to install, when it is not there.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise ExtraMissing(f"{purpose} needs an extra: pip install 'veilleur[{extra}]'") from error
