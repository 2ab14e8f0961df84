"""Words are those of Unicode's rules, and a function gets lines and gives words."""

from __future__ import annotations

import random
import re
import sys
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from w2v_fast.corpus import tokenizers
from w2v_fast.corpus._segments import segment, unicode_version
from w2v_fast.corpus.corpus import Corpus
from w2v_fast.corpus.tokenizers import Words

CASES = Path(__file__).parent.parent.parent / "third_party" / "unicode" / "WordBreakTest.txt"
SAMPLE = {
    "Latin": ("Voilà l’été d'Aimée!", "voilà l’été d'aimée"),
    "combining accent": ("Cafe\u0301 CAFE\u0301", "cafe\u0301 cafe\u0301"),
    "German": ("Straße, GROẞ und ÜBEL", "straße groß und übel"),
    "Greek": ("ΟΔΟΣ, ὈΔΥΣΣΕΎΣ. Σ", "οδος ὀδυσσεύς σ"),
    "Turkish": ("İSTANBUL IRMAK ılık", "i\u0307stanbul irmak ılık"),
    "Cyrillic": ("Ёлка — «Щука»…", "ёлка щука"),
    "Hebrew": ('צה"ל צה״ל ג׳ירפה רח\' "שלום"', "צה\"ל צה״ל ג׳ירפה רח' שלום"),
    "Arabic": ("السَّلامُ عليكم، ٣٫١٤", "السَّلامُ عليكم ٣٫١٤"),
    "Devanagari": ("नमस्ते, दुनिया।", "नमस्ते दुनिया"),
    "Thai": ("ที่นี่", "ที่ นี่"),
    "Chinese": ("你好，世界", "你 好 世 界"),
    "Japanese": ("カタカナとかな漢字", "カタカナ と か な 漢 字"),
    "Korean": ("안녕하세요 세계!", "안녕하세요 세계"),
    "emoji": ("👩‍👩‍👧 ok 🇩🇪 1️⃣", "ok 1\ufe0f\u20e3"),
    "numbers": ("3.14 1,000 1,000,000.5 5% -7 v2.0 1. 2", "3.14 1,000 1,000,000.5 5 7 v2.0 1 2"),
    "e-mail": ("Max.Muster@example.org", "max.muster example.org"),
    "URL": ("https://www.example.org/a_b?x=1#top", "https www.example.org a_b x 1 top"),
    "points": (
        "snake_case, __init__ C++ e.g. U.S.A. rock'n'roll",
        "snake_case __init__ c e.g u.s.a rock'n'roll",
    ),
}


def words(text: str) -> list[str]:
    return segment(text.encode())[0].decode().replace("\n", " ").strip(" ").split(" ")


def is_mark(character: str) -> bool:
    return unicodedata.category(character) in ("Mn", "Me", "Mc", "Cf")


def test_unicode_s_own_test():
    """Each line is cut where its divisions stand; a segment with a letter or digit is a word."""
    lines = [line for line in CASES.read_text(encoding="utf-8").splitlines() if line[0] != "#"]
    assert len(lines) == 1823
    assert unicode_version in CASES.read_text(encoding="utf-8").splitlines()[0]
    for line in lines:
        segments = [
            "".join(chr(int(code, 16)) for code in part.split("×"))
            for part in line.split("÷")
            if part.strip()
        ]
        expected = [
            part.lower()
            for part in segments
            if any(character.isalnum() and not is_mark(character) for character in part)
        ]
        assert words("".join(segments)) == (expected or [""]), line


@pytest.mark.parametrize("name", SAMPLE)
def test_sample(name):
    text, expected = SAMPLE[name]
    assert " ".join(words(text)) == expected


def test_lowercase_is_python_s():
    """Of every letter that both know; newer Pythons have more letters than the table."""
    unknown = []
    for code in range(0x110000):
        letter = chr(code)
        if letter.isalpha():
            found = "".join(words(letter))
            assert found in ("", letter.lower()), hex(code)
            if not found:
                unknown.append(code)
    newer = [code for code in unknown if code not in (0xFF9E, 0xFF9F)]  # marks of Katakana
    version = tuple(map(int, unicodedata.unidata_version.split(".")))
    assert not newer or version > tuple(map(int, unicode_version.split(".")))


@pytest.mark.parametrize(
    "text", ["ΑΣ", "ΑΣ.", "ΑΣ.Β", "ΑΣ'Β", "Σ", "ΑΣ1", "1Σ", "ΑΣΣ", "ΑΣa", "aΣ", "σΣ"]
)
def test_final_sigma_is_python_s(text):
    assert words(text) == [text.rstrip(".").lower()]


ALPHABET = "aZ1٣,.:;'\"_ \u0301\u200d\u00adשΣ中カ한ก❤’\u05f4Ⓜ-é\U0001f600²"


def test_random_text_is_cut_as_an_independent_library_does():
    wordbreak = pytest.importorskip("uniseg.wordbreak")
    generator = random.Random(5)
    for _ in range(3000):
        text = "".join(generator.choices(ALPHABET, k=generator.randint(1, 12)))
        for piece in text.split(" "):
            expected = [
                part.lower()
                for part in wordbreak.words(piece)
                if any(character.isalnum() or character == "Ⓜ" for character in part)
            ]
            assert words(piece) == (expected or [""]), ascii(piece)


def test_lines_stay_lines():
    text = "A b.\n\n--\r\nc\x00d\u2028e\tf"
    assert segment(text.encode())[:2] == (b"a b \n\n\nc d e f ", 6)
    assert segment(b"") == (b"", 0, 0)


def test_a_byte_that_is_not_utf_8_ends_a_word():
    broken = b"caf\xe9 a\xffb \xed\xa0\x80c \xf0\x9f\x98 \xc0\x80 d\xe4\xbd"
    assert segment(broken) == (b"caf a b c d ", 5, 12)


def test_output_fits_in_twice_the_input():
    for text in ("²a" * 1000, "a²" * 1000, "ȺⱯ" * 1000, "İ" * 1000, "² " * 1000, "1a" * 1000):
        assert "".join(words(text)) == text.replace(" ", "").lower()


def test_any_cut_at_lines_gives_the_same_words():
    lines = [text.encode() + b"\n" for text, _ in SAMPLE.values()]
    whole = segment(b"".join(lines))[0]
    assert b"".join(segment(line)[0] for line in lines) == whole
    with ThreadPoolExecutor(8) as pool:
        assert b"".join(found[0] for found in pool.map(segment, lines * 50)) == whole * 50


def test_random_bytes_give_utf_8_words():
    generator = random.Random(1)
    for _ in range(300):
        found, count, _ = segment(generator.randbytes(200))
        assert len(re.split(rb"[ \n]+", found.strip(b" \n") or b"x")) == max(1, count)
        found.decode()


@pytest.mark.parametrize("block_bytes", [1, 100, 1 << 20])
def test_a_corpus_of_raw_text(tmp_path, block_bytes, caplog):
    lines = [text for text, _ in SAMPLE.values()]
    (tmp_path / "raw.txt").write_text("\n".join(lines), encoding="utf-8")
    expected = [expected.split() for _, expected in SAMPLE.values()]
    for source in (tmp_path / "raw.txt", lines):
        options = {"tokenizer": "words", "min_count": 1, "block_bytes": block_bytes}
        with caplog.at_level("INFO", "w2v_fast"):
            corpus = Corpus.from_source(iter(source) if source is lines else source, **options)
        assert list(corpus.token_lists()) == expected
        assert f"{sum(map(len, expected))} words; the first line" in caplog.text


def test_words_say_what_they_did():
    tokenizer = tokenizers.resolve("words")
    assert isinstance(tokenizer, Words)
    tokenizer(b"...\nDon't Panic!\nNow \xff\n")
    tokenizer(b"Again\n")
    assert tokenizer.summary() == (
        "4 lines, 4 words, 1 bytes that are not UTF-8; "
        "the first line: \"Don't Panic!\" -> don't panic"
    )


def test_a_long_first_line_is_shown_by_its_first_words():
    tokenizer = tokenizers.resolve("words")
    tokenizer(b"Word " * 100)
    assert tokenizer.summary().endswith("; the first words: " + "word " * 8 + "...")


def split_at_commas(line: str) -> list[str]:
    return line.split(",")


def test_a_function_gets_lines_and_gives_words():
    tokenizer = tokenizers.resolve(split_at_commas)
    assert tokenizer.name == "split_at_commas"
    assert tokenizer("é,B\r\n\n c,d".replace(" ", "").encode() + b"\n") == "é B\n\nc d\n".encode()
    assert tokenizer(b"\xff\n") == "\ufffd\n".encode()
    assert tokenizer.summary() == "4 lines, 5 words; the first line: 'é,B' -> é B"


def test_a_function_is_found_by_its_name(tmp_path, monkeypatch):
    (tmp_path / "my_words.py").write_text("def cut(text):\n    return text.split('-')\nN = 3\n")
    monkeypatch.syspath_prepend(tmp_path)
    tokenizer = tokenizers.resolve("my_words:cut")
    assert tokenizer(b"a-b\n") == b"a b\n"
    assert tokenizers.resolve(tokenizer) is tokenizer
    sys.modules.pop("my_words")
    for name, said in (
        ("my_words:paste", "has no attribute 'paste'"),
        ("no_such_module:cut", "No module named"),
        (":cut", "cannot be imported"),
        ("my_words:N", "is no function but 3"),
        ("wrods", "'wrods' is unknown; expected 'whitespace', 'words'"),
    ):
        with pytest.raises(ValueError, match=said):
            tokenizers.resolve(name)
    with pytest.raises(TypeError, match="is no tokenizer"):
        tokenizers.resolve(3)


@pytest.mark.parametrize("choice", [None, "whitespace"])
def test_white_space_needs_no_tokenizer(choice):
    assert tokenizers.resolve(choice) is None


@pytest.mark.parametrize(
    ("function", "error", "said"),
    [
        (str.upper, TypeError, "returned 'A B' for 'a b'; expected a list of str"),
        (len, TypeError, "returned 3"),
        (lambda line: [1], TypeError, "a word of type int, 1"),
        (lambda line: ["a", ""], ValueError, "the word '' for 'a b'"),
        (lambda line: ["New York"], ValueError, "the word 'New York'.*white space"),
        (lambda line: ["a\0b"], ValueError, "white space"),
    ],
)
def test_a_wrong_function_is_a_clear_error(function, error, said):
    with pytest.raises(error, match=said):
        tokenizers.resolve(function)(b"a b\n")


def test_an_error_of_a_function_says_for_which_line():
    def fail(line: str) -> list[str]:
        raise KeyError("lemma")

    with pytest.raises(KeyError) as caught:
        tokenizers.resolve(fail)(b"a b\n")
    assert caught.value.__notes__ == ["raised by the tokenizer fail for the line 'a b'"]
