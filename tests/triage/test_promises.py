"""Which promise holds, what is owed, and when that is due."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime, timedelta

import pytest

from veilleur.triage import house_policy, house_policy_text, load_policy
from veilleur.triage.promises import Counting, Delay, Owed, Promise, Promises, Step
from veilleur.vocabulary import Priority

HOUR = timedelta(hours=1)
TUESDAY = datetime(2026, 11, 10, 16, 0, tzinfo=UTC)
"""17:00 in Paris, on the eve of a holiday."""


def promise(
    queue: str = "", priority: Priority | None = None, answer: int | None = 8, close: int | None = None
) -> Promise:
    return Promise(queue, priority, answer and answer * HOUR, close and close * HOUR)  # type: ignore[arg-type]


def test_the_most_precise_promise_holds() -> None:
    every, today, queue, both = (
        promise(), promise(priority=Priority.TODAY), promise("law"), promise("law", Priority.TODAY)
    )  # fmt: skip
    promises = Promises(promises=(every, today, queue, both))
    assert promises.of("law", Priority.TODAY) is both
    assert promises.of("law", Priority.NORMAL) is queue
    assert promises.of("spam", Priority.TODAY) is today
    assert promises.of("spam", Priority.NONE) is every


def test_without_a_promise_the_delay_of_the_rule_holds() -> None:
    delay = Delay(4 * HOUR)
    assert Promises().owed("law", Priority.TODAY, delay) == Owed(Step.LOOK, delay)
    assert Promises().owed("law", Priority.TODAY, None) is None


def test_an_answer_is_owed_first_and_the_end_of_the_work_then() -> None:
    promises = Promises(promises=(promise(answer=8, close=24),))
    first = promises.owed("law", Priority.TODAY, None)
    then = promises.owed("law", Priority.TODAY, None, is_answered=True)
    assert (first and first.step, then and then.step) == (Step.ANSWER, Step.CLOSE)
    assert Promises(promises=(promise(),)).owed("law", Priority.TODAY, None, is_answered=True) is None


def test_a_crisis_counts_by_the_clock() -> None:
    kept = Promise(answer_in=HOUR, counting=Counting.WORKED, pauses=True)
    promises = Promises(promises=(kept,))
    owed = promises.owed("danger", Priority.IMMEDIATE, None)
    assert owed is not None
    assert owed.delay.counting is Counting.CLOCK
    assert not owed.pauses
    assert promises.due(owed, TUESDAY).at == TUESDAY + HOUR


def test_working_hours_leave_a_holiday_out_and_a_pause_too() -> None:
    promises = Promises(promises=(promise(),))
    owed = promises.owed("law", Priority.TODAY, None)
    assert owed is not None
    due = promises.due(owed, TUESDAY)
    assert due.at == datetime(2026, 11, 12, 16, 0, tzinfo=UTC)
    assert due.near_at == datetime(2026, 11, 12, 14, 24, tzinfo=UTC)
    assert promises.due(owed, TUESDAY, paused=HOUR).at == datetime(2026, 11, 12, 17, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "delay"), [("4h", Delay(4 * HOUR)), ("8h worked", Delay(8 * HOUR, Counting.WORKED))]
)
def test_a_policy_may_count_in_working_hours(text: str, delay: Delay) -> None:
    policy = load_policy(house_policy_text().replace('due_in = "1h"', f'due_in = "{text}"', 1))
    assert policy.rules[0].due_in == delay


def test_a_policy_travels_to_another_process() -> None:
    assert pickle.loads(pickle.dumps(house_policy())) == house_policy()
