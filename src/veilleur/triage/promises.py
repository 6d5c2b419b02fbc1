"""What a house promises: how soon a message is answered, how soon its work is done, in which hours.

The delay that a sorting rule names holds where nothing is promised. From both comes one due time.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from veilleur.triage.calendars import NO_TIME, Calendar
from veilleur.vocabulary import Priority

NEAR = 0.8
"""Part of a delay after which it is nearly over."""


class Counting(StrEnum):
    """Which time passes."""

    CLOCK = "clock"
    WORKED = "worked"


class Step(StrEnum):
    """What is owed next."""

    LOOK = "look"
    ANSWER = "answer"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Delay:
    """How long something may take."""

    length: timedelta
    counting: Counting = Counting.CLOCK


@dataclass(frozen=True, slots=True)
class Promise:
    """How soon the messages of a queue and of a priority are answered, and done with."""

    queue: str = ""
    """Empty: any."""
    priority: Priority | None = None
    """None: any."""
    answer_in: timedelta | None = None
    close_in: timedelta | None = None
    counting: Counting = Counting.WORKED
    pauses: bool = False
    """Whether the clock stands still while a message is put away."""

    def holds_for(self, queue: str, priority: Priority) -> bool:
        """Whether it speaks of such messages."""
        return self.queue in {"", queue} and self.priority in {None, priority}

    @property
    def precision(self) -> tuple[bool, bool]:
        """Sort key: what names a queue comes before what names a priority, and that before neither."""
        return self.queue != "", self.priority is not None


@dataclass(frozen=True, slots=True)
class Owed:
    """What must be done next, within which delay."""

    step: Step
    delay: Delay
    promise: Promise | None = None
    """None: the delay is that of the sorting rule."""

    @property
    def pauses(self) -> bool:
        """Whether the clock stands still while the message is put away."""
        return self.promise is not None and self.promise.pauses


@dataclass(frozen=True, slots=True)
class Due:
    """When something is owed, and from when on that is near."""

    at: datetime
    near_at: datetime


@dataclass(frozen=True, slots=True)
class Promises:
    """All that a house promises, and when it works."""

    calendar: Calendar = field(default_factory=Calendar)
    promises: tuple[Promise, ...] = ()

    def of(self, queue: str, priority: Priority) -> Promise | None:
        """The promise that speaks most precisely of such messages."""
        holding = [one for one in self.promises if one.holds_for(queue, priority)]
        return max(holding, key=lambda one: one.precision, default=None)

    def owed(
        self, queue: str, priority: Priority, due_in: Delay | None, *, is_answered: bool = False
    ) -> Owed | None:
        """What is owed next; None when nothing is. `due_in` is what the sorting rule asks for.

        What presses most never waits for working hours, nor while it is put away.
        """
        promise, is_crisis = self.of(queue, priority), priority is Priority.IMMEDIATE
        if promise is None:
            owed = Owed(Step.LOOK, due_in) if due_in is not None else None
        else:
            owed = _promised(promise, is_answered=is_answered)
        if owed is None or not is_crisis:
            return owed
        kept = replace(owed.promise, pauses=False) if owed.promise else None
        return replace(owed, delay=replace(owed.delay, counting=Counting.CLOCK), promise=kept)

    def due(self, owed: Owed, start: datetime, paused: timedelta = NO_TIME) -> Due:
        """When something is due that is owed since `start`; `paused` is how long the clock stood still."""
        length = owed.delay.length
        return Due(
            self.after(owed.delay.counting, start, length + paused),
            self.after(owed.delay.counting, start, length * NEAR + paused),
        )

    def after(self, counting: Counting, start: datetime, length: timedelta) -> datetime:
        """The moment at which so much time has passed."""
        if counting is Counting.WORKED:
            return self.calendar.add_working(start, length)
        return start.astimezone(UTC) + length

    def passed(self, counting: Counting, start: datetime, end: datetime) -> timedelta:
        """How much time passes between two moments; none when the second comes first."""
        if counting is Counting.WORKED:
            return self.calendar.working_between(start, end)
        return max(end - start, NO_TIME)


def _promised(promise: Promise, *, is_answered: bool) -> Owed | None:
    if promise.answer_in is not None and not is_answered:
        return Owed(Step.ANSWER, Delay(promise.answer_in, promise.counting), promise)
    if promise.close_in is not None:
        return Owed(Step.CLOSE, Delay(promise.close_in, promise.counting), promise)
    return None
