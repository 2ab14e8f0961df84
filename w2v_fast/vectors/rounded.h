/* Scores of vectors rounded to 8 bits, and the rows whose exact score may be among the best.

   codes [V/16][d/4][16][4]: 128 + q of 16 rows, four dimensions of a row side by side, so that one
   instruction adds four products to the sum of each row:

       sum_j (128 + q_j) p_j - 128 sum_j p_j = q . p                 q of a row, p of a query */
#ifndef W2V_ROUNDED_H
#define W2V_ROUNDED_H

#include <math.h>
#include <stdint.h>
#include <string.h>

enum {
    W2V_LANES = 16,  /* rows of a block */
    W2V_QUERIES = 8, /* queries that are scored together */
};

/* Bounds are kept below and above every cosine: a row that never is an answer, one that may be. */
#define W2V_NEVER (-4.0f)
#define W2V_ALWAYS 4.0f

typedef struct {
    const uint8_t *codes;
    const float *scales, *errors; /* [V]: x = scale q + r, error = |r|, or one of the two above */
    int64_t first;                /* number of the first row */
} w2v_rounded_rows;

typedef struct {
    const int8_t *codes;          /* [Q][d] */
    const float *scales, *errors; /* [Q] */
    const int32_t *offsets;       /* [Q]: 128 sum p */
    int64_t count, wanted, room;  /* Q, a multiple of W2V_QUERIES; k; slots for rows */
    float slack;                  /* of rounding in float32 */
    float *worst;                 /* [Q][k]: heaps of the best lower bounds */
    int32_t *rows, *found;        /* [Q][room] candidates, [Q] how many; -1: no room */
    float *uppers;                /* [Q][room]: their upper bounds */
} w2v_rounded_queries;

#if defined(__x86_64__)
#include <immintrin.h>

#define W2V_ROUNDED __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")))

static int w2v_rounded_runs(void)
{
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vnni");
}

static inline __mmask16 w2v_columns(int64_t left)
{
    return left >= W2V_LANES ? 0xffff : (__mmask16)((1 << left) - 1);
}

/* One row of d numbers into its lane of a block; dimensions beyond d are 0. */
W2V_ROUNDED static void w2v_round_row(const float *row, float norm, int64_t d, uint8_t *lane,
                                      float *scale, float *error)
{
    __m512 most = _mm512_setzero_ps(), squares = _mm512_setzero_ps();
    for (int64_t j = 0; j < d; j += W2V_LANES) {
        const __m512 x = _mm512_maskz_loadu_ps(w2v_columns(d - j), row + j);
        most = _mm512_max_ps(most, _mm512_abs_ps(x));
    }
    const float step = _mm512_reduce_max_ps(most) / 127;
    const int usable = isfinite(1 / step) && isfinite(norm) && norm > 1e-15f; /* exact squares */
    const __m512 steps = _mm512_set1_ps(step);
    const __m512 inverse = _mm512_set1_ps(usable ? 1 / step : 0);
    for (int64_t j = 0; j < d; j += W2V_LANES) {
        const __m512 x = _mm512_maskz_loadu_ps(w2v_columns(d - j), row + j);
        const __m512i q = _mm512_cvtps_epi32(_mm512_mul_ps(x, inverse));
        const __m512 r = _mm512_fnmadd_ps(_mm512_cvtepi32_ps(q), steps, x);
        squares = _mm512_fmadd_ps(r, r, squares);
        uint8_t codes[W2V_LANES];
        _mm_storeu_si128((__m128i *)codes,
                         _mm512_cvtepi32_epi8(_mm512_add_epi32(q, _mm512_set1_epi32(128))));
        for (int64_t i = 0; i < W2V_LANES && j + i < d; i += 4)
            memcpy(lane + (j + i) * W2V_LANES, codes + i, 4);
    }
    *scale = usable ? step / norm : 0;
    *error = usable ? sqrtf(_mm512_reduce_add_ps(squares)) / norm : W2V_ALWAYS;
    if (!(norm > 0))
        *error = W2V_NEVER;
}

/* Replace the root of a heap whose root is its smallest number. */
static void w2v_replace_worst(float *heap, int64_t k, float value)
{
    int64_t at = 0;
    for (int64_t child = 1; child < k; child = 2 * at + 1) {
        if (child + 1 < k && heap[child + 1] < heap[child])
            child++;
        if (heap[child] >= value)
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = value;
}

/* Drop the candidates that the best have left behind; returns how many remain. */
static int32_t w2v_drop(int32_t *rows, float *uppers, int32_t found, float worst)
{
    int32_t kept = 0;
    for (int32_t i = 0; i < found; i++) {
        if (uppers[i] < worst)
            continue;
        rows[kept] = rows[i];
        uppers[kept++] = uppers[i];
    }
    return kept;
}

static void w2v_note(const w2v_rounded_queries *y, int64_t q, int32_t row, float upper, float lower)
{
    float *heap = y->worst + q * y->wanted;
    int32_t *rows = y->rows + q * y->room, found = y->found[q];
    float *uppers = y->uppers + q * y->room;
    if (found < 0 || upper < heap[0])
        return;
    if (found == y->room)
        found = w2v_drop(rows, uppers, found, heap[0]);
    if (found == y->room) {
        y->found[q] = -1;
        heap[0] = INFINITY;
        return;
    }
    rows[found] = row;
    uppers[found] = upper;
    y->found[q] = found + 1;
    if (lower > heap[0])
        w2v_replace_worst(heap, y->wanted, lower);
}

/* The rows of a block whose upper bound reaches the worst of the best lower bounds. */
W2V_ROUNDED static inline __attribute__((always_inline)) void
w2v_note_block(const w2v_rounded_queries *y, int64_t q, int64_t row, __m512i dots, __m512 scales,
               __m512 errors)
{
    const __m512 dot = _mm512_cvtepi32_ps(dots);
    const __m512 score = _mm512_mul_ps(_mm512_mul_ps(dot, scales), _mm512_set1_ps(y->scales[q]));
    const __m512 error = _mm512_fmadd_ps(errors, _mm512_set1_ps(1 + y->errors[q]),
                                         _mm512_set1_ps(y->errors[q] + y->slack));
    const __m512 upper = _mm512_add_ps(score, error);
    const __m512 worst = _mm512_set1_ps(y->worst[q * y->wanted]);
    __mmask16 left = _mm512_cmp_ps_mask(upper, worst, _CMP_GE_OQ);
    if (__builtin_expect(!left, 1))
        return;
    float uppers[W2V_LANES], lowers[W2V_LANES];
    _mm512_storeu_ps(uppers, upper);
    _mm512_storeu_ps(lowers, _mm512_sub_ps(score, error));
    for (; left; left &= left - 1) {
        const int i = __builtin_ctz(left);
        w2v_note(y, q, (int32_t)(row + i), uppers[i], lowers[i]);
    }
}

/* Score `blocks` blocks (1 or 2) against W2V_QUERIES queries, the sums in registers. */
W2V_ROUNDED static inline __attribute__((always_inline)) void
w2v_scan_tile(const w2v_rounded_rows *x, const w2v_rounded_queries *y, int64_t block, int64_t q,
              int64_t d, const int blocks)
{
    const uint8_t *codes = x->codes + block * W2V_LANES * d;
    const int8_t *query = y->codes + q * d;
    __m512i dots[2][W2V_QUERIES];
    for (int i = 0; i < W2V_QUERIES; i++)
        dots[0][i] = dots[1][i] = _mm512_set1_epi32(-y->offsets[q + i]);
    for (int64_t j = 0; j < d; j += 4) {
        __m512i rows[2];
        for (int b = 0; b < blocks; b++)
            rows[b] = _mm512_loadu_si512(codes + (b * d + j) * W2V_LANES);
        for (int i = 0; i < W2V_QUERIES; i++) {
            int32_t four;
            memcpy(&four, query + i * d + j, 4);
            for (int b = 0; b < blocks; b++)
                dots[b][i] = _mm512_dpbusd_epi32(dots[b][i], rows[b], _mm512_set1_epi32(four));
        }
    }
    for (int b = 0; b < blocks; b++) {
        const int64_t row = (block + b) * W2V_LANES;
        const __m512 scales = _mm512_loadu_ps(x->scales + row);
        const __m512 errors = _mm512_loadu_ps(x->errors + row);
        for (int i = 0; i < W2V_QUERIES; i++)
            w2v_note_block(y, q + i, x->first + row, dots[b][i], scales, errors);
    }
}

/* Call up the part of two blocks that falls to queries q.. of y, so that they are there in time. */
static inline void w2v_prefetch_blocks(const w2v_rounded_rows *x, const w2v_rounded_queries *y,
                                       int64_t block, int64_t q, int64_t d)
{
    const int64_t share = 2 * W2V_LANES * d * W2V_QUERIES / y->count + 64;
    const uint8_t *codes = x->codes + block * W2V_LANES * d + q / W2V_QUERIES * share;
    for (int64_t at = 0; at < share; at += 64)
        _mm_prefetch((const char *)codes + at, _MM_HINT_T0);
}

W2V_ROUNDED static void w2v_scan(const w2v_rounded_rows *x, const w2v_rounded_queries *y,
                                 int64_t blocks, int64_t d)
{
    for (int64_t block = 0; block < blocks; block += 2)
        for (int64_t q = 0; q < y->count; q += W2V_QUERIES) {
            if (block + 2 < blocks)
                w2v_prefetch_blocks(x, y, block + 2, q, d);
            if (block + 1 < blocks)
                w2v_scan_tile(x, y, block, q, d, 2);
            else
                w2v_scan_tile(x, y, block, q, d, 1);
        }
}

#else

static int w2v_rounded_runs(void) { return 0; }

static void w2v_round_row(const float *row, float norm, int64_t d, uint8_t *lane, float *scale,
                          float *error)
{
    (void)row, (void)norm, (void)d, (void)lane, (void)scale, (void)error;
}

static void w2v_scan(const w2v_rounded_rows *x, const w2v_rounded_queries *y, int64_t blocks,
                     int64_t d)
{
    (void)x, (void)y, (void)blocks, (void)d;
}

#endif
#endif
