"""The hash table of words and the tokenizer: bytes, tokens or integers in, provisional ids out, without the GIL.

A word is its bytes; nothing is decoded while reading. ASCII white space, CR and NUL separate words, newline ends a
sentence. Each thread fills a `Table` of its own, so ids are provisional until the tables are merged and ranked.

    slots[2**bits]  tag << 32 | (id + 1), or 0 when free. The tag is the upper half of the word's hash; its first `bits`
                    bits say where linear probing starts, so that growing needs no hash again.
    entries[id]     the word's key, its count, and its first position (block number << 32 | token number in the block):
                    the smallest, in whatever order the blocks come.
                    A word of up to 16 bytes is its own key (two integers, zero padded, and the length), compared without
                    leaving the entry. A longer word lies in `arena`; its key is its offset there and its 64-bit hash.

Words are looked up in batches: find bounds and hash, then fetch the entries, then compare and count. So the cache misses
of a batch overlap instead of following each other.

Sentence ends need no separator ids: the last token of a sentence is stored as ~id, which is negative.

The hash is keyed with random bytes of this process, so no text can be made whose words collide. Nothing that leaves this
module depends on them.
"""

import os

from cpython.bytes cimport PyBytes_AsString, PyBytes_FromStringAndSize
from cpython.unicode cimport PyUnicode_AsUTF8AndSize, PyUnicode_DecodeUTF8
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, realloc
from libc.string cimport memcmp, memcpy, memmove

cdef extern from *:
    """
    #if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    #define LITTLE_ENDIAN_64(x) __builtin_bswap64(x)
    #else
    #define LITTLE_ENDIAN_64(x) (x)
    #endif
    static inline uint64_t load8(const unsigned char *p) {
        uint64_t x;
        memcpy(&x, p, 8);
        return LITTLE_ENDIAN_64(x);
    }
    static inline void store8(unsigned char *p, uint64_t x) {
        x = LITTLE_ENDIAN_64(x);
        memcpy(p, &x, 8);
    }
    /* Both halves of the 128-bit product folded together: every bit of a and b reaches the result. */
    static inline uint64_t multiply_fold(uint64_t a, uint64_t b) {
        unsigned __int128 product = (unsigned __int128)a * b;
        return (uint64_t)product ^ (uint64_t)(product >> 64);
    }
    /* NUL \\t \\n \\v \\f \\r and space. */
    static inline int is_separator(unsigned char c) {
        return c <= 32 && (0x100003E01ULL >> c & 1);
    }
    """
    uint64_t load8(const unsigned char *p) noexcept nogil
    void store8(unsigned char *p, uint64_t x) noexcept nogil
    uint64_t multiply_fold(uint64_t a, uint64_t b) noexcept nogil
    bint is_separator(unsigned char c) noexcept nogil
    int __builtin_ctzll(unsigned long long x) noexcept nogil
    void __builtin_prefetch(const void *address) noexcept nogil

cdef enum:
    READ_AHEAD = 16
    INLINE_LENGTH = 16
    BATCH = 32
    FIRST_BITS = 12
    MAX_BITS = 32
    MAX_WORDS = 0x7FFFFFFE

cpdef enum:
    CONNECTOR = 1
    STARTS = 2
    ENDS = 4

PADDING = READ_AHEAD  # bytes that must be readable after a block of text

ctypedef const unsigned char *Bytes

cdef uint64_t key_low, key_high  # what the two halves of a word are mixed with

cdef struct Entry:
    uint64_t low
    uint64_t high
    int64_t length
    int64_t count
    int64_t first

cdef struct Key:
    Bytes word
    uint64_t low
    uint64_t high
    int64_t length
    uint32_t tag
    int32_t mark  # -1 for the last token of a sentence, so that id ^ mark is ~id; else 0


def set_hash_key(bytes key):
    """Key the hash with 16 bytes, before there is a table."""
    global key_low, key_high
    if len(key) != 16:
        raise ValueError(f"the key must have 16 bytes, got {len(key)}")
    key_low = load8(<Bytes>PyBytes_AsString(key))
    key_high = load8(<Bytes>PyBytes_AsString(key) + 8)


set_hash_key(os.urandom(16))


cdef inline uint64_t first_bytes(uint64_t word, int64_t count) noexcept nogil:
    """The first `count` (0 to 8) bytes of a little-endian load, the others zero."""
    return word & (~(<uint64_t>0) >> (64 - 8 * count)) if count > 0 else 0


cdef inline uint64_t below_33(uint64_t x) noexcept nogil:
    """Bit 7 of each byte that is at most 32; exact up to the first such byte, which is all that is used."""
    return (x - <uint64_t>0x2121212121212121) & ~x & <uint64_t>0x8080808080808080


cdef uint64_t hash_long(Bytes word, int64_t length) noexcept nogil:
    cdef uint64_t state = <uint64_t>length ^ <uint64_t>0x9E3779B97F4A7C15
    cdef unsigned char[16] tail
    while length >= 16:
        state = multiply_fold(load8(word) ^ key_low ^ state, load8(word + 8) ^ key_high)
        word += 16
        length -= 16
    store8(tail, 0)
    store8(tail + 8, 0)
    memcpy(tail, word, length)
    return multiply_fold(load8(tail) ^ key_low ^ state, load8(tail + 8) ^ key_high)


cdef inline void set_tag(Key *key) noexcept nogil:
    """Hash a short key from its own bytes; a long one carries its hash already."""
    cdef uint64_t hashed = key.high
    if key.length <= INLINE_LENGTH:
        hashed = multiply_fold(key.low ^ key_low,
                               key.high ^ key_high ^ <uint64_t>key.length)
    key.tag = <uint32_t>(hashed >> 32)


cdef void set_key(Key *key, Bytes word, int64_t length) noexcept nogil:
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
        key.high = hash_long(word, length)
    set_tag(key)


cdef inline Bytes cut_word(Key *key, Bytes word) noexcept nogil:
    """Key of the word that starts at `word` (not a separator); returns its end. A separator must follow somewhere."""
    cdef uint64_t low = load8(word), high, hit = below_33(low)
    cdef Bytes end
    if hit:
        key.length = __builtin_ctzll(hit) >> 3
        key.low = first_bytes(low, key.length)
        key.high = 0
    else:
        high = load8(word + 8)
        hit = below_33(high)
        if not hit:
            end = word + 16
            while not is_separator(end[0]):
                end += 1
            # A separator below 33 cannot lie in the first 16 bytes, so the word is a long one (or exactly 16 bytes).
            set_key(key, word, end - word)
            return end
        key.length = 8 + (__builtin_ctzll(hit) >> 3)
        key.low = low
        key.high = first_bytes(high, key.length - 8)
    end = word + key.length
    if not is_separator(end[0]):  # another control character: part of the word
        while not is_separator(end[0]):
            end += 1
        set_key(key, word, end - word)
        return end
    key.word = word
    set_tag(key)
    return end


cdef void *resized(void *block, int64_t size) except NULL nogil:
    """The memory of `block` with room for `size` bytes; where there is none, `block` stays as it is."""
    cdef void *moved = realloc(block, size)
    if moved == NULL:
        with gil:
            raise MemoryError(f"no memory for {size:,} bytes of different words")
    return moved


cdef inline void set_phrase(Key *key, const int32_t *run, int64_t before, int32_t last, int32_t *room) noexcept nogil:
    """Key of the phrase `run[:before]` and `last`; one of more than 4 words is put together in `room`."""
    cdef int32_t[4] ids
    if before == 1:
        key.length = 2 * sizeof(int32_t)
        key.low = <uint32_t>run[0] | <uint64_t>last << 32
        key.high = 0
        set_tag(key)
        return
    if before < 4:
        room = ids
    memcpy(room, run, before * sizeof(int32_t))
    room[before] = last
    set_key(key, <Bytes>room, (before + 1) * <int64_t>sizeof(int32_t))


cdef class Table:
    """Words, their counts and first positions; ids are numbered from 0 in order of first appearance in this table."""

    cdef uint64_t *slots
    cdef Entry *entries
    cdef unsigned char *arena
    cdef int bits
    cdef int64_t size, entry_capacity, arena_size, arena_capacity
    cdef int64_t newest_block
    cdef bint integers, late  # late: the block at hand comes after one with a higher number

    def __cinit__(self):
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

    cdef inline int32_t locate(self, Key *key, int64_t first) except -1 nogil:
        """Id of the word, entered with count 0 when it is new."""
        cdef uint64_t place = 0
        cdef int32_t id = self.find(key, &place)
        return id if id >= 0 else self.enter(key, first, place)

    cdef inline int32_t find(self, Key *key, uint64_t *free_place) noexcept nogil:
        """Id of the word, or -1 and the place of the slot where it would go."""
        cdef uint64_t place = key.tag >> (32 - self.bits), last = (<uint64_t>1 << self.bits) - 1, slot
        cdef Entry *entry
        while True:
            slot = self.slots[place]
            if slot == 0:
                free_place[0] = place
                return -1
            if slot >> 32 == key.tag:
                entry = &self.entries[<uint32_t>slot - <int64_t>1]
                if (entry.length == key.length and entry.high == key.high
                        and (entry.low == key.low if key.length <= INLINE_LENGTH
                             else memcmp(self.arena + entry.low, key.word, key.length) == 0)):
                    return <int32_t>(<uint32_t>slot - 1)
            place = (place + 1) & last

    cdef int32_t enter(self, Key *key, int64_t first, uint64_t place) except -1 nogil:
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
        self.slots[place] = <uint64_t>key.tag << 32 | <uint64_t>self.size
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
        cdef uint64_t last = (<uint64_t>1 << bits) - 1, place, slot
        cdef uint64_t *slots = <uint64_t *>calloc(<size_t>1 << bits, sizeof(uint64_t))
        cdef int64_t old
        if slots == NULL:
            with gil:
                raise MemoryError(f"no memory for a table of {<int64_t>1 << bits} slots")
        for old in range(<int64_t>1 << self.bits):
            slot = self.slots[old]
            if slot:
                place = slot >> (64 - bits)
                while slots[place]:
                    place = (place + 1) & last
                slots[place] = slot
        free(self.slots)
        self.slots = slots
        self.bits = bits
        return 0

    cdef void begin_block(self, int64_t block) noexcept nogil:
        self.late = block < self.newest_block
        self.newest_block = max(self.newest_block, block)

    cdef inline void keep_smallest(self, int32_t id, int64_t position) noexcept nogil:
        self.entries[id].first = min(self.entries[id].first, position)

    cdef int count_batch(self, Key *keys, int64_t n, int64_t first, int32_t *ids) except -1 nogil:
        """Look up `n` <= BATCH keys whose slots are on their way, count them and write their ids, marks applied."""
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

    cdef int64_t encode_bytes(self, Bytes text, Bytes stop, int64_t first, int32_t *ids, bint *opens) except -1 nogil:
        cdef Key[BATCH] keys
        cdef Key *key
        cdef Bytes word
        cdef int64_t n, done = 0
        cdef int32_t mark
        opens[0] = False
        while text < stop and is_separator(text[0]):
            opens[0] |= text[0] == b"\n"
            text += 1
        while text < stop:
            n = 0
            while n < BATCH and text < stop:
                key = &keys[n]
                text = cut_word(key, text)
                __builtin_prefetch(&self.slots[key.tag >> (32 - self.bits)])
                mark = 0
                while text < stop and is_separator(text[0]):
                    mark |= -<int32_t>(text[0] == b"\n")
                    text += 1
                key.mark = mark
                n += 1
            self.count_batch(keys, n, first + done, ids + done)
            done += n
        return done

    def encode_text(self, const unsigned char[::1] data, Py_ssize_t length, int64_t block, int32_t[::1] ids):
        """Encode `data[:length]`, whose last byte is a separator, into `ids`; PADDING more bytes must be readable.

        Returns the number of tokens, and whether a newline comes before the first of them: it ends the sentence that
        an earlier block left open.
        """
        cdef int64_t done
        cdef bint opens
        if length < 1 or data.shape[0] < length + PADDING or ids.shape[0] < (length + 1) // 2 + 1:
            raise ValueError("the buffers are too small for the text")
        if not is_separator(data[length - 1]):
            raise ValueError("a block of text must end with a separator")
        with nogil:
            self.begin_block(block)
            done = self.encode_bytes(&data[0], &data[0] + length, block << 32, &ids[0], &opens)
        return done, opens

    def encode_integers(self, const int64_t[::1] values, const int64_t[::1] ends, int64_t block, int32_t[::1] ids):
        """Encode integers into `ids`; `ends` are the positions after the last token of each sentence, rising.

        Values after the last end belong to a sentence that a later block goes on with.
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
                    set_tag(key)
                    __builtin_prefetch(&self.slots[key.tag >> (32 - self.bits)])
                    n += 1
                    while sentence < ends.shape[0] and ends[sentence] < done + n:
                        sentence += 1
                    key.mark = -<int32_t>(sentence < ends.shape[0] and ends[sentence] == done + n)
                self.count_batch(keys, n, (block << 32) + done, &ids[done])
                done += n

    def encode_tokens(self, list sentences, int64_t block, int32_t[::1] ids):
        """Encode lists of str, each one sentence, into `ids`; returns their bytes, one separator a token.

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
                    raise TypeError(f"a sentence of str tokens holds {token!r:.60} of type {type(token).__name__}")
                if token.isascii():
                    word = <Bytes>PyUnicode_AsUTF8AndSize(token, &length)
                else:
                    encoded = encode_utf8(token)
                    word = encoded
                    length = len(encoded)
                set_key(&key, word, length)
                id = self.locate(&key, (block << 32) + done)
                self.entries[id].count += 1
                self.keep_smallest(id, (block << 32) + done)
                ids[done] = id
                done += 1
                size += length + 1
            if sentence:
                ids[done - 1] = ~ids[done - 1]
        return size

    def merge(self, Table other, int32_t[::1] merged):
        """Add the words and counts of `other`; `merged[id]` becomes the id here of its word `id`."""
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
                set_tag(&key)
                id = self.locate(&key, entry.first)
                merged[i] = id
                self.entries[id].count += entry.count
                self.keep_smallest(id, entry.first)

    def statistics(self, int64_t[::1] counts, int64_t[::1] firsts):
        """Write the count and the first position of every word."""
        cdef int64_t i
        if counts.shape[0] < self.size or firsts.shape[0] < self.size:
            raise ValueError("the buffers are too small for the table")
        for i in range(self.size):
            counts[i] = self.entries[i].count
            firsts[i] = self.entries[i].first

    cdef int32_t *room(self, int64_t words) except NULL nogil:
        """The free end of the arena, where a phrase can be put together."""
        cdef int64_t length = words * <int64_t>sizeof(int32_t)
        if length > self.arena_capacity - self.arena_size:
            self.grow_arena(length)
        return <int32_t *>(self.arena + self.arena_size)

    def count_phrases(self, const int32_t[::1] ids, int64_t start, int64_t stop, const unsigned char[::1] connector,
                      uint32_t part, uint32_t parts):
        """Count the phrases of `ids[start:stop]` whose hash falls to `part` of `parts`.

        A phrase is two words next to each other in a sentence, or with connectors alone between them; connectors neither
        start nor end one. Returns where to go on, which is before `stop` when a phrase may reach beyond it.
        """
        cdef Key[BATCH] keys
        cdef Key *key
        cdef int32_t[BATCH] unused
        cdef int32_t id, mark
        cdef int64_t i, n = 0, run = -1
        check_ids(ids, start, stop, connector.shape[0])
        with nogil:
            for i in range(start, stop):
                mark = ids[i] >> 31
                id = ids[i] ^ mark
                if not connector[id]:
                    if run >= 0:
                        key = &keys[n]
                        set_phrase(key, &ids[run], i - run, id, self.room(i - run + 1) if i - run > 3 else NULL)
                        key.mark = 0
                        if key.tag % parts == part:
                            if key.length <= INLINE_LENGTH:
                                __builtin_prefetch(&self.slots[key.tag >> (32 - self.bits)])
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

    def add_phrases(self, const int32_t[::1] ids, const int64_t[::1] ends):
        """Enter phrases for `replace_phrases`, numbered from 0 on; each has its words before its end in `ids`."""
        cdef Key key
        cdef int64_t i, start = 0
        with nogil:
            for i in range(ends.shape[0]):
                if not start + 2 <= ends[i] <= ids.shape[0]:
                    with gil:
                        raise ValueError("a phrase has two words or more, and ends within the ids")
                set_phrase(&key, &ids[start], ends[i] - start - 1, ids[ends[i] - 1], self.room(ends[i] - start))
                self.locate(&key, 0)
                start = ends[i]

    def set_count(self, int64_t number, int64_t count):
        """Change the count of a word or phrase."""
        if not 0 <= number < self.size:
            raise IndexError(f"there is no word {number}")
        self.entries[number].count = count

    def replace_phrases(self, const int32_t[::1] ids, int64_t start, int64_t stop, const unsigned char[::1] roles,
                        const int32_t[::1] new_ids, int32_t[::1] out):
        """Copy `ids[start:stop]` to `out` with each phrase of this table, from left to right, as its one new id.

        `roles` says of each word whether it is a connector (1), starts a phrase (2), ends one (4). Returns the number of
        ids written. Several threads may call it at a time.
        """
        cdef Key key
        cdef uint64_t unused = 0
        cdef int32_t id, mark, phrase
        cdef unsigned char role
        cdef int64_t i, written = 0, run = -1
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
                        set_phrase(&key, &ids[run], i - run, id, &out[written])
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

    def select_phrases(self, int64_t min_count, int64_t[::1] numbers, int64_t[::1] counts, int32_t[::1] first_words,
                       int32_t[::1] last_words):
        """The phrases that occur `min_count` times or more: writes as many as fit, returns how many there are."""
        cdef int64_t i, found = 0, room = min(numbers.shape[0], counts.shape[0], first_words.shape[0], last_words.shape[0])
        cdef const int32_t *ids
        cdef int32_t[4] buffer
        with nogil:
            for i in range(self.size):
                if self.entries[i].count >= min_count:
                    if found < room:
                        ids = self.phrase_ids(i, buffer)
                        numbers[found] = i
                        counts[found] = self.entries[i].count
                        first_words[found] = ids[0]
                        last_words[found] = ids[self.entries[i].length // 4 - 1]
                    found += 1
        return found

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

    cdef int set_name(self, Key *key, const int32_t *ids, int64_t n, Bytes words, const int64_t *offsets,
                      Bytes delimiter, int64_t delimiter_length) except -1 nogil:
        """Key of `n` words joined; it borrows the free end of the arena."""
        cdef int64_t i, length = (n - 1) * delimiter_length
        cdef unsigned char *name
        for i in range(n):
            length += offsets[ids[i] + 1] - offsets[ids[i]]
        if length > self.arena_capacity - self.arena_size:
            self.grow_arena(length)
        name = self.arena + self.arena_size
        for i in range(n):
            if i:
                memcpy(name, delimiter, delimiter_length)
                name += delimiter_length
            memcpy(name, words + offsets[ids[i]], offsets[ids[i] + 1] - offsets[ids[i]])
            name += offsets[ids[i] + 1] - offsets[ids[i]]
        set_key(key, self.arena + self.arena_size, length)
        return 0

    def pool_names(self, Table phrases, const unsigned char[::1] ambiguous, int32_t step, const unsigned char[::1] words,
                   const int64_t[::1] offsets, const unsigned char[::1] delimiter):
        """Add up the counts of phrases with the same name, in three steps that all tables of phrases take in turn.

        0 enters the names of phrases with an ambiguous word, 1 adds the other phrases to names that are there, and 2 gives
        the phrases the counts of their names. Word i is `words[offsets[i]:offsets[i + 1]]`. Returns the phrases concerned.
        """
        cdef Key key
        cdef uint64_t unused = 0
        cdef const int32_t *ids
        cdef int32_t[4] buffer
        cdef int32_t name
        cdef int64_t i, j, n, found = 0
        cdef bint is_ambiguous
        with nogil:
            for i in range(phrases.size):
                ids = phrases.phrase_ids(i, buffer)
                n = phrases.entries[i].length // 4
                is_ambiguous = False
                for j in range(n):
                    is_ambiguous |= ambiguous[ids[j]]
                if step < 2 and is_ambiguous != (step == 0):
                    continue
                self.set_name(&key, ids, n, &words[0], &offsets[0], &delimiter[0], delimiter.shape[0] - 1)
                name = self.locate(&key, 0) if step == 0 else self.find(&key, &unused)
                if name < 0:
                    continue
                found += 1
                if step == 2:
                    phrases.entries[i].count = self.entries[name].count
                else:
                    self.entries[name].count += phrases.entries[i].count
        return found

    def phrase(self, int64_t number):
        """The ids of a phrase, as a tuple."""
        cdef const int32_t *ids
        cdef int32_t[4] buffer
        cdef int64_t i
        if not 0 <= number < self.size:
            raise IndexError(f"there is no phrase {number}")
        ids = self.phrase_ids(number, buffer)
        return tuple([ids[i] for i in range(self.entries[number].length // 4)])

    def words(self, const int64_t[::1] ids):
        """The words of `ids` as a list of str: UTF-8 with surrogateescape; integers as decimal strings."""
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


def text_end(const unsigned char[::1] data, Py_ssize_t start, Py_ssize_t stop):
    """The position after the last separator in `data[start:stop]`, or `start` when it has none."""
    cdef Py_ssize_t end = stop
    if not 0 <= start <= stop <= data.shape[0]:
        raise ValueError("the range is outside of the data")
    with nogil:
        while end > start and not is_separator(data[end - 1]):
            end -= 1
    return end


def compact(int32_t[::1] ids, int64_t start, int64_t stop, int64_t written, const int32_t[::1] new_ids):
    """Replace provisional ids by `new_ids` and drop those that are -1, in place; returns the new end.

    Reads `ids[start:stop]` and writes from `written` <= `start` on. When the last token of a sentence is dropped, its
    mark moves to the last token kept of that sentence; a sentence without kept tokens leaves nothing.
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
            if new >= 0:
                ids[written] = new ^ mark
                written += 1
            elif mark and written and ids[written - 1] >= 0:
                ids[written - 1] = ~ids[written - 1]
    return written


def check_ids(const int32_t[::1] ids, int64_t start, int64_t stop, int64_t words):
    """Raise a ValueError unless every one of `ids[start:stop]`, marks taken off, is below `words`."""
    cdef int64_t i
    cdef int32_t largest = 0
    if not 0 <= start <= stop <= ids.shape[0]:
        raise ValueError("the range is outside of the ids")
    with nogil:
        for i in range(start, stop):
            largest = max(largest, ids[i] ^ (ids[i] >> 31))
    if stop > start and largest >= words:
        raise ValueError(f"there is no word {largest}, only {words} words")


def tally(const int32_t[::1] ids, int64_t start, int64_t stop, int64_t[::1] counts, int64_t[::1] firsts):
    """Count `ids[start:stop]`, and note the position of each id where its count was 0."""
    cdef int64_t i
    cdef int32_t id
    check_ids(ids, start, stop, min(counts.shape[0], firsts.shape[0]))
    with nogil:
        for i in range(start, stop):
            id = ids[i] ^ (ids[i] >> 31)
            if counts[id] == 0:
                firsts[id] = i
            counts[id] += 1


def to_text(const int32_t[::1] ids, int64_t start, int64_t stop, const unsigned char[::1] words,
            const int64_t[::1] offsets):
    """The words of `ids[start:stop]` as bytes, each with a space behind it, or a newline after a sentence.

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
