"""Vectors in 8 bits, scored without the GIL: the bridge to kernel/rounded.h.

Needs a CPU with instructions for it: see `kernels`.
"""

from libc.stdint cimport int8_t, int32_t, int64_t, uint8_t


cdef extern from "kernel/rounded.h" nogil:
    enum:
        W2V_BLOCK
        W2V_QUERIES

    ctypedef struct w2v_rounded_rows:
        const uint8_t *codes
        const float *scales
        const float *errors
        int64_t first

    ctypedef struct w2v_rounded_queries:
        const int8_t *codes
        const float *scales
        const float *errors
        const int32_t *offsets
        int64_t count
        int64_t wanted
        int64_t room
        float slack
        float *worst
        int32_t *rows
        int32_t *found
        float *uppers

    ctypedef struct w2v_rounded_kernel:
        const char *name
        int levels
        void (*round_row)(
            const float *row, float norm, int64_t d, uint8_t *lane, float *scale, float *error
        ) noexcept nogil
        void (*scan)(
            const w2v_rounded_rows *x, const w2v_rounded_queries *y, int64_t blocks, int64_t d
        ) noexcept nogil

    const w2v_rounded_kernel *w2v_rounded_at(int i)


BLOCK = W2V_BLOCK
QUERIES = W2V_QUERIES


def kernels():
    """What this CPU runs, best first: names, and the largest rounded number of a query."""
    found = {}
    while w2v_rounded_at(len(found)) != NULL:
        found[w2v_rounded_at(len(found)).name.decode()] = w2v_rounded_at(len(found)).levels
    return found


cdef const w2v_rounded_kernel *_kernel(int number) except NULL:
    if number < 0 or w2v_rounded_at(number) == NULL:
        raise RuntimeError("this CPU cannot score vectors in 8 bits")
    return w2v_rounded_at(number)


def round_rows(
    int kernel,
    const float[:, ::1] vectors,
    const float[::1] norms,
    uint8_t[:, :, :, ::1] codes,
    float[::1] scales,
    float[::1] errors,
):
    """Round rows [n, d] to `codes` [blocks, d/4, BLOCK, 4], which hold 128 and -4 beyond them.

    `kernel` is a number in `kernels`. A row is scale (codes - 128) norm up to a vector of length error x norm.
    """
    cdef int64_t row, n = vectors.shape[0], d = vectors.shape[1]
    cdef const w2v_rounded_kernel *chosen = _kernel(kernel)
    if norms.shape[0] != n or codes.shape[0] * W2V_BLOCK < n or codes.shape[1] * 4 < d:
        raise ValueError("the arrays do not fit together")
    if codes.shape[2] != W2V_BLOCK or codes.shape[3] != 4:
        raise ValueError("the arrays do not fit together")
    if min(scales.shape[0], errors.shape[0]) < codes.shape[0] * W2V_BLOCK:
        raise ValueError("the arrays do not fit together")
    with nogil:
        for row in range(n):
            chosen.round_row(
                &vectors[row, 0],
                norms[row],
                d,
                &codes[row // W2V_BLOCK, 0, row % W2V_BLOCK, 0],
                &scales[row],
                &errors[row],
            )


def scan(
    int kernel,
    const uint8_t[:, :, :, ::1] codes,
    const float[::1] scales,
    const float[::1] errors,
    int64_t first,
    const int8_t[:, ::1] queries,
    const float[::1] query_scales,
    const float[::1] query_errors,
    const int32_t[::1] offsets,
    float slack,
    float[:, ::1] worst,
    int32_t[:, ::1] rows,
    float[:, ::1] uppers,
    int32_t[::1] found,
):
    """Add the rows that may be among the best of a query to its candidates: kernel/rounded.h."""
    cdef int64_t blocks = codes.shape[0], d = 4 * codes.shape[1], count = queries.shape[0]
    cdef w2v_rounded_rows x
    cdef w2v_rounded_queries y
    cdef const w2v_rounded_kernel *chosen = _kernel(kernel)
    if (
        queries.shape[1] != d
        or count % W2V_QUERIES
        or min(query_scales.shape[0], query_errors.shape[0], offsets.shape[0]) < count
        or min(scales.shape[0], errors.shape[0]) < blocks * W2V_BLOCK
        or min(worst.shape[0], rows.shape[0], uppers.shape[0], found.shape[0]) < count
        or uppers.shape[1] != rows.shape[1]
        or min(worst.shape[1], rows.shape[1]) < 1
        or codes.shape[2] != W2V_BLOCK
        or codes.shape[3] != 4
    ):
        raise ValueError("the arrays do not fit together")
    if not (blocks and count):
        return
    x.codes, x.scales, x.errors, x.first = &codes[0, 0, 0, 0], &scales[0], &errors[0], first
    y.codes, y.scales, y.errors = &queries[0, 0], &query_scales[0], &query_errors[0]
    y.offsets, y.slack = &offsets[0], slack
    y.count, y.wanted, y.room = count, worst.shape[1], rows.shape[1]
    y.worst, y.rows, y.uppers, y.found = &worst[0, 0], &rows[0, 0], &uppers[0, 0], &found[0]
    with nogil:
        chosen.scan(&x, &y, blocks, d)
