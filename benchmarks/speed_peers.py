"""The tools somebody would compose instead of Veilleur's reading, timed on texts from standard input.

Run by `benchmarks/speed.py` in an environment of its own. One line of JSON in (a list of texts),
one out: seconds of CPU by tool, seconds to load, peak memory.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from typing import TypeAlias

import edsnlp  # type: ignore[import-not-found,unused-ignore]
import edsnlp.pipes as eds  # type: ignore[import-not-found,unused-ignore]
import py3langid
import tldextract  # type: ignore[import-not-found,unused-ignore]
from presidio_analyzer.predefined_recognizers import (  # type: ignore[import-not-found,unused-ignore]
    CreditCardRecognizer,
    DateRecognizer,
    EmailRecognizer,
    IbanRecognizer,
    IpRecognizer,
    PhoneRecognizer,
    UrlRecognizer,
)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

Run: TypeAlias = Callable[[list[str]], object]

tldextract.extract = tldextract.TLDExtract(suffix_list_urls=())  # its own list: no network


def clinical() -> Run:
    """edsnlp: sentences, drugs, negation, family, hypothesis."""
    nlp = edsnlp.blank("eds")
    for pipe in (eds.sentences(), eds.drugs(), eds.negation(), eds.family(), eds.hypothesis()):
        nlp.add_pipe(pipe)
    nlp("pour charger")
    return lambda texts: [nlp(text) for text in texts]


def personal() -> Run:
    """presidio: the recognizers that are regular expressions."""
    recognizers = [
        EmailRecognizer(),
        PhoneRecognizer(),
        IbanRecognizer(),
        CreditCardRecognizer(),
        UrlRecognizer(),
        IpRecognizer(),
        DateRecognizer(),
    ]

    def run(texts: list[str]) -> None:
        for text in texts:
            for recognizer in recognizers:
                recognizer.analyze(text, recognizer.supported_entities, None)

    return run


def languages() -> Run:
    """py3langid."""
    py3langid.classify("pour charger")
    return lambda texts: [py3langid.classify(text) for text in texts]


def feelings() -> Run:
    """The English list of words of VADER."""
    vader = SentimentIntensityAnalyzer()
    return lambda texts: [vader.polarity_scores(text) for text in texts]


def labels(texts: list[str]) -> Run:
    """One TF-IDF (words and characters) with a linear classifier, fitted to arbitrary labels."""
    union = make_union(
        TfidfVectorizer(ngram_range=(1, 2)), TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 4))
    )
    model = make_pipeline(union, LogisticRegression(max_iter=50))
    model.fit(texts, [len(text) % 2 for text in texts])
    predict: Run = model.predict_proba
    return predict


def main() -> None:
    texts: list[str] = json.loads(sys.stdin.readline())
    started = time.process_time()
    tools = {
        "edsnlp": clinical(),
        "presidio (regex)": personal(),
        "py3langid": languages(),
        "vaderSentiment": feelings(),
    }
    loaded = time.process_time() - started
    tools["TF-IDF + linear"] = labels(texts)
    seconds = {}
    for name, run in tools.items():
        started = time.process_time()
        run(texts)
        seconds[name] = time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "load": loaded, "peak_mib": peak}))


if __name__ == "__main__":
    main()
