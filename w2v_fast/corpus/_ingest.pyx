"""The hash table of words and the tokenizer: bytes, tokens or integers in, provisional ids out, without the GIL.

A word is its bytes; nothing is decoded while reading. ASCII white space, CR and NUL separate words, newline ends a
sentence. Each thread fills a `Table` of its own, so ids are provisional until the tables are merged and ranked.

    slots[2**bits]  tag << 32 | (id + 1), or 0 when free. The tag is the upper half of the word's hash; its first `bits`
                    bits say where linear probing starts, so that growing needs no hash again.
    entries[id]     the word's key, its count, and its first position (block number << 32 | token number in the block).
                    A word of up to 16 bytes is its own key (two integers, zero padded, and the length), compared without
                    leaving the entry. A longer word lies in `arena`; its key is its offset there and its 64-bit hash.

Words are looked up in batches: find bounds and hash, then fetch the entries, then compare and count. So the cache misses
of a batch overlap instead of following each other.

Sentence ends need no separator ids: the last token of a sentence is stored as ~id, which is negative.
"""

from cpython.mem cimport PyMem_RawCalloc, PyMem_RawFree, PyMem_RawRealloc
from cpython.unicode cimport PyUnicode_AsUTF8AndSize, PyUnicode_DecodeUTF8
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.string cimport memcmp, memcpy

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

PADDING = READ_AHEAD  # bytes that must be readable after a block of text

ctypedef const unsigned char *Bytes

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
        state = multiply_fold(load8(word) ^ <uint64_t>0xA0761D6478BD642F ^ state, load8(word + 8) ^ <uint64_t>0xE7037ED1A0B428DB)
        word += 16
        length -= 16
    store8(tail, 0)
    store8(tail + 8, 0)
    memcpy(tail, word, length)
    return multiply_fold(load8(tail) ^ <uint64_t>0xA0761D6478BD642F ^ state, load8(tail + 8) ^ <uint64_t>0xE7037ED1A0B428DB)


cdef inline void set_tag(Key *key) noexcept nogil:
    """Hash a short key from its own bytes; a long one carries its hash already."""
    cdef uint64_t hashed = key.high
    if key.length <= INLINE_LENGTH:
        hashed = multiply_fold(key.low ^ <uint64_t>0xA0761D6478BD642F,
                               key.high ^ <uint64_t>0xE7037ED1A0B428DB ^ <uint64_t>key.length)
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


cdef class Table:
    """Words, their counts and first positions; ids are numbered from 0 in order of first appearance in this table."""

    cdef uint64_t *slots
    cdef Entry *entries
    cdef unsigned char *arena
    cdef int bits
    cdef int64_t size, entry_capacity, arena_size, arena_capacity
    cdef bint integers

    def __cinit__(self):
        self.bits = FIRST_BITS
        self.slots = <uint64_t *>PyMem_RawCalloc(<size_t>1 << self.bits, sizeof(uint64_t))
        if self.slots == NULL:
            raise MemoryError()

    def __dealloc__(self):
        PyMem_RawFree(self.slots)
        PyMem_RawFree(self.entries)
        PyMem_RawFree(self.arena)

    def __len__(self):
        return self.size

    cdef int32_t locate(self, Key *key, int64_t first) except -1 nogil:
        """Id of the word, entered with count 0 when it is new."""
        cdef uint64_t place = key.tag >> (32 - self.bits), last = (<uint64_t>1 << self.bits) - 1, slot
        cdef Entry *entry
        while True:
            slot = self.slots[place]
            if slot == 0:
                return self.enter(key, first, place)
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
            memcpy(self.arena + self.arena_size, key.word, key.length)
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
        if self.size > (<int64_t>1 << self.bits) >> 1 and self.bits < MAX_BITS:
            self.grow_slots()
        return <int32_t>(self.size - 1)

    cdef int grow_entries(self) except -1 nogil:
        cdef int64_t capacity = self.entry_capacity * 2 if self.entry_capacity else 1024
        cdef Entry *entries
        if self.size >= MAX_WORDS:
            with gil:
                raise OverflowError(f"more than {MAX_WORDS} different words")
        entries = <Entry *>PyMem_RawRealloc(self.entries, capacity * sizeof(Entry))
        if entries == NULL:
            with gil:
                raise MemoryError(f"no memory for {capacity} different words")
        self.entries = entries
        self.entry_capacity = capacity
        return 0

    cdef int grow_arena(self, int64_t length) except -1 nogil:
        cdef int64_t capacity = 2 * self.arena_capacity + length
        cdef unsigned char *arena = <unsigned char *>PyMem_RawRealloc(self.arena, capacity)
        if arena == NULL:
            with gil:
                raise MemoryError(f"no memory for {capacity} bytes of long words")
        self.arena = arena
        self.arena_capacity = capacity
        return 0

    cdef int grow_slots(self) except -1 nogil:
        """Double the slots; the tags say where each goes."""
        cdef int bits = self.bits + 1
        cdef uint64_t last = (<uint64_t>1 << bits) - 1, place, slot
        cdef uint64_t *slots = <uint64_t *>PyMem_RawCalloc(<size_t>1 << bits, sizeof(uint64_t))
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
        PyMem_RawFree(self.slots)
        self.slots = slots
        self.bits = bits
        return 0

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
                    raise TypeError(f"a sentence of str tokens holds {token!r} of type {type(token).__name__}")
                if token.isascii():
                    word = <Bytes>PyUnicode_AsUTF8AndSize(token, &length)
                else:
                    encoded = encode_utf8(token)
                    word = encoded
                    length = len(encoded)
                set_key(&key, word, length)
                id = self.locate(&key, (block << 32) + done)
                self.entries[id].count += 1
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
                self.entries[id].first = min(self.entries[id].first, entry.first)

    def statistics(self, int64_t[::1] counts, int64_t[::1] firsts):
        """Write the count and the first position of every word."""
        cdef int64_t i
        if counts.shape[0] < self.size or firsts.shape[0] < self.size:
            raise ValueError("the buffers are too small for the table")
        for i in range(self.size):
            counts[i] = self.entries[i].count
            firsts[i] = self.entries[i].first

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
        raise ValueError(f"token {token!r} is not valid text: {error.reason}") from None


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
    cdef int64_t i
    cdef int32_t mark, old, new
    if not 0 <= written <= start <= stop <= ids.shape[0]:
        raise ValueError("the range is outside of the ids")
    with nogil:
        for i in range(start, stop):
            mark = ids[i] >> 31
            old = ids[i] ^ mark
            new = new_ids[old]
            if new >= 0:
                ids[written] = new ^ mark
                written += 1
            elif mark and written and ids[written - 1] >= 0:
                ids[written - 1] = ~ids[written - 1]
    return written
