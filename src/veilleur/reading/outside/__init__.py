"""Stronger models that an administrator switched on: on this machine, or at an allowed address.

Nothing more is loaded unless one of their variables is set; see `docs/reference/extras.md`.
"""

import os


def is_set(prefix: str) -> bool:
    """Whether any variable of the environment begins with `prefix` and is not empty."""
    return any(value for name, value in os.environ.items() if name.startswith(prefix))
