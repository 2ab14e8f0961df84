"""The hash table of words and the tokenizer: text, tokens or integers in, provisional ids out,
without the GIL.

A word is its bytes; nothing is decoded while reading. ASCII white space and NUL separate words, a
newline ends a sentence. Each thread fills its own `WordTable`, so ids are provisional until the
tables are merged and ranked.

    slots[2**bits]  tag << 32 | (id + 1), or 0 when free. The tag is the upper half of the word's
                    hash; its first `bits` bits say where linear probing starts, so that growing
                    needs no second hash.
    entries[id]     the word's key, its count, and its smallest position (block number << 32 | token
                    number in the block), whatever the order of the blocks.
                    The key of a word of up to 16 bytes is the word (two integers, zero-padded, and
                    the length), so a comparison stays within the entry. The key of a longer word is
                    its offset in `arena` and its 64-bit hash.

Words are looked up in batches: find bounds and hash, then prefetch the entries, then compare and
count. So the cache misses of a batch overlap.

Sentence ends need no separator ids: the last token of a sentence is stored as ~id, which is
negative.

The hash is seeded with random bytes of this process, so nobody can prepare a text whose words
collide. Nothing that leaves the table depends on the seed.
"""

import os

from cpython.bytes cimport PyBytes_AsString
from cpython.unicode cimport PyUnicode_AsUTF8AndSize, PyUnicode_DecodeUTF8
from libc.stdlib cimport calloc, free, realloc
from libc.string cimport memchr, memcpy, memmove

cdef enum:
    READ_AHEAD = 16
    FIRST_BITS = 12
    MAX_BITS = 32
    MAX_WORDS = 0x7FFFFFFE

PADDING = READ_AHEAD  # bytes that must be readable after a block of text

cdef Seed process_seed


def set_hash_seed(bytes seed):
    """Seed the hash with 16 bytes, before there is a table."""
    if len(seed) != 16:
        raise ValueError(f"the seed must have 16 bytes, got {len(seed)}")
    process_seed.low = load8(<Bytes>PyBytes_AsString(seed))
    process_seed.high = load8(<Bytes>PyBytes_AsString(seed) + 8)


set_hash_seed(os.urandom(16))


cdef uint64_t hash_long(Bytes word, int64_t length, Seed seed) noexcept nogil:
    cdef uint64_t state = <uint64_t>length ^ <uint64_t>0x9E3779B97F4A7C15
    cdef unsigned char[16] tail
    while length >= 16:
        state = multiply_fold(load8(word) ^ seed.low ^ state, load8(word + 8) ^ seed.high)
        word += 16
        length -= 16
    store8(tail, 0)
    store8(tail + 8, 0)
    memcpy(tail, word, length)
    return multiply_fold(load8(tail) ^ seed.low ^ state, load8(tail + 8) ^ seed.high)


cdef void set_key(Key *key, Bytes word, int64_t length, Seed seed) noexcept nogil:
    """Key of any word, without reading a byte beyond it."""
    cdef unsigned char[16] padded
    key.word = word
    key.length = length
    if length <= INLINE_LENGTH:
        store8(padded, 0)
        store8(padded + 8, 0)
        memcpy(padded, word, length)
        key.low = load8(padded)
        key.high = load8(padded + 8)
    else:
        key.low = 0
        key.high = hash_long(word, length, seed)
    set_tag(key, seed)


cdef inline uint64_t below_33(uint64_t x) noexcept nogil:
    """Bit 7 of each byte that is at most 32; exact up to the first one, which is all we use."""
    return (x - <uint64_t>0x2121212121212121) & ~x & <uint64_t>0x8080808080808080


cdef inline uint64_t bytes_before(uint64_t hit) noexcept nogil:
    """A mask of the bytes before the first that `below_33` has found, all if there is none."""
    return (hit ^ (hit - 1)) >> 8 if hit else ~(<uint64_t>0)


cdef inline Bytes cut_word(Key *key, Bytes word, Seed seed) noexcept nogil:
    """Key of the word that starts at `word`, which is no separator; returns its end, a separator.

    Nothing branches on which half of 16 bytes the word ends in: that cannot be predicted.
    """
    cdef uint64_t low = load8(word), high = load8(word + 8)
    cdef uint64_t low_hit = below_33(low), high_hit = below_33(high)
    if (low_hit | high_hit) == 0:
        return cut_long_word(key, word, word + 16, seed)
    key.word = word
    key.length = (__builtin_ctzll(low_hit if low_hit else high_hit) >> 3) + (0 if low_hit else 8)
    key.low = low & bytes_before(low_hit)
    key.high = high & bytes_before(high_hit) if low_hit == 0 else 0
    if not is_separator(word[key.length]):  # another control character: part of the word
        return cut_long_word(key, word, word + key.length, seed)
    set_tag(key, seed)
    return word + key.length


cdef Bytes cut_long_word(Key *key, Bytes word, Bytes end, Seed seed) noexcept nogil:
    """Key of a word that reaches at least to `end`."""
    while not is_separator(end[0]):
        end += 1
    set_key(key, word, end - word, seed)
    return end


cdef void *resized(void *block, int64_t size) except NULL nogil:
    """`block` resized to `size` bytes; it stays as it was if there is no memory."""
    cdef void *moved = realloc(block, size)
    if moved == NULL:
        with gil:
            raise MemoryError(f"no memory for {size:,} bytes of different words")
    return moved


cdef inline int32_t mark_after(const int64_t[::1] ends, int64_t *next, int64_t done) noexcept nogil:
    """-1 if a sentence ends after `done` tokens, else 0; `next` is the first end not before."""
    while next[0] < ends.shape[0] and ends[next[0]] < done:
        next[0] += 1
    return -<int32_t>(next[0] < ends.shape[0] and ends[next[0]] == done)


cdef class WordTable:
    """Words, their counts and first positions; ids count from 0 in order of first appearance."""

    def __cinit__(self):
        self.seed = process_seed
        self.bits = FIRST_BITS
        self.slots = <uint64_t *>calloc(<size_t>1 << self.bits, sizeof(uint64_t))
        if self.slots == NULL:
            raise MemoryError()

    def __dealloc__(self):
        free(self.slots)
        free(self.entries)
        free(self.arena)

    def __len__(self):
        return self.size

    cdef int32_t enter(self, Key *key, int64_t first, uint64_t free_slot) except -1 nogil:
        """Add a word with count 0 in the slot that `find` gave; returns its id."""
        cdef Entry *entry
        if self.size == self.entry_capacity:
            self.grow_entries()
        if key.length > INLINE_LENGTH:
            if key.length > self.arena_capacity - self.arena_size:
                self.grow_arena(key.length)
            memmove(self.arena + self.arena_size, key.word, key.length)
            key.low = self.arena_size
            self.arena_size += key.length
        entry = &self.entries[self.size]
        entry.low = key.low
        entry.high = key.high
        entry.length = key.length
        entry.count = 0
        entry.first = first
        self.size += 1
        self.slots[free_slot] = <uint64_t>key.tag << 32 | <uint64_t>self.size
        if self.size > (<int64_t>5 << self.bits) >> 3 and self.bits < MAX_BITS:
            self.grow_slots()
        return <int32_t>(self.size - 1)

    cdef int grow_entries(self) except -1 nogil:
        cdef int64_t capacity = self.entry_capacity * 2 if self.entry_capacity else 1024
        if self.size >= MAX_WORDS:
            with gil:
                raise OverflowError(f"more than {MAX_WORDS} different words")
        self.entries = <Entry *>resized(self.entries, capacity * sizeof(Entry))
        self.entry_capacity = capacity
        return 0

    cdef int grow_arena(self, int64_t length) except -1 nogil:
        cdef int64_t capacity = 2 * self.arena_capacity + length
        self.arena = <unsigned char *>resized(self.arena, capacity)
        self.arena_capacity = capacity
        return 0

    cdef int grow_slots(self) except -1 nogil:
        """Double the slots; the tags say where each goes."""
        cdef int bits = self.bits + 1
        cdef uint64_t last = (<uint64_t>1 << bits) - 1, index, slot
        cdef uint64_t *slots = <uint64_t *>calloc(<size_t>1 << bits, sizeof(uint64_t))
        cdef int64_t old
        if slots == NULL:
            with gil:
                raise MemoryError(f"no memory for a table of {<int64_t>1 << bits} slots")
        for old in range(<int64_t>1 << self.bits):
            slot = self.slots[old]
            if slot:
                index = slot >> (64 - bits)
                while slots[index]:
                    index = (index + 1) & last
                slots[index] = slot
        free(self.slots)
        self.slots = slots
        self.bits = bits
        return 0

    cdef void begin_block(self, int64_t block) noexcept nogil:
        self.late = block < self.newest_block
        self.newest_block = max(self.newest_block, block)

    cdef void keep_smallest(self, int32_t id, int64_t position) noexcept nogil:
        self.entries[id].first = min(self.entries[id].first, position)

    cdef int count_batch(self, Key *keys, int64_t n, int64_t first, int32_t *ids) except -1 nogil:
        """Count `n` <= BATCH keys with prefetched slots, and write their ids with their marks."""
        cdef int64_t i
        cdef int32_t id
        cdef uint64_t slot
        for i in range(n):
            slot = self.slots[keys[i].tag >> (32 - self.bits)]
            if slot:
                __builtin_prefetch(&self.entries[<uint32_t>slot - <int64_t>1])
        for i in range(n):
            id = self.locate(&keys[i], first + i)
            self.entries[id].count += 1
            ids[i] = id ^ keys[i].mark
        if self.late:
            for i in range(n):
                self.keep_smallest(ids[i] ^ keys[i].mark, first + i)
        return 0

    cdef int64_t encode_bytes(
        self, Bytes text, Bytes stop, int64_t first, int32_t *ids, bint *ends_open_sentence
    ) except -1 nogil:
        cdef Key[BATCH] keys
        cdef Key *key
        cdef Seed seed = self.seed
        cdef int64_t n, done = 0
        cdef int32_t mark
        ends_open_sentence[0] = False
        while text < stop and is_separator(text[0]):
            ends_open_sentence[0] |= text[0] == b"\n"
            text += 1
        while text < stop:
            n = 0
            while n < BATCH and text < stop:
                key = &keys[n]
                text = cut_word(key, text, seed)
                self.prefetch(key)
                mark = -<int32_t>(text[0] == b"\n")
                text += 1
                while text < stop and is_separator(text[0]):
                    mark |= -<int32_t>(text[0] == b"\n")
                    text += 1
                key.mark = mark
                n += 1
            self.count_batch(keys, n, first + done, ids + done)
            done += n
        return done

    def encode_text(
        self, const unsigned char[::1] data, Py_ssize_t length, int64_t block, int32_t[::1] ids
    ):
        """Encode `data[:length]`, which ends with a separator, into `ids`; PADDING more bytes must
        be readable.

        Returns the number of tokens, and whether a newline comes before the first of them: it ends
        the sentence that an earlier block left open.
        """
        cdef int64_t done
        cdef bint ends_open_sentence
        if (
            length < 1
            or data.shape[0] < length + PADDING
            or ids.shape[0] < (length + 1) // 2 + 1
        ):
            raise ValueError("the buffers are too small for the text")
        if not is_separator(data[length - 1]):
            raise ValueError("a block of text must end with a separator")
        with nogil:
            self.begin_block(block)
            done = self.encode_bytes(
                &data[0], &data[0] + length, block << 32, &ids[0], &ends_open_sentence
            )
        return done, ends_open_sentence

    def encode_integers(
        self,
        const int64_t[::1] values,
        const int64_t[::1] ends,
        int64_t block,
        int32_t[::1] ids,
    ):
        """Encode integers into `ids`; `ends` are the positions after the last token of each
        sentence, rising.

        Values after the last end belong to a sentence that a later block continues.
        """
        cdef Key[BATCH] keys
        cdef Key *key
        cdef int64_t n = 0, done = 0, sentence = 0, total = values.shape[0]
        if ids.shape[0] < total:
            raise ValueError("the buffer is too small for the integers")
        self.integers = True
        with nogil:
            self.begin_block(block)
            while done < total:
                n = 0
                while n < BATCH and done + n < total:
                    key = &keys[n]
                    key.low = <uint64_t>values[done + n]
                    key.high = 0
                    key.length = sizeof(int64_t)
                    set_tag(key, self.seed)
                    self.prefetch(key)
                    n += 1
                    key.mark = mark_after(ends, &sentence, done + n)
                self.count_batch(keys, n, (block << 32) + done, &ids[done])
                done += n

    def encode_cells(
        self,
        const unsigned char[::1] values,
        const int64_t[::1] offsets,
        const int64_t[::1] ends,
        int64_t block,
        int32_t[::1] ids,
    ):
        """Encode tokens into `ids`: token i is `values[offsets[i]:offsets[i + 1]]`, `ends` are as in
        `encode_integers`.
        """
        cdef Key[BATCH] keys
        cdef Key *key
        cdef unsigned char nothing = 0
        cdef const unsigned char *start = &nothing
        cdef int64_t i, n = 0, done = 0, sentence = 0, total = offsets.shape[0] - 1
        if total < 0 or ids.shape[0] < total:
            raise ValueError("the buffers are too small for the tokens")
        check_offsets(offsets, values.shape[0])
        if values.shape[0]:
            start = &values[0]
        with nogil:
            self.begin_block(block)
            while done < total:
                n = 0
                while n < BATCH and done + n < total:
                    key = &keys[n]
                    i = done + n
                    set_key(key, <Bytes>start + offsets[i], offsets[i + 1] - offsets[i], self.seed)
                    self.prefetch(key)
                    n += 1
                    key.mark = mark_after(ends, &sentence, done + n)
                self.count_batch(keys, n, (block << 32) + done, &ids[done])
                done += n

    def encode_tokens(self, list sentences, int64_t block, int32_t[::1] ids):
        """Encode lists of str, each one sentence, into `ids`; returns their bytes with a separator
        a token.

        Raises
        ------
        TypeError
            A token is not a str.
        ValueError
            A token has a lone surrogate that stands for no byte.
        """
        cdef Key key
        cdef int64_t done = 0, size = 0
        cdef int32_t id
        cdef Py_ssize_t length
        cdef Bytes word
        cdef list sentence
        for sentence in sentences:
            if ids.shape[0] < done + len(sentence):
                raise ValueError("the buffer is too small for the tokens")
            for token in sentence:
                if not isinstance(token, str):
                    raise TypeError(
                        f"a sentence of str tokens holds {token!r:.60} "
                        f"of type {type(token).__name__}"
                    )
                if token.isascii():
                    word = <Bytes>PyUnicode_AsUTF8AndSize(token, &length)
                else:
                    encoded = encode_utf8(token)
                    word = encoded
                    length = len(encoded)
                set_key(&key, word, length, self.seed)
                id = self.locate(&key, (block << 32) + done)
                self.entries[id].count += 1
                self.keep_smallest(id, (block << 32) + done)
                ids[done] = id
                done += 1
                size += length + 1
            if sentence:
                ids[done - 1] = ~ids[done - 1]
        return size

    def merge(self, WordTable other, int32_t[::1] merged):
        """Add the words and counts of `other`; `merged[id]` becomes this table's id of its word."""
        cdef Key key
        cdef Entry *entry
        cdef int64_t i
        cdef int32_t id
        if merged.shape[0] < other.size:
            raise ValueError("the buffer is too small for the table")
        self.integers |= other.integers
        with nogil:
            for i in range(other.size):
                entry = &other.entries[i]
                key.low = entry.low
                key.high = entry.high
                key.length = entry.length
                key.word = other.arena + entry.low if entry.length > INLINE_LENGTH else NULL
                set_tag(&key, self.seed)
                id = self.locate(&key, entry.first)
                merged[i] = id
                self.entries[id].count += entry.count
                self.keep_smallest(id, entry.first)

    def statistics(self, int64_t[::1] counts, int64_t[::1] first_positions):
        """Write the count and the first position of every word."""
        cdef int64_t i
        if counts.shape[0] < self.size or first_positions.shape[0] < self.size:
            raise ValueError("the buffers are too small for the table")
        for i in range(self.size):
            counts[i] = self.entries[i].count
            first_positions[i] = self.entries[i].first

    def words(self, const int64_t[::1] ids):
        """The words of `ids` as str: UTF-8 with surrogateescape, integers as decimal strings."""
        cdef unsigned char[16] key
        cdef const char *word
        cdef Entry *entry
        cdef int64_t i
        cdef list words = []
        for i in range(ids.shape[0]):
            if not 0 <= ids[i] < self.size:
                raise IndexError(f"there is no word {ids[i]}")
            entry = &self.entries[ids[i]]
            if self.integers:
                words.append(str(<int64_t>entry.low))
                continue
            if entry.length <= INLINE_LENGTH:
                store8(key, entry.low)
                store8(key + 8, entry.high)
                word = <const char *>key
            else:
                word = <const char *>self.arena + entry.low
            words.append(PyUnicode_DecodeUTF8(word, entry.length, "surrogateescape"))
        return words


cdef bytes encode_utf8(token):
    try:
        return token.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise ValueError(f"token {token!r:.60} is not valid text: {error.reason}") from None


cdef int check_offsets(const int64_t[::1] offsets, int64_t size) except -1:
    """Raise a ValueError unless offsets rise from 0 or above to `size` or below."""
    cdef int64_t i, before = 0
    cdef bint fits = True
    for i in range(offsets.shape[0]):
        fits &= before <= offsets[i] <= size
        before = offsets[i]
    if not fits:
        raise ValueError("the offsets do not fit the values")
    return 0


def join_cells(
    const unsigned char[::1] values, const int64_t[::1] offsets, unsigned char[::1] text
):
    """Write each cell `values[offsets[i]:offsets[i + 1]]` as a line of `text`: line breaks within it
    become spaces. Returns the bytes written, one more for each cell than the cells have.
    """
    cdef int64_t cells = offsets.shape[0] - 1, i, length
    cdef unsigned char *at
    cdef unsigned char *line
    check_offsets(offsets, values.shape[0])
    if cells < 1 or text.shape[0] < offsets[cells] - offsets[0] + cells:
        raise ValueError("the buffers are too small for the cells")
    at = &text[0]
    with nogil:
        for i in range(cells):
            length = offsets[i + 1] - offsets[i]
            if length:
                memcpy(at, &values[offsets[i]], length)
            at[length] = b"\n"
            line = <unsigned char *>memchr(at, b"\n", length + 1)
            while line != at + length:
                line[0] = b" "
                line = <unsigned char *>memchr(line, b"\n", at + length + 1 - line)
            at += length + 1
    return at - &text[0]


def blank_marks(unsigned char[::1] data, Py_ssize_t length):
    """Turn each byte order mark in `data[:length]`, where a text starts, into a newline."""
    cdef unsigned char *at
    cdef unsigned char *stop
    if not 0 < length <= data.shape[0]:
        raise ValueError("the range is outside of the data")
    at, stop = &data[0], &data[0] + length
    with nogil:
        while True:
            at = <unsigned char *>memchr(at, 0xEF, stop - at)
            if at == NULL:
                break
            if stop - at >= 3 and at[1] == 0xBB and at[2] == 0xBF:
                at[0] = b"\n"
                at[1] = at[2] = b" "
            at += 1


def text_end(const unsigned char[::1] data, Py_ssize_t start, Py_ssize_t stop):
    """The position after the last separator in `data[start:stop]`, or `start` when it has none."""
    cdef Py_ssize_t end = stop
    if not 0 <= start <= stop <= data.shape[0]:
        raise ValueError("the range is outside of the data")
    with nogil:
        while end > start and not is_separator(data[end - 1]):
            end -= 1
    return end
