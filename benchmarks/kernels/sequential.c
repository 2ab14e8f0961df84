/* An experiment: contexts one at a time, each against the rows as the one before left them, without reading the rows twice.
 *
 * While the rows of a window take the update of context i, column by column in registers, the scores of the new rows with
 * context i + 1 are summed: 18 multiply-adds, 9 loads and 7 stores a column for 6 rows. From the root of a checkout:
 *
 *     cc -O3 -std=gnu11 -o sequential benchmarks/kernels/sequential.c -lm && ./sequential
 *
 * prints the least and the median time of a window of 6 contexts and 6 rows, d = 100, with all rows in the cache, for the
 * kernel's step on 4 and then 2 contexts, for its step on each context alone, and for the sequential one, whose weights
 * must be those of the second. AVX2 only; no rows are fetched ahead.
 */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../../w2v_fast/training/kernel/isa_avx2.c"

enum { WORDS = 300, DIM = 100, STRIDE = 112, CONTEXTS = 6, ROWS = W2V_TILE_ROWS, WINDOWS = 4096, REPEATS = 40, ROUNDS = 25 };

static void sequential(float *const *in, float *const *out, const float *label, float lr)
{
    float *row_at[ROWS], e[LANES] __attribute__((aligned(32)));
    vec sum[LANES] = {{0}};
    for (int r = 0; r < ROWS; r++)
        row_at[r] = out[r];
    for (int c = 0; c < DIM; c += LANES)
#pragma GCC unroll 6
        for (int r = 0; r < ROWS; r++)
            sum[r] += load(in[0] + c) * load(row_at[r] + c);
    for (int i = 0; i < CONTEXTS; i++) {
        const float *next = in[minimum(i + 1, CONTEXTS - 1)];
        vec error[ROWS];
        store(e, splat(lr) * (load(label) - sigmoid(lane_sums(sum))));
#pragma GCC unroll 6
        for (int r = 0; r < ROWS; r++) {
            error[r] = splat(e[r]);
            sum[r] = splat(0);
        }
        for (int c = 0; c < DIM; c += LANES) {
            vec x = load(in[i] + c), update = x;
#pragma GCC unroll 6
            for (int r = 0; r < ROWS; r++) {
                vec row = load(row_at[r] + c);
                update += error[r] * row;
                row += error[r] * x;
                store(row_at[r] + c, row);
                sum[r] += row * load(next + c);
            }
            store(in[i] + c, update);
        }
    }
}

static float weights[3][2 * WORDS * STRIDE] __attribute__((aligned(64)));
static int context[WINDOWS][CONTEXTS], row[WINDOWS][ROWS];

/* One pass over the windows, `inputs` contexts a step; 0 is the sequential way. Nanoseconds a window. */
static double pass(int inputs, float *matrix)
{
    static float label[16] __attribute__((aligned(64))), shift[16] __attribute__((aligned(64)));
    static float score[64] __attribute__((aligned(64))), error[64] __attribute__((aligned(64)));
    float *in[CONTEXTS], *out[ROWS];
    w2v_step s = {.rows = ROWS, .dim = DIM, .link = W2V_SIGMOID, .lr = 1e-4f, .out = out, .score = score, .error = error,
                  .label = label, .shift = shift};
    struct timespec start, end;
    label[0] = label[W2V_TILE_WIDTH] = 1;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (int n = 0; n < WINDOWS * REPEATS; n++) {
        for (int k = 0; k < CONTEXTS; k++)
            in[k] = matrix + context[n % WINDOWS][k] * STRIDE;
        for (int r = 0; r < ROWS; r++)
            out[r] = matrix + (WORDS + row[n % WINDOWS][r]) * STRIDE;
        if (inputs == 0)
            sequential(in, out, label, s.lr);
        for (int k = 0; inputs && k < CONTEXTS; k += inputs) {
            s.in = in + k;
            s.inputs = minimum(inputs, CONTEXTS - k);
            step(&s);
        }
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    return ((end.tv_sec - start.tv_sec) * 1e9 + end.tv_nsec - start.tv_nsec) / (WINDOWS * REPEATS);
}

static int ascending(const void *a, const void *b) { return (*(double *)a > *(double *)b) - (*(double *)a < *(double *)b); }

int main(void)
{
    const int inputs[3] = {4, 1, 0};
    const char *name[3] = {"4 and 2 contexts a step", "1 context a step", "sequential"};
    double taken[3][ROUNDS], apart = 0;
    for (int i = 0; i < 2 * WORDS * STRIDE; i++)
        weights[0][i] = weights[1][i] = weights[2][i] = i % STRIDE < DIM ? (rand() % 1000 - 500) * 1e-4f : 0;
    for (int n = 0; n < WINDOWS; n++)
        for (int k = 0, a = rand(), b = rand(); k < CONTEXTS; k++) {
            context[n][k] = (a % WORDS + 7 * k) % WORDS;
            row[n][k] = (b % WORDS + 11 * k) % WORDS;
        }
    for (int round = 0; round < ROUNDS; round++)
        for (int k = 0; k < 3; k++)
            taken[k][round] = pass(inputs[k], weights[k]);
    for (int i = 0; i < 2 * WORDS * STRIDE; i++)
        apart = fmax(apart, fabs(weights[1][i] - weights[2][i]));
    for (int k = 0; k < 3; k++) {
        qsort(taken[k], ROUNDS, sizeof(double), ascending);
        printf("%-24s %5.0f ns, median %5.0f ns a window\n", name[k], taken[k][0], taken[k][ROUNDS / 2]);
    }
    printf("greatest difference of the last two: %g\n", apart);
    return apart > 1e-3;
}
