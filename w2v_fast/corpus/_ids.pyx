"""Passes over arrays of ids, without the GIL: checked, counted, renumbered, written as text.

The last token of a sentence is ~id, which is negative: id ^ (id >> 31) is the id of any token.
"""

from cpython.bytes cimport PyBytes_AsString, PyBytes_FromStringAndSize
from libc.stdint cimport int32_t, int64_t
from libc.string cimport memcpy


def compact(
    int32_t[::1] ids, int64_t start, int64_t stop, int64_t written, const int32_t[::1] new_ids
):
    """Replace provisional ids by `new_ids` and drop those that are -1, in place; returns the new
    end.

    Reads `ids[start:stop]` and writes from `written` <= `start` on. When the last token of a
    sentence is dropped, its mark moves to the last token kept of that sentence; a sentence without
    kept tokens leaves nothing.
    """
    cdef int64_t i, words = new_ids.shape[0]
    cdef int32_t mark, old, new
    if not 0 <= written <= start <= stop <= ids.shape[0]:
        raise ValueError("the range is outside of the ids")
    with nogil:
        for i in range(start, stop):
            mark = ids[i] >> 31
            old = ids[i] ^ mark
            if old >= words:
                with gil:
                    raise ValueError(f"there is no word {old}, only {words} words")
            new = new_ids[old]
            ids[written] = new ^ mark  # overwritten by the next unless kept: branch-free
            written += new >= 0
            if (mark & new) < 0 and written and ids[written - 1] >= 0:
                ids[written - 1] = ~ids[written - 1]
    return written


def check_ids(const int32_t[::1] ids, int64_t start, int64_t stop, int64_t words):
    """Raise a ValueError unless the ids `ids[start:stop]` are those of a vocabulary of `words`."""
    cdef int64_t i
    cdef int32_t largest = 0
    if not 0 <= start <= stop <= ids.shape[0]:
        raise ValueError("the range is outside of the ids")
    with nogil:
        for i in range(start, stop):
            largest = max(largest, ids[i] ^ (ids[i] >> 31))
    if stop > start and largest >= words:
        raise ValueError(
            f"the corpus has the id {largest}, but its vocabulary has {words} words: ids must be "
            f"below {words} (the last one of a sentence is ~id)"
        )


def tally(
    const int32_t[::1] ids,
    int64_t start,
    int64_t stop,
    int64_t[::1] counts,
    int64_t[::1] first_positions,
):
    """Count `ids[start:stop]`, and note the position of each id where its count was 0."""
    cdef int64_t i
    cdef int32_t id
    check_ids(ids, start, stop, min(counts.shape[0], first_positions.shape[0]))
    with nogil:
        for i in range(start, stop):
            id = ids[i] ^ (ids[i] >> 31)
            if counts[id] == 0:
                first_positions[id] = i
            counts[id] += 1


def to_text(
    const int32_t[::1] ids,
    int64_t start,
    int64_t stop,
    const unsigned char[::1] words,
    const int64_t[::1] offsets,
):
    """The words of `ids[start:stop]` as bytes, each with a space behind it, or a newline after a
    sentence.

    Word i is `words[offsets[i]:offsets[i + 1]]`.
    """
    cdef int64_t i, length, size = 0
    cdef int32_t id, mark
    cdef bytes result
    cdef char *out
    check_ids(ids, start, stop, offsets.shape[0] - 1)
    with nogil:
        for i in range(start, stop):
            id = ids[i] ^ (ids[i] >> 31)
            size += offsets[id + 1] - offsets[id] + 1
    result = PyBytes_FromStringAndSize(NULL, size)
    out = PyBytes_AsString(result)
    with nogil:
        for i in range(start, stop):
            mark = ids[i] >> 31
            id = ids[i] ^ mark
            length = offsets[id + 1] - offsets[id]
            memcpy(out, &words[0] + offsets[id], length)
            out[length] = b"\n" if mark else b" "
            out += length + 1
    return result
