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
 * Scores are taken in tiles of INPUT_TILE inputs x W2V_ROW_TILE rows whose sums stay in registers; both updates are one
 * pass over the columns, with the rows of a tile and their sums in registers. An input or a row that stands w times in
 * the window comes once, with weight w: its error counts w-fold on both sides, which is what w equal copies would add.
 * Threads run steps on shared weights without locks (Hogwild): reads and writes of rows race, on purpose, here only.
 */

enum { INPUT_TILE = 2, TILE_WIDTH = 8 };

/* Call `tile(..., rows)` with a constant number of rows, so that it is compiled for each with everything in registers. */
#define WITH_ROWS(rows, tile, ...)         \
    switch (rows) {                        \
    case 1: tile(__VA_ARGS__, 1); break;   \
    case 2: tile(__VA_ARGS__, 2); break;   \
    case 3: tile(__VA_ARGS__, 3); break;   \
    case 4: tile(__VA_ARGS__, 4); break;   \
    case 5: tile(__VA_ARGS__, 5); break;   \
    default: tile(__VA_ARGS__, 6); break;  \
    }

INLINE int minimum(int a, int b) { return a < b ? a : b; }

/* score[i][0..7], score[i + 1][0..7] = in_i . out_r, in_(i + 1) . out_r for the first `rows` of out */
INLINE void score_tile(const float *in0, const float *in1, float *const *out, int stride, float *score0, float *score1,
                       const int rows)
{
    vec sum[INPUT_TILE * TILE_WIDTH] = {{0}};
    for (int c = 0; c < stride; c += LANES) {
        vec x0 = load(in0 + c), x1 = load(in1 + c);
#pragma GCC unroll 6
        for (int r = 0; r < rows; r++) {
            vec row = load(out[r] + c);
            sum[r] += x0 * row;
            sum[TILE_WIDTH + r] += x1 * row;
        }
    }
    float scores[INPUT_TILE * TILE_WIDTH] __attribute__((aligned(64)));
#pragma GCC unroll 4
    for (int k = 0; k < INPUT_TILE * TILE_WIDTH; k += LANES)
        store(scores + k, lane_sums(sum + k));
    memcpy(score1, scores + TILE_WIDTH, sizeof(float) * TILE_WIDTH);
    memcpy(score0, scores, sizeof(float) * TILE_WIDTH);
}

/* score = in . out for every pair. An odd last input is paired with itself. */
INLINE void scores(const w2v_step *s, int score_stride)
{
    for (int i = 0; i < s->inputs; i += INPUT_TILE) {
        int j = minimum(i + 1, s->inputs - 1);
        for (int r = 0; r < s->rows; r += W2V_ROW_TILE) {
            float *score_i = s->score + (long)i * score_stride + r, *score_j = s->score + (long)j * score_stride + r;
            WITH_ROWS(s->rows - r, score_tile, s->in[i], s->in[j], s->out + r, s->stride, score_i, score_j)
        }
    }
}

/* error = lr * (label - sigmoid(score - shift)), times both weights where there are any */
INLINE void errors(const w2v_step *s, int score_stride)
{
    int label_length = w2v_label_length(s->rows), count = s->inputs * score_stride;
    const vec lr = splat(s->lr);
    for (int k = 0, l = 0; k < count; k += LANES, l = l + LANES == label_length ? 0 : l + LANES) {
        vec x = load(s->score + k) - load(s->shift + l);
        store(s->error + k, lr * (load(s->label + l) - sigmoid(x)));
    }
    if (s->in_weight)
        for (int i = 0; i < s->inputs; i++)
            for (int r = 0; r < s->rows; r++)
                s->error[(long)i * score_stride + r] *= s->in_weight[i] * s->out_weight[r];
}

/* Both updates of one tile of rows; an input's update is added to `in_sum`, which may be the input itself. */
INLINE void update_tile(const w2v_step *s, float *const *in_sum, const float *error, int score_stride,
                        float *const *out, int c, const int rows)
{
    vec row[W2V_ROW_TILE], sum[W2V_ROW_TILE];
#pragma GCC unroll 6
    for (int r = 0; r < rows; r++)
        sum[r] = row[r] = load(out[r] + c);
    for (int i = 0; i < s->inputs; i++, error += score_stride) {
        vec x = load(s->in[i] + c), update = load(in_sum[i] + c);
#pragma GCC unroll 6
        for (int r = 0; r < rows; r++) {
            vec e = splat(error[r]);
            update += e * row[r];
            sum[r] += e * x;
        }
        store(in_sum[i] + c, update);
    }
#pragma GCC unroll 6
    for (int r = 0; r < rows; r++)
        store(out[r] + c, sum[r]);
}

INLINE void add(float *to, const float *x, float times, int stride)
{
    for (int c = 0; c < stride; c += LANES)
        store(to + c, load(to + c) + splat(times) * load(x + c));
}

/* Both updates. Several tiles of rows need the old inputs, so the inputs' updates are gathered in `delta` first. */
INLINE void updates(const w2v_step *s, int score_stride, int keep_inputs)
{
    int through_delta = keep_inputs || s->rows > W2V_ROW_TILE;
    float *const *in_sum = through_delta ? s->delta : s->in;
    if (through_delta)
        for (int i = 0; i < s->inputs; i++)
            memset(s->delta[i], 0, sizeof(float) * s->stride);
    for (int c = 0; c < s->stride; c += LANES)
        for (int r = 0; r < s->rows; r += W2V_ROW_TILE)
            WITH_ROWS(s->rows - r, update_tile, s, in_sum, s->error + r, score_stride, s->out + r, c)
    if (through_delta && !keep_inputs)
        for (int i = 0; i < s->inputs; i++)
            add(s->in[i], s->delta[i], 1, s->stride);
}

/* The same step with the mean of the m vectors as its one input. */
INLINE void step_of_mean(const w2v_step *s, int score_stride)
{
    float *mean = s->delta[1];
    memset(mean, 0, sizeof(float) * s->stride);
    for (int i = 0; i < s->inputs; i++)
        add(mean, s->in[i], 1.0f / s->inputs, s->stride);
    w2v_step one = *s;
    one.inputs = 1;
    one.in = &mean;
    scores(&one, score_stride);
    errors(&one, score_stride);
    updates(&one, score_stride, 1);
    for (int i = 0; i < s->inputs; i++)
        add(s->in[i], s->delta[0], s->mean_update, s->stride);
}

static void step(const w2v_step *s)
{
    int score_stride = w2v_score_stride(s->rows);
    for (int k = 0; k < s->ahead_count; k++)
        for (int c = 0; c < s->stride; c += W2V_COLUMN_ALIGN)
            __builtin_prefetch(s->ahead[k] + c, 1, 3);
    if (s->mean) {
        step_of_mean(s, score_stride);
    } else {
        scores(s, score_stride);
        errors(s, score_stride);
        updates(s, score_stride, 0);
    }
}
