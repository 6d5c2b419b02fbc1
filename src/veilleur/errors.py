"""Every error Veilleur raises on purpose, in one tree.

    VeilleurError
    ├── InvalidInput            somebody gave us something we cannot use
    │   ├── FileRefused         a whole file cannot be read
    │   ├── RowRefused          one row of a file cannot be read; the others go on
    │   ├── PolicyInvalid       a triage policy is not well formed
    │   ├── FieldsInvalid       some fields of a request to the API are wrong
    │   ├── QueryInvalid        a query of a watch or of the inbox cannot be read
    │   ├── PackInvalid         a rule pack is not well formed
    │   └── BackupRefused       a backup cannot be opened, or not here
    ├── PluginInvalid           an installed extension breaks its contract
    ├── ExtraMissing            it needs an optional part that is not installed
    ├── EngineStopped           the processes that read an archive stopped before the end
    ├── NetworkFailed           a network did not do what it was asked, as far as anybody knows
    │   ├── NetworkRefused      it said no, and asking again changes nothing
    │   │   └── CredentialsRefused  it does not know us (any more): a person must connect again
    │   ├── NotReached          nothing was done: it may be asked again later
    │   │   └── Throttled       it asks to wait, and says how long
    │   └── OutcomeUnknown      nobody can say: it is read back before anything else
    ├── ActRefused              the act is not possible in the present state
    │   └── Outdated            somebody else changed the same thing first
    ├── Cancelled               a person stopped a long piece of work
    └── TrailBroken             the audit trail is not what was written

Messages are written for the person who reads them: what is wrong, where, what to do.
"""

from __future__ import annotations

from collections.abc import Mapping


class VeilleurError(Exception):
    """Root of the tree: catch it at the edges (command line, view), nowhere else."""


class InvalidInput(VeilleurError):
    """Somebody gave us something that cannot be used."""


class FileRefused(InvalidInput):
    """The file as a whole cannot be read: unknown format, empty, too large, damaged.

    `code` and `details` let a screen say it in the reader's language
    (`veilleur.listening.files.sentence`); the message itself is English.
    """

    def __init__(self, message: str, code: str = "", details: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.details = dict(details or {})


class RowRefused(InvalidInput):
    """One row cannot become a mention.

    `line` is the 1-based line (or sheet row, or record) in the file; `column` is the
    header of the column at fault, or an empty string; `code` and `details` name the
    reason for a screen that speaks the reader's language.
    """

    def __init__(
        self, line: int, column: str, code: str, message: str, details: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.line = line
        self.column = column
        self.code = code
        self.message = message
        self.details = dict(details or {})

    def __str__(self) -> str:
        where = f"line {self.line}" + (f", column “{self.column}”" if self.column else "")
        return f"{where}: {self.message}"


class PolicyInvalid(InvalidInput):
    """A triage policy is not well formed; the message names the rule and the key.

    `code`, `details` and `place` (the way to the key, as pairs of kind and name) let a screen
    say it in the reader's language (`veilleur.triage.mistake`); the message itself is English.
    """

    def __init__(
        self,
        message: str,
        code: str = "",
        details: Mapping[str, str] | None = None,
        place: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(message)
        self.code = code
        self.details = dict(details or {})
        self.place = place


class FieldsInvalid(InvalidInput):
    """The API cannot use some fields of a request; `fields` says of each what is wrong."""

    def __init__(self, message: str, fields: Mapping[str, str]) -> None:
        super().__init__(message)
        self.fields = dict(fields)


class QueryInvalid(InvalidInput):
    """A query cannot be read; `position` is the code point in it where the mistake stands, from 0.

    `code` and `details` let a screen say it in the reader's language
    (`veilleur.listening.queries.mistake`); the message itself is English. `suggestion` is what was
    probably meant in place of what stands there; empty when nobody can tell.
    """

    def __init__(
        self,
        message: str,
        code: str = "",
        position: int = 0,
        details: Mapping[str, str] | None = None,
        suggestion: str = "",
    ) -> None:
        super().__init__(message)
        self.code = code
        self.position = position
        self.details = dict(details or {})
        self.suggestion = suggestion


class PackInvalid(InvalidInput):
    """A rule pack cannot be used: the message names the rule, what is wrong and what is known."""


class BackupRefused(InvalidInput):
    """A backup cannot be opened (secret, damage, cut short), or does not belong where it is to go."""


class PluginInvalid(VeilleurError):
    """An installed connector, analyzer or rule pack does not keep its contract."""


class ExtraMissing(VeilleurError):
    """What was asked needs an optional part that is not installed; the message names it."""


class EngineStopped(VeilleurError):
    """The processes that read an archive stopped before the end; what was written can be resumed."""


class NetworkFailed(VeilleurError):
    """A network did not do what it was asked, as far as anybody knows."""


class NetworkRefused(NetworkFailed):
    """The network said no, and why: nothing was done, and asking again changes nothing.

    `status` is that of HTTP, 0 without one; `body` the beginning of what came with it.
    """

    def __init__(self, message: str = "", status: int = 0, body: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.body = body


class CredentialsRefused(NetworkRefused):
    """The network does not accept the credentials (any more), or they do not reach so far."""


class NotReached(NetworkFailed):
    """The network was not reached, or could not answer: nothing was done, and it may be asked again."""


class Throttled(NotReached):
    """The network asks to wait `seconds` before the next question."""

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


class OutcomeUnknown(NetworkFailed):
    """Nobody can say whether it was done: it must be read back before anything else."""


class ActRefused(VeilleurError):
    """The act is not possible in the present state, and the message says why."""


class Outdated(ActRefused):
    """Somebody else changed the same thing first: reload, look, decide again."""


class Cancelled(VeilleurError):
    """A person stopped the work; what was committed before stays and can be resumed."""


class TrailBroken(VeilleurError):
    """The audit trail is not what was written; the message names the first wrong line."""
