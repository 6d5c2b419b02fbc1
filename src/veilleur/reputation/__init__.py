"""What the public says over a stretch of time, in figures: volume, rating, feeling, delay of answers.

Every figure carries the number of messages it rests on and says when that is too few. The formulas
are in the docstrings and, for the people who read the figures, in `docs/reference/reputation.md`.
"""

from veilleur.reputation.periods import Bucket, Period, Point, bucket_for, series
from veilleur.reputation.summary import TOO_FEW, Figure, Summary, summarise
from veilleur.reputation.tally import Counted, Tally, delay_in_hours, merge, tally

__all__ = [
    "TOO_FEW",
    "Bucket",
    "Counted",
    "Figure",
    "Period",
    "Point",
    "Summary",
    "Tally",
    "bucket_for",
    "delay_in_hours",
    "merge",
    "series",
    "summarise",
    "tally",
]
