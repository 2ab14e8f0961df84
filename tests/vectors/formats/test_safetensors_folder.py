import contextlib
import json
import os

import numpy as np
import pytest
from hypothesis import given

from tests.vectors.formats import assert_same, at_most, tables, vectors
from w2v_fast.vectors.formats import FormatError, load, save
from w2v_fast.vectors.keyed_vectors import KeyedVectors


@pytest.fixture
def kv():
    more = vectors("a", "b c", "", "\udcff")
    return vectors(
        "a",
        "b c",
        "",
        "\udcff",
        counts=[9, 5, 2**60, 0],
        output_vectors=more.vectors[::-1],
        metadata={"epochs": "5", "corpus": "wiki é"},
    )


def test_keeps_everything(tmp_path, kv):
    save(kv, tmp_path / "m")
    for options in ({}, {"mmap": False}, {"verify": True}):
        got = load(tmp_path / "m", **options)
        assert_same(got, kv)
        assert (got.counts == kv.counts).all()
        assert (got.output_vectors == kv.output_vectors).all()
        assert got.metadata == kv.metadata
        assert isinstance(got.vectors, np.memmap) == options.get("mmap", True)


def test_nothing_optional(tmp_path):
    save(vectors("a"), tmp_path / "m")
    got = load(tmp_path / "m")
    assert (got.counts, got.output_vectors, got.metadata) == (None, None, {})


def test_half_precision_and_not_finite(tmp_path):
    kv = vectors("a", "b")
    kv.vectors = kv.vectors.astype(np.float16)
    kv.vectors[1, 1] = np.nan
    save(kv, tmp_path / "m")
    got = load(tmp_path / "m")
    assert got.vectors.dtype == np.float16
    assert np.array_equal(got.vectors, kv.vectors, equal_nan=True)


def test_limit(tmp_path, kv):
    save(kv, tmp_path / "m")
    for limit in (0, 2, 9):
        got = load(tmp_path / "m", limit=limit)
        assert got.index_to_key == kv.index_to_key[:limit]
        assert got.vectors.shape == got.output_vectors.shape == (min(limit, 4), 3)


@given(table=tables(forbidden="", counts=True))
def test_any_table(tmp_path_factory, table):
    folder = tmp_path_factory.mktemp("native") / "m"
    save(table, folder)
    got = load(folder, verify=True)
    assert_same(got, table)
    assert (got.counts == table.counts).all()


def test_files_are_safetensors(tmp_path, kv):
    safetensors = pytest.importorskip("safetensors.numpy")
    save(kv, tmp_path / "m")
    model = safetensors.load_file(tmp_path / "m" / "model.safetensors")
    assert list(model) == ["embeddings"]
    assert (model["embeddings"] == np.vstack([kv.vectors, np.zeros((1, 3))])).all()
    words = safetensors.load_file(tmp_path / "m" / "words.safetensors")
    assert bytes(words["vocabulary"]) == b"ab c\xff"
    assert words["offsets"].tolist() == [0, 1, 4, 4, 5]
    assert words["counts"].tolist() == kv.counts.tolist()
    assert (words["output_vectors"] == kv.output_vectors).all()


def test_a_folder_is_replaced_as_a_whole(tmp_path, kv):
    save(kv, tmp_path / "m")
    old = load(tmp_path / "m")
    save(vectors("x"), tmp_path / "m")
    assert_same(load(tmp_path / "m"), vectors("x"))
    assert_same(old, kv)  # still mapped
    save(load(tmp_path / "m"), tmp_path / "m")
    assert_same(load(tmp_path / "m"), vectors("x"))
    assert os.listdir(tmp_path) == ["m"]


def test_a_folder_with_other_files_is_not_replaced(tmp_path, kv):
    save(kv, tmp_path / "m")
    (tmp_path / "m" / "thesis.doc").write_text("years of work")
    with pytest.raises(FileExistsError, match=r"thesis\.doc"):
        save(kv, tmp_path / "m")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "config.json").write_text("{}")
    with pytest.raises(FileExistsError, match=r"config\.json"):
        save(kv, tmp_path / "other")
    (tmp_path / "file").write_text("text")
    with pytest.raises(FileExistsError, match="it is a file"):
        save(kv, tmp_path / "file")
    assert sorted(os.listdir(tmp_path)) == ["file", "m", "other"]


def test_metadata_must_be_json(tmp_path):
    kv = vectors("a")
    kv.metadata = {"when": object()}
    with pytest.raises(TypeError, match="JSON"):
        save(kv, tmp_path / "m")
    assert os.listdir(tmp_path) == []


class TestDamage:
    @pytest.mark.slow
    def test_any_flipped_byte_is_found(self, tmp_path, kv):
        save(kv, tmp_path / "m")
        for name in ("model.safetensors", "words.safetensors", "config.json"):
            file = tmp_path / "m" / name
            whole = file.read_bytes()
            for at in range(0, len(whole), 7):
                file.write_bytes(whole[:at] + bytes([whole[at] ^ 0x15]) + whole[at + 1 :])
                try:
                    got = load(tmp_path / "m", verify=True)
                except FormatError:
                    continue
                assert_same(got, kv)  # white space or a name that nobody reads
            file.write_bytes(whole)

    @pytest.mark.slow
    def test_any_cut_is_found(self, tmp_path, kv):
        save(kv, tmp_path / "m")
        for name in ("model.safetensors", "words.safetensors", "config.json"):
            file = tmp_path / "m" / name
            whole = file.read_bytes()
            for cut in range(len(whole)):
                file.write_bytes(whole[:cut])
                with pytest.raises(FormatError):
                    load(tmp_path / "m")
            file.write_bytes(whole)

    @pytest.mark.parametrize(
        "header",
        [
            {
                "embeddings": {
                    "dtype": "F32",
                    "shape": [2**40, 300],
                    "data_offsets": [0, 2**40 * 1200],
                }
            },
            {"embeddings": {"dtype": "F32", "shape": [2, 3], "data_offsets": [-24, 0]}},
            {"embeddings": {"dtype": "F32", "shape": [-2, -3], "data_offsets": [0, 24]}},
            {"embeddings": {"dtype": "F32", "shape": [2, 4], "data_offsets": [0, 24]}},
            {"embeddings": {"dtype": "F99", "shape": [2, 3], "data_offsets": [0, 24]}},
            {"embeddings": {"dtype": "F32", "shape": [2.0, 3], "data_offsets": [0, 24]}},
            {"embeddings": {"dtype": "F32", "shape": "23", "data_offsets": [0, 24]}},
            {
                "embeddings": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]},
                "more": {"dtype": "F32", "shape": [1], "data_offsets": [20, 24]},
            },
            {"embeddings": [1, 2]},
            {"embeddings": {}},
            {},
            [],
            5,
            None,
        ],
    )
    def test_hostile_headers(self, tmp_path, header):
        save(vectors("a"), tmp_path / "m")
        raw = json.dumps(header).encode()
        (tmp_path / "m" / "model.safetensors").write_bytes(
            len(raw).to_bytes(8, "little") + raw + b"\0" * 24
        )
        with at_most(16), pytest.raises(FormatError):
            load(tmp_path / "m")

    @pytest.mark.parametrize(
        "raw",
        [
            b"\xff" * 8 + b"{}",
            (10**8 + 1).to_bytes(8, "little") + b"{}",
            b"",
            b"abc",
            (10**5).to_bytes(8, "little") + b"[" * 10**5,
        ],
    )
    def test_hostile_lengths(self, tmp_path, raw):
        save(vectors("a"), tmp_path / "m")
        (tmp_path / "m" / "model.safetensors").write_bytes(raw)
        with at_most(16), pytest.raises(FormatError):
            load(tmp_path / "m")

    @pytest.mark.parametrize("offsets", [[0, 5, 2], [1, 1, 2], [0, 2**63, 2], [0, 1, 3]])
    def test_hostile_offsets(self, tmp_path, offsets):
        safetensors = pytest.importorskip("safetensors.numpy")
        save(vectors("a", "b"), tmp_path / "m")
        tensors = {
            "vocabulary": np.frombuffer(b"ab", np.uint8),
            "offsets": np.array(offsets, np.uint64),
        }
        safetensors.save_file(tensors, tmp_path / "m" / "words.safetensors")
        config = json.loads((tmp_path / "m" / "config.json").read_text())
        from w2v_fast.vectors.formats._safetensors_file import checksum

        config["w2v_fast"]["sha256"] |= {name: checksum(array) for name, array in tensors.items()}
        (tmp_path / "m" / "config.json").write_text(json.dumps(config))
        with pytest.raises(FormatError, match="offsets"):
            load(tmp_path / "m")

    @pytest.mark.parametrize(
        "config",
        [
            "{",
            "[]",
            "{}",
            '{"w2v_fast": 5}',
            '{"w2v_fast": {"format_version": 2}}',
            '{"w2v_fast": {"format_version": 1, "metadata": 5}}',
            "[" * 10**5,
            '"w2v_fast"',
        ],
    )
    def test_hostile_config(self, tmp_path, config):
        save(vectors("a"), tmp_path / "m")
        (tmp_path / "m" / "config.json").write_text(config)
        with pytest.raises(FormatError):
            load(tmp_path / "m")

    @pytest.mark.parametrize("name", ["config.json", "words.safetensors", "model.safetensors"])
    def test_a_file_with_holes_takes_no_memory(self, tmp_path, name):
        save(vectors("a"), tmp_path / "m")
        os.truncate(tmp_path / "m" / name, 5 << 30)
        with at_most(24), contextlib.suppress(FormatError):
            load(tmp_path / "m")
            assert name != "config.json"

    def test_a_huge_vocabulary_of_few_words_takes_no_memory(self, tmp_path):
        save(vectors("a"), tmp_path / "m")
        header = {
            "vocabulary": {"dtype": "U8", "shape": [5 << 30], "data_offsets": [16, 16 + (5 << 30)]},
            "offsets": {"dtype": "U64", "shape": [2], "data_offsets": [0, 16]},
        }
        raw = json.dumps(header).encode()
        path = tmp_path / "m" / "words.safetensors"
        path.write_bytes(len(raw).to_bytes(8, "little") + raw)
        os.truncate(path, 8 + len(raw) + 16 + (5 << 30))
        with at_most(16), pytest.raises(FormatError, match="cannot be 1 different words"):
            load(tmp_path / "m")

    def test_a_folder_without_a_model(self, tmp_path):
        with pytest.raises(FileNotFoundError, match="holds no model"):
            load(tmp_path)


class TestOtherLibraries:
    @pytest.fixture
    def folder(self, tmp_path):
        save(
            KeyedVectors(["dogs", "bark", "caf\udce9", "[UNK]"], vectors(*"abcd").vectors),
            tmp_path / "m",
        )
        return tmp_path / "m"

    def test_model2vec(self, folder):
        model2vec = pytest.importorskip("model2vec", reason="model2vec is not installed")
        model = model2vec.StaticModel.from_pretrained(folder)
        numbers = vectors(*"abcd").vectors
        np.testing.assert_allclose(
            model.encode("dogs bark unheard"), numbers[:2].mean(axis=0), rtol=1e-6
        )

    def test_sentence_transformers(self, folder):
        library = pytest.importorskip(
            "sentence_transformers", reason="sentence-transformers is not installed"
        )
        model = library.SentenceTransformer(str(folder), device="cpu")
        numbers = vectors(*"abcd").vectors
        np.testing.assert_allclose(model.encode("dogs bark"), numbers[:2].mean(axis=0), rtol=1e-6)

    def test_tokenizer_has_one_token_for_each_row(self, folder):
        tokens = json.loads((folder / "tokenizer.json").read_text())["model"]
        assert sorted(tokens["vocab"].values()) == [0, 1, 2, 3, 4]
        assert (tokens["vocab"]["dogs"], tokens["vocab"]["[UNK]"]) == (0, 3)
        assert tokens["vocab"][tokens["unk_token"]] == 4
