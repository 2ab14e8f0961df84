"""The hash table of phrases: sequences of word ids, counted and replaced, without the GIL.

The key of a phrase is that of a word whose bytes are its ids, 4 bytes each: up to 4 words are their
own key.
"""

import numpy as np

from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.string cimport memcpy

from w2v_fast.corpus._ids import check_ids
from w2v_fast.corpus._words cimport (
    BATCH, INLINE_LENGTH, Bytes, Entry, Key, Seed, WordTable, set_key, set_tag
)

cpdef enum:
    CONNECTOR = 1
    STARTS = 2
    ENDS = 4


cdef inline void set_phrase(
    Key *key, const int32_t *run, int64_t before, int32_t last, int32_t *room, Seed seed
) noexcept nogil:
    """Key of the phrase `run[:before]` + `last`; `room` is for one of more than 4 words."""
    cdef int32_t[4] ids
    if before == 1:
        key.length = 2 * sizeof(int32_t)
        key.low = <uint32_t>run[0] | <uint64_t>last << 32
        key.high = 0
        set_tag(key, seed)
        return
    if before < 4:
        room = ids
    memcpy(room, run, before * sizeof(int32_t))
    room[before] = last
    set_key(key, <Bytes>room, (before + 1) * <int64_t>sizeof(int32_t), seed)


cdef class PhraseTable(WordTable):
    """Phrases and their counts, numbered from 0 in the order of first appearance."""

    cdef int32_t *room(self, int64_t words) except NULL nogil:
        """The free end of the arena, where a phrase can be put together."""
        cdef int64_t length = words * <int64_t>sizeof(int32_t)
        if length > self.arena_capacity - self.arena_size:
            self.grow_arena(length)
        return <int32_t *>(self.arena + self.arena_size)

    cdef inline const int32_t *phrase_ids(self, int64_t number, int32_t *buffer) noexcept nogil:
        """The ids of a phrase, in `buffer` (4 ids) or in the arena."""
        cdef Entry *entry = &self.entries[number]
        if entry.length > INLINE_LENGTH:
            return <const int32_t *>(self.arena + entry.low)
        buffer[0] = <int32_t>entry.low
        buffer[1] = <int32_t>(entry.low >> 32)
        buffer[2] = <int32_t>entry.high
        buffer[3] = <int32_t>(entry.high >> 32)
        return buffer

    cdef inline int64_t phrase_length(self, int64_t number) noexcept nogil:
        return self.entries[number].length // <int64_t>sizeof(int32_t)

    cdef int check_number(self, int64_t number) except -1:
        if not 0 <= number < self.size:
            raise IndexError(f"there is no phrase {number}")
        return 0

    def count(
        self,
        const int32_t[::1] ids,
        int64_t start,
        int64_t stop,
        const unsigned char[::1] connector,
        uint32_t part,
        uint32_t parts,
    ):
        """Count the phrases of `ids[start:stop]` whose hash falls to `part` of `parts`.

        A phrase is two adjacent words of a sentence, or two with only connectors between them;
        connectors neither start nor end one. Returns where to go on: before `stop` when a phrase
        may reach beyond it.
        """
        cdef Key[BATCH] keys
        cdef Key *key
        cdef int32_t[BATCH] unused
        cdef int32_t *room
        cdef int32_t id, mark
        cdef int64_t i, n = 0, run = -1
        cdef Seed seed = self.seed
        check_ids(ids, start, stop, connector.shape[0])
        with nogil:
            for i in range(start, stop):
                mark = ids[i] >> 31
                id = ids[i] ^ mark
                if not connector[id]:
                    if run >= 0:
                        key = &keys[n]
                        room = self.room(i - run + 1) if i - run > 3 else NULL
                        set_phrase(key, &ids[run], i - run, id, room, seed)
                        key.mark = 0
                        if key.tag % parts == part:
                            if key.length <= INLINE_LENGTH:
                                self.prefetch(key)
                                n += 1
                            else:
                                self.count_batch(key, 1, 0, unused)
                            if n == BATCH:
                                self.count_batch(keys, n, 0, unused)
                                n = 0
                    run = i
                if mark:
                    run = -1
            self.count_batch(keys, n, 0, unused)
        return run if run >= 0 else stop

    def add(self, const int32_t[::1] ids, const int64_t[::1] ends):
        """Enter phrases for `replace`: phrase i is `ids[ends[i - 1]:ends[i]]`."""
        cdef Key key
        cdef int64_t i, start = 0
        with nogil:
            for i in range(ends.shape[0]):
                if not start + 2 <= ends[i] <= ids.shape[0]:
                    with gil:
                        raise ValueError("a phrase has two words or more, and ends within the ids")
                set_phrase(
                    &key,
                    &ids[start],
                    ends[i] - start - 1,
                    ids[ends[i] - 1],
                    self.room(ends[i] - start),
                    self.seed,
                )
                self.locate(&key, 0)
                start = ends[i]

    def replace(
        self,
        const int32_t[::1] ids,
        int64_t start,
        int64_t stop,
        const unsigned char[::1] roles,
        const int32_t[::1] new_ids,
        int32_t[::1] out,
    ):
        """Copy `ids[start:stop]` to `out` with each phrase of this table, from left to right, as
        its one new id.

        `roles` has the flags CONNECTOR, STARTS and ENDS of each word. Returns the number of ids
        written. Several threads may call it at a time.
        """
        cdef Key key
        cdef uint64_t unused = 0
        cdef int32_t id, mark, phrase
        cdef unsigned char role
        cdef int64_t i, written = 0, run = -1
        cdef Seed seed = self.seed
        check_ids(ids, start, stop, roles.shape[0])
        if new_ids.shape[0] < self.size or out.shape[0] < stop - start:
            raise ValueError("the buffers are too small for the phrases")
        with nogil:
            for i in range(start, stop):
                mark = ids[i] >> 31
                id = ids[i] ^ mark
                role = roles[id]
                if role & CONNECTOR:
                    if run < 0:
                        out[written] = ids[i]
                        written += 1
                else:
                    phrase = -1
                    if run >= 0 and role & ENDS and roles[ids[run]] & STARTS:
                        set_phrase(&key, &ids[run], i - run, id, &out[written], seed)
                        phrase = self.find(&key, &unused)
                    if phrase >= 0:
                        out[written] = new_ids[phrase] ^ mark
                        written += 1
                        run = -1
                    else:
                        while 0 <= run < i:
                            out[written] = ids[run]
                            written += 1
                            run += 1
                        run = i
                if (mark or i + 1 == stop) and run >= 0:
                    while run <= i:
                        out[written] = ids[run]
                        written += 1
                        run += 1
                    run = -1
        return written

    def select(self, int64_t min_count):
        """Numbers, counts, first and last words of phrases with `min_count` or more."""
        cdef int64_t i, size = 0
        cdef int32_t[4] buffer
        cdef const int32_t *ids
        for i in range(self.size):
            size += self.entries[i].count >= min_count
        columns = [np.empty(size, kind) for kind in ("i8", "i8", "i4", "i4")]
        cdef int64_t[::1] numbers = columns[0], counts = columns[1]
        cdef int32_t[::1] first_words = columns[2], last_words = columns[3]
        size = 0
        with nogil:
            for i in range(self.size):
                if self.entries[i].count >= min_count:
                    ids = self.phrase_ids(i, buffer)
                    numbers[size] = i
                    counts[size] = self.entries[i].count
                    first_words[size] = ids[0]
                    last_words[size] = ids[self.phrase_length(i) - 1]
                    size += 1
        return columns

    def name_hashes(
        self, const uint64_t[::1] hashes, const uint64_t[::1] powers, uint64_t modulus
    ):
        """The hash of each phrase's name: polynomials, which can be joined as strings can.

        Word i stands for a string whose bytes, as a big-endian number, are `hashes[i]` modulo
        `modulus`; `powers[i]` is 256 to the power of its length, modulo `modulus`, which is below
        2**32.
        """
        cdef int64_t i, j
        cdef int32_t[4] buffer
        cdef const int32_t *ids
        cdef uint64_t value
        result = np.empty(self.size, np.uint32)
        cdef uint32_t[::1] out = result
        with nogil:
            for i in range(self.size):
                ids = self.phrase_ids(i, buffer)
                value = 0
                for j in range(self.phrase_length(i)):
                    value = (value * powers[ids[j]] + hashes[ids[j]]) % modulus
                out[i] = <uint32_t>value
        return result

    def __getitem__(self, int64_t number):
        """The count of a phrase."""
        self.check_number(number)
        return self.entries[number].count

    def __setitem__(self, int64_t number, int64_t count):
        self.check_number(number)
        self.entries[number].count = count

    def phrase(self, int64_t number):
        """The ids of a phrase, as a tuple."""
        cdef const int32_t *ids
        cdef int32_t[4] buffer
        cdef int64_t i
        self.check_number(number)
        ids = self.phrase_ids(number, buffer)
        return tuple([ids[i] for i in range(self.phrase_length(number))])
