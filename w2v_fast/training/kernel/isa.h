/* One instruction set: vectors of LANES floats, the few operations on them that C does not spell, and the kernel built
 * on top. An isa_*.c file defines ISA and LANES, opens its target, and includes this file once. */

#include <float.h>
#include <math.h>
#include <string.h>

#include "kernel.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define INLINE static inline __attribute__((always_inline))

typedef float vec __attribute__((vector_size(4 * LANES), may_alias));

/* Scores are taken in vectors of at most eight lanes: with sixteen, their sums cost more than they save (Zen 4). */
#define PART (LANES < 8 ? LANES : 8)
typedef float part __attribute__((vector_size(4 * PART), may_alias));
typedef unsigned part_bits __attribute__((vector_size(4 * PART), may_alias));
typedef unsigned bits __attribute__((vector_size(4 * LANES), may_alias));

/* Load once: without it the compiler folds the load into every use. */
#if defined(__x86_64__)
#define IN_REGISTER(x) __asm__("" : "+v"(x))
#else
#define IN_REGISTER(x) __asm__("" : "+w"(x))
#endif

INLINE vec splat(float x) { return x - (vec){0}; }
INLINE vec load(const float *p) { return *(const vec *)p; }
INLINE void store(float *p, vec x) { *(vec *)p = x; }
INLINE part load_part(const float *p) { return *(const part *)p; }
INLINE void store_part(float *p, part x) { *(part *)p = x; }
INLINE void store_anywhere(float *p, part x) { memcpy(p, &x, sizeof x); }

/* Lane by lane the smaller and the larger; where x is NaN, NaN. */
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
#define SHUFFLE(a, b, ...) __builtin_shuffle(a, b, (part_bits){__VA_ARGS__})
#endif

/* Fold a and b to half as many lanes each, side by side within blocks of 2 * half lanes: a blend that keeps a's lower
 * and b's upper halves in place, and a shuffle that puts a's upper and b's lower halves on top of them. */
#define KEEP(j, half) ((j) % (2 * (half)) < (half) ? (j) : PART + (j))
#define SWAP(j, half) ((j) % (2 * (half)) < (half) ? (j) + (half) : PART + (j) - (half))
#define LANES4(f, j, half) f(j, half), f(j + 1, half), f(j + 2, half), f(j + 3, half)
#if PART == 8
#define ALL_LANES(f, half) LANES4(f, 0, half), LANES4(f, 4, half)
#else
#define ALL_LANES(f, half) LANES4(f, 0, half)
#endif
#define FOLD(a, b, half) (SHUFFLE(a, b, ALL_LANES(KEEP, half)) + SHUFFLE(a, b, ALL_LANES(SWAP, half)))

/* Lane j of the result is the sum of the lanes of a[j], for PART vectors a. */
INLINE part lane_sums(const part *a)
{
    part c[4];
    for (int j = 0; j < 4; j++)
#if PART == 8
        c[j] = FOLD(a[j], a[j + 4], 4);
#else
        c[j] = a[j];
#endif
    part d0 = FOLD(c[0], c[2], 2), d1 = FOLD(c[1], c[3], 2);
    return FOLD(d0, d1, 1);
}

#include "step.h"

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define TEXT_(a) #a
#define TEXT(a) TEXT_(a)

const w2v_kernel JOIN(w2v_kernel_, ISA) = {.name = TEXT(ISA), .step = step};
