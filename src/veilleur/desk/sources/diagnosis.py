"""What ails a source, in plain words: its network is asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from veilleur.desk.sources.connections import connector_of
from veilleur.desk.sources.models import Source
from veilleur.errors import CredentialsRefused, InvalidInput, NetworkFailed, Throttled
from veilleur.listening.client import Client
from veilleur.listening.connector import Remark
from veilleur.vocabulary import Words

MOST_DRIFT = timedelta(minutes=2)
"""Between our clock and that of a network; signed requests and tokens fail beyond."""


def diagnosis_of(source: Source) -> list[Remark]:
    """What its network says of our settings, and whether our clocks agree."""
    try:
        connector = connector_of(source)
    except InvalidInput as broken:
        return [_bad(f"Ses réglages ne se lisent plus : {broken}", f"Its settings cannot be read: {broken}")]
    if connector is None:
        return [_bad("Cette source n’a pas de connexion.", "This source has no connection.")]
    with Client() as client:
        try:
            remarks = list(connector.check(client))
        except CredentialsRefused as refused:
            remarks = [
                _bad(f"Le réseau ne nous reconnaît pas : {refused}", f"It does not know us: {refused}")
            ]
        except Throttled as wait:
            seconds = round(wait.seconds)
            remarks = [_bad(f"Le réseau demande d’attendre {seconds} s.", f"It asks to wait {seconds} s.")]
        except NetworkFailed as failed:
            remarks = [_bad(f"Le réseau ne répond pas : {failed}", f"It does not answer: {failed}")]
        remarks += _clock(client.date)
    return remarks


def _bad(french: str, english: str) -> Remark:
    return Remark(Words({"fr": french, "en": english}), is_good=False)


def _clock(said: str) -> list[Remark]:
    """Whether our clock agrees with the `Date` of the last answer."""
    try:
        theirs = parsedate_to_datetime(said)
    except (TypeError, ValueError):
        return []
    drift = abs(datetime.now(UTC) - (theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC)))
    if drift <= MOST_DRIFT:
        return []
    seconds = round(drift.total_seconds())
    return [
        _bad(
            f"L’horloge de cette machine diffère de {seconds} s de celle du réseau.",
            f"The clock of this machine differs by {seconds} s from that of the network.",
        )
    ]
