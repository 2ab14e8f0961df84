"""Every format: choosing one, options, words, duplicates, compression, atomic writing."""

import bz2
import gzip
import io
import lzma
import os
import warnings
import zipfile
from importlib.util import find_spec
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given

from tests.vectors.formats import ASCII_SPACE, assert_same, tables, vectors
from w2v_fast.system.files import zstd_module
from w2v_fast.vectors.formats import FORMATS, FormatError, check_words, check_writable, load, save
from w2v_fast.vectors.keyed_vectors import KeyedVectors

STREAMS = ["word2vec_binary", "word2vec_text", "glove"]
READABLE = [*STREAMS, "safetensors", "npy"]
NEEDS_PYARROW = pytest.mark.skipif(find_spec("pyarrow") is None, reason="pyarrow is not installed")
WRITABLE = [
    pytest.param(format, marks=NEEDS_PYARROW if format == "parquet" else ()) for format in FORMATS
]
FORBIDDEN = {
    "word2vec_binary": ASCII_SPACE,
    "word2vec_text": ASCII_SPACE,
    "glove": ASCII_SPACE[1:],
    "npy": ASCII_SPACE[1:],
    "projector": ASCII_SPACE[1:],
    "spacy": ASCII_SPACE[1:] + "\udcff",
}


def text(path, *lines):
    path.write_text("".join(line + "\n" for line in lines), "utf-8", "surrogateescape")
    return path


class TestChoice:
    @pytest.mark.parametrize(
        ("name", "start"),
        [
            ("v.bin", b"2 3\na "),
            ("v.BIN", b"2 3\na "),
            ("v.txt", b"2 3\na "),
            ("v.vec", b"2 3\na "),
            ("v.npy", b"\x93NUMPY"),
            pytest.param("v.parquet", b"PAR1", marks=NEEDS_PYARROW),
        ],
    )
    def test_by_suffix(self, tmp_path, name, start):
        kv = vectors("a", "b")
        save(kv, tmp_path / name)
        assert (tmp_path / name).read_bytes().startswith(start)
        assert_same(load(tmp_path / name), kv)

    @pytest.mark.parametrize("path", ["model", "new/", "some.folder"])
    def test_a_folder_is_the_native_format(self, tmp_path, path):
        (tmp_path / "some.folder").mkdir()
        save(vectors("a"), f"{tmp_path}/{path}")
        assert (tmp_path / path / "model.safetensors").is_file()
        assert_same(load(tmp_path / path), vectors("a"))

    @pytest.mark.parametrize(
        "name",
        [
            "x.kv",
            "x.model",
            "x.wordvectors",
            "word2vec.w2v",
            "x.MODEL",
            "wv_0.025",
            "x.v2",
            "x.100d",
            "wv.2026-01-31",
        ],
    )
    def test_names_that_gensims_users_give_are_the_native_format(self, tmp_path, name):
        kv = vectors("a", "b")
        kv.save(tmp_path / name)
        assert (tmp_path / name / "model.safetensors").is_file()
        assert_same(KeyedVectors.load(tmp_path / name), kv)
        check_writable(tmp_path / name, "safetensors")

    @pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz"])
    @pytest.mark.parametrize("name", ["v.vec", "v.txt", "v.bin"])
    def test_a_suffix_of_a_compression_is_kept(self, tmp_path, name, suffix):
        open_packed = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}[suffix]
        kv = vectors("a", "b", counts=[2, 1])
        ways = [
            lambda path: kv.save(path),
            lambda path: kv.save_word2vec_format(path, binary=name == "v.bin"),
            lambda path: kv.save_word2vec_format(
                path, f"{path}.vocab{suffix}", binary=name == "v.bin"
            ),
        ]
        for save_as in ways:
            save_as(tmp_path / f"{name}{suffix}")
            with open_packed(tmp_path / f"{name}{suffix}") as file:
                assert file.readline() == b"2 3\n"
            assert_same(load(tmp_path / f"{name}{suffix}"), kv)
        with open_packed(tmp_path / f"{name}{suffix}.vocab{suffix}") as file:
            assert file.read() == b"a 2\nb 1\n"
        paths = tmp_path / f"{name}{suffix}", tmp_path / f"{name}{suffix}.vocab{suffix}"
        got = KeyedVectors.load_word2vec_format(*paths, binary=name == "v.bin")
        assert got.counts.tolist() == [2, 1]

    def test_the_projectors_files_are_packed_too(self, tmp_path):
        save(vectors("a", "b"), tmp_path / "v.tsv.gz")
        assert sorted(os.listdir(tmp_path)) == ["v_metadata.tsv.gz", "v_tensor.tsv.gz"]
        assert gzip.decompress((tmp_path / "v_metadata.tsv.gz").read_bytes()) == b"a\nb\n"

    def test_what_is_mapped_cannot_be_packed(self, tmp_path):
        for act in (
            lambda: save(vectors("a"), tmp_path / "v.npy.gz", format="npy"),
            lambda: check_writable(tmp_path / "v.npy.gz", "npy"),
            lambda: check_writable("-", "npy"),
        ):
            with pytest.raises(ValueError, match="neither compressed nor a stream"):
                act()

    def test_words_and_places_are_checked_before(self, tmp_path):
        for format, word in (
            ("word2vec_text", "new york"),
            ("word2vec_binary", "a\tb"),
            ("glove", "at 10"),
            ("spacy", "caf\udce9"),
            ("npy", "a\nb"),
            ("projector", "a\tb"),
            ("glove", ""),
        ):
            with pytest.raises(ValueError, match="cannot write"):
                check_words(["the", word], tmp_path / "v", format)
            check_words(["the", "cat"], tmp_path / "v", format)
        check_words(["the", "new york", "", "caf\udce9"], tmp_path / "v", "safetensors")
        check_words(["new york"], tmp_path / "v", "word2vec_text", escape="_")
        (tmp_path / "file").write_text("")
        (tmp_path / "v_metadata.tsv").mkdir()
        for name, format, error in (
            ("file", "safetensors", FileExistsError),
            ("missing/v", "safetensors", OSError),
            ("v.tsv", "projector", IsADirectoryError),
            ("missing/v.npy", "npy", OSError),
            ("a" * 251 + ".npy", "npy", OSError),
        ):
            with pytest.raises(error):
                check_writable(tmp_path / name, format)
        for name, format in (
            ("new", "safetensors"),
            ("v.npy", "npy"),
            ("v.bin", "word2vec_binary"),
            ("w.tsv", "projector"),
        ):
            check_writable(tmp_path / name, format)
        assert sorted(os.listdir(tmp_path)) == ["file", "v_metadata.tsv"]

    @pytest.mark.parametrize(
        "name", ["v.pkl", "v.kv.gz", "v.npy.xz", "v.gz", "v.foo", "v.csv", "-"]
    )
    def test_unknown_suffix(self, tmp_path, monkeypatch, name):
        monkeypatch.chdir(tmp_path)
        with pytest.raises(ValueError, match=r"\.bin \(word2vec_binary\).*pass format=.*glove"):
            save(vectors("a"), name)
        assert os.listdir(tmp_path) == []

    def test_unknown_format(self, tmp_path):
        with pytest.raises(ValueError, match="unknown format 'w2v'; known: word2vec_binary"):
            save(vectors("a"), tmp_path / "v.bin", format="w2v")
        save(vectors("a"), tmp_path / "v.bin")
        with pytest.raises(ValueError, match="can only be written"):
            load(tmp_path / "v.bin", format="spacy")
        with pytest.raises(FormatError, match="is a folder"):
            load(tmp_path / "v.bin", format="safetensors")
        with pytest.raises(FormatError, match="not a folder"):
            load(tmp_path, format="glove")

    @pytest.mark.parametrize(
        ("options", "message"),
        [({"limits": 1}, "did you mean 'limit'"), ({"no_header": True}, "no option 'no_header'")],
    )
    def test_unknown_option(self, tmp_path, options, message):
        save(vectors("a"), tmp_path / "v.bin")
        with pytest.raises(TypeError, match=message):
            load(tmp_path / "v.bin", **options)
        with pytest.raises(TypeError, match="no option"):
            save(vectors("a"), tmp_path / "v.bin", **options)

    @pytest.mark.parametrize(
        "options",
        [
            {"limit": -1},
            {"limit": 1.5},
            {"limit": True},
            {"encoding": "utf-9"},
            {"encoding": "utf-16"},
            {"errors": "hide"},
            {"on_duplicate": "both"},
            {"byteorder": "middle"},
            {"on_truncated": "drop"},
        ],
    )
    def test_bad_option_values(self, tmp_path, options):
        save(vectors("a"), tmp_path / "v.bin")
        with pytest.raises(ValueError, match=next(iter(options))):
            load(tmp_path / "v.bin", **options)

    def test_missing_file(self, tmp_path):
        with pytest.raises(FileNotFoundError):
            load(tmp_path / "none.bin")

    def test_standard_input(self, tmp_path, monkeypatch):
        save(vectors("a"), tmp_path / "v.bin")
        data = (tmp_path / "v.bin").read_bytes()
        monkeypatch.setattr(
            "sys.stdin", SimpleNamespace(buffer=io.BufferedReader(io.BytesIO(gzip.compress(data))))
        )
        assert_same(load("-"), vectors("a"))


class TestWrongKinds:
    @pytest.mark.parametrize(
        ("content", "name"),
        [
            (b"\xba\x16\x4f\x2f\x0c\x00\x00\x00" + b"\0" * 90, "fastText model"),
            (b"\x80\x04\x95\x10\x00\x00\x00.", "pickles can run code"),
            (b"\x80\x02cgensim.models\n", "pickle"),
            (
                b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
                "git lfs pull",
            ),
            (b"<!DOCTYPE html>\n<html><body>404</body></html>\n", "HTML page"),
            (b"<html>\n", "HTML page"),
            (b"FiFu\0\0\0\0", "finalfusion"),
            (b"SQLite format 3\0", "SQLite"),
            (np.random.default_rng(0).standard_normal(500).tobytes(), "GloVe's own .bin"),
            ("2 1\na 1\n".encode("utf-16"), "UTF-16"),
            (b"\x08\0\0\0\0\0\0\0{}      ", "load the folder"),
            (b"", "empty"),
        ],
    )
    def test_are_named(self, tmp_path, content, name):
        path = tmp_path / "v.bin"
        path.write_bytes(content)
        with pytest.raises(FormatError, match=name):
            load(path)

    def test_archives_are_named(self, tmp_path):
        np.savez(tmp_path / "v.npz", a=np.ones(3))
        with zipfile.ZipFile(tmp_path / "v.zip", "w") as archive:
            archive.writestr("v.txt", "1 1\na 1\n")
        for name in ("v.npz", "v.zip"):
            with pytest.raises(FormatError, match="zip archive"):
                load(tmp_path / name)

    def test_words_that_look_like_a_kind_are_words(self, tmp_path):
        assert load(text(tmp_path / "v.txt", "<html> 1 2", "FiFu 3 4")).index_to_key == [
            "<html>",
            "FiFu",
        ]

    def test_a_pickled_vector_file_does_not_run(self, tmp_path):
        import pickle

        class Trap:
            def __reduce__(self):
                return os.mkdir, (str(tmp_path / "sprung"),)

        (tmp_path / "v.npy").write_bytes(pickle.dumps(Trap()))
        with pytest.raises(FormatError, match="pickle"):
            load(tmp_path / "v.npy")
        np.save(tmp_path / "w.npy", np.array([[Trap()]], dtype=object), allow_pickle=True)
        (tmp_path / "w.words.txt").write_text("a\n")
        with pytest.raises(FormatError, match="not a matrix of numbers"):
            load(tmp_path / "w.npy")
        assert not (tmp_path / "sprung").exists()


class TestCompression:
    @pytest.mark.slow
    @pytest.mark.parametrize(
        "pack", [gzip.compress, bz2.compress, lzma.compress, zstd_module().compress]
    )
    @pytest.mark.parametrize("format", STREAMS)
    def test_is_seen_by_its_first_bytes(self, tmp_path, pack, format):
        kv = vectors(*(f"word{i}" for i in range(3000)), size=20)
        save(kv, tmp_path / "v", format=format)
        packed = tmp_path / "v.plain"
        packed.write_bytes(pack((tmp_path / "v").read_bytes()))
        assert_same(load(packed), kv)
        packed.write_bytes(packed.read_bytes()[:-30])
        with pytest.raises(FormatError):
            load(packed)

    @pytest.mark.slow
    @pytest.mark.parametrize("format", STREAMS)
    def test_damaged_data_keep_the_rows_before_the_damage(self, tmp_path, format):
        kv = vectors(*(f"word{i}" for i in range(500)), size=5)
        save(kv, tmp_path / "v", format=format)
        packed = gzip.compress((tmp_path / "v").read_bytes())
        for cut in range(len(packed) // 2, len(packed) - 20, 41):
            (tmp_path / "v").write_bytes(packed[:cut])
            with pytest.raises(FormatError, match="ended before the end-of-stream"):
                load(tmp_path / "v")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                kept = load(tmp_path / "v", on_truncated="keep")
            assert len(kept) > 100
            assert_same(kept, KeyedVectors(kv.index_to_key[: len(kept)], kv.vectors[: len(kept)]))


class TestWords:
    @pytest.mark.parametrize(
        ("format", "char"), [(f, char) for f, chars in FORBIDDEN.items() for char in chars]
    )
    def test_that_a_format_cannot_hold_are_refused_or_escaped(self, tmp_path, format, char):
        path = tmp_path / "v.x"
        word = f"b{char}c"
        with pytest.raises(ValueError, match="cannot hold the word") as error:
            save(vectors("a", word), path, format=format)
        assert repr(word) in str(error.value)
        assert os.listdir(tmp_path) == []
        save(vectors("a", word), path, format=format, escape="_")
        written = b"".join(file.read_bytes() for file in tmp_path.iterdir())
        assert b"b_c" in written
        save(vectors("a%", word), path, format=format, escape="percent")
        written = b"".join(file.read_bytes() for file in tmp_path.iterdir())
        assert f"b%{ord(char):02X}c".encode() in written
        assert b"a%25" in written

    @pytest.mark.parametrize(
        "format", [format for format in FORMATS if format not in ("safetensors", "parquet")]
    )
    def test_refusals(self, tmp_path, format):
        path = tmp_path / "v.x"
        for keys, options, message in [
            (["a", ""], {}, "empty word .row 1"),
            (["a", "\ud800"], {}, "not valid Unicode" if format != "spacy" else "Unicode"),
            (["a\tb", "a_b"], {"escape": "_"}, "two words would both"),
            (["a\tb"], {"escape": "\t"}, "escape"),
        ]:
            with pytest.raises(ValueError, match=message):
                save(vectors(*keys), path, format=format, **options)
        if format != "spacy":
            with pytest.raises(ValueError, match="not valid Unicode"):
                save(vectors("\udcc3\udca9"), path, format=format)
        assert os.listdir(tmp_path) == []

    @pytest.mark.parametrize("format", READABLE)
    def test_bytes_are_the_identity(self, tmp_path, format):
        kv = vectors(
            "caf\udce9",
            "caf\udce8",
            "café",
            "caf\u0301e",
            "\xa0",
            "\x85",
            "\u3000",
            "\ufeff",
            "</s>",
        )
        save(kv, tmp_path / "v.npy", format=format)
        assert_same(load(tmp_path / "v.npy"), kv)

    @pytest.mark.parametrize("format", [*STREAMS, "npy"])
    def test_encodings(self, tmp_path, format):
        kv = vectors("a", "caf\udce9")
        save(kv, tmp_path / "v.npy", format=format)
        assert load(tmp_path / "v.npy", encoding="latin-1").index_to_key == ["a", "café"]
        with pytest.raises(FormatError, match="not utf-8") as error:
            load(tmp_path / "v.npy", errors="strict")
        assert error.value.row == 1

    @pytest.mark.parametrize("format", STREAMS)
    def test_different_bytes_never_become_one_word_silently(self, tmp_path, format):
        kv = vectors("caf\udce9", "b", "caf\udce8")
        save(kv, tmp_path / "v", format=format)
        with pytest.warns(UserWarning, match="1 words have different bytes"):
            got = load(tmp_path / "v", errors="ignore")
        assert got.index_to_key == ["caf", "b"]
        assert got.repeated_words == 1
        assert (got.vectors == kv.vectors[:2]).all()
        with pytest.raises(FormatError):
            load(tmp_path / "v", errors="ignore", on_duplicate="error")


class TestDuplicates:
    @pytest.fixture(params=STREAMS)
    def path(self, tmp_path, request):
        header = {"glove": b"", "word2vec_text": b"5 2\n", "word2vec_binary": b"5 1\n"}[
            request.param
        ]
        words = [b"a", b"b", b"a", b"c", b"b"]
        if request.param == "word2vec_binary":
            rows = [word + b" " + np.float32(i).tobytes() + b"\n" for i, word in enumerate(words)]
        else:
            rows = [b"%s %d 0\n" % (word, i) for i, word in enumerate(words)]
        (tmp_path / "v.bin").write_bytes(header + b"".join(rows))
        return tmp_path / "v.bin"

    @pytest.mark.parametrize(
        ("which", "expected"),
        [("first", {"a": 0, "b": 1, "c": 3}), ("last", {"a": 2, "c": 3, "b": 4})],
    )
    def test_one_row_is_kept_and_one_warning_given(self, path, which, expected):
        with pytest.warns(UserWarning, match="2 words") as caught:
            kv = load(path, on_duplicate=which)
        assert [str(warning.message).partition(": ")[2] for warning in caught] == [
            f"2 words come more than once; the {which} row of each is kept"
        ]
        assert dict(zip(kv.index_to_key, kv.vectors[:, 0].tolist(), strict=True)) == expected
        assert None not in kv.index_to_key
        assert kv.repeated_words == 2

    def test_error(self, path):
        with pytest.raises(FormatError, match="'a' of row 0 comes again") as error:
            load(path, on_duplicate="error")
        assert error.value.row == 2

    def test_many(self, tmp_path):
        keys = [f"w{i % 7000}" for i in range(20_000)]
        text(tmp_path / "v.txt", *(f"{key} {i} 0" for i, key in enumerate(keys)))
        for which, rows in (("first", range(7000)), ("last", range(13_000, 20_000))):
            with pytest.warns(UserWarning, match="13000 words"):
                kv = load(tmp_path / "v.txt", on_duplicate=which)
            assert kv.vectors[:, 0].tolist() == list(rows)
            assert kv.index_to_key == [keys[row] for row in rows]


class TestRecord:
    @pytest.mark.parametrize("format", READABLE)
    def test_what_is_read_can_be_asked_and_written(self, tmp_path, format):
        save(vectors("a", "b", counts=[2, 1]), tmp_path / "v.npy", format=format)
        data = load(tmp_path / "v.npy")
        assert (len(data), data.vector_size, data.repeated_words) == (2, 3, 0)
        kv = KeyedVectors.from_data(data)
        assert np.shares_memory(kv.vectors, data.vectors)
        assert_same(kv, data)
        save(data, tmp_path / "w.npy", format=format)
        assert_same(KeyedVectors.load(tmp_path / "w.npy"), kv)

    def test_a_subclass_loads_its_own_kind(self, tmp_path):
        class Named(KeyedVectors):
            pass

        save(vectors("a"), tmp_path / "v.bin")
        assert type(Named.load(tmp_path / "v.bin")) is Named
        assert type(Named.load_word2vec_format(tmp_path / "v.bin", binary=True)) is Named
        assert type(Named.from_data(vectors("a"))) is Named


class TestWholeOrNothing:
    @pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
    @pytest.mark.parametrize("format", STREAMS)
    def test_a_full_disk_is_an_error(self, format):
        with pytest.raises(OSError, match="No space left"):
            save(vectors("a"), "/dev/full", format=format)

    @pytest.mark.parametrize("format", WRITABLE)
    def test_an_error_leaves_what_was_there(self, tmp_path, format):
        path = tmp_path / "v.npy"
        save(vectors("a", "b"), path, format=format)
        before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}

        class Failing(np.ndarray):
            def __getitem__(self, index):
                raise RuntimeError("half way")

        broken = SimpleNamespace(
            index_to_key=["c"],
            vectors=np.ones((1, 2), np.float32).view(Failing),
            counts=None,
            output_vectors=None,
            metadata=None,
        )
        with pytest.raises(RuntimeError, match="half way"):
            save(
                broken,
                path,
                format=format,
                **({} if format == "safetensors" else {"allow_nonfinite": True}),
            )
        assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == before

    @pytest.mark.parametrize("format", WRITABLE)
    def test_a_missing_folder_is_an_error(self, tmp_path, format):
        with pytest.raises(FileNotFoundError):
            save(vectors("a"), tmp_path / "none" / "v.npy", format=format)

    def test_vectors_that_do_not_fit_their_words(self, tmp_path):
        for matrix in (np.ones((2, 3)), np.ones((1, 0)), np.ones(3)):
            wrong = SimpleNamespace(
                index_to_key=["a"], vectors=matrix, counts=None, output_vectors=None, metadata=None
            )
            with pytest.raises(ValueError, match="expected a row for each word"):
                save(wrong, tmp_path / "v.bin")


@given(table=tables())
def test_text_to_binary_to_text_is_identical(tmp_path_factory, table):
    folder = tmp_path_factory.mktemp("chain")
    save(table, folder / "1.txt")
    save(load(folder / "1.txt", no_header=False, format="word2vec_text"), folder / "2.bin")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # hypothesis likes absurd numbers
        save(load(folder / "2.bin", format="word2vec_binary"), folder / "3.txt")
    assert (folder / "1.txt").read_bytes() == (folder / "3.txt").read_bytes()


@pytest.mark.parametrize("format", WRITABLE)
def test_limit_on_writing(tmp_path, format):
    path = tmp_path / "v.npy"
    save(vectors("a", "b", "c", counts=[3, 2, 1]), path, format=format, limit=2)
    if format in READABLE:
        assert_same(load(path), KeyedVectors(["a", "b"], vectors("a", "b", "c").vectors[:2]))


@pytest.mark.parametrize("name", ["v.bin", "v.vec", "v.npy"])
@pytest.mark.parametrize("words", ["", "abcdef"])
def test_a_file_that_is_replaced_when_it_is_open_is_the_old_one_or_the_new(
    tmp_path, monkeypatch, name, words
):
    path, original, todo = tmp_path / name, open, [words]
    save(vectors(*"abc"), path)

    def opened(file, *arguments, **options):
        result = original(file, *arguments, **options)
        if str(file) == str(path) and todo:
            save(vectors(*todo.pop()), path)
        return result

    with monkeypatch.context() as patch:
        patch.setattr("builtins.open", opened)
        keys = load(path).index_to_key
    assert not todo
    assert keys in (list("abc"), list(words))
