"""How fast is raw text cut into words? `python -m benchmarks.tokenizers CORPUS`

CORPUS is text as written, with capitals and punctuation. Beside it stands text of several scripts,
made of random words with punctuation between them, so that nothing in it is learned by heart.

One thread cuts the same lines by `tokenizer="words"`, by a regular expression of Python, and by two
pre-tokenizers of Hugging Face `tokenizers` after its normalizer `Lowercase`, a line at a time, as
their interfaces are; its CPU time is taken. Before anything is timed, the words of a sample are
compared with those of an implementation of the same Unicode rules in Python (uniseg).
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import uniseg.wordbreak
from tokenizers import normalizers, pre_tokenizers

from benchmarks.markdown import caption, markdown_table, spread
from benchmarks.measure import Row, benchmark_parser, log, machine, ratios, seconds
from benchmarks.publish import publish
from w2v_fast.corpus.tokenizers import Words

BYTES = 4_000_000
LINE_WORDS = 20
CHECKED_LINES = 300
SCRIPTS = {
    "Latin, with accents": "abcdefghijklmnopqrstuvwxyzaeiouàâçéèêëîïôùûüÿñãõåæœøßĄĆĘŁŃÓŚŹŻ",
    "Greek": "αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώΑΔΣΩ",
    "Cyrillic": "абвгдежзийклмнопрстуфхцчшщъыьэюяАБВГД",
    "Hebrew": "אבגדהוזחטיכלמנסעפצקרשתםןףץ",
    "Arabic": "ابتثجحخدذرزسشصضطظعغفقكلمنهوي\u064e\u064f\u0650",
    "Devanagari": "कखगघचछजझटठडढणतथदधनपफबभमयरलवशषसह\u093e\u093f\u0940\u0947\u094d",
    "Hangul": "".join(map(chr, range(0xAC00, 0xAC00 + 2000, 7))),
    "Han": "".join(map(chr, range(0x4E00, 0x4E00 + 2000, 3))),
    "Thai": "กขคงจฉชซญดตถทนบปผฝพฟมยรลวสหอ\u0e31\u0e34\u0e35\u0e48\u0e49",
}
PATTERN = re.compile(r"\w+")
LOWERCASE = normalizers.Lowercase()
Cut = Callable[[list[str]], object]


def main() -> None:
    arguments = benchmark_parser(__doc__).parse_args()
    raw = Path(arguments.corpus).read_bytes()[:BYTES].decode("utf-8", "ignore")
    texts = {f"{Path(arguments.corpus).name}, as written": raw}
    texts |= {name: random_text(letters) for name, letters in SCRIPTS.items()}
    facts = machine()
    rows = []
    for name, text in texts.items():
        check(text)
        rows.append({"text": name, **measure(text, arguments.repeats), **facts})
        log(f"{name}: {spread(rows[-1]['words, MB/s'])} MB/s")
    publish("tokenizers", rows, report, arguments.store)


def random_text(letters: str) -> str:
    """Lines of random words, of 1 to 10 letters, with a comma or point behind some of them."""
    generator = random.Random(1)

    def words() -> Iterator[str]:
        for _ in range(LINE_WORDS):
            ending = generator.choice(["", "", "", "", ",", ".", "!", ' "'])
            yield "".join(generator.choices(letters, k=generator.randint(1, 10))) + ending

    line = " ".join(words())
    lines = BYTES // len(line.encode())
    return "".join(" ".join(words()) + "\n" for _ in range(lines))


def check(text: str) -> None:
    """Compare the first lines with uniseg; stop if a word differs."""
    for line in text.splitlines()[:CHECKED_LINES]:
        expected = [
            segment.lower()
            for segment in uniseg.wordbreak.words(line)
            if any(character.isalnum() for character in segment)
        ]
        if Words()(line.encode()).decode().split() != expected:
            raise SystemExit(f"other words than uniseg's: {line!r}")


def cut_by_pattern(lines: list[str]) -> None:
    for line in lines:
        PATTERN.findall(line.lower())


def cut_by(pre_tokenizer: pre_tokenizers.PreTokenizer) -> Cut:
    def cut(lines: list[str]) -> None:
        for line in lines:
            pre_tokenizer.pre_tokenize_str(LOWERCASE.normalize_str(line))

    return cut


OTHERS: dict[str, Cut] = {
    r"re \w+": cut_by_pattern,
    "tokenizers Whitespace": cut_by(pre_tokenizers.Whitespace()),
    "tokenizers BertPreTokenizer": cut_by(pre_tokenizers.BertPreTokenizer()),
}


def measure(text: str, repeats: int) -> Row:
    """Megabytes per second of each, and how many times as fast as each of the others "words" is."""
    data, lines = text.encode(), text.splitlines()
    words = Words()
    runs: dict[str, Callable[[], object]] = {"words": lambda: words(data)}
    for name, cut in OTHERS.items():
        runs[name] = lambda cut=cut: cut(lines)  # type: ignore[misc]
    taken = seconds(runs, repeats, time.thread_time)
    row: Row = {
        f"{name}, MB/s": [len(data) / 1e6 / value for value in values]
        for name, values in taken.items()
    }
    return row | {f"times {name}": ratios(taken[name], taken["words"]) for name in OTHERS}


def report(rows: list[Row]) -> str:
    columns = ["words, MB/s", *(f"{name}, MB/s" for name in OTHERS)]
    columns += [f"times {name}" for name in OTHERS]
    shown = [{**row, **{column: spread(row[column]) for column in columns}} for row in rows]
    return "\n\n".join(
        [
            caption(rows[0], "one thread"),
            f"Medians of {len(rows[0]['words, MB/s'])} rounds, and their range; ratios within each "
            "round. MB of UTF-8, CPU seconds of the thread.",
            markdown_table(shown, ["text", *columns]),
        ]
    )


if __name__ == "__main__":
    main()
