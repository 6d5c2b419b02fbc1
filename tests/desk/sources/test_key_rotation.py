"""Another key for the secrets: everything is readable before, meanwhile and afterwards, also after a kill."""

from __future__ import annotations

import json
import stat

import pytest
from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings

from tests.desk.sources.test_sign_in import asked, signed_in
from veilleur.desk import keys
from veilleur.desk.accounts import audit
from veilleur.desk.accounts.models import AuditLine
from veilleur.desk.sources import key_rotation
from veilleur.desk.sources.connections import settings_of
from veilleur.desk.sources.key_rotation import rotate_keys
from veilleur.desk.sources.models import Grant, Source
from veilleur.desk.sources.network_actions import add_network
from veilleur.desk.sources.sealing import seal, unseal
from veilleur.errors import InvalidInput


@pytest.fixture(autouse=True)
def own_keys(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "KEYS_FILE", tmp_path / "keys.json")
    monkeypatch.setattr(key_rotation, "SETTLE", 0.0)
    keys.keys_of(tmp_path / "keys.json")


def known():
    return json.loads(settings.KEYS_FILE.read_text(encoding="utf-8"))["connections"]


def secrets_at_rest():
    settled = Source.objects.exclude(connection="").values_list("connection", flat=True)
    return [*settled, *Grant.objects.values_list("tokens", flat=True)]


@pytest.fixture
def many(place_a, place_b, told, network):
    """Secrets of two organisations, in more than one batch."""
    for number in range(5):
        add_network(place_a, "club", f"A{number}", told)
    add_network(place_b, "club", "B", told)


def test_every_secret_is_sealed_with_the_new_key_and_the_old_is_forgotten(
    many, monkeypatch, client_a, organisation_a, network, club
):
    monkeypatch.setattr(key_rotation, "BATCH", 2)
    signed_in(client_a, organisation_a, network)
    (old,) = known()
    done = rotate_keys()
    (new,) = known()
    assert (new != old, done.changed, done.unreadable) == (True, 8, 0)
    for sealed in secrets_at_rest():
        Fernet(new).decrypt(sealed.encode())
        with pytest.raises(InvalidToken):
            Fernet(old).decrypt(sealed.encode())
    assert all(settings_of(source) for source in Source.objects.all())
    assert asked(club)[0].is_good
    assert stat.S_IMODE(settings.KEYS_FILE.stat().st_mode) == 0o600


def test_the_trail_of_each_organisation_says_so(many, organisation_a, organisation_b):
    rotate_keys()
    lines = AuditLine.objects.filter(act="sources.rotate_keys")
    assert {line.organisation for line in lines} == {organisation_a, organisation_b}
    assert audit.verify(organisation_a)


class Killed(BaseException):
    pass


@pytest.mark.parametrize("after", range(10))
def test_killed_anywhere_it_is_run_again(many, monkeypatch, after):
    """Killed before the nth write, of the file or of a row."""
    monkeypatch.setattr(key_rotation, "BATCH", 1)
    (old,) = known()
    left = [after]

    def dying(real):
        def write(*told):
            if not left[0]:
                raise Killed
            left[0] -= 1
            return real(*told)

        return write

    with monkeypatch.context() as patched:
        patched.setattr(keys, "keep_connections", dying(keys.keep_connections))
        patched.setattr(key_rotation, "sealed_again", dying(key_rotation.sealed_again))
        with pytest.raises(Killed):
            rotate_keys()
    assert all(settings_of(source) for source in Source.objects.all()), "readable with a rotation under way"
    under_way = known()
    rotate_keys()
    (new,) = known()
    assert new != old
    assert len(under_way) == 1 or new == under_way[0], "it goes on with the key that was drawn"
    assert all(settings_of(source) for source in Source.objects.all())
    for sealed in secrets_at_rest():
        Fernet(new).decrypt(sealed.encode())


def test_what_is_sealed_meanwhile_with_the_old_key_is_not_lost(many, monkeypatch):
    (old,) = known()
    late = Source.objects.order_by("pk").first()

    def sealed_with_the_old_key(_seconds):
        box = Fernet(old)
        plain = unseal(late.connection)
        Source.objects.filter(pk=late.pk).update(connection=box.encrypt(plain.encode()).decode())

    monkeypatch.setattr(key_rotation.time, "sleep", sealed_with_the_old_key)
    rotate_keys()
    late.refresh_from_db()
    assert settings_of(late) is not None


def test_a_process_that_runs_sees_the_new_key():
    sealed = seal("secret")
    (old,) = known()
    new = keys.new_key()
    keys.keep_connections(settings.KEYS_FILE, [new, old])
    assert unseal(sealed) == "secret"
    assert Fernet(new).decrypt(seal("other").encode()) == b"other"
    keys.keep_connections(settings.KEYS_FILE, [new])
    with pytest.raises(InvalidInput):
        unseal(sealed)


def test_a_secret_under_a_key_that_is_lost_is_counted_and_left(many):
    strange = Fernet(keys.new_key()).encrypt(b"?").decode()
    lost = Source.objects.order_by("pk").first()
    Source.objects.filter(pk=lost.pk).update(connection=strange)
    assert rotate_keys().unreadable == 1
    lost.refresh_from_db()
    assert lost.connection == strange


def test_the_command(many, run):
    done = run("keys", "rotate")
    assert done.exit_code == 0, done.output
    assert "6" in done.output
