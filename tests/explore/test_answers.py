"""Search, neighbors, maps, alignments, contexts and columns against plain ways to compute them."""

import asyncio
import os
import sys
import threading
import time
import unicodedata
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.explore.conftest import TOPICS, WORDS, topic_vectors
from w2v_fast import KeyedVectors
from w2v_fast.explore import model as models
from w2v_fast.explore import projection
from w2v_fast.explore.alignment import Alignment
from w2v_fast.explore.batches import Batches
from w2v_fast.explore.columns import OTHERS, read_columns
from w2v_fast.explore.contexts import Contexts
from w2v_fast.explore.explorer import Explorer, Parameters
from w2v_fast.explore.model import Model
from w2v_fast.explore.run import MAX_POINTS, Run
from w2v_fast.explore.search import WordSearch

words = st.lists(st.text("abAB\xff\né", max_size=4), unique=True, max_size=12)


@given(words=words, query=st.text("abAB\xff\nÉ", max_size=3), limit=st.integers(1, 5))
def test_search_finds_whole_words_then_beginnings_then_parts(words, query, limit):
    def fold(word):
        return unicodedata.normalize("NFC", word.casefold())

    wanted, folded = fold(query), [fold(word) for word in words]
    tests = (wanted.__eq__, lambda word: word.startswith(wanted), lambda word: wanted in word)
    expected = dict.fromkeys(row for test in tests for row, word in enumerate(folded) if test(word))
    assert WordSearch(words).find(query, limit) == (list(expected)[:limit] if wanted else [])


def test_search_takes_lone_surrogates_and_any_script():
    search = WordSearch(WORDS)
    for word in WORDS:
        assert search.find(word, 1) == [WORDS.index(word)]
    assert [WORDS[row] for row in search.find("МОС", 5)] == ["Москва"]


def test_neighbors_analogies_and_cosines_are_those_of_the_vectors(model, vectors):
    rows, cosines = asyncio.run(model.neighbors(0, 5))
    assert [(WORDS[row], pytest.approx(c)) for row, c in zip(rows, cosines, strict=True)] == (
        vectors.most_similar("cat", topn=5)
    )
    rows, _ = asyncio.run(model.analogy(0, 1, 6, 3))
    expected = vectors.most_similar(["dog", "iron"], ["cat"], topn=3)
    assert [WORDS[row] for row in rows] == [word for word, _ in expected]
    assert model.cosines([0, 7])[0][1] == pytest.approx(vectors.similarity("cat", "copper"))


def test_the_axis_is_the_cosine_to_the_difference_of_unit_vectors(model, vectors):
    unit = vectors.get_normed_vectors()
    expected = unit @ (unit[6] - unit[0]) / np.linalg.norm(unit[6] - unit[0])
    np.testing.assert_allclose(model.axis(0, 6), expected, atol=1e-6)
    with pytest.raises(ValueError, match="two different words"):
        model.axis(3, 3)


def test_zeros_have_neighbors_without_cosines():
    zeros = KeyedVectors(["nothing", "a", "b"], np.array([[0, 0], [1, 0], [0, 1]], np.float32))
    model = Model(zeros, "zeros")
    assert asyncio.run(model.neighbors(0, 2))[1] == [None, None]
    assert np.isfinite(model.axis(0, 1)).all()
    assert np.isfinite(projection.pca(model)).all()


def many_words(seed=1):
    random = np.random.default_rng(seed)
    centers = random.normal(size=(40, 24))
    rows = centers[random.integers(0, 40, 3000)] + random.normal(size=(3000, 24))
    return KeyedVectors([f"w{row}" for row in range(3000)], rows.astype(np.float32))


def test_very_many_words_have_neighbors_from_an_index(monkeypatch):
    pytest.importorskip("usearch", reason="the extra explore")
    monkeypatch.setattr(models, "INDEXED_WORDS", 2999)
    kv = many_words()
    model, exact = Model(kv, "many"), Model(kv, "exact")
    model.build_index()
    deadline = time.monotonic() + 30
    while not model.indexed and time.monotonic() < deadline:
        time.sleep(0.01)
    assert model.indexed
    found = {row: asyncio.run(model.neighbors(row, 10)) for row in range(0, 3000, 30)}
    kept = [
        set(rows) & set(asyncio.run(exact.neighbors(row, 10))[0])
        for row, (rows, _) in found.items()
    ]
    assert np.mean([len(rows) for rows in kept]) > 9.5
    unit = kv.get_normed_vectors()
    for row, (rows, cosines) in found.items():
        assert row not in rows
        np.testing.assert_allclose(cosines, unit[rows] @ unit[row], atol=1e-6)
    assert asyncio.run(model.analogy(0, 1, 2, 5))[0]


def test_answers_are_exact_with_fewer_words_and_without_the_extra(monkeypatch):
    model = Model(many_words(), "few")
    model.build_index()
    assert not model.indexed
    monkeypatch.setattr(models, "INDEXED_WORDS", 2999)
    monkeypatch.setitem(sys.modules, "usearch.index", None)
    started = threading.active_count()
    model.build_index()
    while threading.active_count() > started:
        time.sleep(0.01)
    assert not model.indexed
    assert len(asyncio.run(model.neighbors(0, 10))[0]) == 10


def test_questions_are_answered_once_each_in_batches():
    sizes = []

    def double(questions):
        sizes.append(len(questions))
        if -1 in questions:
            raise ValueError("no")
        return [2 * question for question in questions]

    batches = Batches(double)

    async def ask(*questions):
        return await asyncio.gather(*map(batches.ask, questions), return_exceptions=True)

    assert asyncio.run(ask(*range(300))) == [2 * i for i in range(300)]
    assert sizes == [128, 128, 44]
    assert [str(error) for error in asyncio.run(ask(-1, 1))] == ["no", "no"]
    assert asyncio.run(ask(3)) == [6]


def test_a_question_that_nobody_waits_for_is_not_answered():
    asked = []
    batches = Batches(lambda questions: asked.extend(questions) or questions)

    async def leave():
        first, second = (asyncio.create_task(batches.ask(number)) for number in range(2))
        await asyncio.sleep(0)
        first.cancel()
        return await second

    assert asyncio.run(leave()) == 1
    assert asked == [1]


def test_pca_keeps_topics_apart_and_fills_the_square(model):
    places = projection.pca(model)
    assert places.shape == (len(WORDS), 2)
    assert np.percentile(np.abs(places), projection.VISIBLE_SHARE) == pytest.approx(1, abs=0.05)
    centers = np.array([places[6 * i : 6 * i + 6].mean(axis=0) for i in range(len(TOPICS))])
    spread = max(places[6 * i : 6 * i + 6].std() for i in range(len(TOPICS)))
    assert np.linalg.norm(centers[0] - centers[1]) > spread


@pytest.fixture
def kept(tmp_path, vectors):
    path = tmp_path / "toy.bin"
    KeyedVectors(WORDS[:18], vectors.vectors[:18]).save(path)
    return path, Model(KeyedVectors.load(path), "toy")


def test_a_map_is_kept_beside_the_vectors_until_they_change(kept):
    path, model = kept
    places = np.random.default_rng(1).normal(size=(18, 2)).astype(np.float32)
    file = projection.MapFile(str(path), model, "tsne")
    assert file.load() is None
    file.save(places)
    np.testing.assert_array_equal(file.load(), places)
    os.utime(path, ns=(0, 0))
    assert file.load() is None


@pytest.mark.parametrize("position", [0, 40, -1])
def test_a_damaged_map_is_none(kept, position):
    path, model = kept
    file = projection.MapFile(str(path), model, "tsne")
    file.save(np.ones((18, 2), np.float32))
    data = bytearray(Path(file.path).read_bytes())
    data[position] ^= 1
    Path(file.path).write_bytes(data)
    assert file.load() is None


def test_a_map_that_cannot_be_kept_is_a_warning(kept, monkeypatch):
    path, model = kept

    def full(_):
        raise OSError("disk full")

    monkeypatch.setattr(projection, "atomic_write", full)
    with pytest.warns(RuntimeWarning, match="disk full"):
        projection.MapFile(str(path), model, "tsne").save(np.ones((18, 2), np.float32))


@pytest.mark.parametrize(("method", "module"), [("tsne", "openTSNE"), ("umap", "umap")])
def test_words_are_placed_and_others_follow_them(method, module, monkeypatch):
    pytest.importorskip(module, reason="an extra")
    monkeypatch.setattr(projection, "PLACED_WORDS", 150)
    random = np.random.default_rng(1)
    centers = 5 * random.normal(size=(2, 20))
    rows = np.array([centers[i % 2] + random.normal(size=20) for i in range(200)], np.float32)
    model = Model(KeyedVectors([f"w{i}" for i in range(200)], rows), "two")
    told = []
    places = projection.embedding(model, method, lambda share, stage: told.append((share, stage)))
    assert places.shape == (200, 2)
    assert [share for share, _ in told] == sorted(share for share, _ in told)
    nearest = np.linalg.norm(places[150:, None] - places[None, :150], axis=2).argmin(axis=1)
    assert (nearest % 2 == np.arange(150, 200) % 2).mean() > 0.95
    job = projection.Projection(model, None, method)
    job.cancel()
    job.run()
    assert job.state == "idle"


@pytest.mark.parametrize(("method", "extra"), [("tsne", "explore"), ("umap", "explore,umap")])
def test_without_the_extra_the_error_names_it(method, extra, model, monkeypatch):
    monkeypatch.setattr(projection.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ImportError, match=rf"w2v_fast\[{extra}\]"):
        projection.Projection(model, None, method).start()


def test_procrustes_undoes_a_rotation_and_finds_the_word_that_moved(vectors):
    random = np.random.default_rng(1)
    rotation = np.linalg.qr(random.normal(size=(12, 12)))[0]
    turned = (vectors.vectors @ rotation).astype(np.float32)
    turned[3] = -turned[3]
    other = KeyedVectors([*WORDS[1:], "new"], np.concatenate([turned[1:], turned[:1]]))
    alignment = Alignment(Model(vectors, "a"), Model(other, "b"))
    assert len(alignment.rows) == len(WORDS) - 1
    assert [WORDS[row] for row in alignment.rows[alignment.moved_most(1, 100)]] == ["cow"]
    assert np.median(alignment.cosines) > 0.97


def test_models_without_a_common_word_are_refused(vectors):
    other = Model(KeyedVectors(["x"], np.ones((1, 3), np.float32)), "b")
    with pytest.raises(ValueError, match="no word in common"):
        Alignment(Model(vectors, "a"), other)


def test_contexts_are_whole_words_of_one_line(tmp_path):
    path = tmp_path / "text"
    path.write_bytes(b"cat scatter cat\nthe cat, cat\xff cat")
    found, complete = Contexts(str(path)).find("cat", 10)
    assert complete
    assert [(left.strip(), right.strip()) for left, _, right in found] == [
        ("", "scatter cat"),
        ("cat scatter", ""),
        ("the cat, cat\ufffd", ""),
    ]
    assert Contexts(str(path)).find("two words", 10) == ([], True)
    assert len(Contexts(str(path)).find("cat", 2)[0]) == 2


def test_contexts_across_chunks_are_found_once(tmp_path, monkeypatch):
    monkeypatch.setattr("w2v_fast.explore.contexts.CHUNK", 5)
    path = tmp_path / "text"
    path.write_text("aa bb aa bb aa bb")
    assert len(Contexts(str(path)).find("bb", 10)[0]) == 3


@pytest.mark.parametrize(("name", "data"), [("t.gz", b"x"), ("t.txt", b"")])
def test_a_text_that_cannot_be_searched_is_refused(tmp_path, name, data):
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"compressed|empty"):
        Contexts(str(path))


def test_columns_are_numbers_or_categories(tmp_path, model):
    path = tmp_path / "table.csv"
    path.write_text('word,kind,size\ncat,animal,1.5\ndog,animal,\n"nobody",x,1\niron,metal,2\n')
    kind, size = read_columns(str(path), model)
    assert kind.categories == ["animal", "metal"]
    assert kind.values[[0, 1, 6]].tolist() == [0, 0, 1]
    assert size.categories is None
    assert size.values[0] == 1.5
    assert np.isnan(size.values[1])


def test_many_categories_end_in_one_for_the_others(tmp_path, model):
    path = tmp_path / "table.tsv"
    lines = [f"{word}\tc{i}" for i, word in enumerate(WORDS[:18])]
    path.write_text("\n".join(["word\tc", *lines]), "utf-8")
    (column,) = read_columns(str(path), model)
    assert column.categories[-1] == OTHERS
    assert np.nanmax(column.values) == len(column.categories) - 1


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "line 1"),
        ("word\n", "line 1"),
        ("word\ta\ncat\n", "line 2"),
        ("word\ta\nx\t1\n", "no value"),
    ],
)
def test_a_wrong_table_is_refused_with_its_line(tmp_path, model, text, error):
    path = tmp_path / "table.tsv"
    path.write_text(text)
    with pytest.raises(ValueError, match=error):
        read_columns(str(path), model)


def report(tokens, **others):
    fields = {"seconds": tokens / 10, "lr": 0.02, "rate": 10.0, "loss": 2.0, "total_tokens": 5000}
    return {**fields, "tokens": tokens, "epoch": 1, "epochs": 1, **others}


def test_a_run_keeps_a_bounded_curve_and_tells_no_nan(model):
    run = Run(model)
    for tokens in range(5 * MAX_POINTS):
        run.tell(report(tokens, loss=float("nan") if not tokens else 2.0))
    answer = run.answer()
    run.close()
    assert MAX_POINTS // 3 <= len(answer["points"]) <= MAX_POINTS
    assert answer["points"][0]["loss"] is None
    assert [point["tokens"] for point in answer["points"]] == sorted(
        point["tokens"] for point in answer["points"]
    )
    assert answer["now"]["tokens"] == 5 * MAX_POINTS - 1
    assert run.answer()["ended"]


def test_a_run_follows_the_weights(monkeypatch):
    monkeypatch.setattr("w2v_fast.explore.run.MIN_SECONDS", 0.01)
    vectors = topic_vectors()
    run = Run(Model(vectors, "run"))
    run.watch([0])

    def nearest():
        for _ in range(500):
            found = run.answer()["neighbors"]
            if found and found[0]["rows"][0] == wanted:
                return True
            threading.Event().wait(0.01)
        return False

    wanted = vectors.get_index(vectors.most_similar("cat", topn=1)[0][0])
    assert nearest()
    vectors.vectors[0], wanted = vectors.vectors[6], 6
    assert nearest()
    run.close()
    with pytest.raises(KeyError):
        run.watch([len(WORDS)])


def test_neighbors_of_a_run_are_computed_only_when_asked_for(monkeypatch, model):
    monkeypatch.setattr("w2v_fast.explore.run.MIN_SECONDS", 0.01)
    computed = []
    monkeypatch.setattr(Run, "_nearest", lambda self, rows: computed.append(rows) or [])
    run = Run(model)
    time.sleep(0.1)
    assert not computed
    run.answer()
    time.sleep(0.1)
    assert len(computed) == 1
    run.close()
    time.sleep(0.1)
    assert len(computed) == 1


def test_the_words_of_a_run_are_searched_when_asked(model):
    run = Run(model)
    explorer = Explorer(model, run=run)
    assert "search 0" not in explorer._prepared
    for _ in range(2):
        assert explorer.search(Parameters({"text": WORDS[0]}))["rows"][0] == 0
    with pytest.raises(KeyError):
        explorer.search(Parameters({"text": WORDS[0], "model": "1"}))
    explorer.close()


def test_nothing_warns_about_vectors_that_only_look(model):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        projection.pca(model)
