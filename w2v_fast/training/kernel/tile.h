/* Scores and updates, in tiles of inputs x W2V_TILE_ROWS rows whose sums stay in registers. With
 * `own`, row 0 of the tile is the own row of each input. */

enum { TILE_INPUTS = 2 }; /* 2 x 6 sums, 2 inputs and a row take 15 of 16 registers */

/* Call `tile(..., rows)` with a constant, so that each number of rows is compiled for registers. */
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

/* Prefetch every `turns`-th vector: too many at once would delay the loads of this step. */
INLINE void prefetch_some(const w2v_step *s, int turn, int turns)
{
    for (int k = turn; k < s->prefetch_count; k += turns)
        for (int c = 0; c < s->dim; c += W2V_ALIGN)
            __builtin_prefetch(s->prefetch[k] + c, 1, 3);
}

/* sum[r * SCORE_LANES + k] = the lanes of in_{i+k} . row_r; a partial last tile repeats the last
 * input. With `copy` (the first tile) the inputs are copied to old_in, which later tiles read. */
INLINE void dot_products(const w2v_step *s, int i, int first, score_vec *sum, const int copy,
                         const int own, const int rows)
{
    const int dim = s->dim;
    size_t stride = w2v_padded(dim);
    const float *in[TILE_INPUTS], *own_row[TILE_INPUTS], *row_at[W2V_TILE_ROWS];
    float *old[TILE_INPUTS];
    score_vec total[W2V_TILE_ROWS][TILE_INPUTS] = {{{0}}};
#pragma GCC unroll 4
    for (int k = 0; k < TILE_INPUTS; k++) {
        int at = minimum(i + k, s->inputs - 1);
        old[k] = s->old_in + at * stride;
        in[k] = copy ? s->in[at] : old[k];
        own_row[k] = own ? s->own[at] : 0;
    }
#pragma GCC unroll 6
    for (int r = own; r < rows; r++)
        row_at[r] = s->out[first + r];
    for (size_t c = 0; c < (size_t)dim; c += SCORE_LANES) {
        score_vec x[TILE_INPUTS];
#pragma GCC unroll 4
        for (int k = 0; k < TILE_INPUTS; k++) {
            x[k] = load_scores(in[k] + c);
            if (copy)
                store_scores(old[k] + c, x[k]);
            if (own)
                total[0][k] += x[k] * load_scores(own_row[k] + c);
        }
#pragma GCC unroll 6
        for (int r = own; r < rows; r++) {
            score_vec row = load_scores(row_at[r] + c);
            IN_REGISTER(row);
#pragma GCC unroll 4
            for (int k = 0; k < TILE_INPUTS; k++)
                total[r][k] += x[k] * row;
        }
    }
#pragma GCC unroll 6
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 4
        for (int k = 0; k < TILE_INPUTS; k++)
            sum[r * SCORE_LANES + k] = total[r][k];
}

/* The scores of all inputs with rows first .. first + rows. */
INLINE void score_tile(const w2v_step *s, int first, const int copy, const int own, const int rows)
{
    score_vec sum[W2V_TILE_ROWS * SCORE_LANES];
    size_t width = w2v_width(s);
    int each = (s->inputs + TILE_INPUTS - 1) / TILE_INPUTS, turn = first / W2V_TILE_ROWS * each;
    int turns = (s->rows + W2V_TILE_ROWS - 1) / W2V_TILE_ROWS * each;
    if (width == 1) {
        score_vec one[8] = {{0}};
        if (!s->context)
            prefetch_some(s, turn, turns);
        dot_products(s, 0, first, sum, copy, own, rows);
        for (int r = 0; r < rows; r++)
            one[r] = sum[r * SCORE_LANES];
        for (int r = 0; r < rows; r += SCORE_LANES)
            store_unaligned(s->score + first + r, lane_sums(one + r));
        return;
    }
    for (int block = 0; block < s->inputs; block += SCORE_LANES) {
        for (int k = 0; k < SCORE_LANES; k += TILE_INPUTS)
            if (block + k < s->inputs) {
                if (!s->context)
                    prefetch_some(s, turn++, turns);
                dot_products(s, block + k, first, sum + k, copy, own, rows);
            } else
                for (int r = 0; r < rows; r++)
                    memset(sum + r * SCORE_LANES + k, 0, TILE_INPUTS * sizeof *sum);
#pragma GCC unroll 6
        for (int r = 0; r < rows; r++)
            store_scores(s->score + (first + r) * width + block, lane_sums(sum + r * SCORE_LANES));
    }
}

/* Update the inputs and rows first .. first + rows in columns c .. end, from the old values. The
 * own row changes at the end of each group. */
INLINE void update_tile(const w2v_step *s, int first, int c, int end, const int *group_end,
                        const int own, const int rows)
{
    const size_t stride = w2v_padded(s->dim), width = w2v_width(s), inputs = s->inputs;
    const float *error[W2V_TILE_ROWS];
    float *const *in = s->in, *const *own_row = s->own;
    /* A local copy: for all the compiler knows, a store could change s->out. */
    float *row_at[W2V_TILE_ROWS];
#pragma GCC unroll 6
    for (int r = 0; r < rows; r++) {
        row_at[r] = s->out[first + r];
        error[r] = s->error + (first + r) * width;
    }
    for (; c < end; c += LANES) {
        const float *old_in = s->old_in + c;
        vec row[W2V_TILE_ROWS], new_row[W2V_TILE_ROWS];
#pragma GCC unroll 6
        for (int r = own; r < rows; r++)
            new_row[r] = row[r] = load(row_at[r] + c);
        for (size_t i = 0, g = 0; i < inputs; g++) {
            size_t last = own ? (size_t)group_end[g] : inputs;
            float *own_at = own ? own_row[i] + c : 0;
            if (own)
                new_row[0] = row[0] = load(own_at);
            do {
                float *in_at = in[i] + c;
                vec x = load(old_in), update = load(in_at);
#pragma GCC unroll 6
                for (int r = 0; r < rows; r++) {
                    vec e = splat(error[r][i]);
                    update += e * row[r];
                    new_row[r] += e * x;
                }
                store(in_at, update);
                old_in += stride;
            } while (++i < last);
            if (own)
                store(own_at, new_row[0]);
        }
#pragma GCC unroll 6
        for (int r = own; r < rows; r++)
            store(row_at[r] + c, new_row[r]);
    }
}
