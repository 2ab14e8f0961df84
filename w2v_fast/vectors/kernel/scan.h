/* One instruction set: what an isa_*.c file includes once, behind `add_products`, which adds the
   products of four dimensions to the sum of each row, `at_least`, the lanes where x >= y, and
   `store_bytes`. The file defines LANES, the rows of a vector, VECTORS, how many of them are scored
   together, and LEVELS, the largest |p|. */

/* The next LANES numbers of `left`, zeros behind the last. */
INLINE vec load_some(const float *p, int64_t left)
{
    vec x = {0};
    if (left >= LANES)
        return load(p);
    memcpy(&x, p, 4 * left);
    return x;
}

static void round_row(const float *row, float norm, int64_t d, uint8_t *lane, float *scale,
                      float *error)
{
    ints most = {0};
    for (int64_t j = 0; j < d; j += LANES) {
        const ints size = (ints)load_some(row + j, d - j) & INT32_MAX; /* ordered as |x| are */
        const ints larger = size > most;
        most = (size & larger) | (most & ~larger);
    }
    int32_t largest = 0;
    for (int i = 0; i < LANES; i++)
        largest = most[i] > largest ? most[i] : largest;
    float step, square = 0;
    memcpy(&step, &largest, sizeof step);
    step /= 127;
    vec squares = {0};
    const int usable = isfinite(1 / step) && isfinite(norm) && norm > 1e-15f; /* exact squares */
    const float inverse = usable ? 1 / step : 0;
    for (int64_t j = 0; j < d; j += LANES) {
        const vec x = load_some(row + j, d - j);
        const vec whole = splat(12582912); /* 1.5 * 2^23: what is added to it loses its fraction */
        const vec q = (x * inverse + whole) - whole, r = x - q * step;
        squares += r * r;
        uint8_t codes[LANES];
        store_bytes(codes, __builtin_convertvector(q, ints) + 128);
        for (int64_t i = 0; i < LANES && j + i < d; i += 4)
            memcpy(lane + (j + i) * W2V_BLOCK, codes + i, 4);
    }
    for (int i = 0; i < LANES; i++)
        square += squares[i];
    *scale = usable ? step / norm : 0;
    *error = usable ? sqrtf(square) / norm : W2V_ALWAYS;
    if (!(norm > 0))
        *error = W2V_NEVER;
}

/* Replace the root of a heap whose root is its smallest number. */
static void replace_worst(float *heap, int64_t k, float value)
{
    int64_t at = 0;
    for (int64_t child = 1; child < k; child = 2 * at + 1) {
        if (child + 1 < k && heap[child + 1] < heap[child])
            child++;
        if (heap[child] >= value)
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = value;
}

/* Drop the candidates that the best have left behind; returns how many remain. */
static int32_t drop(int32_t *rows, float *uppers, int32_t found, float worst)
{
    int32_t kept = 0;
    for (int32_t i = 0; i < found; i++) {
        if (uppers[i] < worst)
            continue;
        rows[kept] = rows[i];
        uppers[kept++] = uppers[i];
    }
    return kept;
}

static void note(const w2v_rounded_queries *y, int64_t q, int32_t row, float upper, float lower)
{
    float *heap = y->worst + q * y->wanted;
    int32_t *rows = y->rows + q * y->room, found = y->found[q];
    float *uppers = y->uppers + q * y->room;
    if (found < 0 || upper < heap[0])
        return;
    if (found == y->room)
        found = drop(rows, uppers, found, heap[0]);
    if (found == y->room) {
        y->found[q] = -1;
        heap[0] = INFINITY;
        return;
    }
    rows[found] = row;
    uppers[found] = upper;
    y->found[q] = found + 1;
    if (lower > heap[0])
        replace_worst(heap, y->wanted, lower);
}

/* Note the rows whose upper bound reaches the worst of the best lower bounds. */
INLINE void note_candidates(const w2v_rounded_queries *y, int64_t q, int64_t row, ints sums,
                            vec scales, vec errors)
{
    const vec score = __builtin_convertvector(sums, vec) * scales * y->scales[q];
    const vec error = errors * (1 + y->errors[q]) + (y->errors[q] + y->slack);
    const vec upper = score + error, worst = splat(y->worst[q * y->wanted]);
    unsigned left = at_least(upper, worst);
    if (__builtin_expect(!left, 1))
        return;
    const vec lower = score - error;
    for (; left; left &= left - 1) {
        const int i = __builtin_ctz(left);
        note(y, q, (int32_t)(row + i), upper[i], lower[i]);
    }
}

/* Score some vectors of rows against W2V_QUERIES queries, the sums in registers. */
INLINE void scan_tile(const w2v_rounded_rows *x, const w2v_rounded_queries *y, int64_t row,
                      int64_t q, int64_t d, const int vectors)
{
    const uint8_t *codes = x->codes + row * d;
    const int64_t stride = LANES < W2V_BLOCK ? 4 * LANES : W2V_BLOCK * d; /* bytes to the next */
    ints sums[VECTORS][W2V_QUERIES];
    for (int i = 0; i < W2V_QUERIES; i++)
        for (int v = 0; v < vectors; v++)
            sums[v][i] = -y->offsets[q + i] - (ints){0};
    for (int64_t j = 0; j < d; j += 4) {
        ints rows[VECTORS];
        for (int v = 0; v < vectors; v++)
            memcpy(&rows[v], codes + v * stride + j * W2V_BLOCK, sizeof rows[v]);
        for (int i = 0; i < W2V_QUERIES; i++) {
            int32_t four;
            memcpy(&four, y->codes + (q + i) * d + j, 4);
            for (int v = 0; v < vectors; v++)
                sums[v][i] = add_products(sums[v][i], rows[v], four - (ints){0});
        }
    }
    for (int v = 0; v < vectors; v++) {
        const int64_t first = row + v * LANES;
        const vec scales = load(x->scales + first), errors = load(x->errors + first);
        for (int i = 0; i < W2V_QUERIES; i++)
            note_candidates(y, q + i, x->first + first, sums[v][i], scales, errors);
    }
}

/* Fetch the part of the next rows that falls to queries q.., to have it in time. */
INLINE void prefetch_rows(const uint8_t *codes, int64_t bytes, int64_t q, int64_t count)
{
    const int64_t share = bytes * W2V_QUERIES / count + 64;
    for (int64_t at = 0; at < share; at += 64)
        __builtin_prefetch(codes + q / W2V_QUERIES * share + at);
}

static void scan(const w2v_rounded_rows *x, const w2v_rounded_queries *y, int64_t blocks, int64_t d)
{
    const int64_t rows = blocks * W2V_BLOCK, tile = VECTORS * LANES;
    int64_t row = 0;
    for (; row + tile <= rows; row += tile)
        for (int64_t q = 0; q < y->count; q += W2V_QUERIES) {
            if (row + 2 * tile <= rows)
                prefetch_rows(x->codes + (row + tile) * d, tile * d, q, y->count);
            scan_tile(x, y, row, q, d, VECTORS);
        }
    for (; row < rows; row += LANES)
        for (int64_t q = 0; q < y->count; q += W2V_QUERIES)
            scan_tile(x, y, row, q, d, 1);
}

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define TEXT_(a) #a
#define TEXT(a) TEXT_(a)

const w2v_rounded_kernel JOIN(w2v_rounded_, KERNEL) = {TEXT(KERNEL), LEVELS, round_row, scan};
