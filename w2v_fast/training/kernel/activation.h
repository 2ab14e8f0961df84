/* Activations: from the scores of a step to its errors.
 *
 *     sigmoid(x) = 1 / (1 + exp(-x))
 *     exp(x) = 2^n 2^f,   x log2(e) = n + f,   n an integer,   |f| <= 1/2
 *
 * 2^f is the degree-5 minimax polynomial on [-1/2, 1/2] (Remez), relative error 7.5e-8. There is no
 * table, so no index is ever made from a float: a NaN score gives a NaN error and nothing worse.
 */

INLINE vec exponential(vec x)
{
    const float round_to_integer = 0x1.8p23f; /* adding it leaves n in the low bits of the sum */
    vec y = smaller(splat(87.0f), larger(splat(-87.0f), x)) * 1.44269504f;
    vec shifted = y + round_to_integer;
    vec f = y - (shifted - round_to_integer);
    vec f2 = f * f;
    vec p = (1.3276472632e-3f * f + 9.67554134312e-3f) * f2 +
            (5.55071327186e-2f * f + 2.40221197237e-1f);
    p = p * f2 + (6.93146967065e-1f * f + 1.00000007165f);
    return (vec)((bits)p + ((bits)shifted << 23));
}

INLINE vec sigmoid(vec x) { return 1.0f / (1.0f + exponential(-x)); }

/* error = lr * weight * (label - sigmoid(score - shift)) */
INLINE void sigmoid_errors(const w2v_step *s)
{
    size_t width = w2v_width(s);
    for (int r = 0; width == 1 && r < s->rows; r += LANES) {
        vec x = load(s->score + r) - load(s->shift + r);
        store(s->error + r, s->lr * load(s->weight + r) * (load(s->label + r) - sigmoid(x)));
    }
    for (int r = 0; width > 1 && r < s->rows; r++) {
        const float *score = s->score + r * width;
        const float *own_shift = s->own && r == 0 ? s->own_shift : NULL;
        float *error = s->error + r * width;
        vec rate = splat(s->lr * s->weight[r]);
        vec label = splat(s->label[r]), shift = splat(s->shift[r]);
#pragma GCC unroll 2
        for (int i = 0; i < s->inputs; i += LANES) {
            vec x = load(score + i) - (own_shift ? load(own_shift + i) : shift);
            store(error + i, rate * (label - sigmoid(x)));
        }
    }
}

/* error = lr * (label - sum of labels * softmax(score)), the softmax of each input over all rows.
 * Three passes over the scores: their maximum, so that the sum cannot overflow; the sum of the
 * exponentials; the errors. */
INLINE void softmax_errors(const w2v_step *s)
{
    size_t width = w2v_width(s);
    float *maximum = s->log_sum, *sum = s->log_sum + width;
    for (size_t i = 0; i < width; i += LANES) {
        store(maximum + i, load(s->score + i));
        store(sum + i, splat(0));
    }
    for (int r = 1; r < s->rows; r++)
        for (size_t i = 0; i < width; i += LANES)
            store(maximum + i, larger(load(maximum + i), load(s->score + r * width + i)));
    for (int r = 0; r < s->rows; r++)
        for (size_t i = 0; i < width; i += LANES) {
            vec e = exponential(load(s->score + r * width + i) - load(maximum + i));
            store(s->error + r * width + i, e);
            store(sum + i, load(sum + i) + e);
        }
    for (int i = 0; i < s->inputs; i++) {
        maximum[i] += logf(sum[i]);
        sum[i] = -s->lr * s->labels[i] / sum[i];
    }
    for (int r = 0; r < s->rows; r++)
        for (size_t i = 0; i < width; i += LANES)
            store(s->error + r * width + i, load(s->error + r * width + i) * load(sum + i));
    for (int k = 0; k < s->label_count; k++)
        s->error[s->label_row[k] * width + s->label_input[k]] += s->lr;
}
