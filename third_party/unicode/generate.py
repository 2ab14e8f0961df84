"""Write word_break.h from the Unicode Character Database: `generate.py FOLDER` (`make unicode`).

FOLDER holds the database's text files, as Debian's package unicode-data installs them. A code point
is found in two steps, pages of 128 code points and their records; equal pages are stored once:

    records[pages[page_numbers[code >> 7]][code & 127]]
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

CODES = 0x110000
PAGE = 128
CLASSES = {
    "Other": "OTHER",
    "ALetter": "LETTER",
    "Hebrew_Letter": "HEBREW",
    "Numeric": "NUMERIC",
    "Katakana": "KATAKANA",
    "ExtendNumLet": "CONNECTOR",
    "MidLetter": "MID_LETTER",
    "MidNum": "MID_NUMBER",
    "MidNumLet": "MID_BOTH",
    "Single_Quote": "SINGLE_QUOTE",
    "Double_Quote": "DOUBLE_QUOTE",
    "Extend": "EXTEND",
    "Format": "EXTEND",
    "ZWJ": "JOINER",
    "CR": "SPACE",
    "LF": "SPACE",
    "Newline": "SPACE",
    "WSegSpace": "OTHER",
    "Regional_Indicator": "OTHER",
}
NAMES = [*dict.fromkeys(CLASSES.values())]
FLAGS = ("IN_WORD", "PICTOGRAPH", "CASED", "CASE_IGNORABLE")
ASCII_SEPARATORS = b"\0\t\n\v\f\r "


def ranges(path: Path) -> Iterator[tuple[range, list[str]]]:
    """The lines `first..last ; field ; field # comment` of a file."""
    for line in path.read_text(encoding="utf-8").splitlines():
        codes, *fields = (field.strip() for field in line.split("#")[0].split(";"))
        if codes:
            first, _, last = codes.partition("..")
            yield range(int(first, 16), int(last or first, 16) + 1), fields


def with_property(path: Path, name: str) -> set[int]:
    """The code points that have a property of their file."""
    return {code for codes, fields in ranges(path) if fields[0] == name for code in codes}


def lowercase(folder: Path) -> dict[int, int]:
    """The simple mappings; of the full ones only that of U+0130 differs in every context."""
    longer = {
        codes[0]: fields[0]
        for codes, fields in ranges(folder / "SpecialCasing.txt")
        if not fields[3] and len(fields[0].split()) > 1
    }
    assert longer == {0x130: "0069 0307"}, longer
    mapped = (
        line.split(";")
        for line in (folder / "UnicodeData.txt").read_text(encoding="utf-8").splitlines()
    )
    simple = {int(fields[0], 16): int(fields[13], 16) for fields in mapped if fields[13]}
    del simple[0x130]
    return simple


def records(folder: Path) -> list[tuple[int, int, int]]:
    """Difference to the lowercase letter, class and flags of each code point."""
    classes = ["OTHER"] * CODES
    for codes, fields in ranges(folder / "auxiliary" / "WordBreakProperty.txt"):
        for code in codes:
            classes[code] = CLASSES[fields[0]]
    for code in ASCII_SEPARATORS:
        classes[code] = "SPACE"
    core = folder / "DerivedCoreProperties.txt"
    numbers = {
        code
        for codes, fields in ranges(folder / "extracted" / "DerivedGeneralCategory.txt")
        if fields[0].startswith("N")
        for code in codes
    }
    sets = (
        with_property(core, "Alphabetic") | numbers,
        with_property(folder / "emoji" / "emoji-data.txt", "Extended_Pictographic"),
        with_property(core, "Cased"),
        with_property(core, "Case_Ignorable"),
    )
    lower = lowercase(folder)
    result = []
    for code, name in enumerate(classes):
        flags = sum((code in members) << bit for bit, members in enumerate(sets))
        if name in ("EXTEND", "JOINER"):
            flags &= ~1  # a mark is part of a word, but makes none
        result.append((lower.get(code, code) - code, NAMES.index(name), flags))
    return result


def wrapped(values: list[int]) -> str:
    """The elements of an array in lines."""
    return re.sub(r"(.{1,96})(?: |$)", r"    \1\n", " ".join(f"{value}," for value in values))


def header(folder: Path) -> str:
    """All of word_break.h."""
    of_code = records(folder)
    distinct = list(dict.fromkeys(of_code))
    number = {record: index for index, record in enumerate(distinct)}
    assert len(distinct) < 256
    pages: dict[tuple[int, ...], int] = {}
    page_numbers = [
        pages.setdefault(tuple(number[r] for r in of_code[start : start + PAGE]), len(pages))
        for start in range(0, CODES, PAGE)
    ]
    version = re.search(r"-([\d.]+)\.txt", (folder / "DerivedCoreProperties.txt").read_text())
    assert version
    lines = [
        "/* Word_Break, case and kind of every code point; written by generate.py from the",
        f"   Unicode Character Database {version[1]}, Copyright Unicode, Inc. (LICENSE beside",
        "   this file). */",
        "#include <stdint.h>",
        "",
        f'#define UNICODE_VERSION "{version[1]}"',
        "enum { " + ", ".join(NAMES) + ", CLASSES };",
        "enum { " + ", ".join(f"{name} = {1 << bit}" for bit, name in enumerate(FLAGS)) + " };",
        "",
        "typedef struct {",
        "    int32_t to_lower; /* added to the code point */",
        "    uint8_t class_;",
        "    uint8_t flags;",
        "} code_record;",
        "",
        "static const code_record code_records[] = {",
        *(f"    {{{lower}, {kind}, {flags}}}," for lower, kind, flags in distinct),
        "};",
        f"static const uint16_t page_numbers[{len(page_numbers)}] = {{",
        wrapped(page_numbers) + "};",
        f"static const uint8_t pages[{len(pages)}][{PAGE}] = {{",
        *("    {\n" + wrapped(list(page)) + "    }," for page in pages),
        "};",
        "",
        "static inline const code_record *record_of(uint32_t code) {",
        f"    return &code_records[pages[page_numbers[code / {PAGE}]][code % {PAGE}]];",
        "}",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    target = Path(__file__).with_name("word_break.h")
    target.write_text(header(Path(sys.argv[1])), encoding="utf-8")
