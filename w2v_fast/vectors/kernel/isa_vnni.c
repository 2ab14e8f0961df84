/* AVX-512 with sums of products of 8 bits: Intel servers since Cascade Lake (2019), AMD since
   Zen 4 (2022). */
#if defined(__x86_64__)
#define KERNEL vnni
#define LANES 16
#define VECTORS 4
#define LEVELS 127
#if defined(__clang__)
#pragma clang attribute push(                                                     \
    __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx512vnni,fma"))), \
    apply_to = function)
#else
#pragma GCC target("avx512f,avx512vl,avx512dq,avx512bw,avx512vnni,fma")
#endif
#include "lanes.h"

INLINE ints add_products(ints sums, ints rows, ints query)
{
    return (ints)_mm512_dpbusd_epi32((__m512i)sums, (__m512i)rows, (__m512i)query);
}

INLINE unsigned at_least(vec x, vec y)
{
    return _mm512_cmp_ps_mask((__m512)x, (__m512)y, _CMP_GE_OQ);
}

INLINE void store_bytes(uint8_t *p, ints x)
{
    _mm_storeu_si128((__m128i *)p, _mm512_cvtepi32_epi8((__m512i)x));
}

#include "scan.h"
#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
