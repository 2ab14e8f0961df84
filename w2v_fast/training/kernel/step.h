/* One step: m inputs against n output rows, everything from the values before the step.
 *
 *     error[i][r] = lr * weight[r] * (label[r] - activation(in_i . out_r - shift[r]))
 *     in_i  += sum_r error[i][r] * out_r
 *     out_r += sum_i error[i][r] * in_i
 *
 *              inputs                     own row of a group   shared rows          label
 *     ns, nce  contexts of some windows   target               K noise words        1, 0..0
 *     hs       contexts of a window                            path of the target   1 - code
 *     softmax  centers                                         every word           counts
 *
 * The inputs of one window are a group. CBOW's input is the mean of a window's contexts. nce has
 * the shift log(K q(word)). A noise word drawn w times is one row of weight w. A vector may be
 * several inputs; each is scored as it was before the step, and all updates add up.
 *
 * Data races on rows are intended, here and in InnerLoop.merge_private_rows (Hogwild).
 */

#include "activation.h"
#include "tile.h"
#include "mean.h"

/* A step of more rows updates them in blocks of this many, which stay in the cache from one column
 * to the next. */
enum { BLOCK_ROWS = 16 * W2V_TILE_ROWS };

/* Not inlined, so that scores and updates get separate register allocations. */
static __attribute__((noinline)) void scores(const w2v_step *s)
{
    int r = W2V_TILE_ROWS;
    if (s->own)
        WITH_ROWS(s->rows, score_tile, s, 0, 1, 1)
    else
        WITH_ROWS(s->rows, score_tile, s, 0, 1, 0)
    for (; r < s->rows; r += W2V_TILE_ROWS)
        WITH_ROWS(s->rows - r, score_tile, s, r, 0, 0)
}

static __attribute__((noinline)) void updates(const w2v_step *s)
{
    int group_end[W2V_MAX_INPUTS], groups = 0;
    int columns = s->rows > BLOCK_ROWS ? LANES : s->dim;
    for (int i = 1; s->own && i <= s->inputs; i++)
        if (i == s->inputs || s->own[i] != s->own[i - 1])
            group_end[groups++] = i;
    for (int block = 0; block < s->rows; block += BLOCK_ROWS)
        for (int c = 0; c < s->dim; c += columns)
            for (int r = block; r < minimum(block + BLOCK_ROWS, s->rows); r += W2V_TILE_ROWS) {
                if (s->own && r == 0)
                    WITH_ROWS(s->rows, update_tile, s, r, c, c + columns, group_end, 1)
                else
                    WITH_ROWS(s->rows - r, update_tile, s, r, c, c + columns, group_end, 0)
            }
}

static void step(const w2v_step *s)
{
    if (s->context)
        contexts_to_means(s);
    scores(s);
    if (s->activation == W2V_SOFTMAX)
        softmax_errors(s);
    else
        sigmoid_errors(s);
    updates(s);
    if (s->context)
        updates_to_contexts(s);
}
