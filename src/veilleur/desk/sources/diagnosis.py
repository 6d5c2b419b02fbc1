"""What ails a source, in plain words: its network is asked."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial

from django.utils import timezone
from django.utils.translation import override

from veilleur.desk.sources.connections import connector_of
from veilleur.desk.sources.models import Source
from veilleur.desk.sources.sign_in_queries import sign_in_card
from veilleur.errors import CredentialsRefused, InvalidInput, NetworkFailed, Throttled
from veilleur.listening.client import Client
from veilleur.listening.connector import MISBEHAVIOUR, Connector, Remark, remark
from veilleur.vocabulary import Words

log = logging.getLogger(__name__)
_fault = partial(remark, is_good=False)
MOST_DRIFT = timedelta(minutes=2)
"""Between our clock and that of a network; signed requests and tokens fail beyond."""


def diagnosis_of(source: Source) -> list[Remark]:
    """What its network says of our settings, and whether our clocks agree."""
    try:
        connector = connector_of(source)
    except InvalidInput as broken:
        return [_fault(f"Réglages illisibles : {broken}", f"Its settings cannot be read: {broken}")]
    if connector is None:
        return [_fault("Cette source n’a pas de connexion.", "This source has no connection.")]
    signed_in, is_over = _signed_in(source)
    return signed_in if is_over else [*signed_in, *_asked(source, connector)]


def _signed_in(source: Source) -> tuple[list[Remark], bool]:
    """How the sign-in stands, and whether the network need not be asked because of it."""
    said, card = {}, None
    for language in ("fr", "en"):
        with override(language):
            card = sign_in_card(source, timezone.now())
        if card is None:
            return [], False
        said[language] = card.words
    return [Remark(Words(said), is_good=card is not None and card.is_well)], card is not None and card.is_over


def _asked(source: Source, connector: Connector) -> list[Remark]:
    with Client() as client:
        try:
            remarks = list(connector.check(client))
        except CredentialsRefused as refused:
            remarks = [
                _fault(f"Le réseau ne nous reconnaît pas : {refused}", f"It does not know us: {refused}")
            ]
        except Throttled as wait:
            seconds = round(wait.seconds)
            remarks = [_fault(f"Le réseau demande d’attendre {seconds} s.", f"It asks to wait {seconds} s.")]
        except NetworkFailed as failed:
            remarks = [_fault(f"Le réseau ne répond pas : {failed}", f"It does not answer: {failed}")]
        except MISBEHAVIOUR as fault:
            log.exception("source %d", source.pk)
            remarks = [_fault(f"Connecteur en défaut : {fault}", f"Its connector is at fault: {fault}")]
        remarks += _clock(client.date)
    return remarks


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
        _fault(
            f"L’horloge de cette machine diffère de {seconds} s de celle du réseau.",
            f"The clock of this machine differs by {seconds} s from that of the network.",
        )
    ]
