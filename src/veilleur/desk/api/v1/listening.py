"""Endpoints of watches, lists of words, and views that people keep."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from django.db.models import Count, QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from ninja import Router, Schema
from pydantic import Field

from veilleur.desk.accounts.permissions import Workplace
from veilleur.desk.api.door import CONFIGURE, READ, Call
from veilleur.desk.api.problems import invalid, require_valid
from veilleur.desk.api.v1.words import Strict, Text
from veilleur.desk.inbox import list_actions, view_actions, watch_actions
from veilleur.desk.inbox.forms import FilterForm, SavedViewForm, WordListForm
from veilleur.desk.inbox.models import SavedView, Watch, WordList
from veilleur.desk.inbox.queries.listing import count_of, saved_views
from veilleur.desk.inbox.watch_forms import LONGEST, WatchForm
from veilleur.desk.inbox.watching import preview, whole_query
from veilleur.errors import QueryInvalid
from veilleur.listening.queries import mistake

router = Router(tags=["Watches and views"])


class WatchSaid(Strict):
    """Something to listen for."""

    name: Annotated[Text, Field(min_length=1, max_length=80)]
    query: Annotated[Text, Field(min_length=1, max_length=LONGEST)]
    excluded: Annotated[Text, Field(max_length=LONGEST)] = ""
    subject: Literal["theme", "practitioner", "establishment", "product"] = "theme"
    identifier: Annotated[Text, Field(max_length=14)] = Field("", description="RPPS or FINESS.")


class WatchShown(WatchSaid):
    """Something that is listened for."""

    id: int
    messages: int = Field(description="How many answer it so far.")
    scanned_at: datetime | None = Field(description="When the past had been looked through.")


class Asking(Strict):
    """A query to try."""

    query: Annotated[Text, Field(min_length=1, max_length=LONGEST)]
    excluded: Annotated[Text, Field(max_length=LONGEST)] = ""


class Tried(Schema):
    """What a query would have brought."""

    count: str = Field(description='As shown: "12", or "999+".')
    is_whole: bool = Field(description="Whether the past was looked through far enough to say so.")
    tickets: list[int] = Field(description="The newest that answer.")


class WordsSaid(Strict):
    """Words under a name."""

    name: str = Field(max_length=40, pattern=r"^[-a-zA-Z0-9_]+$")
    words: Annotated[Text, Field(min_length=1, max_length=10_000)] = Field(description="One a line.")


class WordsShown(WordsSaid):
    """A list of words."""

    id: int
    watches: list[int] = Field(description="Those that use it.")


class ViewSaid(Strict):
    """A way to look at the list."""

    name: Annotated[Text, Field(min_length=1, max_length=60)]
    query: Annotated[Text, Field(max_length=4000)] = Field(
        "", description="Filters as the end of an address."
    )
    is_shared: bool = Field(default=False, description="Whether it is everybody's.")


class ViewShown(ViewSaid):
    """A view that somebody keeps."""

    id: int


class Counted(Schema):
    """How many messages a view shows."""

    count: str = Field(description='As shown: "12", or "999+".')


@router.get("/watches", auth=READ, response=list[WatchShown])
def list_watches(request: Call) -> list[WatchShown]:
    """What is listened for, by name."""
    return [_watch_shown(row) for row in _watches(request.auth).order_by("name")]


@router.post("/watches", auth=CONFIGURE, response={201: WatchShown})
def add_watch(request: Call, said: WatchSaid) -> WatchShown:
    """Listens for something new; what is stored is looked through."""
    return _watch_kept(request.auth, Watch(organisation=request.auth.organisation), said)


@router.post("/watches/preview", auth=CONFIGURE, response=Tried)
def preview_watch(request: Call, said: Asking) -> Tried:
    """What a query would have brought so far."""
    place = request.auth
    try:
        found = preview(place, whole_query(said.query, said.excluded, place.organisation))
    except QueryInvalid as error:
        raise invalid("query", mistake(error, "en")) from error
    return Tried(count=found.count, is_whole=found.is_whole, tickets=[row.id for row in found.rows])


@router.get("/watches/{int:watch}", auth=READ, response=WatchShown)
def read_watch(request: Call, watch: int) -> WatchShown:
    """One watch."""
    return _watch_shown(get_object_or_404(_watches(request.auth), pk=watch))


@router.put("/watches/{int:watch}", auth=CONFIGURE, response=WatchShown)
def change_watch(request: Call, watch: int, said: WatchSaid) -> WatchShown:
    """Another query, or another name."""
    known = get_object_or_404(Watch, organisation=request.auth.organisation, pk=watch)
    return _watch_kept(request.auth, known, said)


@router.delete("/watches/{int:watch}", auth=CONFIGURE, response={204: None})
def drop_watch(request: Call, watch: int) -> HttpResponse:
    """Listens for it no more; the messages stay."""
    place = request.auth
    watch_actions.drop_watch(place, get_object_or_404(Watch, organisation=place.organisation, pk=watch))
    return HttpResponse(status=204)


@router.get("/word-lists", auth=READ, response=list[WordsShown])
def list_word_lists(request: Call) -> list[WordsShown]:
    """Lists of words that watches and searches share."""
    rows = WordList.objects.filter(organisation=request.auth.organisation).order_by("name")
    return list(map(_words_shown, rows))


@router.post("/word-lists", auth=CONFIGURE, response={201: WordsShown})
def add_word_list(request: Call, said: WordsSaid) -> WordsShown:
    """A new list."""
    return _words_kept(request.auth, WordList(organisation=request.auth.organisation), said)


@router.put("/word-lists/{int:word_list}", auth=CONFIGURE, response=WordsShown)
def change_word_list(request: Call, word_list: int, said: WordsSaid) -> WordsShown:
    """Other words; the name of a list that watches use stays."""
    place = request.auth
    known = get_object_or_404(WordList, organisation=place.organisation, pk=word_list)
    if known.name != said.name and list_actions.users_of(known):
        raise invalid("name", "Watches use this list: its name stays.")
    return _words_kept(place, known, said)


@router.delete("/word-lists/{int:word_list}", auth=CONFIGURE, response={204: None})
def drop_word_list(request: Call, word_list: int) -> HttpResponse:
    """Forgets a list that no watch uses."""
    place = request.auth
    known = get_object_or_404(WordList, organisation=place.organisation, pk=word_list)
    list_actions.drop_list(place, known)
    return HttpResponse(status=204)


@router.get("/views", auth=READ, response=list[ViewShown])
def list_views(request: Call) -> list[ViewShown]:
    """What the token's maker keeps, and what everybody does."""
    return list(map(_view_shown, saved_views(request.auth)))


@router.post("/views", auth=READ, response={201: ViewShown})
def add_view(request: Call, said: ViewSaid) -> ViewShown:
    """Keeps a view under a name."""
    return _view_kept(request.auth, SavedView(organisation=request.auth.organisation), said)


@router.get("/views/{int:view}/count", auth=READ, response=Counted)
def count_view(request: Call, view: int) -> Counted:
    """How many messages a view shows."""
    return Counted(count=count_of(request.auth, get_object_or_404(saved_views(request.auth), pk=view)))


@router.put("/views/{int:view}", auth=READ, response=ViewShown)
def change_view(request: Call, view: int, said: ViewSaid) -> ViewShown:
    """Another name, other filters, or for others too."""
    return _view_kept(request.auth, view_actions.own_view(request.auth, view), said)


@router.delete("/views/{int:view}", auth=READ, response={204: None})
def drop_view(request: Call, view: int) -> HttpResponse:
    """Forgets a view; the messages stay."""
    view_actions.drop_view(request.auth, view_actions.own_view(request.auth, view))
    return HttpResponse(status=204)


def _watches(place: Workplace) -> QuerySet[Watch]:
    return Watch.objects.filter(organisation=place.organisation).annotate(messages=Count("hits"))


def _watch_kept(place: Workplace, known: Watch, said: WatchSaid) -> WatchShown:
    form = WatchForm(said.model_dump(), instance=known)
    require_valid(form)
    kept = watch_actions.keep_watch(place, form.save(commit=False))
    return _watch_shown(_watches(place).get(pk=kept.pk))


def _watch_shown(row: Watch) -> WatchShown:
    names = ("id", "name", "query", "excluded", "subject", "identifier", "messages", "scanned_at")
    return WatchShown(**{name: getattr(row, name) for name in names})


def _words_kept(place: Workplace, known: WordList, said: WordsSaid) -> WordsShown:
    form = WordListForm(said.model_dump(), instance=known)
    require_valid(form)
    return _words_shown(list_actions.keep_list(place, form.save(commit=False)))


def _words_shown(row: WordList) -> WordsShown:
    users = [watch.pk for watch in list_actions.users_of(row)]
    return WordsShown(id=row.pk, name=row.name, words=row.words, watches=users)


def _view_kept(place: Workplace, view: SavedView, said: ViewSaid) -> ViewShown:
    form, filters = SavedViewForm(said.model_dump()), FilterForm(QueryDict(said.query))
    require_valid(form)
    view.query = filters.filters().query()
    if filters.errors:
        raise invalid("query", " ".join(filters.ignored()))
    return _view_shown(view_actions.keep_view(place, view, **form.cleaned_data))


def _view_shown(row: SavedView) -> ViewShown:
    return ViewShown(id=row.pk, name=row.name, query=row.query, is_shared=row.owner_id is None)
