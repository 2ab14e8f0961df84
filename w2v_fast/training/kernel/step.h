/* One step: m input vectors against n output rows.
 *
 *     error[i][r] = lr * (label[r] - link(in_i . out_r - shift[r]))
 *     in_i  += sum_r error[i][r] * out_r          (old out_r)
 *     out_r += sum_i error[i][r] * in_i           (old in_i)
 *
 *                rows                          label        shift           link
 *       ns       target, K noise words         1, 0..0      0               sigmoid
 *       nce      target, K noise words         1, 0..0      log(K q(word))  sigmoid
 *       hs       Huffman path of the target    1 - code     0               sigmoid
 *       softmax  every word                    one-hot      0               softmax
 *
 * Scores are taken in tiles of TILE_INPUTS inputs x W2V_TILE_ROWS rows whose sums stay in registers; both updates are one
 * pass over the columns, with the rows of a tile and their sums in registers. An input or a row that stands w times in
 * the window comes once, with weight w: its error counts w-fold on both sides, which is what w equal copies would add.
 * Threads run steps on shared weights without locks (Hogwild): reads and writes of rows race, on purpose, here only.
 */

enum {
    TILE_INPUTS = LANES == 16 ? 4 : 2, /* AVX-512 has 32 registers, the others 16 */
    BLOCK_ROWS = 16 * W2V_TILE_ROWS, /* rows whose columns are updated in turn while the cache holds them */
};

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

/* The scores of `inputs` inputs (2 or 4) with `rows` rows, eight places each: the sums, then zeros */
INLINE void score_tile(float *const *in, float *const *out, int dim, float *score, const int inputs, const int rows)
{
    vec sum[TILE_INPUTS * W2V_TILE_WIDTH] = {{0}};
    for (int c = 0; c < dim; c += LANES) {
        vec x[TILE_INPUTS];
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
#pragma GCC unroll 8
    for (int k = 0; k < inputs * W2V_TILE_WIDTH; k += LANES)
        store(score + k, lane_sums(sum + k));
}

/* score = in . out for every pair. An odd last input is paired with itself. */
INLINE void scores(const w2v_step *s)
{
    for (int r = 0; r < s->rows; r += W2V_TILE_ROWS) {
        float *score = s->score + w2v_score_at(s->inputs, 0, r);
        int i = 0;
        for (; i + TILE_INPUTS <= s->inputs; i += TILE_INPUTS)
            WITH_ROWS(s->rows - r, score_tile, s->in + i, s->out + r, s->dim, score + i * W2V_TILE_WIDTH, TILE_INPUTS)
        for (; i < s->inputs; i += 2) {
            float *in[2] = {s->in[i], s->in[minimum(i + 1, s->inputs - 1)]};
            WITH_ROWS(s->rows - r, score_tile, in, s->out + r, s->dim, score + i * W2V_TILE_WIDTH, 2)
        }
    }
}

/* error = lr * (label - sigmoid(score - shift)), times both weights where there are any */
INLINE void sigmoid_errors(const w2v_step *s)
{
    const vec lr = splat(s->lr);
    int tile = (int)w2v_tile_size(s->inputs);
    for (int r = 0; r < s->rows; r += W2V_TILE_ROWS) {
        const float *score = s->score + w2v_score_at(s->inputs, 0, r);
        const float *label = s->label + w2v_label_at(r), *shift = s->shift + w2v_label_at(r);
        float *error = s->error + w2v_score_at(s->inputs, 0, r);
        for (int k = 0; k < tile; k += LANES) {
            int lane = k % (2 * W2V_TILE_WIDTH);
            store(error + k, lr * (load(label + lane) - sigmoid(load(score + k) - load(shift + lane))));
        }
    }
    if (s->in_weight)
        for (int r = 0; r < s->rows; r++)
            for (int i = 0; i < s->inputs; i++)
                s->error[w2v_score_at(s->inputs, i, r)] *= s->in_weight[i] * s->out_weight[r];
}

INLINE float largest_of(const float *x)
{
    float best = x[0];
    for (int k = 1; k < W2V_TILE_WIDTH; k++)
        best = x[k] > best ? x[k] : best;
    return best;
}

INLINE float sum_of(const float *x)
{
    float sum = 0;
    for (int k = 0; k < W2V_TILE_WIDTH; k++)
        sum += x[k];
    return sum;
}

INLINE void fill(float *x, int count, float value)
{
    for (int k = 0; k < count; k++)
        x[k] = value;
}

/* error = lr * (label - weight * softmax(score)), the softmax of each input over all rows.
 * The passes over the tiles: the largest score, for a sum without overflow; the sum of exponentials; the errors. */
INLINE void softmax_errors(const w2v_step *s)
{
    int tile = (int)w2v_tile_size(s->inputs);
    float *largest = s->log_sum, *sum = s->log_sum + tile;
    float absent[2][2 * W2V_TILE_WIDTH] __attribute__((aligned(64))) = {{0}}; /* added to scores of no row */
    for (int k = 0; k < 2 * W2V_TILE_WIDTH; k++) {
        absent[0][k] = k % W2V_TILE_WIDTH < W2V_TILE_ROWS ? 0 : -FLT_MAX;
        absent[1][k] = k % W2V_TILE_WIDTH < (s->rows - 1) % W2V_TILE_ROWS + 1 ? 0 : -FLT_MAX;
    }
    fill(largest, tile, -FLT_MAX);
    fill(sum, tile, 0);
    for (int r = 0; r < s->rows; r += W2V_TILE_ROWS) {
        const float *score = s->score + w2v_score_at(s->inputs, 0, r), *none = absent[r + W2V_TILE_ROWS >= s->rows];
        for (int k = 0; k < tile; k += LANES)
            store(largest + k, larger(load(largest + k), load(score + k) + load(none + k % (2 * W2V_TILE_WIDTH))));
    }
    for (int i = 0; i < s->inputs; i++)
        fill(largest + i * W2V_TILE_WIDTH, W2V_TILE_WIDTH, largest_of(largest + i * W2V_TILE_WIDTH));
    for (int r = 0; r < s->rows; r += W2V_TILE_ROWS) {
        const float *score = s->score + w2v_score_at(s->inputs, 0, r), *none = absent[r + W2V_TILE_ROWS >= s->rows];
        float *error = s->error + w2v_score_at(s->inputs, 0, r);
        for (int k = 0; k < tile; k += LANES) {
            vec e = exponential(load(score + k) - load(largest + k) + load(none + k % (2 * W2V_TILE_WIDTH)));
            store(error + k, e);
            store(sum + k, load(sum + k) + e);
        }
    }
    for (int i = 0; i < s->inputs; i++) {
        float *sums = sum + i * W2V_TILE_WIDTH, total = sum_of(sums);
        largest[i * W2V_TILE_WIDTH] += logf(total);
        fill(sums, W2V_TILE_WIDTH, -s->lr * s->in_weight[i] / total);
    }
    for (int r = 0; r < s->rows; r += W2V_TILE_ROWS) {
        float *error = s->error + w2v_score_at(s->inputs, 0, r);
        for (int k = 0; k < tile; k += LANES)
            store(error + k, load(error + k) * load(sum + k));
    }
    for (int h = 0; h < s->hot_count; h++)
        s->error[w2v_score_at(s->inputs, s->hot_input[h], s->hot_row[h])] += s->lr;
}

/* Fetch a cache line of each row that a step soon to come will write: one line at a time, in between, since more than
 * the core can wait for at once would keep it from its own rows. */
INLINE void fetch_ahead(const w2v_step *s, int c)
{
    for (int k = 0; k < s->ahead_count; k++)
        __builtin_prefetch(s->ahead[k] + c, 1, 3);
}

/* Both updates of columns c to `end` of one tile of rows; an input's update is added to `in_sum`, which may be the input
 * itself. */
INLINE void update_tile(const w2v_step *s, float *const *in_sum, const float *error, float *const *out, int c, int end,
                        int fetch, const int inputs, const int rows)
{
    float *const *in = s->in;
    float *row_at[W2V_TILE_ROWS]; /* the compiler cannot know that a store leaves the pointers in `out` as they are */
#pragma GCC unroll 6
    for (int r = 0; r < rows; r++)
        row_at[r] = out[r];
    for (; c < end; c += LANES) {
        vec row[W2V_TILE_ROWS], sum[W2V_TILE_ROWS];
        if (fetch && c % W2V_COLUMN_ALIGN == 0)
            fetch_ahead(s, c);
#pragma GCC unroll 6
        for (int r = 0; r < rows; r++)
            sum[r] = row[r] = load(row_at[r] + c);
#pragma GCC unroll 4
        for (int i = 0; i < inputs; i++) {
            vec x = load(in[i] + c), update = load(in_sum[i] + c);
#pragma GCC unroll 6
            for (int r = 0; r < rows; r++) {
                vec e = splat(error[i * W2V_TILE_WIDTH + r]);
                update += e * row[r];
                sum[r] += e * x;
            }
            store(in_sum[i] + c, update);
        }
#pragma GCC unroll 6
        for (int r = 0; r < rows; r++)
            store(row_at[r] + c, sum[r]);
    }
}

INLINE void add(float *to, const float *x, float times, int dim)
{
    for (int c = 0; c < dim; c += LANES)
        store(to + c, load(to + c) + splat(times) * load(x + c));
}

/* Both updates of columns c to `end` of the tile of rows that starts with row r. */
INLINE void update_rows(const w2v_step *s, float *const *in_sum, int r, int c, int end)
{
    const float *error = s->error + w2v_score_at(s->inputs, 0, r);
    float *const *out = s->out + r;
    int fetch = r == 0;
    switch (s->inputs) {
    case 1: WITH_ROWS(s->rows - r, update_tile, s, in_sum, error, out, c, end, fetch, 1) break;
    case 2: WITH_ROWS(s->rows - r, update_tile, s, in_sum, error, out, c, end, fetch, 2) break;
    case 3: WITH_ROWS(s->rows - r, update_tile, s, in_sum, error, out, c, end, fetch, 3) break;
    case 4: WITH_ROWS(s->rows - r, update_tile, s, in_sum, error, out, c, end, fetch, 4) break;
    default: WITH_ROWS(s->rows - r, update_tile, s, in_sum, error, out, c, end, fetch, s->inputs)
    }
}

/* Both updates. Where a second tile of rows, or a second input of the same vector, needs the old inputs, the inputs'
 * updates are gathered in `delta` first. */
INLINE void updates(const w2v_step *s)
{
    int through_delta = s->rows > W2V_TILE_ROWS || s->member || s->link == W2V_SOFTMAX;
    float *const *in_sum = through_delta ? s->delta : s->in;
    if (through_delta)
        for (int i = 0; i < s->inputs; i++)
            memset(s->delta[i], 0, sizeof(float) * s->dim);
    int width = s->rows > BLOCK_ROWS ? LANES : s->dim;
    for (int block = 0; block < s->rows; block += BLOCK_ROWS) {
        int end = minimum(block + BLOCK_ROWS, s->rows);
        for (int c = 0; c < s->dim; c += width)
            for (int r = block; r < end; r += W2V_TILE_ROWS)
                update_rows(s, in_sum, r, c, c + width);
    }
    if (through_delta && !s->member)
        for (int i = 0; i < s->inputs; i++)
            add(s->in[i], s->delta[i], 1, s->dim);
}

/* Inputs that are means of other vectors. */
INLINE void take_means(const w2v_step *s)
{
    for (int i = 0; i < s->inputs; i++) {
        int start = s->member_start[i], end = s->member_start[i + 1];
        memset(s->in[i], 0, sizeof(float) * s->dim);
        for (int k = start; k < end; k++)
            add(s->in[i], s->member[k], 1.0f / (end - start), s->dim);
    }
}

INLINE void update_members(const w2v_step *s)
{
    for (int i = 0; i < s->inputs; i++)
        for (int k = s->member_start[i]; k < s->member_start[i + 1]; k++)
            add(s->member[k], s->delta[i], s->member_update[i], s->dim);
}

static void step(const w2v_step *s)
{
    if (s->member)
        take_means(s);
    scores(s);
    if (s->link == W2V_SOFTMAX)
        softmax_errors(s);
    else
        sigmoid_errors(s);
    updates(s);
    if (s->member)
        update_members(s);
}
