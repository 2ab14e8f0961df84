/* The step with the sigmoid: one input after another, each against the rows as the one before left them.
 *
 * The rows are read once for an input. While row r takes error[i][r] * in_i, column by column in registers, what it has
 * become is multiplied with in_{i+2}; what the update by in_{i+1} will add to that score needs no row:
 *
 *     in_{i+2} . (out_r + error[i+1][r] in_{i+1}) = in_{i+2} . out_r + error[i+1][r] (in_{i+1} . in_{i+2})
 *
 * So the errors of an input are on their way while the rows still take the update by the input before.
 *
 * If inputs have targets of their `own`, row 0 is another one for each, and its score takes nothing from input i+1.
 *
 * Scores stand [input][places of the rows], and at W2V_INPUT_PRODUCT the product of an input with the one before it.
 * Errors stand likewise, one input later: those at 0 are zero, of no input.
 */

/* Scores of the first two inputs with the rows as they are; a single one is paired with itself. */
INLINE void first_scores(const w2v_step *s, const int own, const int last)
{
    int second = s->inputs > 1, r = 0;
    float *in[2] = {s->in[0], s->in[second]}, *score[2] = {s->score, s->score + w2v_places(s->rows)};
    for (; r + W2V_TILE_ROWS < s->rows; r += W2V_TILE_ROWS) {
        score_tile(in, s->out + r, s->dim, score, 2, W2V_TILE_ROWS);
        score[0] += W2V_TILE_WIDTH;
        score[1] += W2V_TILE_WIDTH;
    }
    score_tile(in, s->out + r, s->dim, score, 2, last);
    if (own && second)
        s->score[w2v_places(s->rows)] = product(s->in[1], s->target[1], s->dim);
}

/* Complete the scores of input i; error = lr * weights * (label - sigmoid(score - shift)). */
INLINE void sigmoid_errors(const w2v_step *s, int i, const int own)
{
    static const float all_but_first[W2V_TILE_WIDTH] __attribute__((aligned(32))) = {0, 1, 1, 1, 1, 1, 1, 1};
    int places = w2v_places(s->rows);
    float *score = s->score + i * places, *before = s->error + i * places, *error = before + places;
    const float *shift = own ? s->shift + i * places : s->shift;
    const float lr = s->lr * s->in_weight[i], inputs = score[W2V_INPUT_PRODUCT];
    for (int k = 0; k <= w2v_place(s->rows - 1); k += PART) {
        part same_row = splat_part(inputs);
        if (own && k < W2V_TILE_WIDTH)
            same_row *= load_part(all_but_first + k);
        part sum = load_part(score + k) + same_row * load_part(before + k);
        part weight = lr * load_part(s->out_weight + k);
        store_part(score + k, sum);
        store_part(error + k, weight * (load_part(s->label + k) - sigmoid(sum - load_part(shift + k))));
    }
}

/* Fetch some of the rows that a step soon to come will write: a part of them before the first scores, and one before each
 * input's update, since more than the core can wait for at once would keep it from its own rows. */
INLINE void fetch_ahead(const w2v_step *s, int part)
{
    for (int k = part; k < s->ahead_count; k += s->inputs + 1)
        for (int c = 0; c < s->dim; c += W2V_COLUMN_ALIGN)
            __builtin_prefetch(s->ahead[k] + c, 1, 3);
}

/* The update of a tile of rows by the input x, and of `x_sum` by them; if `next`, the scores of the new rows with the
 * input after the next, `y`, and at W2V_INPUT_PRODUCT the product of y and the input before it. If targets are their `own`,
 * that of y is `target`, in place of the first row. */
INLINE void update_tile(const float *x, float *x_sum, const float *before_y, const float *y, float *const *out,
                        const float *target, size_t dim, const float *error, float *score, const int own,
                        const int next, const int rows)
{
    float *row_at[W2V_TILE_ROWS]; /* the compiler cannot know that a store leaves pointers in memory as they are */
    vec e[W2V_TILE_ROWS], sum[W2V_TILE_WIDTH] = {{0}};
#pragma GCC unroll 6
    for (int r = 0; r < rows; r++) {
        row_at[r] = out[r];
        e[r] = splat(error[r]);
    }
    for (size_t c = 0; c < dim; c += LANES) {
        vec in = load(x + c), update = load(x_sum + c), later;
        if (next) {
            later = load(y + c);
            sum[W2V_INPUT_PRODUCT] += load(before_y + c) * later;
        }
#pragma GCC unroll 6
        for (int r = 0; r < rows; r++) {
            vec row = load(row_at[r] + c);
            update += e[r] * row;
            row += e[r] * in;
            store(row_at[r] + c, row);
            if (next)
                sum[r] += (own && r == 0 ? load(target + c) : row) * later;
        }
        store(x_sum + c, update);
    }
    if (next)
        store_sums(&score, sum, 1);
}

/* The update by input i, and the scores of input i + 2, if `next`, but for what input i + 1 will add; `last` is the
 * number of rows in the last tile. `delta` keeps the old input for a second tile, or takes the update for the members of
 * a mean. */
INLINE void update(const w2v_step *s, int i, const int own, const int next, const int last)
{
    int places = w2v_places(s->rows), r = 0;
    const float *x = s->in[i], *before_y = next ? s->in[i + 1] : 0, *y = next ? s->in[i + 2] : 0;
    const float *target = own && next ? s->target[i + 2] : 0, *error = s->error + (i + 1) * places;
    float *x_sum = s->in[i], *score = s->score + (i + 2) * places;
    if (own)
        s->out[0] = s->target[i];
    if (s->member)
        x_sum = memset(s->delta[i], 0, sizeof(float) * s->dim);
    else if (s->rows > W2V_TILE_ROWS)
        x = memcpy(s->delta[0], x, sizeof(float) * s->dim);
    for (; r + W2V_TILE_ROWS < s->rows; error += W2V_TILE_WIDTH, score += W2V_TILE_WIDTH) {
        update_tile(x, x_sum, before_y, y, s->out + r, target, s->dim, error, score, own, next, W2V_TILE_ROWS);
        r += W2V_TILE_ROWS;
        target = s->out[r];
    }
    update_tile(x, x_sum, before_y, y, s->out + r, target, s->dim, error, score, own, next, last);
}

/* The whole step; the number of rows in the last tile is a constant, so that nothing is decided for each input. */
INLINE void inputs_in_turn(const w2v_step *s, const int own, const int last)
{
    int i = 0;
    fetch_ahead(s, 0);
    first_scores(s, own, last);
    sigmoid_errors(s, 0, own);
    if (s->inputs > 1) {
        s->score[w2v_places(s->rows) + W2V_INPUT_PRODUCT] = product(s->in[0], s->in[1], s->dim);
        sigmoid_errors(s, 1, own);
    }
    for (; i + 2 < s->inputs; i++) {
        fetch_ahead(s, i + 1);
        update(s, i, own, 1, last);
        sigmoid_errors(s, i + 2, own);
    }
    for (; i < s->inputs; i++) {
        fetch_ahead(s, i + 1);
        update(s, i, own, 0, last);
    }
}

/* Functions of their own, so that each has the registers to itself. */
static __attribute__((noinline)) void same_target(const w2v_step *s)
{
    WITH_ROWS((s->rows - 1) % W2V_TILE_ROWS + 1, inputs_in_turn, s, 0)
}

static __attribute__((noinline)) void own_targets(const w2v_step *s)
{
    WITH_ROWS((s->rows - 1) % W2V_TILE_ROWS + 1, inputs_in_turn, s, 1)
}

INLINE void sigmoid_step(const w2v_step *s)
{
    if (s->target)
        own_targets(s);
    else if (s->rows > 0) /* a tree of one word has no inner node */
        same_target(s);
}
