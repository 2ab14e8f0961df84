/* From the obvious step to the package's kernel, on given windows: skip-gram, negative sampling.
 *
 * Window n has the target word[center[n]] and the contexts word[first[n]] .. word[last[n]] without
 * the center.
 * Matrices are [V][stride], of which `dim` columns are used. */

#include <math.h>
#include <stdint.h>
#include <string.h>

typedef struct {
    long count;
    const int *center, *first, *last; /* [count], positions in word */
    const int *word;
    const int *noise; /* K for each unit: a pair in pair_steps, a window in window_steps */
    int negative, dim, stride;
    float lr, *input, *output;
} windows;

static float sigmoid(float x) { return 1 / (1 + expf(-x)); }

static float dot(const float *a, const float *b, int dim)
{
    float sum = 0;
    for (int c = 0; c < dim; c++)
        sum += a[c] * b[c];
    return sum;
}

static void add(float *to, const float *x, float times, int dim)
{
    for (int c = 0; c < dim; c++)
        to[c] += times * x[c];
}

/* From a stream of draws, K that are not the target for each of `count` units, in order; 0 if the
 * stream is too short. */
int take_noise(const int *stream, long length, const int *target, long count, int negative,
               int *noise)
{
    long used = 0;
    for (long unit = 0; unit < count; unit++)
        for (int k = 0; k < negative; k++) {
            while (used < length && stream[used] == target[unit])
                used++;
            if (used == length)
                return 0;
            noise[unit * negative + k] = stream[used++];
        }
    return 1;
}

/* One pair at a time, each with separate noise: K + 1 rows read and written for every context. */
void pair_steps(const windows *w)
{
    float gradient[w->dim];
    const int *noise = w->noise;
    for (long n = 0; n < w->count; n++)
        for (int i = w->first[n]; i <= w->last[n]; i++) {
            if (i == w->center[n])
                continue;
            float *in = w->input + (long)w->word[i] * w->stride;
            memset(gradient, 0, sizeof gradient);
            for (int k = -1; k < w->negative; k++) {
                int row = k < 0 ? w->word[w->center[n]] : noise[k];
                float *out = w->output + (long)row * w->stride;
                float error = w->lr * ((k < 0) - sigmoid(dot(in, out, w->dim)));
                add(gradient, out, error, w->dim);
                add(out, in, error, w->dim);
            }
            add(in, gradient, 1, w->dim);
            noise += w->negative;
        }
}

/* The contexts of window n, each word once; `weight` says how often it is there. */
static int contexts_of(const windows *w, long n, float **in, float *weight)
{
    int count = 0;
    for (int i = w->first[n]; i <= w->last[n]; i++) {
        float *row = w->input + (long)w->word[i] * w->stride;
        int k = 0;
        if (i == w->center[n])
            continue;
        while (k < count && in[k] != row)
            k++;
        weight[k] = k < count ? weight[k] + 1 : 1;
        in[k] = row;
        count += k == count;
    }
    return count;
}

/* error[r] of one context and all rows, its weight included. */
static void errors(const windows *w, const float *in, float weight, float **out, int rows,
                   float *error)
{
    for (int r = 0; r < rows; r++)
        error[r] = dot(in, out[r], w->dim);
    for (int r = 0; r < rows; r++)
        error[r] = w->lr * weight * ((r == 0) - sigmoid(error[r]));
}

/* Both updates from the old vectors, one after the other: a row is read twice and written once. */
static void update_by_rows(const windows *w, float *in, float **out, int rows, const float *error)
{
    float gradient[w->dim];
    memset(gradient, 0, sizeof gradient);
    for (int r = 0; r < rows; r++)
        add(gradient, out[r], error[r], w->dim);
    for (int r = 0; r < rows; r++)
        add(out[r], in, error[r], w->dim);
    add(in, gradient, 1, w->dim);
}

typedef float vec __attribute__((vector_size(64), aligned(64)));

/* Both updates in one pass over blocks of columns: the context and its change stay in registers. */
static void update_by_columns(const windows *w, float *in, float **out, int rows,
                              const float *error)
{
    for (int c = 0; c < w->stride; c += 16) {
        vec x = *(vec *)(in + c), gradient = {0};
        for (int r = 0; r < rows; r++) {
            vec row = *(vec *)(out[r] + c);
            gradient += error[r] * row;
            *(vec *)(out[r] + c) = row + error[r] * x;
        }
        *(vec *)(in + c) = x + gradient;
    }
}

typedef void update_function(const windows *, float *, float **, int, const float *);

/* A window at a time, its noise shared by its contexts, which take their steps in turn: all scores of
 * a context first, then both updates from the old vectors. */
static void steps(const windows *w, update_function *update)
{
    int rows = w->negative + 1;
    for (long n = 0; n < w->count; n++) {
        float *in[w->last[n] - w->first[n]], weight[w->last[n] - w->first[n]], *out[rows],
            error[rows];
        int inputs = contexts_of(w, n, in, weight);
        for (int r = 0; r < rows; r++) {
            int row = r ? w->noise[n * w->negative + r - 1] : w->word[w->center[n]];
            out[r] = w->output + (long)row * w->stride;
        }
        for (int i = 0; i < inputs; i++) {
            errors(w, in[i], weight[i], out, rows, error);
            update(w, in[i], out, rows, error);
        }
    }
}

void window_steps(const windows *w) { steps(w, update_by_rows); }

void fused_window_steps(const windows *w) { steps(w, update_by_columns); }
