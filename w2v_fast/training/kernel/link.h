/* Links: from scores to errors, for all scores of a step at once.
 *
 *     sigmoid(x) = 1 / (1 + exp(-x))      exp(x) = 2^n 2^f,  x log2(e) = n + f,  n an integer,  |f| <= 1/2
 *
 * 2^f is the polynomial of degree 5 with the smallest greatest relative error on [-1/2, 1/2], 7.5e-8 (Remez exchange).
 * There is no table, so no index is ever made from a float: a NaN score gives a NaN error and nothing else.
 */

static inline part exponential(part x)
{
    const float round_to_integer = 0x1.8p23f; /* adding it leaves n in the low bits of the sum */
    part y = smaller(splat_part(87.0f), larger(splat_part(-87.0f), x)) * 1.44269504f;
    part shifted = y + round_to_integer;
    part f = y - (shifted - round_to_integer);
    part f2 = f * f;
    part p = (1.3276472632e-3f * f + 9.67554134312e-3f) * f2 + (5.55071327186e-2f * f + 2.40221197237e-1f);
    p = p * f2 + (6.93146967065e-1f * f + 1.00000007165f);
    return (part)((bits)p + ((bits)shifted << 23));
}

static inline part sigmoid(part x)
{
    return 1.0f / (1.0f + exponential(-x));
}
