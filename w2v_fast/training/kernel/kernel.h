/* The contract between the inner loop and the kernels: the arguments of one step, and the table of functions that each
 * instruction set provides. Nothing here depends on an instruction set, on Python or on a corpus. */
#ifndef W2V_FAST_KERNEL_H
#define W2V_FAST_KERNEL_H

#include <stddef.h>

enum {
    W2V_COLUMN_ALIGN = 16, /* a vector is padded to a multiple of this many floats; the padding is zero and stays zero */
    W2V_TILE_ROWS = 6,     /* output rows held in registers at once ... */
    W2V_TILE_WIDTH = 8,    /* ... which take eight places in arrays of them, the last two unused, ... */
    W2V_INPUT_PRODUCT = 6, /* ... but here, among the scores of an input, its product with the input before */
};

typedef enum { W2V_SIGMOID, W2V_SOFTMAX } w2v_link;

/* Sigmoid: where row r stands in arrays of rows, and the places of all. */
static inline int w2v_place(int r) { return r / W2V_TILE_ROWS * W2V_TILE_WIDTH + r % W2V_TILE_ROWS; }
static inline int w2v_places(int rows)
{
    return (rows + W2V_TILE_ROWS - 1) / W2V_TILE_ROWS * W2V_TILE_WIDTH;
}

/* Softmax: where scores and errors stand, [tiles of rows][inputs, made a multiple of 4][W2V_TILE_WIDTH], and the floats
 * of a tile. */
static inline size_t w2v_score_at(int inputs, int i, int r)
{
    return ((size_t)(r / W2V_TILE_ROWS) * ((inputs + 3) / 4 * 4) + i) * W2V_TILE_WIDTH + r % W2V_TILE_ROWS;
}
static inline size_t w2v_tile_size(int inputs) { return w2v_score_at(inputs, 0, W2V_TILE_ROWS); }

typedef struct {
    int inputs;             /* m, at least 1 */
    int rows;               /* n */
    int dim;                /* floats in a vector, padding not included */
    w2v_link link;
    float lr;
    float **in;             /* [m] input vectors; all different with the sigmoid */
    float **out;            /* [n] output rows, all different */
    float **target;         /* sigmoid: NULL, or [m] each input's own row in place of out[0], all different and none of
                               out[1..n]; out[0] is target[0] at first, and scratch */
    float **delta;          /* [m] scratch vectors; the sigmoid needs one, or m where inputs are means */
    float **member;         /* NULL, or: input i is the mean of vectors member[member_start[i] .. member_start[i + 1]], */
    const int *member_start; /* taken in the scratch vector in[i]; each of them receives its update ... */
    const float *member_update; /* [m] ... times this */
    const float *in_weight; /* [m] how often each input counts */
    float *score;           /* in_i . out_r, the shift not taken off: sigmoid [m][places], softmax [w2v_score_at] */
    float *error;           /* sigmoid [m + 1][places], the first of them zero; softmax as the scores */

    const float *label;      /* sigmoid: [places] labels, shifts and weights of the rows; unused places do not matter */
    const float *shift;      /* with targets [m][places] */
    const float *out_weight;

    const int *hot_input;    /* softmax: the label of row hot_row[h] for input hot_input[h] is raised by 1 */
    const int *hot_row;
    int hot_count;
    float *log_sum;          /* [2][w2v_tile_size(m)] out: [0][i][0] is log sum_r exp(score_ir); the rest is scratch */

    float **ahead;           /* sigmoid: rows that a step soon to come will write, fetched into the cache */
    int ahead_count;
} w2v_step; /* every vector is 64-byte aligned, and so are the arrays of floats with places */

typedef struct {
    const char *name;
    int lanes; /* floats in a vector register */
    void (*step)(const w2v_step *);
} w2v_kernel;

extern const w2v_kernel w2v_kernel_base;
#if defined(__x86_64__)
extern const w2v_kernel w2v_kernel_avx2;
extern const w2v_kernel w2v_kernel_avx512;
#endif

#endif
