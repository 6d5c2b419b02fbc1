"""A sealed file opens with its secret, whole and in order, or not at all."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veilleur.desk.upkeep import sealed
from veilleur.desk.upkeep.sealed import PIECE, TAG, SealedReader, SealedWriter, Secret
from veilleur.errors import BackupRefused

KEY = Secret(b"k" * 32, is_passphrase=False)
PASSPHRASE = Secret("une longue phrase secrète".encode(), is_passphrase=True)


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(sealed, "SCRYPT_COST", 1 << 10)
    return


def seal(*parts: bytes, secret: Secret = KEY) -> bytes:
    file = io.BytesIO()
    writer = SealedWriter(file, secret)
    for part in parts:
        writer.write(part)
    writer.finish()
    return file.getvalue()


def opened(content: bytes, secret: Secret = KEY) -> bytes:
    return io.BufferedReader(SealedReader(io.BytesIO(content), secret)).read()


def start_of_pieces(content: bytes) -> int:
    length = len(sealed.MAGIC)
    return length + 4 + int.from_bytes(content[length : length + 4], "big") + 32


@given(st.lists(st.binary(max_size=200), max_size=6), st.integers(1, 70))
def test_what_was_written_is_read(parts: list[bytes], piece: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sealed, "PIECE", piece)
        assert opened(seal(*parts)) == b"".join(parts)


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE])
def test_sizes_around_a_piece(size: int) -> None:
    content = seal(b"x" * size)
    pieces = max(1, -(-size // PIECE))
    assert len(content) - start_of_pieces(content) == size + pieces * TAG
    assert opened(content) == b"x" * size


@pytest.mark.parametrize("secret", [KEY, PASSPHRASE])
def test_another_secret_opens_nothing(secret: Secret) -> None:
    content = seal(b"words of somebody", secret=secret)
    assert b"words" not in content
    assert opened(content, secret) == b"words of somebody"
    other = Secret(secret.value + b"!", is_passphrase=secret.is_passphrase)
    with pytest.raises(BackupRefused, match="not that of this backup"):
        opened(content, other)
    of_the_other_kind = PASSPHRASE if secret is KEY else KEY
    with pytest.raises(BackupRefused, match="opens with"):
        opened(content, of_the_other_kind)


@given(st.data())
def test_any_change_is_refused(data: st.DataObject) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sealed, "PIECE", 16)
        content = bytearray(seal(bytes(range(100))))
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] ^= data.draw(st.integers(1, 255))
        with pytest.raises(BackupRefused):
            opened(bytes(content))


@given(st.integers(0, 10_000))
def test_a_file_cut_anywhere_is_refused(length: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sealed, "PIECE", 16)
        content = seal(bytes(100))
        with pytest.raises(BackupRefused):
            opened(content[: length % len(content)])


def test_pieces_in_another_order_doubled_or_added_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed, "PIECE", 16)
    content = seal(bytes(range(64)))
    start, size = start_of_pieces(content), 16 + TAG
    head, pieces = content[:start], [content[at : at + size] for at in range(start, len(content), size)]
    assert len(pieces) == 4
    for wrong in (
        [pieces[1], pieces[0], *pieces[2:]],
        [pieces[0], *pieces],
        [*pieces, pieces[3]],
        pieces[1:],
        [pieces[3]],
        [*pieces, b"x"],
    ):
        with pytest.raises(BackupRefused, match=r"piece|damaged"):
            opened(head + b"".join(wrong))
    assert opened(head + b"".join(pieces)) == bytes(range(64))


def test_two_backups_of_the_same_share_nothing() -> None:
    first, second = seal(b"the same"), seal(b"the same")
    assert first[start_of_pieces(first) :] != second[start_of_pieces(second) :]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not a backup"),
        (b"PK\x03\x04 something else", "not a backup"),
        (sealed.MAGIC[:-1] + b"\x02", "newer kind"),
        (sealed.MAGIC + b"\xff\xff\xff\xff", "beginning"),
        (sealed.MAGIC + b"\x00\x00\x00\x02{}", "beginning"),
        (sealed.MAGIC + b"\x00\x00\x00\x04null", "beginning"),
    ],
)
def test_what_is_no_backup_is_said(content: bytes, said: str) -> None:
    with pytest.raises(BackupRefused, match=said):
        opened(content)


@pytest.mark.parametrize(
    "kdf",
    [
        '{"name": "scrypt", "n": 1099511627776, "r": 8, "p": 1}',
        '{"name": "scrypt", "n": 1000, "r": 8, "p": 1}',
    ],
)
def test_a_header_cannot_ask_for_all_our_memory(kdf: str) -> None:
    header = f'{{"kdf": {kdf}, "salt": "00", "nonce": "00000000000000", "piece": {PIECE}}}'.encode()
    with pytest.raises(BackupRefused, match="beginning"):
        opened(sealed.MAGIC + len(header).to_bytes(4, "big") + header, PASSPHRASE)


def test_short_secrets_are_refused() -> None:
    with pytest.raises(BackupRefused, match="12 characters"):
        Secret(b"short", is_passphrase=True)
    with pytest.raises(BackupRefused, match="32 random bytes"):
        Secret(b"0" * 31, is_passphrase=False)
