"""The hash table of words, as the extensions that build on it see it (`_words.pyx` explains it)."""

from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.string cimport memcmp

cdef extern from *:
    """
    #include <string.h>
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
    /* Both halves of the 128-bit product folded together: every bit of a and b reaches the result.
    */ static inline uint64_t multiply_fold(uint64_t a, uint64_t b) {
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
    INLINE_LENGTH = 16
    BATCH = 32

ctypedef const unsigned char *Bytes

cdef struct Seed:
    uint64_t low
    uint64_t high

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


cdef inline void set_tag(Key *key, Seed seed) noexcept nogil:
    """Hash a short key from its own bytes; a long one carries its hash already."""
    cdef uint64_t hashed = key.high
    if key.length <= INLINE_LENGTH:
        hashed = multiply_fold(
            key.low ^ seed.low, key.high ^ seed.high ^ <uint64_t>key.length
        )
    key.tag = <uint32_t>(hashed >> 32)


cdef void set_key(Key *key, Bytes word, int64_t length, Seed seed) noexcept nogil


cdef class WordTable:
    cdef Seed seed
    cdef uint64_t *slots
    cdef Entry *entries
    cdef unsigned char *arena
    cdef int bits
    cdef int64_t size, entry_capacity, arena_size, arena_capacity
    cdef int64_t newest_block
    cdef bint integers, late  # late: the present block comes after one with a higher number

    cdef inline int32_t find(self, const Key *key, uint64_t *free_slot) noexcept nogil:
        """Id of the word, or -1 and the index of the slot where it would go."""
        cdef uint64_t index = key.tag >> (32 - self.bits)
        cdef uint64_t last = (<uint64_t>1 << self.bits) - 1, slot
        cdef Entry *entry
        while True:
            slot = self.slots[index]
            if slot == 0:
                free_slot[0] = index
                return -1
            if slot >> 32 == key.tag:
                entry = &self.entries[<uint32_t>slot - <int64_t>1]
                if (
                    entry.length == key.length
                    and entry.high == key.high
                    and (
                        entry.low == key.low
                        if key.length <= INLINE_LENGTH
                        else memcmp(self.arena + entry.low, key.word, key.length) == 0
                    )
                ):
                    return <int32_t>(<uint32_t>slot - 1)
            index = (index + 1) & last

    cdef inline int32_t locate(self, Key *key, int64_t first) except -1 nogil:
        """Id of the word, entered with count 0 when it is new."""
        cdef uint64_t free_slot = 0
        cdef int32_t id = self.find(key, &free_slot)
        return id if id >= 0 else self.enter(key, first, free_slot)

    cdef inline void prefetch(self, const Key *key) noexcept nogil:
        __builtin_prefetch(&self.slots[key.tag >> (32 - self.bits)])

    cdef int32_t enter(self, Key *key, int64_t first, uint64_t free_slot) except -1 nogil
    cdef int grow_entries(self) except -1 nogil
    cdef int grow_arena(self, int64_t length) except -1 nogil
    cdef int grow_slots(self) except -1 nogil
    cdef void begin_block(self, int64_t block) noexcept nogil
    cdef void keep_smallest(self, int32_t id, int64_t position) noexcept nogil
    cdef int count_batch(self, Key *keys, int64_t n, int64_t first, int32_t *ids) except -1 nogil
    cdef int64_t encode_bytes(
        self, Bytes text, Bytes stop, int64_t first, int32_t *ids, bint *ends_open_sentence
    ) except -1 nogil
