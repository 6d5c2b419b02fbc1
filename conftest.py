"""Prepares Django for the tests before anything loads its settings.

It lives at the root because doctests are collected under `src/` too. Everything a test
writes goes to a data directory that dies with the process.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

DATA_DIR = Path(tempfile.mkdtemp(prefix="veilleur-tests-"))
atexit.register(shutil.rmtree, DATA_DIR, ignore_errors=True)


def _prepare_environment() -> None:
    for name in [name for name in os.environ if name.startswith("VEILLEUR_") and "_TEST_" not in name]:
        del os.environ[name]
    os.environ["VEILLEUR_DATA_DIR"] = str(DATA_DIR)
    os.environ["VEILLEUR_DATABASE_URL"] = os.environ.get("VEILLEUR_TEST_DATABASE_URL", "")
    os.environ["DJANGO_SETTINGS_MODULE"] = "veilleur.desk.settings"
    # Playwright's synchronous interface runs an event loop in the thread of the test.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


def _prepare_django() -> None:
    import django
    from django.conf import settings

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.TASKS = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}
    if not os.environ["VEILLEUR_DATABASE_URL"]:
        # A file, as in real life: WAL, several connections, real locks.
        settings.DATABASES["default"].setdefault("TEST", {})["NAME"] = str(DATA_DIR / "test.sqlite3")
    django.setup()
    # A worker of xdist inherits this environment: named there, the settings would be loaded, with
    # the data directory of its parent, before this file gives it one of its own.
    del os.environ["DJANGO_SETTINGS_MODULE"]


_prepare_environment()
_prepare_django()
