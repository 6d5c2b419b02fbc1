"""What people said of a reading, laid over what the machine read: the reading itself stays as it was."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from veilleur.desk.inbox.models import Correction, MentionRow
from veilleur.vocabulary import Because, Finding, Reading, Why


def corrections_of(mentions: Sequence[MentionRow]) -> Mapping[int, list[Correction]]:
    """By mention id: the corrections in force of its latest version, oldest first; none for unknown ids."""
    digests = {mention.pk: mention.digest for mention in mentions}
    found: dict[int, list[Correction]] = defaultdict(list)
    for row in Correction.objects.filter(mention__in=list(digests), withdrawn=False).order_by("id"):
        if row.digest == digests[row.mention_id]:
            found[row.mention_id].append(row)
    return found


def corrected(reading: Reading, corrections: Iterable[Correction]) -> Reading:
    """The reading as people corrected it; a later correction of the same analyzer wins."""
    labels = {row.analyzer: row.now for row in corrections}
    if not labels:
        return reading
    kept = [finding for finding in reading.findings if finding.analyzer not in labels]
    said = [Finding(analyzer, label, 1.0, Why(Because.PERSON)) for analyzer, label in labels.items()]
    return replace(reading, findings=(*kept, *said))
