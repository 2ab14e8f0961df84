/* The step with the softmax: all inputs against the same rows, every word of the vocabulary.
 *
 * Scores and errors stand [tiles of rows][inputs, made a multiple of 4][W2V_TILE_WIDTH], so that one pass over the rows serves all
 * inputs, and one over the scores all rows.
 */

enum {
    TILE_INPUTS = LANES == 16 ? 4 : 2, /* AVX-512 has 32 registers, the others 16 */
    BLOCK_ROWS = 16 * W2V_TILE_ROWS, /* rows whose columns are updated in turn while the cache holds them */
};

/* score = in . out for every pair. The last input fills up a tile. */
INLINE void all_scores(const w2v_step *s)
{
    for (int r = 0; r < s->rows; r += W2V_TILE_ROWS) {
        float *tile = s->score + w2v_score_at(s->inputs, 0, r);
        for (int i = 0; i < s->inputs; i += TILE_INPUTS, tile += TILE_INPUTS * W2V_TILE_WIDTH) {
            float *in[TILE_INPUTS], *score[TILE_INPUTS];
            for (int k = 0; k < TILE_INPUTS; k++) {
                in[k] = s->in[minimum(i + k, s->inputs - 1)];
                score[k] = tile + k * W2V_TILE_WIDTH;
            }
            WITH_ROWS(s->rows - r, score_tile, in, s->out + r, s->dim, score, TILE_INPUTS)
        }
    }
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
    float absent[2][W2V_TILE_WIDTH] __attribute__((aligned(32))) = {{0}}; /* added to scores of no row */
    for (int k = 0; k < W2V_TILE_WIDTH; k++) {
        absent[0][k] = k < W2V_TILE_ROWS ? 0 : -FLT_MAX;
        absent[1][k] = k < (s->rows - 1) % W2V_TILE_ROWS + 1 ? 0 : -FLT_MAX;
    }
    fill(largest, tile, -FLT_MAX);
    fill(sum, tile, 0);
    for (int r = 0; r < s->rows; r += W2V_TILE_ROWS) {
        const float *score = s->score + w2v_score_at(s->inputs, 0, r), *none = absent[r + W2V_TILE_ROWS >= s->rows];
        for (int k = 0; k < tile; k += PART) {
            part x = load_part(score + k) + load_part(none + k % W2V_TILE_WIDTH);
            store_part(largest + k, larger(load_part(largest + k), x));
        }
    }
    for (int i = 0; i < s->inputs; i++)
        fill(largest + i * W2V_TILE_WIDTH, W2V_TILE_WIDTH, largest_of(largest + i * W2V_TILE_WIDTH));
    for (int r = 0; r < s->rows; r += W2V_TILE_ROWS) {
        const float *score = s->score + w2v_score_at(s->inputs, 0, r), *none = absent[r + W2V_TILE_ROWS >= s->rows];
        float *error = s->error + w2v_score_at(s->inputs, 0, r);
        for (int k = 0; k < tile; k += PART) {
            part x = load_part(score + k) + load_part(none + k % W2V_TILE_WIDTH);
            part e = exponential(x - load_part(largest + k));
            store_part(error + k, e);
            store_part(sum + k, load_part(sum + k) + e);
        }
    }
    for (int i = 0; i < s->inputs; i++) {
        float *sums = sum + i * W2V_TILE_WIDTH, total = sum_of(sums);
        largest[i * W2V_TILE_WIDTH] += logf(total);
        fill(sums, W2V_TILE_WIDTH, -s->lr * s->in_weight[i] / total);
    }
    for (int r = 0; r < s->rows; r += W2V_TILE_ROWS) {
        float *error = s->error + w2v_score_at(s->inputs, 0, r);
        for (int k = 0; k < tile; k += PART)
            store_part(error + k, load_part(error + k) * load_part(sum + k));
    }
    for (int h = 0; h < s->hot_count; h++)
        s->error[w2v_score_at(s->inputs, s->hot_input[h], s->hot_row[h])] += s->lr;
}

/* Both updates of columns c to `end` of one tile of rows; an input's update is added to `delta`. */
INLINE void update_columns(const w2v_step *s, int first, int c, int end, const int rows)
{
    const float *error = s->error + w2v_score_at(s->inputs, 0, first);
    float *const *in = s->in, *const *delta = s->delta;
    float *row_at[W2V_TILE_ROWS]; /* the compiler cannot know that a store leaves pointers in memory as they are */
    int inputs = s->inputs;
#pragma GCC unroll 6
    for (int r = 0; r < rows; r++)
        row_at[r] = s->out[first + r];
    for (; c < end; c += LANES) {
        vec row[W2V_TILE_ROWS], sum[W2V_TILE_ROWS];
#pragma GCC unroll 6
        for (int r = 0; r < rows; r++)
            sum[r] = row[r] = load(row_at[r] + c);
#pragma GCC unroll 4
        for (int i = 0; i < inputs; i++) {
            vec x = load(in[i] + c), update = load(delta[i] + c);
#pragma GCC unroll 6
            for (int r = 0; r < rows; r++) {
                vec e = splat(error[i * W2V_TILE_WIDTH + r]);
                update += e * row[r];
                sum[r] += e * x;
            }
            store(delta[i] + c, update);
        }
#pragma GCC unroll 6
        for (int r = 0; r < rows; r++)
            store(row_at[r] + c, sum[r]);
    }
}

/* Both updates: the rows' in place, the inputs' in `delta`, since every tile of rows needs the old inputs. */
INLINE void all_updates(const w2v_step *s)
{
    int width = s->rows > BLOCK_ROWS ? LANES : s->dim;
    for (int i = 0; i < s->inputs; i++)
        memset(s->delta[i], 0, sizeof(float) * s->dim);
    for (int block = 0; block < s->rows; block += BLOCK_ROWS) {
        int end = minimum(block + BLOCK_ROWS, s->rows);
        for (int c = 0; c < s->dim; c += width)
            for (int r = block; r < end; r += W2V_TILE_ROWS)
                WITH_ROWS(s->rows - r, update_columns, s, r, c, c + width)
    }
}

INLINE void softmax_step(const w2v_step *s)
{
    all_scores(s);
    softmax_errors(s);
    all_updates(s);
    for (int i = 0; i < s->inputs && !s->member; i++)
        add(s->in[i], s->delta[i], 1, s->dim);
}
