"""Random draws as native loops take them: `generator.py` explains them."""

from libc.stdint cimport int32_t, uint32_t, uint64_t


cdef struct AliasEntry:  # noise.ALIAS_ENTRY
    uint32_t threshold
    int32_t alias


cdef inline uint64_t draw(uint64_t key, uint64_t index) noexcept nogil:
    """generator.draw: SplitMix64 by index."""
    cdef uint64_t x = key + (index + 1) * <uint64_t>0x9E3779B97F4A7C15
    x = (x ^ (x >> 30)) * <uint64_t>0xBF58476D1CE4E5B9
    x = (x ^ (x >> 27)) * <uint64_t>0x94D049BB133111EB
    return x ^ (x >> 31)


cdef inline int scaled(uint32_t random, uint32_t limit) noexcept nogil:
    """Map 32 random bits to 0..limit-1."""
    return <int>((<uint64_t>random * limit) >> 32)
