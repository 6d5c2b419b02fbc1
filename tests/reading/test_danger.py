"""Danger and toxicity: what is said counts, idioms, quotations and news do not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veilleur.reading import Reader
from veilleur.reading.analyzer import Batch
from veilleur.reading.analyzers.danger import DangerAnalyzer
from veilleur.reading.analyzers.toxicity import ToxicityAnalyzer
from veilleur.reading.cues import TOPICS, Sieve, Topic, said_in, topic
from veilleur.testing import check_analyzer, mention

TEXTS = (
    "j'ai plus envie de vivre, prenez soin de mon chat",
    "sale c0nnard, je vais te casser la gueule, « espèce d'idiot »",
)


class _AllCues:
    """Every cue that is enough, whatever the trained labels say."""

    def analyze(self, batch: Batch):
        labels = frozenset(topic(self.name).labels)
        return [
            self._findings(subject, [one for one in said if one.is_enough and one.label in labels])
            for subject, said in zip(batch, batch.once(said_in), strict=True)
        ]


class Danger(_AllCues, DangerAnalyzer):
    pass


class Toxicity(_AllCues, ToxicityAnalyzer):
    pass


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader([Danger(), Toxicity()])


def test_a_cue_is_shown_only_where_the_label_was_given() -> None:
    whole = Reader.default()
    [threat, told] = whole.read(
        [
            "Sale connard, je vais te crever, je sais où tu habites",
            "Une émission sur les menaces : « je vais te crever » est un délit",
        ]
    )
    assert {"threat"} <= {finding.label for finding in threat.of("toxicity")} <= {"threat", "insult", "hate"}
    given = {finding.label for finding in told.of("labels")}
    assert {finding.label for finding in told.of("toxicity")} <= given


def labels(reader: Reader, text: str) -> set[str]:
    [reading] = reader.read([mention(text)])
    return {finding.label for finding in reading.findings}


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("jveux plus vivre", "crisis_suicide"),
        ("Je n’ai plus envie d’être là, tout le monde serait mieux sans moi", "crisis_suicide"),
        ("I want to end my life", "crisis_suicide"),
        ("il respire bizarre et on arrive plus à le réveiller", "emergency_medical"),
        ("mon fils vient d'avaler une pile bouton", "emergency_medical"),
        ("une douleur dans la poitrine qui descend dans le bras gauche", "emergency_medical"),
        ("my mum can't breathe, her lips are going blue", "emergency_medical"),
        ("mon père m'a frappée, j'ai 12 ans", "child_protection"),
        ("mon mari me frappe quand il rentre", "violence"),
        ("ils ont attachée mamie au lit toute la nuit", "violence"),
        ("ce médecin est un c0nnard", "insult"),
        ("espèce d'abrutie", "insult"),
        ("f d p va", "insult"),
        ("you are an idiot", "insult"),
        ("je vais te casser la gueule", "threat"),
        ("on sait où tu habites", "threat"),
        ("sale arabe, rentre dans ton bled", "hate"),
    ],
)
def test_what_is_said(reader: Reader, text: str, label: str) -> None:
    assert label in labels(reader, text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "je suis morte de rire 😂",
        "je vais le tuer ce chat",
        "ça me tue de le voir comme ça lol",
        "Je suis trop conne, j'ai oublié ma pilule",
        "Elle m'a traitée de connasse devant tout le monde",
        "Un patient m'a dit « sale conne » ce matin, j'en tremble",
        "Cabinet débordé, accueil nul, travail bâclé : fuyez",
        "Je vais porter plainte et prévenir l'Ordre",
        "Formation sur la prévention du suicide jeudi à l'hôpital",
        "J'ai frappé à toutes les portes, personne ne répond",
        "Un infarctus en 2019, deux stents, et je remarche",
        "Coup de cœur pour cette équipe",
        "The staff were lovely and the doctor listened",
    ],
)
def test_what_only_sounds_like_it(reader: Reader, text: str) -> None:
    assert labels(reader, text) == set()


def test_a_finding_shows_the_words_as_written(reader: Reader) -> None:
    text = "Quel accueil… Sale C0NNARD !"
    [reading] = reader.read([mention(text)])
    assert [finding.span.of(text) for finding in reading.findings if finding.span] == ["C0NNARD"]


def test_a_child_nearby_makes_violence_a_matter_of_child_protection(reader: Reader) -> None:
    assert labels(reader, "il me frappe tous les soirs") == {"violence"}
    assert labels(reader, "il frappe le petit tous les soirs, il a 4 ans") == {"violence", "child_protection"}


@pytest.mark.parametrize("cues", [topic(name) for name in TOPICS])
def test_the_tables_are_sound(cues: Topic) -> None:
    assert all(0 <= cue.weight < 1 for cue in cues.rows)
    assert 1_000 < sum(1 for _term in cues.terms()) < 40_000
    cues.check()


@pytest.mark.parametrize("analyzer", [DangerAnalyzer(), ToxicityAnalyzer()])
def test_the_contract(analyzer: DangerAnalyzer | ToxicityAnalyzer) -> None:
    check_analyzer(analyzer, TEXTS)


WORDS = st.sampled_from(
    ["je", "vais", "te", "tuer", "mon fils", "avale", "javel", '"', "«", "connard", "😱", "\n", "Œ"]
)


@given(st.lists(WORDS, max_size=12).map(" ".join) | st.text(max_size=60))
def test_spans_lie_inside_the_text(reader: Reader, text: str) -> None:
    [reading] = reader.read([mention(text)])
    assert all(f.span and 0 <= f.span.start < f.span.end <= len(text) for f in reading.findings)


NEIGHBOURS = {
    "past": ["il y a # ans", "en 20##", "l'an dernier", "m'en suis sorti*"],
    "film": ["films?", "saison #", "piece de theatre"],
    "laugh": [":laugh:", "haha*"],
    "pregnant": ["#sa", "# sa"],
    "fond": ["❤", "bisous"],
    "hurt": ["(je|tu) (de |d'|)* (mal|blesse*)"],
}
SIEVE = Sieve(NEIGHBOURS)


@given(
    st.sampled_from(
        [
            ("past", "il y a 12 ans"),
            ("past", "en 2014"),
            ("past", "l'an dernier"),
            ("past", "m'en suis sortie"),
            ("film", "films"),
            ("film", "film"),
            ("film", "saison 3"),
            ("film", "piece de theatre"),
            ("laugh", ":laugh:"),
            ("laugh", "hahaha"),
            ("pregnant", "12sa"),
            ("pregnant", "3 sa"),
            ("fond", "bisous"),
            ("hurt", "je d' fais mal"),
            ("hurt", "tu blesser"),
        ]
    ),
    st.lists(st.sampled_from([" ", "  ", "-", ", ", "_", ".\n"]), min_size=4, max_size=4),
    st.text("ab1 ,'_é-\n"),
    st.text("ab1 ,'_é-\n"),
)
def test_no_list_is_missed_that_a_text_holds(
    held: tuple[str, str], gaps: list[str], before: str, behind: str
) -> None:
    name, words = held
    first, *others = words.split()
    written = first + "".join(gap + word for gap, word in zip(gaps, others, strict=False))
    assert name not in SIEVE.absent(f"{before} {written}.{behind}")


def test_a_list_is_absent_when_nothing_of_it_is_said() -> None:
    assert SIEVE.absent("il y a du monde dans cette piece, nous filmons") == set(NEIGHBOURS) - {
        "fond",
        "past",
        "pregnant",
    }
