"""What the API does when nobody waits for it."""

from __future__ import annotations

import threading

from veilleur.desk.api.delivering import deliver_what_waits, forget_deliveries
from veilleur.desk.api.door import forget_answers
from veilleur.desk.jobs import keep_at


def tell_and_forget() -> None:
    """Delivers what waits, and deletes what is kept no longer."""
    deliver_what_waits()
    forget_deliveries()
    forget_answers()


def keep_telling(stop: threading.Event) -> None:
    """`tell_and_forget`, again and again."""
    keep_at(tell_and_forget, stop)
