"""Replies: drafts that can reveal nothing, and the guard that every reply passes."""

from veilleur.replies.draft import Draft, draft, situation_of, situations, written
from veilleur.replies.guard import Judgement, Rewrite, judge, rewrite, rewritten

__all__ = [
    "Draft",
    "Judgement",
    "Rewrite",
    "draft",
    "judge",
    "rewrite",
    "rewritten",
    "situation_of",
    "situations",
    "written",
]
