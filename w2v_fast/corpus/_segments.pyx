"""Text to lowercased words of any script, without the GIL.

Words end where Unicode Standard Annex 29 ("Unicode Text Segmentation", 4.1) says, WB1 to WB999; a
segment is kept if it has a letter or a digit. One pass with one state, the class of the last
character that is no mark:

    JOINS[last]     classes that go on with the segment (WB5, 7a, 8 to 10, 13 to 13b)
    MIDDLES[last]   classes that do so if the right one follows them (WB6, 7, 7b, 7c, 11, 12), such
                    as the point of 3.14; if it does not, the pass returns to the middle, and the
                    segment ends before it

Marks, formats and joiners belong to what they follow (WB4), and a pictograph to the joiner before
it (WB3c). The properties of characters are those of `third_party/unicode`.
"""

from cpython.bytes cimport PyBytes_FromStringAndSize
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t
from libc.stdlib cimport free, malloc
from libc.string cimport memset

cdef extern from "unicode/word_break.h" nogil:
    const char *UNICODE_VERSION
    enum:
        OTHER, LETTER, HEBREW, NUMERIC, KATAKANA, CONNECTOR, MID_LETTER, MID_NUMBER, MID_BOTH
        SINGLE_QUOTE, DOUBLE_QUOTE, EXTEND, JOINER, SPACE, CLASSES
        IN_WORD, PICTOGRAPH, CASED, CASE_IGNORABLE
    ctypedef struct CodeRecord "code_record":
        int32_t to_lower
        uint8_t kind "class_"
        uint8_t flags
    const CodeRecord *record_of(uint32_t code)

ctypedef const unsigned char *Bytes

cdef enum:
    HEBREW_QUOTE = CLASSES  # the quote of WB7a: a letter may follow, as after that of WB7
    STATES
    REPLACEMENT = 0xFFFD
    DOTTED_I = 0x130
    SIGMA = 0x3A3
    GROWTH = 2  # bytes written for one read, at most: a word of one letter, and a space

cdef uint32_t LETTERS = 1 << LETTER | 1 << HEBREW
cdef uint32_t[STATES] JOINS
cdef uint32_t[STATES] MIDDLES
cdef uint8_t[256] ALNUM  # the lowercase of ASCII letters and digits, else 0

unicode_version = UNICODE_VERSION.decode()


cdef void fill_tables():
    cdef int i
    for i in range(STATES):
        JOINS[i] = MIDDLES[i] = 0
    JOINS[LETTER] = JOINS[NUMERIC] = LETTERS | 1 << NUMERIC | 1 << CONNECTOR
    JOINS[HEBREW] = JOINS[LETTER] | 1 << SINGLE_QUOTE
    JOINS[HEBREW_QUOTE] = LETTERS
    JOINS[KATAKANA] = 1 << KATAKANA | 1 << CONNECTOR
    JOINS[CONNECTOR] = JOINS[LETTER] | 1 << KATAKANA
    MIDDLES[LETTER] = 1 << MID_LETTER | 1 << MID_BOTH | 1 << SINGLE_QUOTE
    MIDDLES[HEBREW] = MIDDLES[LETTER] | 1 << DOUBLE_QUOTE
    MIDDLES[NUMERIC] = 1 << MID_NUMBER | 1 << MID_BOTH | 1 << SINGLE_QUOTE
    for i in range(128):
        ALNUM[i] = i + record_of(i).to_lower if chr(i).isalnum() else 0


fill_tables()


cdef struct Character:
    uint32_t code
    int size
    const CodeRecord *record


cdef struct Segment:
    unsigned char *start  # where it stands in the output
    unsigned char *out  # where its next character goes
    int last  # class of its last character that is no mark; SPACE: it is empty
    bint in_word, after_joiner
    bint after_cased  # the last character that is not case-ignorable has a case
    unsigned char *sigma  # a capital sigma that is final unless a cased character follows, or NULL
    Bytes middle  # where to return to unless the right class follows, or NULL
    unsigned char *middle_out
    uint32_t after_middle  # the right classes
    int64_t words, invalid_bytes


cdef inline bint continues(Bytes text, Bytes stop, int size) noexcept nogil:
    cdef int i
    if stop - text < size:
        return False
    for i in range(1, size):
        if text[i] & 0xC0 != 0x80:
            return False
    return True


cdef inline Character decode(Bytes text, Bytes stop) noexcept nogil:
    """The next character; a byte that belongs to none is U+FFFD."""
    cdef uint32_t c = text[0], code = REPLACEMENT
    cdef int size = 1
    if c < 0x80:
        code = c
    elif 0xC2 <= c < 0xE0 and continues(text, stop, 2):
        code = (c & 0x1F) << 6 | text[1] & 0x3F
        size = 2
    elif 0xE0 <= c < 0xF0 and continues(text, stop, 3):
        code = (c & 0x0F) << 12 | (text[1] & 0x3F) << 6 | text[2] & 0x3F
        size = 3
        if code < 0x800 or 0xD800 <= code < 0xE000:
            code, size = REPLACEMENT, 1
    elif 0xF0 <= c < 0xF5 and continues(text, stop, 4):
        code = (c & 0x07) << 18 | (text[1] & 0x3F) << 12 | (text[2] & 0x3F) << 6 | text[3] & 0x3F
        size = 4
        if not 0x10000 <= code < 0x110000:
            code, size = REPLACEMENT, 1
    return Character(code, size, record_of(code))


cdef inline unsigned char *encode(unsigned char *out, uint32_t code) noexcept nogil:
    if code < 0x80:
        out[0] = code
        return out + 1
    if code < 0x800:
        out[0] = 0xC0 | code >> 6
        out[1] = 0x80 | code & 0x3F
        return out + 2
    if code < 0x10000:
        out[0] = 0xE0 | code >> 12
        out[1] = 0x80 | code >> 6 & 0x3F
        out[2] = 0x80 | code & 0x3F
        return out + 3
    out[0] = 0xF0 | code >> 18
    out[1] = 0x80 | code >> 12 & 0x3F
    out[2] = 0x80 | code >> 6 & 0x3F
    out[3] = 0x80 | code & 0x3F
    return out + 4


cdef inline void settle_sigma(Segment *segment, bint final) noexcept nogil:
    """Write a final sigma if it is one: U+03C2 beside U+03C3."""
    if segment.sigma != NULL and final:
        segment.sigma[1] = 0x82
    segment.sigma = NULL


cdef void append(Segment *segment, Character *read, Bytes text) noexcept nogil:
    """Add a character in lowercase."""
    cdef int i
    cdef bint is_sigma = read.code == SIGMA and segment.after_cased
    if not read.record.flags & CASE_IGNORABLE:
        settle_sigma(segment, not read.record.flags & CASED)
        segment.after_cased = read.record.flags & CASED != 0
    if is_sigma:
        segment.sigma = segment.out
    if read.record.to_lower:
        segment.out = encode(segment.out, read.code + read.record.to_lower)
    elif read.code == DOTTED_I:
        segment.out = encode(encode(segment.out, c"i"), 0x307)
    else:
        for i in range(read.size):
            segment.out[i] = text[i]
        segment.out += read.size
    segment.in_word |= read.record.flags & IN_WORD
    segment.invalid_bytes += read.size == 1 and read.code == REPLACEMENT


cdef inline void finish(Segment *segment) noexcept nogil:
    """End the segment and begin an empty one; a space follows a word, nothing else stays."""
    if segment.in_word:
        settle_sigma(segment, True)
        segment.out[0] = c" "
        segment.out += 1
        segment.start = segment.out
        segment.words += 1
    segment.out = segment.start
    segment.sigma = segment.middle = NULL
    segment.last = SPACE
    segment.in_word = segment.after_joiner = segment.after_cased = False


cdef void end_at_space(Segment *segment, bint newline) noexcept nogil:
    if segment.middle != NULL:
        segment.out = segment.middle_out
    finish(segment)
    if newline:
        segment.out[0] = c"\n"
        segment.out += 1
        segment.start = segment.out


cdef inline Bytes take_ascii(Segment *segment, Bytes text, Bytes stop) noexcept nogil:
    """Add the ASCII letters and digits here, at least one, to a segment that they go on with."""
    cdef unsigned char *out = segment.out
    cdef uint8_t lower
    settle_sigma(segment, text[0] <= c"9")
    while text < stop:
        lower = ALNUM[text[0]]
        if not lower:
            break
        out[0] = lower
        out += 1
        text += 1
    segment.out = out
    segment.middle = NULL
    segment.in_word = True
    segment.after_joiner = False
    segment.after_cased = (out - 1)[0] > c"9"
    segment.last = LETTER if segment.after_cased else NUMERIC
    return text


cdef inline bint go_on(Segment *segment, const CodeRecord *record) noexcept nogil:
    """Whether the segment goes on with a character that is no mark."""
    if segment.middle != NULL:
        return segment.after_middle >> record.kind & 1
    if segment.last == SPACE or JOINS[segment.last] >> record.kind & 1:
        return True
    return segment.after_joiner and record.flags & PICTOGRAPH


cdef Bytes take(Segment *segment, Bytes text, Bytes stop) noexcept nogil:
    """Add the next character, or end the segment before it; returns where to go on."""
    cdef Character read = decode(text, stop)
    cdef int kind = read.record.kind
    if kind == SPACE:
        end_at_space(segment, False)
        return text + read.size
    if kind == EXTEND or kind == JOINER:
        append(segment, &read, text)
        segment.after_joiner = kind == JOINER
        if segment.last == SPACE:
            segment.last = OTHER
        return text + read.size
    if not go_on(segment, read.record):
        if segment.middle != NULL:
            text = segment.middle
            segment.out = segment.middle_out
        elif MIDDLES[segment.last] >> kind & 1:
            segment.middle = text
            segment.middle_out = segment.out
            segment.after_middle = 1 << NUMERIC if segment.last == NUMERIC else LETTERS
            if kind == DOUBLE_QUOTE:
                segment.after_middle = 1 << HEBREW
            append(segment, &read, text)
            segment.after_joiner = False
            return text + read.size
        finish(segment)
        return text
    segment.middle = NULL
    segment.after_joiner = False
    segment.last = HEBREW_QUOTE if segment.last == HEBREW and kind == SINGLE_QUOTE else kind
    append(segment, &read, text)
    return text + read.size


cdef void segment_text(Segment *segment, Bytes text, Bytes stop) noexcept nogil:
    cdef uint32_t alnum_kind
    while text < stop:
        if ALNUM[text[0]]:
            alnum_kind = NUMERIC if text[0] <= c"9" else LETTER
            if (
                segment.last == SPACE
                or segment.middle == NULL and JOINS[segment.last] >> alnum_kind & 1
                or segment.middle != NULL and segment.after_middle >> alnum_kind & 1
            ):
                text = take_ascii(segment, text, stop)
                continue
        elif text[0] <= c" " and record_of(text[0]).kind == SPACE:
            end_at_space(segment, text[0] == c"\n")
            text += 1
            continue
        text = take(segment, text, stop)
    end_at_space(segment, False)


def segment(const unsigned char[::1] block):
    """Cut a block of whole lines of UTF-8; a line stays a line, with or without words.

    Returns the words as bytes with a space behind each, their number, and that of the bytes that
    are not UTF-8; such a byte ends a word.
    """
    cdef int64_t size = block.shape[0]
    cdef Segment state
    cdef unsigned char *out = <unsigned char *>malloc(GROWTH * size + 1)
    if out == NULL:
        raise MemoryError(f"no memory for the words of {size:,} bytes of text")
    try:
        memset(&state, 0, sizeof(state))
        state.start = state.out = out
        state.last = SPACE
        if size:
            with nogil:
                segment_text(&state, &block[0], &block[0] + size)
        return PyBytes_FromStringAndSize(<char *>out, state.out - out), state.words, state.invalid_bytes
    finally:
        free(out)
