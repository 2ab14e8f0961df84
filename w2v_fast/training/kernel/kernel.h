/* The contract between the inner loop and the kernels: the arguments of one step, and the table of functions that each
 * instruction set provides. Nothing here depends on an instruction set, on Python or on a corpus. */
#ifndef W2V_FAST_KERNEL_H
#define W2V_FAST_KERNEL_H

enum {
    W2V_ROW_TILE = 6,      /* output rows held in registers at once */
    W2V_COLUMN_ALIGN = 16, /* a row's stride is a multiple of this many floats; the padding is zero and stays zero */
};

/* Floats between the scores of two inputs: room for the last tile of rows, which is stored eight wide. */
static inline int w2v_score_stride(int rows)
{
    int last_tile = (rows - 1) / W2V_ROW_TILE * W2V_ROW_TILE;
    return rows <= W2V_ROW_TILE ? 8 : (last_tile + 8 + 15) / 16 * 16;
}

/* Labels and shifts are read as vectors that run over the scores, so for a score stride of 8 they stand there twice. */
static inline int w2v_label_length(int rows)
{
    int stride = w2v_score_stride(rows);
    return stride < 16 ? 16 : stride;
}

typedef struct {
    int inputs;              /* m, at least 1 */
    int rows;                /* n, at least 1 */
    int stride;              /* floats in a vector, padding included */
    int mean;                /* 1: the step's one input is the mean of the m vectors (CBOW) */
    float mean_update;       /* with `mean`: each of the m receives this times the update of the mean */
    float lr;
    float **in;              /* [m] input vectors, 64-byte aligned; all different unless `mean` */
    float **out;             /* [n] output rows, 64-byte aligned, all different */
    float **delta;           /* [max(m, 2)] scratch vectors, 64-byte aligned */
    const float *label;      /* [w2v_label_length(n)] */
    const float *shift;      /* [w2v_label_length(n)] */
    const float *in_weight;  /* [m] how often each input counts, or NULL: once */
    const float *out_weight; /* [n] how often each row counts, or NULL: once */
    float *score;            /* [m][w2v_score_stride(n)], 64-byte aligned: in_i . out_r, the shift not taken off */
    float *error;            /* [m][w2v_score_stride(n)], 64-byte aligned */
    float **ahead;           /* [ahead_count] rows that a step soon to come will write: fetched into the cache */
    int ahead_count;
} w2v_step;

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
