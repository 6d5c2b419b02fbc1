from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from veilleur import plugins
from veilleur.reading import Reader, panel
from veilleur.reading.analyzer import Batch
from veilleur.reading.analyzers.labels import LabelAnalyzer, label_names, priorities, probabilities
from veilleur.reading.signals import NAME, columns, cues
from veilleur.testing import check_analyzer, mention
from veilleur.vocabulary import Priority


class _Spy(LabelAnalyzer):
    """Keeps the chances and priorities of the last batch."""

    def analyze(self, batch: Batch):
        self.chances, self.priorities = batch.once(probabilities), priorities(batch)
        return super().analyze(batch)


@pytest.fixture(scope="module")
def spy() -> _Spy:
    return _Spy()


@pytest.fixture(scope="module")
def reader(spy: _Spy) -> Reader:
    beside = [make() for name, make in plugins.installed(plugins.ANALYZERS) if name != spy.name]
    return Reader([*beside, spy])


def labels(reader: Reader, text: str, **fields) -> set[str]:
    return {finding.label for finding in reader.read([mention(text, **fields)])[0].of("labels")}


def test_keeps_the_contract():
    check_analyzer(LabelAnalyzer())


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Depuis que je prends du Levothyrox j'ai des palpitations et des vertiges", "adverse_reaction"),
        ("Je sais où tu habites, tu vas payer, je vais te péter les dents à la sortie", "threat"),
        ("Un grand merci à toute l'équipe, très professionnelle et à l'écoute, je recommande", "praise"),
        ("Espèce de gros connard, pauvre con", "insult"),
    ],
)
def test_plain_cases(reader: Reader, text: str, label: str):
    assert label in labels(reader, text)


@pytest.mark.parametrize(
    "text",
    [
        "Trois heures d'attente, c'est une honte, personne ne vous écoute. Je ne reviendrai pas.",
        "Horrible experience, rude receptionist and a four hour wait. I am furious.",
        "Accueil très agréable, médecin ponctuel.",
    ],
)
def test_anger_and_thanks_are_not_toxic(reader: Reader, text: str):
    assert not labels(reader, text) & {"insult", "threat", "hate", "violence", "adverse_reaction"}


def test_says_why_in_words_of_the_text(reader: Reader):
    text = "Depuis que je prends du Levothyrox j'ai des palpitations"
    findings = reader.read([mention(text)])[0].of("labels")
    grounds = next(finding for finding in findings if finding.label == "adverse_reaction").why.grounds
    assert grounds
    assert all(ground in text for ground in grounds)


def test_grounds_may_stand_in_the_title(reader: Reader):
    title, text = "Très professionnelle, équipe à l'écoute", "Un grand merci, je recommande vivement"
    findings = reader.read([mention(text, title=title)])[0].of("labels")
    grounds = [ground for finding in findings for ground in finding.why.grounds]
    assert grounds
    assert all(ground in title or ground in text for ground in grounds)


def test_nothing_is_said_of_a_text_without_words(reader: Reader):
    assert labels(reader, " …! ") == set()


def test_chances_cover_every_label(reader: Reader, spy: _Spy):
    reader.read([mention("Bonjour"), mention("Je vais me suicider ce soir, adieu", external_id="2")])
    assert spy.chances.shape == (2, len(label_names()))
    assert np.all((spy.chances >= 0) & (spy.chances <= 1))
    assert spy.priorities[1] is Priority.IMMEDIATE


def test_weights_fit_the_signals():
    known = panel.load(NAME)
    assert len(label_names()) == 19
    assert known.columns == columns()
    assert known.signals.shape == (len(columns()), len(known.heads))
    assert len(cues()) == len(set(cues()))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=120), min_size=1, max_size=4), st.text(max_size=20))
def test_reads_anything(reader: Reader, texts: list[str], title: str):
    mentions = [mention(text, external_id=str(n), title=title) for n, text in enumerate(texts)]
    for one, reading in zip(mentions, reader.read(mentions), strict=True):
        for finding in reading.of("labels"):
            assert all(ground in one.text or ground in one.title for ground in finding.why.grounds)
