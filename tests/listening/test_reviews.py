"""Lists of reviews, the newest first: whatever happens on a network, the desk ends with what is there."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veilleur.errors import CredentialsRefused, NetworkRefused
from veilleur.listening import reviews
from veilleur.listening.connector import Gone, Heard
from veilleur.listening.reviews import Listing, Memory, Review, Seen

WINDOW = 4


@dataclass
class Network:
    """Reviews by id: (moment, words, reply); pages end at a moment, as a good network has it."""

    size: int
    is_by_edit: bool
    """Whether an edit takes a review to the top."""
    there: dict[str, tuple[float, str, str]] = field(default_factory=dict)
    clock: float = 0.0
    asked: list[str] = field(default_factory=list)
    left: dict[str, float] = field(default_factory=dict)
    """The moment of each review that was deleted."""

    def act(self, act: str, number: int) -> None:
        names = sorted(self.there)
        if act == "add":
            self.add()
        elif names:
            name = names[number % len(names)]
            acts = {"edit": self.edit, "delete": self.delete, "silence": self.answer}
            acts.get(act, lambda which: self.answer(which, f"reply {number}"))(name)

    def tick(self) -> float:
        self.clock += 1
        return self.clock

    def add(self) -> None:
        moment = self.tick()
        self.there[f"r{moment:g}"] = (moment, f"said {moment:g}", "")

    def edit(self, name: str) -> None:
        at, _said, reply = self.there[name]
        moment = self.tick()
        self.there[name] = (moment if self.is_by_edit else at, f"said {moment:g}", reply)

    def delete(self, name: str) -> None:
        self.left[name] = self.there.pop(name)[0]

    def answer(self, name: str, reply: str = "") -> None:
        at, said, _reply = self.there[name]
        self.there[name] = (at, said, reply)

    def ask(self, token: str) -> Listing:
        self.asked.append(token)
        below = float(token or "inf")
        newest = sorted(self.there.items(), key=lambda entry: entry[1][0], reverse=True)
        left = [entry for entry in newest if entry[1][0] < below]
        page = left[: self.size]
        following = f"{page[-1][1][0]:g}" if len(left) > self.size else ""
        return Listing(tuple(review(name, *told) for name, told in page), following)

    def is_gone(self, name: str) -> bool:
        return name not in self.there


@dataclass
class Desk:
    """What was brought, by id."""

    cursor: str = ""
    held: dict[str, str] = field(default_factory=dict)

    def collect(self, network: Network, pages: int) -> None:
        memory = reviews.memories(self.cursor).get("all", Memory())
        for items, after in reviews.walk(memory, network.ask, network.is_gone, WINDOW):
            for item in items:
                if isinstance(item, Gone):
                    self.held.pop(item.id, None)
                else:
                    self.held[item.id] = item.text
            self.cursor = reviews.cursor({"all": after})
            pages -= 1
            if not pages:
                return

    @property
    def low(self) -> float:
        return reviews.memories(self.cursor)["all"].low


def review(name: str, at: float, said: str, reply: str = "") -> Review:
    own = Heard(reviews.reply_id(name), reply, parent=name, is_own=True) if reply else None
    return Review(Heard(name, said), at, own)


ACTS = st.lists(
    st.tuples(
        st.sampled_from(["add", "add", "edit", "delete", "answer", "silence", "collect"]), st.integers(0, 30)
    ),
    max_size=40,
)


@given(ACTS, st.integers(1, 5), st.booleans())
def test_the_desk_ends_with_what_is_there(acts, size, is_by_edit):
    network, desk = Network(size, is_by_edit), Desk()
    for act, number in acts:
        if act == "collect":
            desk.collect(network, pages=1 + number % 4)
        else:
            network.act(act, number)
    for _time in range(2):
        desk.collect(network, pages=1000)
    assert set(network.there) <= set(desk.held)
    newest = sorted(network.there.items(), key=lambda entry: entry[1][0], reverse=True)[:WINDOW]
    for name, (_at, said, reply) in newest:
        assert desk.held[name] == said
        assert desk.held.get(reviews.reply_id(name), "") == reply
    for name in set(desk.held) - set(network.there):
        if not name.endswith("/reply"):
            assert network.left[name] <= desk.low
    desk.collect(network, pages=1000)
    if is_by_edit:
        assert all(desk.held[name] == said for name, (_at, said, _reply) in network.there.items())


@given(st.integers(1, 30), st.integers(1, 7))
def test_nothing_new_brings_nothing(count, size):
    network, desk = Network(size, is_by_edit=False), Desk()
    for _number in range(count):
        network.add()
    desk.collect(network, pages=1000)
    held, network.asked, before = dict(desk.held), [], desk.cursor
    desk.held = {}
    desk.collect(network, pages=1000)
    assert (len(held), desk.held, desk.cursor) == (count, {}, before)
    assert len(network.asked) <= -(-WINDOW // size)


def test_deletions_do_not_make_the_whole_list_be_read_again():
    network, desk = Network(2, is_by_edit=False), Desk()
    for _number in range(20):
        network.add()
    desk.collect(network, pages=1000)
    for name in ("r20", "r19", "r18"):
        del network.there[name]
    network.asked.clear()
    desk.collect(network, pages=1000)
    assert max(desk.held, key=lambda name: int(name[1:])) == "r17"
    assert len(network.asked) == 1
    assert len(reviews.memories(desk.cursor)["all"].known) == 2
    network.asked.clear()
    for _number in range(3):
        network.add()
    desk.collect(network, pages=1000)
    assert len(reviews.memories(desk.cursor)["all"].known) == WINDOW


def test_a_review_without_a_date_is_brought_each_time_and_stops_nothing():
    page = (review("new", 2.0, "a"), review("undated", 0.0, "b"), review("old", 1.0, "c"))
    brought = [
        [item.id for item in items]
        for _time in range(2)
        for items, _memory in reviews.walk(Memory(), lambda _token: Listing(page, ""), lambda _name: True, 9)
    ]
    assert brought == [["old", "undated", "new"]] * 2
    ((_items, memory),) = reviews.walk(Memory(), lambda _token: Listing(page, ""), lambda _name: True, 9)
    ((items, _after),) = reviews.walk(memory, lambda _token: Listing(page, ""), lambda _name: True, 9)
    assert [item.id for item in items] == ["undated"]


@pytest.mark.parametrize("error", [NetworkRefused("no"), CredentialsRefused("no")])
def test_what_is_refused_is_told_unless_only_the_token_is(error):
    def ask(token: str) -> Listing:
        if token or isinstance(error, CredentialsRefused):
            raise error
        return Listing((review("new", 2.0, "a"),), "next")

    pages = reviews.walk(Memory(), ask, lambda _name: True, 9)
    if isinstance(error, CredentialsRefused):
        with pytest.raises(CredentialsRefused):
            next(pages)
        return
    _items, memory = next(pages)
    with pytest.raises(NetworkRefused):
        next(pages)
    pages = reviews.walk(memory, ask, lambda _name: True, 9)
    assert next(pages)[0] == ()
    with pytest.raises(NetworkRefused):
        next(pages)


def test_a_cursor_comes_back_as_it_was():
    memory = Memory("t", 1.5, 0.25, {"a": Seen(2.0, "d", "e")})
    assert reviews.memories(reviews.cursor({"x": memory})) == {"x": memory}
