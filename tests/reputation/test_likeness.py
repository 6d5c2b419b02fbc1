"""Copies say the same, whatever was hung on them; other people's words do not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from veilleur.reputation.likeness import ANYWHERE, FEWEST, KEYS, NEAR, Sketch, sketches

LONG = (
    "Trois heures d’attente aux urgences hier soir avec mon fils de quatre ans, personne ne nous a rien "
    "expliqué, et à la fin on nous renvoie chez nous avec du Doliprane."
)
SHORT = "Très bon accueil ici"
MIDDLE = "Personne ne répond jamais au téléphone du secrétariat."


def of(text: str) -> Sketch:
    return sketches([text])[0]


def are_alike(one: str, other: str, *, conversations: tuple[str, str] = ("a", "b")) -> bool:
    first, second = (of(text).within(name) for text, name in zip((one, other), conversations, strict=True))
    shared = set(enumerate(first.keys)) & set(enumerate(second.keys))
    return bool(shared) and second.is_like(first.fingerprint)


@pytest.mark.parametrize(
    "copy",
    [
        f"RT @sante_56: {LONG}",
        f"{LONG} https://exemple.fr/a?b=1",
        f"@clinique @ministere {LONG} 😡😡",
        LONG.upper(),
        LONG.replace("Trois heures", "𝓣𝓻𝓸𝓲𝓼 𝐡𝐞𝐮𝐫𝐞𝐬"),
        LONG.replace("’", "'").replace(",", " ;"),
        f"Bonjour, {LONG}",
        f"{LONG} Marie",
        LONG.replace("quatre", "cinq"),
    ],
)
def test_a_copy_says_the_same(copy: str) -> None:
    assert are_alike(LONG, copy)


def test_another_text_does_not() -> None:
    other = (
        "Trois semaines d’attente pour un rendez-vous chez le cardiologue, mais une équipe à l’écoute et "
        "un médecin qui explique tout avec patience : merci."
    )
    assert not are_alike(LONG, other)


def test_middling_texts_must_be_the_same() -> None:
    assert are_alike(MIDDLE, f"{MIDDLE.lower()} 😡")
    assert not are_alike(MIDDLE, MIDDLE.replace("jamais", "vraiment"))
    assert not are_alike(MIDDLE, "Jamais personne ne répond au téléphone du secrétariat.")


def test_short_texts_are_alike_in_one_conversation_only() -> None:
    assert are_alike(SHORT, f"{SHORT} !!", conversations=("a", "a"))
    assert not are_alike(SHORT, SHORT)


@pytest.mark.parametrize("text", ["", "Merci !", "Très bien, merci", "😡😡😡😡", "https://a.fr @b RT"])
def test_thanks_are_never_alike(text: str) -> None:
    assert of(text).keys == ()
    assert not are_alike(text, text, conversations=("a", "a"))


@settings(deadline=None)
@given(st.lists(st.text(max_size=60), max_size=5))
def test_a_text_has_the_same_sketch_alone_and_whatever_it_holds(texts: list[str]) -> None:
    assert sketches(texts) == [of(text) for text in texts]


@settings(deadline=None)
@given(st.text())
def test_what_is_kept_fits_its_columns(text: str) -> None:
    sketch = of(text)
    assert len(sketch.keys) in {0, 1, KEYS}
    assert bool(sketch.keys) == (sketch.words >= FEWEST)
    assert (len(sketch.keys) == KEYS) == (sketch.words >= NEAR)
    kept = [sketch.fingerprint, *sketch.keys, *sketch.within("fil 🧵 \ud800").keys]
    assert all(-(2**63) <= number < 2**63 for number in kept)
    assert (sketch.within("a") == sketch) == (sketch.words >= ANYWHERE or not sketch.keys)
