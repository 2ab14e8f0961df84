/* What the steps of both links are made of: tiles of a few inputs x W2V_TILE_ROWS rows whose sums stay in registers. */

/* Call `tile(..., rows)` with a constant number of rows, so that it is compiled for each with everything in registers. */
#define WITH_ROWS(rows, tile, ...)        \
    switch (rows) {                       \
    case 1: tile(__VA_ARGS__, 1); break;  \
    case 2: tile(__VA_ARGS__, 2); break;  \
    case 3: tile(__VA_ARGS__, 3); break;  \
    case 4: tile(__VA_ARGS__, 4); break;  \
    case 5: tile(__VA_ARGS__, 5); break;  \
    default: tile(__VA_ARGS__, 6); break; \
    }

INLINE int minimum(int a, int b) { return a < b ? a : b; }

/* Store sums of lanes, eight places for each of `inputs` inputs. */
INLINE void store_sums(float *const *score, const vec *sum, const int inputs)
{
#pragma GCC unroll 8
    for (int k = 0; k < inputs * W2V_TILE_WIDTH; k += PART)
        store_part(score[k / W2V_TILE_WIDTH] + k % W2V_TILE_WIDTH, lane_sums(sum + k));
}

/* The scores of `inputs` inputs (2 or 4) with `rows` rows, eight places each: the sums, then zeros. */
INLINE void score_tile(float *const *in, float *const *out, int dim, float *const *score, const int inputs,
                       const int rows)
{
    vec sum[4 * W2V_TILE_WIDTH] = {{0}};
    for (int c = 0; c < dim; c += LANES) {
        vec x[4];
#pragma GCC unroll 4
        for (int i = 0; i < inputs; i++)
            x[i] = load(in[i] + c);
#pragma GCC unroll 6
        for (int r = 0; r < rows; r++) {
            vec row = load(out[r] + c);
            IN_REGISTER(row);
#pragma GCC unroll 4
            for (int i = 0; i < inputs; i++)
                sum[i * W2V_TILE_WIDTH + r] += x[i] * row;
        }
    }
    store_sums(score, sum, inputs);
}

INLINE void add(float *to, const float *x, float times, int dim)
{
    for (int c = 0; c < dim; c += LANES)
        store(to + c, load(to + c) + splat(times) * load(x + c));
}

INLINE float product(const float *x, const float *y, int dim)
{
    vec sum = {0};
    float total = 0;
    for (int c = 0; c < dim; c += LANES)
        sum += load(x + c) * load(y + c);
    for (int k = 0; k < LANES; k++)
        total += sum[k];
    return total;
}
