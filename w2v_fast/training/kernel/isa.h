/* One instruction set: vectors of LANES floats, the operations that C has no syntax for, and the
 * kernel built on top. An isa_*.c file defines ISA and LANES, opens its target, and includes this
 * file once. */

#include <float.h>
#include <math.h>
#include <string.h>

#include "kernel.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define INLINE static inline __attribute__((always_inline))

typedef float vec __attribute__((vector_size(4 * LANES), may_alias));

/* Scores use vectors of at most 8 lanes: the sum of 16 lanes costs more than it saves (Zen 4). */
#define SCORE_LANES (LANES < 8 ? LANES : 8)
typedef float score_vec __attribute__((vector_size(4 * SCORE_LANES), may_alias));
typedef unsigned score_bits __attribute__((vector_size(4 * SCORE_LANES), may_alias));
typedef unsigned bits __attribute__((vector_size(4 * LANES), may_alias));

/* Keeps x in a register: otherwise the compiler folds its load into every use. */
#if defined(__x86_64__)
#define IN_REGISTER(x) __asm__("" : "+v"(x))
#else
#define IN_REGISTER(x) __asm__("" : "+w"(x))
#endif

INLINE vec splat(float x) { return x - (vec){0}; }
INLINE vec load(const float *p) { return *(const vec *)p; }
INLINE void store(float *p, vec x) { *(vec *)p = x; }
INLINE score_vec load_scores(const float *p) { return *(const score_vec *)p; }
INLINE void store_scores(float *p, score_vec x) { *(score_vec *)p = x; }
INLINE void store_unaligned(float *p, score_vec x) { memcpy(p, &x, sizeof x); }

/* Minimum and maximum of each lane; NaN where x is NaN. */
INLINE vec smaller(vec limit, vec x)
{
#if LANES == 16
    return (vec)_mm512_min_ps((__m512)limit, (__m512)x);
#elif LANES == 8
    return (vec)_mm256_min_ps((__m256)limit, (__m256)x);
#elif defined(__x86_64__)
    return (vec)_mm_min_ps((__m128)limit, (__m128)x);
#else
    bits beyond = (bits)(x > limit);
    return (vec)(((bits)x & ~beyond) | ((bits)limit & beyond));
#endif
}

INLINE vec larger(vec limit, vec x) { return -smaller(-limit, -x); }

#if defined(__clang__)
#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SHUFFLE(a, b, ...) __builtin_shuffle(a, b, (score_bits){__VA_ARGS__})
#endif

/* Halve the lanes of a and b, side by side within blocks of 2 * half lanes: a blend keeps a's lower
 * and b's upper halves in place, a shuffle puts a's upper and b's lower halves on top of them. */
#define KEEP(j, half) ((j) % (2 * (half)) < (half) ? (j) : SCORE_LANES + (j))
#define SWAP(j, half) ((j) % (2 * (half)) < (half) ? (j) + (half) : SCORE_LANES + (j) - (half))
#define LANES4(f, j, half) f(j, half), f(j + 1, half), f(j + 2, half), f(j + 3, half)
#if SCORE_LANES == 8
#define ALL_LANES(f, half) LANES4(f, 0, half), LANES4(f, 4, half)
#else
#define ALL_LANES(f, half) LANES4(f, 0, half)
#endif
#define FOLD(a, b, half) \
    (SHUFFLE(a, b, ALL_LANES(KEEP, half)) + SHUFFLE(a, b, ALL_LANES(SWAP, half)))

/* Lane j of the result is the sum of the lanes of a[j], for SCORE_LANES vectors a. */
INLINE score_vec lane_sums(const score_vec *a)
{
    score_vec c[4];
    for (int j = 0; j < 4; j++)
#if SCORE_LANES == 8
        c[j] = FOLD(a[j], a[j + 4], 4);
#else
        c[j] = a[j];
#endif
    score_vec d0 = FOLD(c[0], c[2], 2), d1 = FOLD(c[1], c[3], 2);
    return FOLD(d0, d1, 1);
}

#include "step.h"

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define TEXT_(a) #a
#define TEXT(a) TEXT_(a)

const w2v_kernel JOIN(w2v_kernel_, ISA) = {.name = TEXT(ISA), .step = step};
