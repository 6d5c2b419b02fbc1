"""A file that only its passphrase or key file opens, written and read a piece at a time.

    magic · length of the header (4 bytes) · header (JSON) · HMAC-SHA-256 of all that · pieces

From the secret and the salt of the header, scrypt (a passphrase) or HKDF (a key file) makes two keys: one
for the header, one for the pieces. Each piece is AES-256-GCM over `PIECE` bytes, the last one over fewer,
with the nonce `7 bytes of the header · number of the piece · whether it is the last`: a piece that is
changed, missing, doubled or out of its order does not open, nor does a file that was cut.
docs/howto/back-up.md says the same.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import secrets
import struct
from dataclasses import dataclass
from typing import IO, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.utils.translation import gettext as _

from veilleur.errors import BackupRefused

MAGIC = b"VEILLEUR-BACKUP\x01"
PIECE = 1 << 20
TAG = 16
SCRYPT_COST = 1 << 17
"""128 MiB and about half a second for each guess."""
COSTS = frozenset(1 << power for power in range(10, 21))
"""What a header may ask for: at most 1 GiB, once."""
MOST_HEADER = 4096
SHORTEST_KEY = 32
SHORTEST_PASSPHRASE = 12


@dataclass(frozen=True, slots=True)
class Secret:
    """What opens a file; a passphrase is stretched, a key file is not."""

    value: bytes
    is_passphrase: bool

    def __post_init__(self) -> None:
        if self.is_passphrase and len(self.value) < SHORTEST_PASSPHRASE:
            raise BackupRefused(_("A passphrase has at least 12 characters."))
        if not self.is_passphrase and len(self.value) < SHORTEST_KEY:
            raise BackupRefused(_("A key file has at least 32 random bytes."))


class SealedWriter(io.RawIOBase):
    """Seals what is written to it; nothing can be read before `close`, which writes the last piece."""

    def __init__(self, file: IO[bytes], secret: Secret) -> None:
        self._file = file
        self._waiting = bytearray()
        self._number = 0
        self._prefix = secrets.token_bytes(7)
        kdf: dict[str, Any] = {"name": "hkdf-sha256"}
        if secret.is_passphrase:
            kdf = {"name": "scrypt", "n": SCRYPT_COST, "r": 8, "p": 1}
        header = {"kdf": kdf, "salt": secrets.token_hex(16), "nonce": self._prefix.hex(), "piece": PIECE}
        key, check = _keys(secret, header)
        self._cipher = AESGCM(key)
        start = _start(json.dumps(header).encode())
        file.write(start + _mac(check, start))

    def writable(self) -> bool:
        """Always."""
        return True

    def write(self, data: Any) -> int:
        """Takes all of `data`; keeps less than a piece of it waiting."""
        self._waiting += data
        while len(self._waiting) > PIECE:  # not “at least”: the last piece is sealed as such
            self._seal(bytes(self._waiting[:PIECE]), is_last=False)
            del self._waiting[:PIECE]
        return len(data)

    def finish(self) -> None:
        """Writes the last piece; without it the file is refused as one that was cut."""
        self._seal(bytes(self._waiting), is_last=True)
        self._waiting.clear()

    def _seal(self, plain: bytes, *, is_last: bool) -> None:
        nonce = _nonce(self._prefix, self._number, is_last=is_last)
        self._file.write(self._cipher.encrypt(nonce, plain, None))
        self._number += 1


class SealedReader(io.RawIOBase):
    """Opens what `SealedWriter` wrote. Raises `BackupRefused` for another secret, damage and a cut file."""

    def __init__(self, file: IO[bytes], secret: Secret) -> None:
        self._file = file
        header, start = _header_of(file)
        key, check = _keys(secret, header)
        if not hmac.compare_digest(_mac(check, start), file.read(32)):
            raise BackupRefused(_wrong_secret(secret, header))
        self._cipher = AESGCM(key)
        self._prefix = bytes.fromhex(header["nonce"])
        self._piece = header["piece"] + TAG
        self._number = 0
        self._ahead = file.read(self._piece)
        self._open = memoryview(b"")

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fills `buffer` from the present piece, then the next."""
        while not self._open and self._number >= 0:
            self._open_next()
        taken = self._open[: len(buffer)]
        buffer[: len(taken)] = taken
        self._open = self._open[len(taken) :]
        return len(taken)

    def _open_next(self) -> None:
        sealed, self._ahead = self._ahead, self._file.read(self._piece)
        is_last = not self._ahead
        try:
            nonce = _nonce(self._prefix, self._number, is_last=is_last)
            self._open = memoryview(self._cipher.decrypt(nonce, sealed, None))
        except InvalidTag as error:
            raise BackupRefused(
                _("The backup is damaged or was cut: its piece %(number)d does not open. Take another one.")
                % {"number": self._number + 1}
            ) from error
        self._number = -1 if is_last else self._number + 1


def _header_of(file: IO[bytes]) -> tuple[dict[str, Any], bytes]:
    """The header and the bytes it came in. Raises `BackupRefused` when this is no backup of ours."""
    magic = file.read(len(MAGIC))
    if magic[:-1] != MAGIC[:-1]:
        raise BackupRefused(_("This file is not a backup of Veilleur."))
    if magic != MAGIC:
        raise BackupRefused(
            _("This backup is of a newer kind: install the version of Veilleur that made it.")
        )
    length = int.from_bytes(file.read(4), "big")
    text = file.read(min(length, MOST_HEADER))
    try:
        header = json.loads(text)
        is_known = _is_known(header)
    except (ValueError, KeyError, TypeError):
        is_known = False
    if not is_known or len(text) != length:
        raise BackupRefused(_("The beginning of the backup is damaged. Take another one."))
    return header, _start(text)


def _is_known(header: dict[str, Any]) -> bool:
    """Whether what the header asks of us is reasonable: nobody has vouched for it yet."""
    kdf = header["kdf"]
    bytes.fromhex(header["salt"])
    is_cheap = kdf["name"] == "hkdf-sha256" or (
        kdf["name"] == "scrypt" and kdf["n"] in COSTS and kdf["r"] == 8 and kdf["p"] == 1
    )
    return is_cheap and len(bytes.fromhex(header["nonce"])) == 7 and header["piece"] == PIECE


def _wrong_secret(secret: Secret, header: dict[str, Any]) -> str:
    if secret.is_passphrase and header["kdf"]["name"] != "scrypt":
        return _("This backup opens with a key file, not with a passphrase: give it with --key-file.")
    if secret.is_passphrase:
        return _("The passphrase is not that of this backup.")
    if header["kdf"]["name"] == "scrypt":
        return _("This backup opens with a passphrase, not with a key file.")
    return _("The key file is not that of this backup.")


def _start(header: bytes) -> bytes:
    return MAGIC + len(header).to_bytes(4, "big") + header


def _mac(key: bytes, start: bytes) -> bytes:
    return hmac.new(key, start, hashlib.sha256).digest()


def _nonce(prefix: bytes, number: int, *, is_last: bool) -> bytes:
    return prefix + struct.pack("!IB", number, is_last)


def _keys(secret: Secret, header: dict[str, Any]) -> tuple[bytes, bytes]:
    """The keys of the pieces and of the header, by the way the header names."""
    salt, kdf = bytes.fromhex(header["salt"]), header["kdf"]
    if kdf["name"] == "scrypt":
        cost = {"n": kdf["n"], "r": kdf["r"], "p": kdf["p"], "maxmem": 2 * 128 * 8 * kdf["n"]}
        both = hashlib.scrypt(secret.value, salt=salt, dklen=64, **cost)
    else:
        both = HKDF(hashes.SHA256(), 64, salt, b"veilleur backup 1").derive(secret.value)
    return both[:32], both[32:]
