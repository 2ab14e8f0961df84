/* Vectors of LANES numbers. */
#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "rounded.h"

#define INLINE static inline __attribute__((always_inline))

typedef float vec __attribute__((vector_size(4 * LANES), may_alias));
typedef int32_t ints __attribute__((vector_size(4 * LANES), may_alias));

INLINE vec splat(float x) { return x - (vec){0}; }

INLINE vec load(const float *p)
{
    vec x;
    memcpy(&x, p, sizeof x);
    return x;
}
