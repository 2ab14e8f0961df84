/* Scores of vectors rounded to 8 bits, and the rows whose exact score may be among the best.

   codes [V/16][d/4][16][4]: 128 + q of 16 rows, four dimensions of a row side by side, so that one
   instruction multiplies and adds numbers of several rows:

       sum_j (128 + q_j) p_j - 128 sum_j p_j = q . p                 q of a row, p of a query */
#ifndef W2V_ROUNDED_H
#define W2V_ROUNDED_H

#include <stdint.h>

enum {
    W2V_BLOCK = 16,  /* rows of a block */
    W2V_QUERIES = 4, /* queries that are scored together */
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

/* What one instruction set has: a row of d numbers into its lane of a block (dimensions beyond d
   are 0), and the candidates among some blocks. */
typedef struct {
    const char *name;
    int levels; /* the largest |p| */
    void (*round_row)(const float *row, float norm, int64_t d, uint8_t *lane, float *scale,
                      float *error);
    void (*scan)(const w2v_rounded_rows *x, const w2v_rounded_queries *y, int64_t blocks,
                 int64_t d);
} w2v_rounded_kernel;

extern const w2v_rounded_kernel w2v_rounded_vnni, w2v_rounded_avx2;

/* The kernels that this CPU runs, fastest first: number i, NULL beyond the last. */
const w2v_rounded_kernel *w2v_rounded_at(int i);

#endif
