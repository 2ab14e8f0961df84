/* AVX2 and FMA: Intel since Haswell (2013), AMD since Zen (2017). Two products are added in 16 bits
   with a sign, which 255 x 63 x 2 fits: queries have 7 bits. */
#if defined(__x86_64__)
#define KERNEL avx2
#define LANES 8
#define VECTORS 2
#define LEVELS 63
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx2,fma")
#endif
#include "lanes.h"

INLINE ints add_products(ints sums, ints rows, ints query)
{
    const __m256i pairs = _mm256_maddubs_epi16((__m256i)rows, (__m256i)query);
    return sums + (ints)_mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
}

INLINE unsigned at_least(vec x, vec y)
{
    return (unsigned)_mm256_movemask_ps(_mm256_cmp_ps((__m256)x, (__m256)y, _CMP_GE_OQ));
}

INLINE void store_bytes(uint8_t *p, ints x)
{
    const __m128i low = _mm256_castsi256_si128((__m256i)x);
    const __m128i words = _mm_packs_epi32(low, _mm256_extracti128_si256((__m256i)x, 1));
    _mm_storel_epi64((__m128i *)p, _mm_packus_epi16(words, words));
}

#include "scan.h"
#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
