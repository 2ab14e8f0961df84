"""Word pairs and analogies: readers, coverage, rules, and the same figures as gensim."""

from __future__ import annotations

import gzip
import itertools
import json
import math
import os
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from w2v_fast.vectors import evaluation
from w2v_fast.vectors.keyed_vectors import KeyedVectors

EVAL_DIR = os.environ.get("W2V_FAST_EVAL_DIR")
needs_real_sets = pytest.mark.skipif(
    not EVAL_DIR, reason="W2V_FAST_EVAL_DIR names no folder of evaluation sets"
)

WORDSIM = (
    "# WordSim-353\nWord 1\tWord 2\tHuman (mean)\n"
    "love\tsex\t6.77\ntiger\tcat\t7.35\nTiger\ttiger\t10.00\n"
)
SIMLEX = (
    "word1\tword2\tPOS\tSimLex999\tconc(w1)\n"
    "old\tnew\tA\t1.58\t2.72\nsmart\tintelligent\tA\t9.2\t1.75\n"
)
RATERS = "Word 1,Word 2,Human (mean),1,2\r\nlove,sex,6.77,9,6\r\ntiger,cat,7.35,9,7\r\n"


def write(folder: Path, text: str, name: str = "file.txt") -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


def random_vectors(words: list[str], size: int = 8, seed: int = 0) -> KeyedVectors:
    rng = np.random.default_rng(seed)
    return KeyedVectors(words, rng.standard_normal((len(words), size)).astype(np.float32))


def families() -> tuple[KeyedVectors, str]:
    """Pairs x<i>, y<i> with nearly the same y - x, so that most analogies hold; two sections."""
    rng = np.random.default_rng(3)
    bases = rng.standard_normal((30, 16))
    shift = rng.standard_normal(16) * 0.7
    matrix = np.concatenate([bases, bases + shift + rng.standard_normal((30, 16)) * 0.7]).astype(
        np.float32
    )
    words = [f"{kind}{i}" for kind in "xy" for i in range(30)]
    words[5] = "X5"
    spellings = ["Y1", "y2x", "X0", "Y0"]
    kv = KeyedVectors(
        words + spellings, np.concatenate([matrix, rng.standard_normal((4, 16)).astype(np.float32)])
    )
    pairs = [(f"x{i}", f"y{i}") for i in range(30)]
    questions = [f"{a} {b} {c} {d}" for (a, b), (c, d) in itertools.permutations(pairs, 2)]
    random.Random(0).shuffle(questions)
    odd = ["x0 y0 missing y1", "X1 Y1 X2 Y2", "x1 x1 x2 x2", "y0 Y0 x0 X0"]
    text = (
        ": family\n"
        + "\n".join(questions[:400] + odd)
        + "\n: empty\n: gram1-plural\n"
        + "\n".join(questions[400:])
    )
    return kv, text + "\n"


# -- readers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (WORDSIM, [("love", "sex", 6.77), ("tiger", "cat", 7.35), ("Tiger", "tiger", 10.0)]),
        (SIMLEX, [("old", "new", 1.58), ("smart", "intelligent", 9.2)]),
        (RATERS, [("love", "sex", 6.77), ("tiger", "cat", 7.35)]),
        (
            "episcopal,russia,2.75\nwater,shortage,2.714285714\n",
            [("episcopal", "russia", 2.75), ("water", "shortage", 2.714285714)],
        ),
        ("gem\tjewel\t3.94", [("gem", "jewel", 3.94)]),
        (
            "gem jewel  3.94\n\n  noon midday\t3.94 \n",
            [("gem", "jewel", 3.94), ("noon", "midday", 3.94)],
        ),
        ("\ufeffNew York;New Jersey;1e0\r\n", [("New York", "New Jersey", 1.0)]),
        ("sun;day;7,5\ncar;bus;9,1\n", [("sun", "day", 7.5), ("car", "bus", 9.1)]),
        ("sun\tday\t7,5\ncar\tbus\t9\n", [("sun", "day", 7.5), ("car", "bus", 9)]),
        ("sun day 7,5\ncar bus 9,1\n", [("sun", "day", 7.5), ("car", "bus", 9.1)]),
        ("word1;word2;score (mean, sd)\nsun;day;7.5\n", [("sun", "day", 7.5)]),
        ("word1\tword2\tscore, of 10; mean\nsun\tday\t7.5\n", [("sun", "day", 7.5)]),
        (
            '"word1","word2","score"\n"sun","day","7.5"\n"car, old",bus,9\n',
            [("sun", "day", 7.5), ("car, old", "bus", 9)],
        ),
        ('"sun", "day", "7,5"\n', [("sun", "day", 7.5)]),
        (
            '"sun";"day";7,5\r\n"say ""hi""";bus;9,1\r\n',
            [("sun", "day", 7.5), ('say "hi"', "bus", 9.1)],
        ),
        ('"sun" "day" 7.5\n"car" bus 9\n', [("sun", "day", 7.5), ("car", "bus", 9)]),
        ('5"\tinch\t7.5\n"\tquote\t9\n', [('5"', "inch", 7.5), ('"', "quote", 9)]),
        ("# a; comment, with\tmarks\nsun,day,7.5\n", [("sun", "day", 7.5)]),
        ("a,b;c;1\nd,e;f;2\n", [("a,b", "c", 1), ("d,e", "f", 2)]),
        ("\ufeffa\tb\t1\n\ufeffc\td\t2\n", [("a", "b", 1), ("\ufeffc", "d", 2)]),
        ("w1\tw2\tn\ts\na\tb\tNA\t1\nc\td\t5\t2\ne\tf\t6\t3\n", None),
    ],
)
def test_read_pairs(
    tmp_path: Path, text: str, expected: list[tuple[str, str, float]] | None
) -> None:
    if expected is None:
        with pytest.raises(ValueError, match=r"line 2: .*the score 'NA' is missing"):
            evaluation.read_pairs(write(tmp_path, text))
        return
    assert evaluation.read_pairs(write(tmp_path, text)) == expected


def test_read_pairs_with_a_given_delimiter(tmp_path: Path) -> None:
    assert evaluation.read_pairs(write(tmp_path, "a,1|b|3\n"), delimiter="|") == [("a,1", "b", 3.0)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no word pairs"),
        ("# only a comment\n", "no word pairs"),
        ("word1\tword2\tscore\n", r"line 1: .*'word1', 'word2', 'score'"),
        ("a\tb\t1\nc\td\n", "line 2: expected word1, word2 and a score"),
        ("a\tb\t1\n\n# c\nc\td\tx\n", "line 4: "),
        ("a\tb\t1\nc\t\t2\n", "line 2: "),
        ("a\tb\t1\nc\td\tnan\n", "line 2: "),
        ("a\tb\tNA\nc\td\t1\n", r"line 1: .*the score 'NA' is missing: take the line out"),
        ("a\tb\t\nc\td\t1\n", "line 1: .*the score '' is missing"),
        ("a\tb\t7..5\nc\td\t1\n", r"line 1: .*found \['a', 'b', '7..5'\]"),
        ("a\tb\t-\nc\td\t1\n", "line 1: .*is missing"),
        ("a\tb\nc\td\t1\n", "line 1: expected word1, word2 and a score"),
        ("a;b;1,5\nc;d;2.5\n", "line 2: '2.5' and scores before it have different decimal marks"),
        ("a\tb\t1,234.5\nc\td\t1\n", "line 1: "),
        ("a\tb\t1_0\n", "line 1: "),
        ("a,b,7,5\nc,d,9,1\n", "line 1: '7,5' may be a score with a decimal comma, or two columns"),
        ("w1,w2,score\na,b,7,5\n", "line 2: 4 fields between commas, 3 in the first line"),
        ("a,b,7,5\nc,d,9\n", "line 2: 3 fields between commas"),
        ("a b 1\rc d 2\r", "line 1: a carriage return"),
        ("a b 1\n" + "x" * (1 << 17), "line 2: longer than 65,536 bytes"),
        ("a\tb\t1\n" + "y" * 60_000 + "\n", "line 2: expected"),
    ],
)
def test_read_pairs_names_the_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as error:
        evaluation.read_pairs(write(tmp_path, text))
    assert str(tmp_path / "file.txt") in str(error.value)
    assert len(str(error.value)) < 500


@pytest.mark.parametrize(
    "read", [evaluation.read_pairs, evaluation.read_analogies, evaluation.has_sections]
)
def test_a_file_of_any_kind_ends_in_an_error_of_a_line(tmp_path: Path, read: Any) -> None:
    path = tmp_path / "file"
    with path.open("wb") as file:
        file.truncate(1 << 33)  # 8 GB of zeros, no line end
    with pytest.raises(ValueError, match="line 1: longer than") as error:
        read(path)
    assert len(str(error.value)) < 500


def test_damaged_compressed_data_are_named(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(gzip.compress(b"a\tb\t1\n" * 5_000)[:-9])
    with pytest.raises(OSError, match=f"{path}: its compressed data are damaged"):
        evaluation.read_pairs(path)


@pytest.mark.slow
def test_a_file_that_unpacks_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(gzip.compress((b"a\tb\t" + b"1" * 30 + b"\n") * 100_000) * 25)
    with pytest.raises(ValueError, match="no file for an evaluation"):
        evaluation.read_pairs(path)


def test_read_pairs_names_the_line_of_bad_text(tmp_path: Path) -> None:
    path = tmp_path / "latin"
    path.write_bytes(b"a\tb\t1\ncaf\xe9\tbar\t2\n")
    with pytest.raises(ValueError, match="line 2: not utf-8 text"):
        evaluation.read_pairs(path)
    assert evaluation.read_pairs(path, encoding="latin-1")[1] == ("café", "bar", 2.0)


def test_read_analogies_of_other_hands(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        '\ufeff# made by hand\n: capitals\r\nnew york\tusa\tlondon\tuk\n"a","b",c,d\r\na;b;c;d\n',
    )
    assert evaluation.has_sections(path)
    assert evaluation.read_analogies(path) == [
        (
            "capitals",
            [("new york", "usa", "london", "uk"), ("a", "b", "c", "d"), ("a", "b", "c", "d")],
        )
    ]


def test_read_analogies(tmp_path: Path) -> None:
    path = write(tmp_path, ": capital common\nAthens Greece  Oslo\tNorway\r\n\n: gram1\n:empty\n")
    assert evaluation.read_analogies(path) == [
        ("capital common", [("Athens", "Greece", "Oslo", "Norway")]),
        ("gram1", []),
        ("empty", []),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no analogy questions"),
        ("a b c d\n", "line 1: expected the first section"),
        (": s\na b c d\na b c\n", "line 3: expected four words; found 'a b c'"),
    ],
)
def test_read_analogies_names_the_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        evaluation.read_analogies(write(tmp_path, text))


# -- word pairs ------------------------------------------------------------------------------------


def test_correlation_and_ranks_by_hand() -> None:
    assert evaluation.pairs.correlation([1, 2, 3], [2, 4, 6]) == pytest.approx(1)
    assert evaluation.pairs.correlation([1, 2, 3, 4], [1, 3, 2, 4]) == pytest.approx(0.8)
    assert math.isnan(evaluation.pairs.correlation([1, 1], [1, 2]))
    assert math.isnan(evaluation.pairs.correlation([1], [1]))
    assert evaluation.pairs.ranks([10, 20, 10, 5]).tolist() == [2.5, 4, 2.5, 1]


def test_correlation_is_scipys() -> None:
    stats = pytest.importorskip("scipy.stats", reason="scipy is not installed")
    rng = np.random.default_rng(1)
    for count in (3, 10, 200):
        x, y = rng.integers(0, 8, (2, count)).astype(float) + np.arange(count) * 0.05 // 1
        pearson, spearman = (
            evaluation.pairs.correlation(x, y),
            evaluation.pairs.correlation(*map(evaluation.pairs.ranks, (x, y))),
        )
        assert (pearson, evaluation.pairs.p_value(pearson, count)) == pytest.approx(
            tuple(stats.pearsonr(x, y))
        )
        assert (spearman, evaluation.pairs.p_value(spearman, count)) == pytest.approx(
            tuple(stats.spearmanr(x, y))
        )


def test_pairs_state_coverage_and_policy(tmp_path: Path) -> None:
    kv = random_vectors(["a", "b", "c", "B", "d"])
    path = write(tmp_path, "A\tb\t1\nb\tc\t2\na\tmissing\t3\nc\td\t4\n")
    skipped = evaluation.evaluate_pairs(kv, path)
    assert (skipped.pairs, skipped.covered, skipped.oov, skipped.coverage) == (4, 3, "skip", 0.75)
    cosines = [kv.similarity("a", "b"), kv.similarity("b", "c"), kv.similarity("c", "d")]
    assert skipped.pearson == pytest.approx(np.corrcoef(cosines, [1, 2, 4])[0, 1])
    zero = evaluation.evaluate_pairs(kv, path, oov="zero")
    assert zero.pearson == pytest.approx(
        np.corrcoef([*cosines[:2], 0, cosines[2]], [1, 2, 3, 4])[0, 1]
    )
    assert (zero.covered, zero.oov) == (3, "zero")
    assert evaluation.evaluate_pairs(kv, path, case_insensitive=False).covered == 2
    assert evaluation.evaluate_pairs(kv, path, restrict_vocab=3).covered == 2
    assert json.loads(json.dumps(skipped.as_dict()))["coverage"] == 0.75


def test_nothing_covered_is_not_an_error_but_has_no_correlation(tmp_path: Path) -> None:
    result = evaluation.evaluate_pairs(random_vectors(["a"]), write(tmp_path, "x\ty\t1\n"))
    assert result.covered == 0
    assert math.isnan(result.pearson)
    assert json.loads(json.dumps(result.as_dict(), allow_nan=False))["spearman"] is None


@pytest.mark.parametrize("options", [{"oov": "drop"}, {"method": "plus"}])
def test_unknown_choices_are_named(tmp_path: Path, options: dict[str, Any]) -> None:
    function = evaluation.evaluate_analogies if "method" in options else evaluation.evaluate_pairs
    with pytest.raises(ValueError, match=r"must be one of .*(skip, zero|add, mul)"):
        function(random_vectors(["a"]), write(tmp_path, ""), **options)


# -- analogies -------------------------------------------------------------------------------------


def slow_answers(kv: KeyedVectors, text: str, method: str) -> list[bool]:
    """One question at a time, case ignored, as the rules are written."""
    first: dict[str, str] = {}
    for word in kv.index_to_key:
        first.setdefault(word.upper(), word)
    ask = kv.most_similar if method == "add" else kv.most_similar_cosmul
    right = []
    for line in text.splitlines():
        words = line.upper().split()
        if line.startswith(":") or any(word not in first for word in words):
            continue
        a, b, c = (first[word] for word in words[:3])
        answers = [word.upper() for word, _ in ask([b, c], [a], topn=len(kv))]
        right.append(next((word for word in answers if word not in words[:3]), None) == words[3])
    return right


@pytest.mark.parametrize("method", ["add", "mul"])
def test_batched_answers_are_those_of_single_queries(tmp_path: Path, method: str) -> None:
    kv, text = families()
    result = evaluation.evaluate_analogies(kv, write(tmp_path, text), method=method)
    right = slow_answers(kv, text, method)
    assert result.total.covered == len(right)
    assert result.total.correct == sum(right)
    assert 0.2 < result.total.accuracy < 0.95


@pytest.mark.parametrize("method", ["add", "mul"])
def test_block_size_does_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    kv, text = families()
    path = write(tmp_path, text)
    expected = evaluation.evaluate_analogies(kv, path, method=method)
    monkeypatch.setattr(evaluation.analogies, "QUESTION_ROWS", 7)
    monkeypatch.setattr(evaluation.analogies, "QUESTION_CHUNK", 5)
    assert evaluation.evaluate_analogies(kv, path, method=method) == expected


def test_analogies_by_section_and_policy(tmp_path: Path) -> None:
    kv, text = families()
    path = write(tmp_path, text)
    skipped, zero = (evaluation.evaluate_analogies(kv, path, oov=oov) for oov in ("skip", "zero"))
    assert [section.name for section in skipped.sections] == ["family", "empty", "gram1-plural"]
    family = skipped.sections[0]
    assert (family.questions, family.covered, family.counted) == (404, 403, 403)
    assert (skipped.semantic.correct, skipped.syntactic.questions) == (family.correct, 470)
    assert skipped.total.correct == skipped.semantic.correct + skipped.syntactic.correct
    assert zero.total.counted == zero.total.questions == 874
    assert zero.total.correct == skipped.total.correct
    assert zero.total.accuracy < skipped.total.accuracy
    assert math.isnan(skipped.sections[1].accuracy)
    record = json.loads(json.dumps(skipped.as_dict(), allow_nan=False))
    assert record["sections"][1]["accuracy"] is None
    assert (record["method"], record["oov"], record["restrict_vocab"]) == ("add", "skip", 300_000)


def test_analogies_restrict_vocab_and_case(tmp_path: Path) -> None:
    kv, text = families()
    path = write(tmp_path, text)
    assert evaluation.evaluate_analogies(kv, path, restrict_vocab=40).total.covered < 400
    exact = evaluation.evaluate_analogies(kv, path, case_insensitive=False)
    assert exact.total.covered < evaluation.evaluate_analogies(kv, path).total.covered
    assert evaluation.evaluate_analogies(kv, path, restrict_vocab=0).total.covered == 0
    assert (
        evaluation.evaluate_analogies(
            KeyedVectors([], np.empty((0, 4), np.float32)), path
        ).total.covered
        == 0
    )


def test_zero_vectors_are_no_answers(tmp_path: Path) -> None:
    vectors = -np.eye(5, dtype=np.float32)
    vectors[3] = 0
    kv = KeyedVectors(list("abcde"), vectors)
    path = write(tmp_path, ": s\na b c d\na b c e\n")
    for method in ("add", "mul"):
        assert evaluation.evaluate_analogies(kv, path, method=method).total.correct == 1


def test_half_precision_answers_like_single_precision(tmp_path: Path) -> None:
    kv, text = families()
    path = write(tmp_path, text)
    half = KeyedVectors(kv.index_to_key, kv.vectors.astype(np.float16))
    same = KeyedVectors(kv.index_to_key, half.vectors.astype(np.float32))
    assert evaluation.evaluate_analogies(half, path) == evaluation.evaluate_analogies(same, path)


# -- the same figures as gensim --------------------------------------------------------------------


def assert_same_pairs(kv: KeyedVectors, path: Path, **options: Any) -> None:
    ours, theirs = (
        kv.evaluate_word_pairs(path, **options),
        kv.to_gensim().evaluate_word_pairs(str(path), **options),
    )
    for one, other in zip(ours[:2], theirs[:2], strict=True):
        assert one == pytest.approx(tuple(other), abs=1e-5)
    assert ours[2] == pytest.approx(theirs[2])


def assert_same_analogies(kv: KeyedVectors, path: Path, **options: Any) -> None:
    theirs = kv.to_gensim().evaluate_word_analogies(str(path), **options)
    assert kv.evaluate_word_analogies(path, **options) == theirs


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"dummy4unknown": True},
        {"case_insensitive": False},
        {"restrict_vocab": 20},
        {"restrict_vocab": None},
    ],
)
def test_pairs_are_gensims(tmp_path: Path, options: dict[str, Any]) -> None:
    pytest.importorskip("gensim", reason="gensim is not installed: nothing to compare with")
    pytest.importorskip("scipy", reason="scipy is not installed: no p-values")
    kv = random_vectors([*(f"w{i}" for i in range(30)), "W3", "W40", "w40"])
    draw = random.Random(5)
    lines = [
        f"{draw.choice('wW')}{draw.randrange(45)}\tw{draw.randrange(32)}\t{draw.randrange(11)}\n"
        for _ in range(80)
    ]
    assert_same_pairs(
        kv, write(tmp_path, "# comment\nWord 1\tWord 2\tHuman (mean)\n" + "".join(lines)), **options
    )


def test_too_few_pairs_raise_in_gensim_and_here(tmp_path: Path) -> None:
    pytest.importorskip("gensim", reason="gensim is not installed: nothing to compare with")
    kv = random_vectors(["a", "b"])
    for text in ("", "a\tb\t1\n", "x\ty\t1\nz\tz\t2\n"):
        path = write(tmp_path, text)
        for vectors in (kv, kv.to_gensim()):
            with pytest.raises(ValueError, match=r"vocabulary|length|pairs"):
                vectors.evaluate_word_pairs(str(path))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"dummy4unknown": True},
        {"case_insensitive": False},
        {"restrict_vocab": 40},
        {"restrict_vocab": None},
    ],
)
def test_analogies_are_gensims(tmp_path: Path, options: dict[str, Any]) -> None:
    pytest.importorskip("gensim", reason="gensim is not installed: nothing to compare with")
    kv, text = families()
    assert_same_analogies(kv, write(tmp_path, text), **options)


@pytest.fixture(scope="module")
def related() -> KeyedVectors:
    """Vectors for the words of the real sets, near each other where they share letters."""
    folder = Path(EVAL_DIR or "")
    words = {
        word
        for _, questions in evaluation.read_analogies(folder / "google/questions-words.txt")
        for question in questions
        for word in question
    }
    for name in (
        "wordsim353/combined.tab",
        "simlex999/SimLex-999.txt",
        "mturk287/Mtruk.csv",
        "rg65/EN-RG-65.txt",
    ):
        words |= {word for pair in evaluation.read_pairs(folder / name) for word in pair[:2]}
    rng = np.random.default_rng(0)
    letters = {}
    for word in words:
        for part in zip(word, word[1:] + "$", strict=True):
            letters.setdefault(part, rng.standard_normal(40))
    keys = sorted(words)[::3] + sorted(words)[1::3]
    matrix = [
        sum(letters[part] for part in zip(word, word[1:] + "$", strict=True)) for word in keys
    ]
    return KeyedVectors(keys, np.array(matrix, np.float32))


@needs_real_sets
@pytest.mark.parametrize(
    ("name", "pairs", "first"),
    [
        ("wordsim353/combined.tab", 353, ("love", "sex", 6.77)),
        ("wordsim353/combined.csv", 353, ("love", "sex", 6.77)),
        ("wordsim353/set1.csv", 153, ("love", "sex", 6.77)),
        ("wordsim353/set2.tab", 200, ("energy", "secretary", 1.81)),
        ("simlex999/SimLex-999.txt", 999, ("old", "new", 1.58)),
        ("mturk287/Mtruk.csv", 287, ("episcopal", "russia", 2.75)),
        ("rg65/EN-RG-65.txt", 65, ("gem", "jewel", 3.94)),
    ],
)
def test_real_pair_files_are_read(name: str, pairs: int, first: tuple[str, str, float]) -> None:
    read = evaluation.read_pairs(Path(EVAL_DIR or "") / name)
    assert len(read) == pairs
    assert read[0] == first


@needs_real_sets
def test_real_sets_give_gensims_figures(related: KeyedVectors) -> None:
    pytest.importorskip("gensim", reason="gensim is not installed: nothing to compare with")
    pytest.importorskip("scipy", reason="scipy is not installed: no p-values")
    folder = Path(EVAL_DIR or "")
    assert_same_pairs(related, folder / "wordsim353/combined.tab")
    assert_same_pairs(related, folder / "mturk287/Mtruk.csv", delimiter=",")
    result = evaluation.evaluate_analogies(related, folder / "google/questions-words.txt")
    assert result.total.questions == 19_544
    assert result.total.correct > 500
    assert_same_analogies(related, folder / "google/questions-words.txt")
