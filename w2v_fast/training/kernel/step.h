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
 * The softmax takes all inputs against the same rows. The sigmoid takes them in turn, as word2vec does: each meets the
 * rows as the one before left them. An input or a row that stands w times in the window comes once, with weight w: its
 * error counts w-fold on both sides, which is what w equal copies would add.
 * Threads run steps on shared weights without locks (Hogwild): reads and writes of rows race, on purpose, here and where
 * the inner loop lets copies of hot rows meet.
 */

#include "tile.h"
#include "sigmoid.h"
#include "softmax.h"

/* Inputs that are means of other vectors: some columns of one at a time. */
INLINE void take_means(const w2v_step *s)
{
    enum { VECTORS = W2V_COLUMN_ALIGN / LANES };
    for (int i = 0; i < s->inputs; i++) {
        int start = s->member_start[i], end = s->member_start[i + 1];
        const vec part = splat(1.0f / (end - start));
        for (int c = 0; c < s->dim; c += W2V_COLUMN_ALIGN) {
            vec sum[VECTORS] = {{0}};
            for (int k = start; k < end; k++)
#pragma GCC unroll 4
                for (int v = 0; v < VECTORS; v++)
                    sum[v] += load(s->member[k] + c + v * LANES);
#pragma GCC unroll 4
            for (int v = 0; v < VECTORS; v++)
                store(s->in[i] + c + v * LANES, sum[v] * part);
        }
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
    if (s->link == W2V_SOFTMAX)
        softmax_step(s);
    else
        sigmoid_step(s);
    if (s->member)
        update_members(s);
}
