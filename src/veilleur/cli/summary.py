"""The table at the end of the demo: what was read and how it was sorted, from the database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from django.db.models import Count, QuerySet
from rich.table import Table
from rich.text import Text

from veilleur.cli.door import out
from veilleur.cli.words import language, number, say
from veilleur.desk.accounts.models import Organisation
from veilleur.desk.inbox.columns import reason_of
from veilleur.desk.inbox.models import TicketRow
from veilleur.desk.sources.models import CollectionRun, RunState
from veilleur.triage import Policy, house_policy, load_policy, sentences
from veilleur.vocabulary import Reason

TOP = 5
SENTIMENTS = {
    "pos": ("positive", "positifs"),
    "neg": ("negative", "négatifs"),
    "mixed": ("mixed", "mitigés"),
    "neu": ("neutral", "neutres"),
    "": ("untold", "sans avis"),
}
LANGUAGES = {"fr": ("French", "français"), "en": ("English", "anglais"), "other": ("other", "autres")}


def show_summary(organisations: list[Organisation]) -> None:
    """One table, one column per organisation."""
    table = Table(title=say("What was read", "Ce qui a été lu"), show_lines=True)
    table.add_column("")
    for organisation in organisations:
        table.add_column(organisation.name, overflow="fold")
    policies = [_policy(organisation) for organisation in organisations]
    pairs = list(zip(organisations, policies, strict=True))
    table.add_row(say("messages", "messages"), *(number(_tickets(one).count()) for one in organisations))
    table.add_row(say("languages", "langues"), *(_share(one, "language", LANGUAGES) for one in organisations))
    table.add_row(
        say("sentiment", "ressenti"), *(_share(one, "sentiment", SENTIMENTS) for one in organisations)
    )
    table.add_row(say("queues", "files"), *(_queues(one, policy) for one, policy in pairs))
    table.add_row(say("top reasons", "premières raisons"), *(_reasons(one, policy) for one, policy in pairs))
    table.add_row(say("seconds", "secondes"), *(f"{_seconds(one):.1f}" for one in organisations))
    table.add_row(say("messages/s", "messages/s"), *(_speed(one) for one in organisations))
    out.print(table)


def _tickets(organisation: Organisation) -> QuerySet[TicketRow]:
    return TicketRow.objects.filter(organisation=organisation)


def _policy(organisation: Organisation) -> Policy:
    return load_policy(organisation.triage_policy) if organisation.triage_policy else house_policy()


def _share(organisation: Organisation, column: str, words: dict[str, tuple[str, str]]) -> Text:
    return _lines((say(*words[value]), count) for value, count in _counted(organisation, column))


def _queues(organisation: Organisation, policy: Policy) -> Text:
    return _lines(
        (policy.queue_name(queue, language()), count) for queue, count in _counted(organisation, "queue")
    )


def _counted(organisation: Organisation, column: str) -> list[tuple[str, int]]:
    counted = _tickets(organisation).values_list(column).annotate(count=Count("pk"))
    return list(counted.order_by("-count", column))


def _reasons(organisation: Organisation, policy: Policy) -> Text:
    """The rules that spoke most often; what filled each sentence differs from ticket to ticket."""
    rules = Counter(
        reason_of(record).rule
        for records in _tickets(organisation).values_list("reasons", flat=True).iterator()
        for record in records
    )
    top = rules.most_common(TOP)
    told = sentences([Reason(rule) for rule, _ in top], policy, language())
    return _lines(zip(told, (count for _, count in top), strict=True))


def _lines(pairs: Iterable[tuple[str, int]]) -> Text:
    return Text("\n").join(Text(f"{number(count)} {word}") for word, count in pairs)


def _seconds(organisation: Organisation) -> float:
    runs = CollectionRun.objects.filter(organisation=organisation, state=RunState.DONE)
    spans = (run.finished_at - run.started_at for run in runs if run.finished_at and run.started_at)
    return sum(span.total_seconds() for span in spans)


def _speed(organisation: Organisation) -> str:
    return number(round(_tickets(organisation).count() / max(_seconds(organisation), 0.001)))
