"""Decimal rows <-> float32 rows, and the walk over word2vec binary records, without the GIL.

A text row is `word SP number ... SP number`; a separator may be TAB, or several characters. A word
may hold spaces, not at its ends: if the first separators are not followed by exactly the numbers,
the row is split from the right. The word that is left may end in a number only if the caller says
so, since that may as well be a number too many.
"""

from libc.math cimport isfinite
from libc.stdint cimport int64_t
from libc.string cimport memchr, memcpy

cdef extern from "Python.h":
    str PyUnicode_DecodeUTF8(const char *text, Py_ssize_t size, const char *errors)

cdef extern from *:
    """
    #include <charconv>
    #include <cfloat>
    #include <cmath>
    #include <system_error>
    #if defined(__cpp_lib_to_chars)
    using std::from_chars;
    #else  // libc++ writes floats, but not every version reads them
    #include <fast_float/fast_float.h>
    using fast_float::from_chars;
    #endif

    // Reads the number at [text, end), whatever the locale; returns its end, or null for none.
    static inline const char *read_float(const char *text, const char *end, float *value) {
        if (end - text > 1 && text[0] == '+' && text[1] != '-') ++text;
        auto result = from_chars(text, end, *value);
        if (result.ec == std::errc::result_out_of_range) {  // tiny or huge: read it as float64
            double wide;
            result = from_chars(text, end, wide);
            *value = wide > FLT_MAX ? HUGE_VALF : wide < -FLT_MAX ? -HUGE_VALF : (float) wide;
        }
        return result.ec == std::errc() ? result.ptr : nullptr;
    }

    // Writes the shortest decimal that reads back as the same float32; null if it does not fit.
    static inline char *write_float(char *text, char *end, float value) {
        std::to_chars_result result = std::to_chars(text, end, value);
        return result.ec == std::errc() ? result.ptr : nullptr;
    }
    """
    const char *read_float(const char *text, const char *end, float *value) noexcept nogil
    char *write_float(char *text, char *end, float value) noexcept nogil

cpdef enum:
    MAX_NUMBER = 16  # characters of a float32 as text, with the separator before it

cpdef enum:  # what is wrong with a row
    OK, TOO_FEW, TOO_MANY, NOT_A_NUMBER, NOT_FINITE, LINE_END

cdef struct Row:
    int status
    Py_ssize_t fields       # numbers found before the problem
    const char *word_end
    const char *problem     # where the status arose


cdef inline bint is_separator(char c) noexcept nogil:
    return c == b" " or c == b"\t"


cdef inline void parse_numbers(const char *text, const char *end, float *out, Py_ssize_t dim,
                               bint allow_nonfinite, Row *row) noexcept nogil:
    """Read exactly `dim` numbers from [text, end)."""
    cdef Py_ssize_t i
    cdef const char *after
    for i in range(dim):
        row.fields = i
        row.problem = text
        if text == end:
            row.status = TOO_FEW
            return
        after = read_float(text, end, out + i)
        if after == NULL or (after != end and not is_separator(after[0])):
            row.status = NOT_A_NUMBER
            return
        if not allow_nonfinite and not isfinite(out[i]):
            row.status = NOT_FINITE
            return
        while after != end and is_separator(after[0]):
            after += 1
        text = after
    row.fields = dim
    row.problem = text
    row.status = OK if text == end else TOO_MANY


cdef inline Row parse_row(const char *text, const char *end, float *out, Py_ssize_t dim,
                          bint allow_nonfinite, bint strict) noexcept nogil:
    """Read one row from [text, end), which has no blanks at its ends."""
    cdef Row row
    cdef const char *word_end = text
    cdef const char *last
    cdef float number
    cdef Py_ssize_t i
    while word_end != end and not is_separator(word_end[0]):
        word_end += 1
    row.word_end = last = word_end
    if word_end != end:
        while is_separator(last[0]):
            last += 1
        parse_numbers(last, end, out, dim, allow_nonfinite, &row)
        if row.status == OK:
            return row
    word_end = end  # not exactly `dim` numbers after the first separators: count from the right
    for i in range(dim):
        while word_end != text and is_separator((word_end - 1)[0]):
            word_end -= 1
        while word_end != text and not is_separator((word_end - 1)[0]):
            word_end -= 1
        if word_end == text:
            row.status = TOO_FEW
            row.fields = i
            row.problem = text
            return row
    parse_numbers(word_end, end, out, dim, allow_nonfinite, &row)
    while is_separator((word_end - 1)[0]):
        word_end -= 1
    row.word_end = last = word_end
    if row.status != OK:
        return row
    if memchr(text, 13, word_end - text) != NULL:
        row.status = LINE_END
        row.problem = text
        return row
    while last != text and not is_separator((last - 1)[0]):
        last -= 1
    if strict and last != text and read_float(last, word_end, &number) == word_end:
        row.status = TOO_MANY
        row.problem = text
    return row


def parse_rows(const unsigned char[::1] block, bint allow_nonfinite, bint strict,
               float[:, ::1] out, int64_t[::1] starts, int64_t[::1] ends):
    """Parse the lines of `block`, skipping blank ones, until one is no row or `out` is full.

    Parameters
    ----------
    block
        Whole lines.
    allow_nonfinite
        Accept NaN and infinity.
    strict
        Refuse a word with spaces that ends in a number.
    out
        [rows, dim] for the numbers.
    starts, ends
        [rows] for the positions of the words in `block`.

    Returns
    -------
    rows, lines
        How many rows were read and how many lines were passed before the end or the problem.
    status, fields, offset
        OK, or what is wrong with the next line, after how many numbers, and at which byte.
    """
    cdef Py_ssize_t dim = out.shape[1], rows = 0, lines = 0
    cdef Py_ssize_t room = out.shape[0]
    if block.shape[0] == 0 or room == 0:
        return 0, 0, OK, 0, 0
    cdef const char *base = <const char *> &block[0]
    cdef const char *text = base
    cdef const char *stop = base + block.shape[0]
    cdef const char *line
    cdef const char *line_end
    cdef const char *end
    cdef Row row
    with nogil:
        row.status = OK
        row.fields = 0
        row.problem = base
        while text < stop and rows < room:
            line_end = <const char *> memchr(text, 10, stop - text)
            if line_end == NULL:
                line_end = stop
            end = line_end
            while end != text and (is_separator((end - 1)[0]) or (end - 1)[0] == 13):
                end -= 1
            line = text
            while text != end and is_separator(text[0]):
                text += 1
            if end != text:
                row = parse_row(text, end, &out[rows, 0], dim, allow_nonfinite, strict)
                if row.status == TOO_FEW and row.fields == dim - 1 and is_separator(line[0]):
                    row.word_end = text  # the word is empty
                    parse_numbers(text, end, &out[rows, 0], dim, allow_nonfinite, &row)
                if row.status != OK:
                    break
                starts[rows] = text - base
                ends[rows] = row.word_end - base
                rows += 1
            lines += 1
            text = line_end + 1
    return rows, lines, row.status, row.fields, row.problem - base


def format_rows(const float[:, ::1] rows, const unsigned char[::1] words,
                const int64_t[::1] offsets, char separator, unsigned char[::1] out):
    """Write the words `words[offsets[i]:offsets[i + 1]]` and numbers; return the bytes written.

    `out` must hold the words and MAX_NUMBER * size + 1 bytes for each row. A row whose word is
    empty starts with its first number.
    """
    cdef Py_ssize_t i, j, length
    if out.shape[0] == 0:
        return 0
    cdef char *base = <char *> &out[0]
    cdef char *end = base + out.shape[0]
    cdef char *text = base
    with nogil:
        for i in range(rows.shape[0]):
            length = offsets[i + 1] - offsets[i]
            if length > end - text:
                text = NULL
                break
            if length:
                memcpy(text, &words[offsets[i]], length)
                text += length
            for j in range(rows.shape[1]):
                if (j or length) and text != end:
                    text[0] = separator
                    text += 1
                text = write_float(text, end, rows[i, j])
                if text == NULL:
                    break
            if text == NULL or text == end:
                text = NULL
                break
            text[0] = 10
            text += 1
    if text == NULL:
        raise ValueError("the output buffer is too small")
    return text - base


def scan_records(const unsigned char[::1] block, Py_ssize_t size, Py_ssize_t max_word,
                 int64_t[::1] starts, int64_t[::1] ends):
    """Find the records `word SP size*4 bytes [LF...]` at the start of `block`.

    Returns
    -------
    records, used, too_long
        Whole records found (their words are at [start, end), the vector follows one byte later),
        the bytes they take with the LF around them, and whether the next word has no end within
        `max_word` bytes.
    """
    cdef Py_ssize_t records = 0, used = 0, length = block.shape[0], room = starts.shape[0]
    cdef bint too_long = False
    cdef const unsigned char *space
    with nogil:
        while True:
            while used < length and block[used] == 10:
                used += 1
            if records == room or used == length:
                break
            space = <const unsigned char *> memchr(
                &block[used], 32, min(length - used, max_word + 1))
            if space == NULL:
                too_long = length - used > max_word
                break
            if length - (space - &block[0]) - 1 < 4 * size:
                break
            starts[records] = used
            ends[records] = space - &block[0]
            used = ends[records] + 1 + 4 * size
            records += 1
    return records, used, too_long


def copy_vectors(const unsigned char[::1] block, const int64_t[::1] ends, float[:, ::1] out):
    """Copy the vector that follows each word end into a row of `out`."""
    cdef Py_ssize_t i, size = out.shape[1]
    with nogil:
        for i in range(out.shape[0]):
            memcpy(&out[i, 0], &block[ends[i] + 1], 4 * size)


def decode_words(const unsigned char[::1] block, const int64_t[::1] starts,
                 const int64_t[::1] ends):
    """The words at [start, end) as a list of str: UTF-8 with surrogateescape."""
    cdef Py_ssize_t i
    cdef list words = []
    if block.shape[0] == 0:
        return words
    cdef const char *base = <const char *> &block[0]
    for i in range(starts.shape[0]):
        words.append(
            PyUnicode_DecodeUTF8(base + starts[i], ends[i] - starts[i], b"surrogateescape"))
    return words
