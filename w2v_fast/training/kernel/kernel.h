/* The contract between the inner loop and the kernels: the arguments of one step, and the table of functions that each
 * instruction set provides. Nothing here depends on an instruction set, on Python or on a corpus. */
#ifndef W2V_FAST_KERNEL_H
#define W2V_FAST_KERNEL_H

#include <stddef.h>

enum {
    W2V_COLUMN_ALIGN = 16, /* a vector is padded to a multiple of this many floats; the padding is zero and stays zero */
    W2V_TILE_ROWS = 6,     /* output rows held in registers at once ... */
    W2V_TILE_WIDTH = 8,    /* ... whose scores take eight places, the last two unused */
};

typedef enum { W2V_SIGMOID, W2V_SOFTMAX } w2v_link;

/* Scores and errors stand tile by tile: [tiles of rows][inputs, made even][W2V_TILE_WIDTH]. */
static inline size_t w2v_score_at(int inputs, int i, int r)
{
    return ((size_t)(r / W2V_TILE_ROWS) * ((inputs + 1) / 2 * 2) + i) * W2V_TILE_WIDTH + r % W2V_TILE_ROWS;
}

/* Floats in a tile's scores, and in those of all rows. */
static inline size_t w2v_tile_size(int inputs) { return w2v_score_at(inputs, 0, W2V_TILE_ROWS); }
static inline size_t w2v_score_size(int inputs, int rows)
{
    return w2v_score_at(inputs, 0, (rows + W2V_TILE_ROWS - 1) / W2V_TILE_ROWS * W2V_TILE_ROWS);
}

/* Labels and shifts stand [tiles of rows][2][W2V_TILE_WIDTH], each tile twice, for vectors of two inputs' scores. */
static inline size_t w2v_label_at(int r)
{
    return (size_t)(r / W2V_TILE_ROWS) * 2 * W2V_TILE_WIDTH + r % W2V_TILE_ROWS;
}

typedef struct {
    int inputs;             /* m, at least 1 */
    int rows;               /* n */
    int dim;                /* floats in a vector, padding not included */
    w2v_link link;
    float lr;
    float **in;             /* [m] input vectors; all different with the sigmoid */
    float **out;            /* [n] output rows, all different */
    float **delta;          /* [m] scratch vectors */
    float **member;         /* NULL, or: input i is the mean of vectors member[member_start[i] .. member_start[i + 1]], */
    const int *member_start; /* taken in the scratch vector in[i]; each of them receives its update ... */
    const float *member_update; /* [m] ... times this */
    const float *in_weight; /* [m] how often each input counts; with the sigmoid, NULL is once */
    float *score;           /* in_i . out_r, the shift not taken off */
    float *error;

    const float *label;      /* sigmoid: labels and shifts of the rows */
    const float *shift;
    const float *out_weight; /* [n] how often each row counts; given if in_weight is */

    const int *hot_input;    /* softmax: the label of row hot_row[h] for input hot_input[h] is raised by 1 */
    const int *hot_row;
    int hot_count;
    float *log_sum;          /* [2][w2v_tile_size(m)] out: [0][i][0] is log sum_r exp(score_ir); the rest is scratch */

    float **ahead;           /* rows that a step soon to come will write: fetched into the cache */
    int ahead_count;
} w2v_step; /* every vector is 64-byte aligned, and so are score, error, label, shift and log_sum */

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
