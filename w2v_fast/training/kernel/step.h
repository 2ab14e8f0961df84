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
 * rows as the one before left them. Each may have a target of its own, as the windows of CBOW that share their noise do.
 * An input or a row that stands w times in the window comes once, with weight w: its error counts w-fold on both sides,
 * which is what w equal copies would add.
 * Threads run steps on shared weights without locks (Hogwild): reads and writes of rows race, on purpose, here and where
 * the inner loop lets copies of hot rows meet.
 */

#include "tile.h"
#include "sigmoid.h"
#include "softmax.h"

enum { HELD_VECTORS = 8 }; /* columns of a mean or an update that stay in registers */

/* Call `columns(..., vectors)` with a constant number of vectors, at most HELD_VECTORS. */
#define WITH_VECTORS(vectors, columns, ...)  \
    switch (vectors) {                       \
    case 1: columns(__VA_ARGS__, 1); break;  \
    case 2: columns(__VA_ARGS__, 2); break;  \
    case 3: columns(__VA_ARGS__, 3); break;  \
    case 4: columns(__VA_ARGS__, 4); break;  \
    case 5: columns(__VA_ARGS__, 5); break;  \
    case 6: columns(__VA_ARGS__, 6); break;  \
    case 7: columns(__VA_ARGS__, 7); break;  \
    default: columns(__VA_ARGS__, 8); break; \
    }

INLINE void mean_columns(float *mean, float *const *member, int count, int c, const int vectors)
{
    vec sum[HELD_VECTORS] = {{0}};
    for (int k = 0; k < count; k++)
#pragma GCC unroll 8
        for (int v = 0; v < vectors; v++)
            sum[v] += load(member[k] + c + v * LANES);
#pragma GCC unroll 8
    for (int v = 0; v < vectors; v++)
        store(mean + c + v * LANES, sum[v] * splat(1.0f / count));
}

INLINE void member_columns(float *const *member, int count, const float *update, float times, int c, const int vectors)
{
    vec change[HELD_VECTORS];
#pragma GCC unroll 8
    for (int v = 0; v < vectors; v++)
        change[v] = splat(times) * load(update + c + v * LANES);
    for (int k = 0; k < count; k++) {
        float *to = member[k] + c;
#pragma GCC unroll 8
        for (int v = 0; v < vectors; v++)
            store(to + v * LANES, load(to + v * LANES) + change[v]);
    }
}

/* Before the step: inputs that are means of their members. After it: the members, which take the input's update. */
INLINE void all_members(const w2v_step *s, const int after)
{
    for (int i = 0; i < s->inputs; i++) {
        float *const *member = s->member + s->member_start[i];
        int count = s->member_start[i + 1] - s->member_start[i];
        for (int c = 0; c < s->dim; c += HELD_VECTORS * LANES) {
            int vectors = (s->dim - c + LANES - 1) / LANES;
            if (after)
                WITH_VECTORS(vectors, member_columns, member, count, s->delta[i], s->member_update[i], c)
            else
                WITH_VECTORS(vectors, mean_columns, s->in[i], member, count, c)
        }
    }
}

static void step(const w2v_step *s)
{
    if (s->member)
        all_members(s, 0);
    if (s->link == W2V_SOFTMAX)
        softmax_step(s);
    else
        sigmoid_step(s);
    if (s->member)
        all_members(s, 1);
}
