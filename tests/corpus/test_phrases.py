"""Phrases equal those of gensim on the same data, and those of word2phrase.c's formula."""

from __future__ import annotations

import gzip
import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from w2v_fast.corpus.corpus import Corpus
from w2v_fast.corpus.phrases import FrozenPhrases, Phrases, find, join, phrase_text, text

TEXT = """the mayor of new york was there
machine learning can be useful sometimes
new york mayor was present in new york
the new york bank of america
bank of america and machine learning
bank of the america of
of the new york"""
SENTENCES = [line.split() for line in TEXT.split("\n")] * 3
CONNECTORS = frozenset(["of", "the"])

WORDS = st.sampled_from(
    ["a", "b", "c", "d", "of", "the", "é", "a_b", "b_c", "a_of_b", "_", "a_", "\udcff"]
)
PLAIN = st.sampled_from(["a", "b", "c", "d", "of", "the", "é", "long-word-of-many-letters"])
SETTINGS = {
    "min_count": st.integers(1, 3),
    "threshold": st.floats(0.01, 5),
    "scoring": st.just("default"),
    "connector_words": st.sampled_from([frozenset(), CONNECTORS]),
}


def random_sentences(words):
    return st.lists(st.lists(words, max_size=15), min_size=1, max_size=15).filter(any)


def gensim_phrases(sentences, **options):
    models = pytest.importorskip("gensim.models.phrases")
    return models.Phrases(sentences, **options)


def close(one: dict, other: dict) -> None:
    assert one.keys() == other.keys()
    np.testing.assert_allclose([one[key] for key in one], [other[key] for key in one], rtol=1e-9)


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(random_sentences(PLAIN), st.fixed_dictionaries(SETTINGS))
def test_equals_gensim(sentences, options):
    theirs = gensim_phrases(sentences, **options)
    ours = Phrases(sentences, **options, workers=2)
    close(ours.export_phrases(), theirs.export_phrases())
    close(ours.find_phrases(sentences), theirs.find_phrases(sentences))
    assert list(ours[sentences]) == [theirs[sentence] for sentence in sentences]
    assert [ours[sentence] for sentence in sentences] == [
        theirs[sentence] for sentence in sentences
    ]


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(random_sentences(WORDS), st.fixed_dictionaries(SETTINGS))
def test_equals_gensim_where_words_hold_the_delimiter(sentences, options):
    theirs = gensim_phrases(sentences, **options)
    ours = Phrases(sentences, **options)
    assert list(ours[sentences]) == [theirs[sentence] for sentence in sentences]
    close(ours.find_phrases(sentences), theirs.find_phrases(sentences))


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(random_sentences(PLAIN), st.integers(1, 3), st.floats(-0.9, 0.9))
def test_npmi_equals_gensim(sentences, min_count, threshold):
    if not any(len(sentence) > 2 for sentence in sentences):
        return
    options = {"min_count": min_count, "threshold": threshold, "scoring": "npmi"}
    close(
        Phrases(sentences, **options).export_phrases(),
        gensim_phrases(sentences, **options).export_phrases(),
    )


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(random_sentences(PLAIN), st.sampled_from([frozenset(), CONNECTORS]))
def test_three_passes_equal_gensim(sentences, connector_words):
    options = {"min_count": 1, "threshold": 0.4, "connector_words": connector_words}
    ours, theirs = sentences, sentences
    corpus = Corpus.from_source(sentences, min_count=1)
    for _ in range(3):
        phrases = Phrases(corpus, **options)
        corpus = phrases[corpus]
        ours = list(Phrases(ours, **options)[ours])
        model = gensim_phrases(theirs, **options)
        theirs = [model[sentence] for sentence in theirs]
        assert ours == theirs
        assert words_of(corpus) == [sentence for sentence in theirs if sentence]


def custom(worda_count, wordb_count, bigram_count, len_vocab, min_count, corpus_word_count):
    return bigram_count / (worda_count + wordb_count) + len_vocab / corpus_word_count - min_count


def test_a_scoring_function_equals_gensim():
    options = {"min_count": 1, "threshold": 0.2, "scoring": custom}
    close(
        Phrases(SENTENCES, **options).export_phrases(),
        gensim_phrases(SENTENCES, **options).export_phrases(),
    )


@pytest.mark.parametrize("delimiter", ["__", "", " ", "–", "ab"])
def test_other_delimiters_equal_gensim(delimiter):
    sentences = [["a_", "b"], ["a", "_b"], ["a__b", "x", "b"], ["a", "b"], ["ab"]] * 4 + SENTENCES
    options = {"min_count": 1, "threshold": 0.1, "delimiter": delimiter}
    theirs = gensim_phrases(sentences, **options)
    assert list(Phrases(sentences, **options)[sentences]) == [
        theirs[sentence] for sentence in sentences
    ]


def words_of(corpus: Corpus) -> list[list[str]]:
    return [
        [corpus.vocabulary.words[id] for id in sentence.tolist()] for sentence in corpus.sentences()
    ]


@settings(max_examples=60, deadline=None)
@given(
    random_sentences(WORDS),
    st.fixed_dictionaries(SETTINGS),
    st.integers(1, 9),
    st.sampled_from([0, None]),
)
def test_a_corpus_is_joined_like_its_sentences(sentences, options, chunk, memory_budget):
    corpus = Corpus.from_source(sentences, min_count=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(join, "CHUNK", chunk)
        patch.setattr(find, "CHUNK", chunk)
        phrases = Phrases(corpus, **options, workers=3)
        joined = phrases.apply(corpus, memory_budget=memory_budget)
    assert phrases.phrases == Phrases(sentences, **options).phrases
    expected = [phrases[sentence] for sentence in sentences if sentence]
    assert words_of(joined) == expected
    ranked = Counter(itertools.chain.from_iterable(expected)).most_common()
    assert joined.vocabulary.words == [word for word, _ in ranked]
    assert joined.vocabulary.counts.tolist() == [count for _, count in ranked]
    assert joined.raw_tokens == len(joined)


def test_known_phrases():
    phrases = Phrases(SENTENCES, min_count=1, threshold=1, connector_words=CONNECTORS)
    expected = ["the", "bank_of_america", "or", "new_york"]
    assert phrases[["the", "bank", "of", "america", "or", "new", "york"]] == expected
    assert (
        {"new_york", "bank_of_america"}
        <= set(phrases.find_phrases(SENTENCES))
        <= set(phrases.export_phrases())
    )
    assert phrases[[]] == []
    assert phrases[["bank", "of"]] == ["bank", "of"]
    assert phrases[("unknown", "words")] == ["unknown", "words"]


def test_limits_of_the_joined_corpus():
    corpus = Corpus.from_source(SENTENCES, min_count=1)
    phrases = FrozenPhrases({("new", "york"): 1.0, ("absent", "york"): 1.0})
    joined = phrases.apply(corpus, min_count=4, max_vocab=3)
    assert joined.vocabulary.words == ["of", "new_york", "the"]
    assert joined.raw_tokens == corpus.raw_tokens - 15
    assert all(set(sentence) <= {"the", "of", "new_york"} for sentence in words_of(joined))
    with pytest.raises(ValueError, match="min_count"):
        phrases.apply(corpus, min_count=1000)


def test_long_runs_of_connectors():
    sentences = [
        ["bank", *["of", "the"] * 20, "america"],
        ["bank", "of", "of", "of", "america"],
    ] * 5
    options = {"min_count": 1, "threshold": 0.1, "connector_words": CONNECTORS}
    corpus = Corpus.from_source(sentences, min_count=1)
    phrases = Phrases(corpus, **options)
    assert sorted(map(len, phrases.phrases)) == [5, 42]
    assert words_of(phrases[corpus]) == [["_".join(sentence)] for sentence in sentences]
    close(phrases.export_phrases(), gensim_phrases(sentences, **options).export_phrases())


def test_the_formula_of_word2phrase():
    sentences = [["new", "york"]] * 6 + [["new"], ["york", "x"]]
    phrases = Phrases(sentences, min_count=2, threshold=0.1, scoring="word2phrase")
    assert phrases.phrases == {("new", "york"): (6 - 2) / (7 * 7) * 15}


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_the_order_does_not_depend_on_threads(workers):
    options = {"min_count": 1, "threshold": 0.1}
    assert list(Phrases(SENTENCES, **options, workers=workers).phrases.items()) == list(
        Phrases(SENTENCES, **options, workers=1).phrases.items()
    )


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"min_count": 0}, ValueError),
        ({"threshold": 0}, ValueError),
        ({"threshold": 2, "scoring": "npmi"}, ValueError),
        ({"scoring": "other"}, ValueError),
        ({"connector_words": "of"}, TypeError),
        ({"workers": 0}, ValueError),
    ],
)
def test_wrong_options(options, error):
    with pytest.raises(error):
        Phrases(SENTENCES, **options)


def test_wrong_sentences():
    phrases = Phrases(SENTENCES)
    for call in (
        lambda: phrases["new york"],
        lambda: list(phrases[iter(["new york"])]),
        lambda: phrases.find_phrases(["new york"]),
    ):
        with pytest.raises(TypeError, match="list of tokens"):
            call()
    for sentence in ({"new": "york"}, {"new", "york"}, [1, 2], [None], b"new york"):
        with pytest.raises(TypeError, match="expected"):
            phrases.find_phrases([sentence])
    with pytest.raises(TypeError, match="keys 'text'"):
        Phrases([{"text": "new york"}])
    for delimiter in (b"_", None):
        with pytest.raises(TypeError, match="delimiter must be a str"):
            FrozenPhrases({}, delimiter)
    with pytest.raises(ValueError, match="empty"):
        Phrases([])


def test_joined_sentences_can_be_iterated_again():
    joined = Phrases(SENTENCES, min_count=1, threshold=1)[SENTENCES]
    assert list(joined) == list(joined) != []


def test_save_and_load(tmp_path):
    path = tmp_path / "phrases.txt"
    phrases = Phrases(
        [*SENTENCES, *[["tab\there", "\udcff\n"]] * 9], 1, 0.1, "–", connector_words=CONNECTORS
    )
    phrases.save(path)
    loaded = FrozenPhrases.load(path)
    frozen = phrases.freeze()
    assert type(frozen) is FrozenPhrases
    for other in (loaded, frozen):
        assert list(other.phrases.items()) == list(phrases.phrases.items())
        assert (other.delimiter, other.connector_words) == ("–", CONNECTORS)
        assert list(other[SENTENCES]) == list(phrases[SENTENCES])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda lines: lines[:-1], "cut or damaged: it has 9 phrases of 10"),
        (lambda lines: [], "line 1: expected JSON"),
        (lambda lines: ["text", *lines[1:]], "line 1: expected JSON"),
        (lambda lines: ["{}", *lines[1:]], "first line must say"),
        (lambda lines: [*lines[:2], "[1.5, 2, 3]", *lines[3:]], "line 3: expected a score"),
        (lambda lines: [*lines[:2], '[1.5, "a"]', *lines[3:]], "line 3: expected a score"),
        (lambda lines: [*lines[:2], lines[2][:5], *lines[3:]], "line 3: expected JSON"),
        (lambda lines: [lines[0].replace('"_"', "5"), *lines[1:]], "line 1: expected a delimiter"),
        (
            lambda lines: [lines[0].replace("[]", "null"), *lines[1:]],
            "line 1: expected a delimiter",
        ),
        (lambda lines: [*lines[:2], "[" * 100_000, *lines[3:]], "line 3: expected JSON"),
        (lambda lines: [*lines[:2], '[NaN, "a", "b"]', *lines[3:]], "line 3: expected a score"),
    ],
)
def test_wrong_files(tmp_path, change, message):
    path = tmp_path / "phrases.txt"
    FrozenPhrases({("a", str(number)): 1.5 for number in range(10)}).save(path)
    path.write_text("\n".join(change(path.read_text().splitlines())))
    with pytest.raises(ValueError, match=message) as caught:
        FrozenPhrases.load(path)
    assert str(path) in str(caught.value)


def test_damaged_compression_names_the_file(tmp_path):
    path = tmp_path / "phrases.gz"
    path.write_bytes(gzip.compress(b'{"format": "w2v_fast phrases 1"}' * 50)[:-9])
    with pytest.raises(OSError, match=r"phrases\.gz"):
        FrozenPhrases.load(path)


def word2phrase(sentences, min_count, threshold):
    """The formula and the left-to-right joining of word2phrase.c."""
    counts = Counter(word for sentence in sentences for word in sentence)
    pairs = Counter(pair for sentence in sentences for pair in itertools.pairwise(sentence))
    for sentence in sentences:
        line, last = [], None
        for word in sentence:
            score = (
                0.0
                if last is None
                else (
                    (pairs[last, word] - min_count) / counts[last] / counts[word] * counts.total()
                )
            )
            if score > threshold:
                line[-1] += "_" + word
                last = None
            else:
                line.append(word)
                last = word
        yield line


@pytest.mark.parametrize("passes", [1, 2])
def test_phrase_text(tmp_path, monkeypatch, passes):
    for module in (find, join, text):
        monkeypatch.setattr(module, "CHUNK", 7)
    source, output = tmp_path / "in.txt", tmp_path / "out.txt"
    source.write_bytes((TEXT.encode() + b"\r\n\n \xff \xfe\xff") * 9)
    expected = [
        line.split() for line in source.read_bytes().decode("utf-8", "surrogateescape").split("\n")
    ]
    for _ in range(passes):
        expected = [line for line in word2phrase(expected, 2, 5.0) if line]
    found = phrase_text(source, output, min_count=2, threshold=5.0, passes=passes)
    lines = "".join(" ".join(line) + "\n" for line in expected)
    assert output.read_bytes() == lines.encode("utf-8", "surrogateescape")
    assert len(found) == passes
    assert ("new", "york") in found[0].phrases


def test_phrase_text_writes_all_or_nothing(tmp_path):
    output = tmp_path / "out.txt"
    output.write_text("old")
    with pytest.raises(ValueError, match="empty"):
        phrase_text([], output)
    with pytest.raises(ValueError, match="passes"):
        phrase_text(SENTENCES, output, passes=0)
    for delimiter in (" ", "a\n"):
        with pytest.raises(ValueError, match="separates words"):
            phrase_text(SENTENCES, output, delimiter=delimiter)
    assert output.read_text() == "old"
    with pytest.raises(FileNotFoundError, match="no folder"):
        phrase_text(SENTENCES, tmp_path / "absent" / "out.txt")


def test_options_of_gensim_are_told_what_to_write():
    with pytest.raises(TypeError, match="unknown option 'common_terms'; write connector_words"):
        Phrases([["a", "b"]], common_terms=["of"])


def test_phrase_text_does_not_write_over_what_it_reads(tmp_path):
    path, link = tmp_path / "text", tmp_path / "link"
    path.write_text("new york\n" * 9)
    link.symlink_to(path)
    for source, output in (
        (path, path),
        ([path], link),
        (tmp_path, path),
        (str(tmp_path / "t*t"), path),
    ):
        with pytest.raises(ValueError, match=r"would replace .*which is read"):
            phrase_text(source, output)
    assert path.read_text() == "new york\n" * 9
