"""Rebuilds `src/veilleur/reading/weights/tone.*`: the polarity of everyday messages, and whom to believe.

    python -m training.tone

After `training.sentiment`. The same corpora give the same bytes. What it prints was foretold out of fold.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from training import messages, opinions, pairs, sentiment
from training.messages import SOCIAL
from training.opinions import Row
from training.panels import Calibration, Numbers, Set, deal, fit, foretell, scores, show, write
from veilleur.reading.features import Features
from veilleur.reading.heads import Head, judge, load
from veilleur.reading.parts import Mixture, parts
from veilleur.reading.questions import asked
from veilleur.reading.tone import HEADS, NAME, TONES, numbers
from veilleur.text.words import Floats
from veilleur.vocabulary import Language, Sentiment

VERSION = "1"
SHOWN = "shown"
"""Corpus of the French experiences as they came, title and all: they are only scored."""
BELIEVED = {SOCIAL: 1.0, opinions.EXPERIENCES: 6.0, opinions.OWN: 4.0, SHOWN: 0.0}
"""What a text of each corpus counts when it is learned whom to believe."""
PAIR = 0.5
FRENCH = 0.4
"""What a French opinion counts beside an everyday message, for the heads of the tone."""
BALANCE = 0.3
MOST_PAIRS = 600
FOLDS, SEED = 5, 20240501


def everyday() -> list[Row]:
    """The messages in French, with the polarity they were read to have."""
    return [
        Row(
            SOCIAL,
            one.group,
            one.mention.text,
            one.mention.title,
            Language.FR,
            Sentiment(one.raw["sentiment"]),
            asked(one.mention.question),
            one.mention.question,
            one.mention.rating.share if one.mention.rating else None,
        )
        for one in messages.development()
        if one.mention.language_hint == "fr"
    ]


def tones(rows: list[Row]) -> Set:
    """What the heads of the tone learn from."""
    features = sentiment.features_of(rows)
    truths = [[*(row.label is tone for tone in TONES), row.corpus == SOCIAL, _good(row)] for row in rows]
    counts = {SOCIAL: 1.0, SHOWN: 0.0}
    weights = np.array([counts.get(row.corpus, FRENCH) for row in rows])
    return Set(
        rows,
        sentiment.design(features, len(features.around_rows)),
        np.array(truths, dtype=np.int64),
        weights,
        deal([replace(row, corpus=opinions.EXPERIENCES) if row.corpus == SHOWN else row for row in rows]),
    )


def _good(row: Row) -> int:
    """1 when a service was good to the writer, 0 when bad, -1 when the text does not tell."""
    about_service = row.corpus == opinions.EXPERIENCES and row.label in (Sentiment.POS, Sentiment.NEG)
    return int(row.label is Sentiment.POS) if about_service else -1


def _french(rows: list[Row]) -> list[Row]:
    return [row for row in rows if row.language is Language.FR]


def told(head: Head, rows: list[Row]) -> tuple[Features, Floats, Floats]:
    """Features of texts, and what a head of the opinions and the mixture say of them."""
    features = sentiment.features_of(rows)
    judgement = judge(head, features)
    mixture = Mixture.load("sentiment")
    return features, judgement.chances, mixture.logits(parts(features, judgement, 0, 2))


def main() -> None:
    shipped = load("sentiment")
    people = everyday()
    learned = sentiment.learnable(opinions.CORPORA)
    shown = [replace(row, corpus=SHOWN) for row in opinions.training_part(opinions.experiences())]
    data = tones([*people, *_french(learned), *shown])
    everyone = np.ones(len(data.examples), dtype=np.bool_)
    weights, unseen = fit(data, everyone), foretell(data)
    foretold = {id(row): unseen[number] for number, row in enumerate(data.examples)}

    def read(head: Head, rows: list[Row]) -> Floats:
        """What the regression reads of texts that neither `head` nor the heads of the tone have seen."""
        features, opinion, mixed = told(head, rows)
        matrix = sentiment.design(features, len(features.around_rows))
        tone = matrix @ weights[:-1] + weights[-1]
        for number, row in enumerate(rows):
            tone[number] = foretold.get(id(row), tone[number])
        return numbers(features, opinion, mixed, tone.astype(np.float32))

    texts, table = [people], [read(shipped, people)]
    examples = sentiment.prepare(learned)
    folds = GroupKFold(sentiment.FOLDS, shuffle=True, random_state=sentiment.SEED)
    split = folds.split(examples.labels, groups=[row.group for row in learned])
    for number, (train, held_out) in enumerate(split):
        head = replace(sentiment.fit(examples, train), sharpness=shipped.sharpness)
        made, is_mixed = pairs.make([learned[place] for place in held_out], sentiment.SEED + number)
        plain = _french([learned[place] for place in held_out])
        unseen_voices = {row.group for row in plain}
        as_they_came = [row for row in shown if row.group in unseen_voices]
        mixed = _french([row for row, both in zip(made, is_mixed, strict=True) if both])[:MOST_PAIRS]
        both = [replace(row, corpus="pairs", label=Sentiment.MIXED, group=f"pairs-{number}") for row in mixed]
        for rows in (plain, both, as_they_came):
            texts.append(rows)
            table.append(read(head, rows))
    together = believe([row for rows in texts for row in rows], np.concatenate(table))
    size = len(HEADS)
    calibration = Calibration(np.ones(size), np.zeros(size), np.full(size, 0.5))
    header = {"version": VERSION, "heads": HEADS, "columns": (), "held_out": together[1]}
    write(NAME, weights, calibration, header, {"together": together[0]})
    for corpus, held_out in together[1].items():
        print(corpus)
        show(held_out)


def believe(rows: list[Row], table: Floats) -> tuple[Numbers, dict[str, dict[str, dict[str, float]]]]:
    """(numbers + 1, tones): the weights of the regression, the bias last; and how well it foretells."""
    truth = np.array([TONES.index(row.label) for row in rows])
    corpora = np.array([row.corpus for row in rows])
    weights = np.array([BELIEVED.get(corpus, PAIR) for corpus in corpora])
    for corpus in BELIEVED:
        for tone in range(len(TONES)):
            these = (corpora == corpus) & (truth == tone)
            if these.any():
                weights[these] *= ((corpora == corpus).sum() / these.sum() / len(TONES)) ** BALANCE
    middle, width = table.mean(axis=0), table.std(axis=0) + 1e-6

    def learn(train: NDArray[np.integer[Any]]) -> Numbers:
        model = LogisticRegression(C=1.0, max_iter=2000)
        model.fit((table[train] - middle) / width, truth[train], sample_weight=weights[train])
        scaled = model.coef_.T / width[:, None]
        return np.concatenate([scaled, (model.intercept_ - middle @ scaled)[None]])

    logits = np.zeros((len(rows), len(TONES)))
    folds = GroupKFold(FOLDS, shuffle=True, random_state=SEED)
    for train, held_out in folds.split(table, groups=[row.group for row in rows]):
        found = learn(train)
        logits[held_out] = table[held_out] @ found[:-1] + found[-1]
    guesses = logits.argmax(axis=1)
    held_out_scores = {
        corpus: {
            tone.value: scores((truth == place)[corpora == corpus], (guesses == place)[corpora == corpus])
            for place, tone in enumerate(TONES)
        }
        for corpus in BELIEVED
    }
    for corpus, told in held_out_scores.items():
        told["pos or neg"] = _poles(logits[corpora == corpus], truth[corpora == corpus])
    return learn(np.arange(len(rows))), held_out_scores


def _poles(logits: Numbers, truth: NDArray[np.integer[Any]]) -> dict[str, float]:
    """How often the texts that are positive or negative lean to their own side."""
    neg, pos = (TONES.index(tone) for tone in (Sentiment.NEG, Sentiment.POS))
    either = np.isin(truth, (neg, pos))
    right = (logits[either, pos] > logits[either, neg]) == (truth[either] == pos)
    return {"n": int(either.sum()), "accuracy": round(float(right.mean()), 3)}


if __name__ == "__main__":
    main()
