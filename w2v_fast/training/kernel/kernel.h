/* The contract between the inner loop and the kernels: the arguments of one step, and the table of
 * functions that each instruction set provides. Nothing here depends on an instruction set, on
 * Python or on a corpus. */
#ifndef W2V_FAST_KERNEL_H
#define W2V_FAST_KERNEL_H

#include <stddef.h>

enum {
    W2V_ALIGN = 16,      /* floats: vectors and rows of scores are padded to a multiple of it */
    W2V_TILE_ROWS = 6,   /* output rows whose sums stay in registers */
    W2V_MAX_INPUTS = 64, /* of a step */
};

typedef enum { W2V_SIGMOID, W2V_SOFTMAX } w2v_activation;

static inline size_t w2v_padded(int count)
{
    return (size_t)(count + W2V_ALIGN - 1) / W2V_ALIGN * W2V_ALIGN;
}

/* One step of m inputs and n rows; step.h has the equations. Vectors and arrays of floats are
 * 64-byte aligned; the padding of vectors is zero. */
typedef struct {
    int inputs; /* m, 1 to W2V_MAX_INPUTS */
    int rows;   /* n, at least 1 */
    int dim;    /* floats in a vector, without padding */
    w2v_activation activation;
    float lr;

    /* [m] vectors that receive the updates; the same vector may occur several times. */
    float **in;
    /* [m][w2v_padded(dim)] scratch: the inputs as they are before the step. */
    float *old_in;
    /* [n] output rows, all different. */
    float **out;
    /* NULL, or [m]: input i is scored against own[i] instead of out[0]. The inputs of a group are
     * adjacent and have the same own row; groups have different ones, none in out[1..]. */
    float **own;

    /* NULL, or: input i is the mean of context[context_start[i]] up to context_start[i + 1]. The
     * mean is computed in the scratch vector in[i]; each context receives the mean's update times
     * context_scale[i]. */
    float **context;
    const int *context_start;
    const float *context_scale;
    int context_sum; /* the sum instead of the mean */

    /* [n][w2v_width] scores in_i . out_r, before the shift is subtracted; and errors. */
    float *score;
    float *error;

    /* Sigmoid: [w2v_padded(n)] label, shift and weight of each row. With own rows and several
     * inputs, own_shift [w2v_padded(m)] has the shifts of the own rows, instead of shift[0]. */
    const float *label;
    const float *shift;
    const float *weight;
    const float *own_shift;

    /* Softmax: for each k the label of row label_row[k] for input label_input[k] is raised by 1;
     * labels [w2v_padded(m)] is the sum of each input's labels. */
    const int *label_input;
    const int *label_row;
    int label_count;
    const float *labels;
    /* Softmax: [2][w2v_padded(m)] result: log sum_r exp(score_ir); the second half is scratch. */
    float *log_sum;

    /* Vectors that a later step will write. */
    float **prefetch;
    int prefetch_count;
} w2v_step;

/* Floats in a row of scores. A single input of the sigmoid has its scores side by side. */
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
