"""The walls of a Facebook page: its posts with their comments, posts that name it, recommendations."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field

from veilleur.listening import asking
from veilleur.listening.asking import Said, Shape
from veilleur.listening.client import Client
from veilleur.listening.connector import Heard
from veilleur.listening.graph import NOBODY, Graph, Id, Listing, Node
from veilleur.listening.graph_rounds import Edge, Post
from veilleur.vocabulary import Rating

SITE = "https://www.facebook.com"
POSTS, COMMENTS, MORE_COMMENTS = 10, 25, 100
"""In one answer: posts, comments under each of them, comments of one post beyond these."""
COMMENT = "id,message,from{id},created_time,parent{id},permalink_url"
ENTRY = "id,message,from{id},created_time,permalink_url"
INLINE = f"comments.filter(stream).order(reverse_chronological).limit({COMMENTS}).summary(true){{{COMMENT}}}"
RECOMMENDATION = (
    "created_time,has_rating,rating,recommendation_type,review_text,reviewer{id},open_graph_story{id}"
)
NAMELESS = "rating:"
"""Begins the id of a recommendation to which Facebook gives none."""
TITLES = {"positive": "Recommande cette page", "negative": "Ne recommande pas cette page"}


class Message(Shape):
    """A comment, or a post."""

    id: Id
    message: Said = ""
    by: Annotated[Node, Field(alias="from")] = NOBODY
    created: Annotated[Said, Field(alias="created_time")] = ""
    url: Annotated[Said, Field(alias="permalink_url")] = ""
    parent: Node = NOBODY

    def heard(self, page: str, parent: str) -> Heard:
        """As the host wants it."""
        return Heard(
            self.id,
            self.message,
            author=self.by.id,
            url=_address(self.url),
            parent=parent,
            published_at=asking.moment(self.created),
            is_own=self.by.id == page,
        )


class Entry(Message):
    """A post with its newest comments."""

    comments: Listing = Listing()


class Recommendation(Shape):
    """Has no id of its own; a page that still has stars has a rating besides."""

    created: Annotated[Said, Field(alias="created_time")] = ""
    has_rating: bool = False
    rating: Any = None
    kind: Annotated[Said, Field(alias="recommendation_type")] = ""
    text: Annotated[Said, Field(alias="review_text")] = ""
    reviewer: Node = NOBODY
    story: Annotated[Node, Field(alias="open_graph_story")] = NOBODY

    def id(self, page: str) -> str:
        """That of its story; else a digest of who wrote it and when, or of its words."""
        if self.story.id:
            return self.story.id
        who = [self.reviewer.id, self.created]
        told = json.dumps([page, *(who if any(who) else [self.text])])
        return NAMELESS + hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()[:32]

    def heard(self, page: str) -> Heard:
        """As the host wants it; yes or no is no number of stars, and stands in the title."""
        return Heard(
            self.id(page),
            self.text,
            author=self.reviewer.id,
            title=TITLES.get(self.kind.lower(), ""),
            url=f"{SITE}/{page}/reviews",
            published_at=asking.moment(self.created),
            rating=_stars(self.rating) if self.has_rating else None,
        )


class _Listed:
    """What the walls of one page have in common."""

    def __init__(self, graph: Graph, page: str) -> None:
        self._graph, self._page = graph, page

    def is_there(self, message: str, client: Client) -> bool:
        """What has no id of its own counts as there."""
        return message.startswith(NAMELESS) or self._graph.is_there(message, client)

    def more(self, _post: Post, _edge: Edge, _client: Client) -> tuple[Sequence[Heard], Sequence[Edge]]:
        """Nothing stands under what is only listed."""
        return (), ()


class Feed(_Listed):
    """What the page and its visitors post, and the comments under it.

    A post of the page itself is no message. The comments under a visitor's post answer it.
    """

    def page(self, after: str, client: Client) -> tuple[list[Post], str]:
        """See `Wall`."""
        params = {"fields": f"{ENTRY},{INLINE}", "limit": str(POSTS)}
        told = self._graph.listed(f"{self._page}/feed", params, client, after)
        return [self._post(entry) for entry in asking.each(Entry, told.data)], told.after

    def more(self, post: Post, edge: Edge, client: Client) -> tuple[Sequence[Heard], Sequence[Edge]]:
        """See `Wall`."""
        told = comments(self._graph, edge, client)
        return self._heard(post.entry, told), _more(edge[0], told)

    def _post(self, entry: Entry) -> Post:
        itself = [] if entry.by.id == self._page else [entry.heard(self._page, "")]
        messages = (*itself, *self._heard(entry, entry.comments))
        path, total = f"{entry.id}/comments", entry.comments.summary.total_count
        return Post(entry.id, messages, total, _more(path, entry.comments), entry)

    def _heard(self, entry: Entry, told: Listing) -> list[Heard]:
        top = "" if entry.by.id == self._page else entry.id
        found = asking.each(Message, told.data)
        return [one.heard(self._page, one.parent.id or top) for one in found]


class Tagged(_Listed):
    """Posts of others that name the page."""

    def page(self, after: str, client: Client) -> tuple[list[Post], str]:
        """See `Wall`."""
        params = {"fields": ENTRY, "limit": str(MORE_COMMENTS)}
        told = self._graph.listed(f"{self._page}/tagged", params, client, after)
        found = [one.heard(self._page, "") for one in asking.each(Message, told.data)]
        return [Post(one.id, (one,)) for one in found if not one.is_own], told.after


class Recommendations(_Listed):
    """Of the page."""

    def page(self, after: str, client: Client) -> tuple[list[Post], str]:
        """See `Wall`."""
        params = {"fields": RECOMMENDATION, "limit": str(MORE_COMMENTS)}
        told = self._graph.listed(f"{self._page}/ratings", params, client, after)
        found = [one.heard(self._page) for one in asking.each(Recommendation, told.data)]
        return [Post(one.id, (one,)) for one in found], told.after


def comments(graph: Graph, edge: Edge, client: Client) -> Listing:
    """A page of all comments in a tree, the newest first."""
    path, after = edge
    params = {"filter": "stream", "order": "reverse_chronological", "fields": COMMENT}
    return graph.listed(path, {**params, "limit": str(MORE_COMMENTS)}, client, after)


def _more(path: str, told: Listing) -> tuple[Edge, ...]:
    return ((path, told.after),) if told.after else ()


def _address(given: str) -> str:
    if given.startswith("/"):
        return SITE + given
    return given if given.startswith("https://") else ""


def _stars(given: object) -> Rating | None:
    if isinstance(given, bool) or not isinstance(given, int | float) or not 1 <= given <= 5:
        return None
    return Rating(float(given), worst=1, best=5)
