/* CBOW: an input is the mean of context vectors, each of which receives the mean's update. */

enum { HELD_VECTORS = 8 }; /* columns that stay in registers */

/* Call `columns(..., c, vectors)` with a constant number of vectors, for all columns. */
#define FOR_COLUMNS(dim, columns, ...)                  \
    for (int c = 0; c < dim; c += HELD_VECTORS * LANES) \
        switch ((dim - c + LANES - 1) / LANES) {        \
        case 1: columns(__VA_ARGS__, c, 1); break;      \
        case 2: columns(__VA_ARGS__, c, 2); break;      \
        case 3: columns(__VA_ARGS__, c, 3); break;      \
        case 4: columns(__VA_ARGS__, c, 4); break;      \
        case 5: columns(__VA_ARGS__, c, 5); break;      \
        case 6: columns(__VA_ARGS__, c, 6); break;      \
        case 7: columns(__VA_ARGS__, c, 7); break;      \
        default: columns(__VA_ARGS__, c, 8); break;     \
        }

INLINE void mean_columns(float *mean, float *const *context, int count, float scale, int c,
                         const int vectors)
{
    vec sum[HELD_VECTORS] = {{0}};
    for (int k = 0; k < count; k++)
#pragma GCC unroll 8
        for (int v = 0; v < vectors; v++)
            sum[v] += load(context[k] + c + v * LANES);
#pragma GCC unroll 8
    for (int v = 0; v < vectors; v++)
        store(mean + c + v * LANES, sum[v] * splat(scale));
}

INLINE void context_columns(const float *mean, const float *old_mean, float scale,
                            float *const *context, int count, int c, const int vectors)
{
    vec update[HELD_VECTORS];
#pragma GCC unroll 8
    for (int v = 0; v < vectors; v++)
        update[v] = splat(scale) * (load(mean + c + v * LANES) - load(old_mean + c + v * LANES));
    for (int k = 0; k < count; k++) {
        float *to = context[k] + c;
#pragma GCC unroll 8
        for (int v = 0; v < vectors; v++)
            store(to + v * LANES, load(to + v * LANES) + update[v]);
    }
}

INLINE void contexts_to_means(const w2v_step *s)
{
    for (int i = 0; i < s->inputs; i++) {
        prefetch_some(s, i, 2 * s->inputs);
        int start = s->context_start[i], count = s->context_start[i + 1] - start;
        float scale = s->context_sum ? 1.0f : 1.0f / count;
        FOR_COLUMNS(s->dim, mean_columns, s->in[i], s->context + start, count, scale)
    }
}

INLINE void updates_to_contexts(const w2v_step *s)
{
    for (int i = 0; i < s->inputs; i++) {
        prefetch_some(s, s->inputs + i, 2 * s->inputs);
        int start = s->context_start[i], count = s->context_start[i + 1] - start;
        const float *old = s->old_in + i * w2v_padded(s->dim);
        FOR_COLUMNS(s->dim, context_columns, s->in[i], old, s->context_scale[i], s->context + start,
                    count)
    }
}
