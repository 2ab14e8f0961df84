/* The contract between the inner loop and the kernels: the arguments of one step, and the table of functions that each
 * instruction set provides. Nothing here depends on an instruction set, on Python or on a corpus. */
#ifndef W2V_FAST_KERNEL_H
#define W2V_FAST_KERNEL_H

#include <stddef.h>

enum {
    W2V_ALIGN = 16,      /* vectors and rows of scores are padded to a multiple of this; a vector's padding is zero */
    W2V_TILE_ROWS = 6,   /* output rows whose sums stay in registers */
    W2V_MAX_INPUTS = 64, /* of a step */
};

typedef enum { W2V_SIGMOID, W2V_SOFTMAX } w2v_activation;

static inline size_t w2v_padded(int count) { return (size_t)(count + W2V_ALIGN - 1) / W2V_ALIGN * W2V_ALIGN; }

typedef struct {
    int inputs; /* m, 1 to W2V_MAX_INPUTS */
    int rows;   /* n, at least 1 */
    int dim;    /* floats in a vector, padding not included */
    w2v_activation activation;
    float lr;

    float **in;    /* [m] vectors that take the updates; the same one may come several times */
    float *old_in; /* [m][w2v_padded(dim)] scratch: the inputs as they are before the step */
    float **out;   /* [n] output rows, all different */
    float **own;   /* NULL, or [m]: the row in place of out[0] for input i. Inputs of a group, which come one after
                      another, have the same; groups have different ones, none of them in out[1..] */

    float **context;          /* NULL, or: input i is the mean of context[context_start[i] .. context_start[i + 1]], */
    const int *context_start; /* taken in the scratch vector in[i]; each of them receives its update ... */
    const float *context_scale; /* [m] ... times this */
    int context_sum;            /* input i is their sum instead */

    float *score; /* [n][w2v_width] in_i . out_r, the shift not taken off */
    float *error; /* the same shape */

    const float *label;     /* sigmoid: [w2v_padded(n)] labels, shifts and weights of the rows */
    const float *shift;
    const float *weight;
    const float *own_shift; /* sigmoid with own rows, several inputs: [w2v_padded(m)] in place of shift[0] */

    const int *label_input; /* softmax: the label of row label_row[k] for input label_input[k] is raised by 1 */
    const int *label_row;
    int label_count;
    const float *labels; /* [w2v_padded(m)] the sum of each input's labels */
    float *log_sum;      /* [2][w2v_padded(m)] out: log sum_r exp(score_ir); the second half is scratch */

    float **prefetch; /* vectors that a later step will write */
    int prefetch_count;
} w2v_step; /* vectors and arrays of floats are 64-byte aligned */

/* Floats of a row of scores: with the sigmoid, those of a single input follow one another. */
static inline size_t w2v_width(const w2v_step *s)
{
    return s->inputs == 1 && s->activation == W2V_SIGMOID ? 1 : w2v_padded(s->inputs);
}

typedef struct {
    const char *name;
    void (*step)(const w2v_step *);
} w2v_kernel;

extern const w2v_kernel w2v_kernel_base;
#if defined(__x86_64__)
extern const w2v_kernel w2v_kernel_avx2;
extern const w2v_kernel w2v_kernel_avx512;
#endif

#endif
