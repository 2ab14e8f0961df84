/* Links: from scores to errors, for all scores of a step at once.
 *
 *     sigmoid(x) = 1 / (1 + exp(-x))      exp(x) = 2^n 2^f,  x log2(e) = n + f,  n an integer,  |f| <= 1/2
 *
 * 2^f is the polynomial of degree 5 with the smallest greatest relative error on [-1/2, 1/2], 7.5e-8 (Remez exchange).
 * There is no table, so no index is ever made from a float: a NaN score gives a NaN error and nothing else.
 */

static inline vec exponential(vec x)
{
    const vec round_to_integer = splat(0x1.8p23f); /* adding it leaves n in the low bits of the sum */
    vec y = smaller(splat(87.0f), larger(splat(-87.0f), x)) * splat(1.44269504f);
    vec shifted = y + round_to_integer;
    vec f = y - (shifted - round_to_integer);
    vec f2 = f * f;
    vec p = (splat(1.3276472632e-3f) * f + splat(9.67554134312e-3f)) * f2
            + (splat(5.55071327186e-2f) * f + splat(2.40221197237e-1f));
    p = p * f2 + (splat(6.93146967065e-1f) * f + splat(1.00000007165f));
    return (vec)((bits)p + ((bits)shifted << 23));
}

static inline vec sigmoid(vec x)
{
    const vec one = splat(1.0f);
    return one / (one + exponential(-x));
}
