"""The walks of node2vec, without the GIL: second-order random walks by rejection.

A walk that came from t to v goes to a neighbor x of v with a probability proportional to

    weight(v, x) * bias        bias = 1/p if x = t, 1 if there is an edge from t to x, else 1/q

(Grover and Leskovec, "node2vec: Scalable Feature Learning for Networks", KDD 2016, section 3.2.2).
So x is drawn by its weight alone, and accepted with the probability bias / max(1, 1/q). A table for
each pair of edges would not fit in memory: this needs one alias table for each node, and none
without weights. The bias of t may be larger than that maximum; its surplus is drawn apart, in
proportion to its share of the whole (Yang et al., "KnightKing", SOSP 2019, section 4.2):

    (1/p - max(1, 1/q)) * weight(v, t)    beside    max(1, 1/q) * sum over x of weight(v, x)

A walk waits for memory at each step. So many walks go side by side, and what the next step of each
needs is prefetched while the others move.
"""

import numpy as np

from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc
from w2v_fast.training.draws cimport AliasEntry, draw, scaled

cdef extern from *:
    void prefetch "__builtin_prefetch" (const void *) noexcept nogil

cdef enum:
    SIDE_BY_SIDE = 32
    NOWHERE = -1

cdef double UNIT = 2.0**-64

ALIAS_ENTRY = np.dtype([("threshold", np.uint32), ("alias", np.int32)])


cdef struct Walk:
    uint64_t key
    uint64_t draws        # taken so far
    int32_t *path         # where its nodes go
    int64_t length        # of the path
    int32_t node          # where it is, and where it came from
    int32_t before
    int64_t first         # of the edges of `node`
    int64_t degree
    int64_t edge          # the proposed one
    double surplus        # share of draws that go back; below 0 before it is known


cdef class Walker:
    """A graph, ready for walks.

    Parameters
    ----------
    starts
        int64 [N + 1]: the edges of node v are those from `starts[v]` to `starts[v + 1]`.
    targets
        int32 [E]: where each edge leads, ascending for each node.
    weights
        float32 [E], above 0; None if all are equal.
    p, q
        As above.
    key
        The key of the draws of all walks.
    """

    cdef const int64_t[::1] starts
    cdef const int32_t[::1] targets
    cdef const float[::1] weights
    cdef AliasEntry[::1] table
    cdef double[::1] totals
    cdef double back, away, largest
    cdef bint has_weights, second_order
    cdef uint64_t key

    def __init__(
        self,
        const int64_t[::1] starts,
        const int32_t[::1] targets,
        const float[::1] weights,
        double p,
        double q,
        uint64_t key,
    ):
        self.starts, self.targets, self.weights, self.key = starts, targets, weights, key
        self.has_weights = weights is not None
        self.second_order = p != 1 or q != 1
        self.back, self.away = 1 / p, 1 / q
        self.largest = max(1, self.away)
        check_graph(starts, targets)
        if self.has_weights:
            if weights.shape[0] != targets.shape[0]:
                raise ValueError("each edge needs a weight")
            self.table = np.empty(targets.shape[0], ALIAS_ENTRY)
            self.totals = np.empty(starts.shape[0] - 1, np.float64)
            self.fill_tables()

    cdef int fill_tables(self) except -1:
        """The alias table and the sum of the weights of each node."""
        cdef int64_t v, nodes = self.starts.shape[0] - 1, largest = 1
        cdef double *height
        cdef int32_t *order
        for v in range(nodes):
            largest = max(largest, self.starts[v + 1] - self.starts[v])
        height = <double *>malloc(largest * sizeof(double))
        order = <int32_t *>malloc(largest * sizeof(int32_t))
        try:
            if height == NULL or order == NULL:
                raise MemoryError()
            with nogil:
                for v in range(nodes):
                    self.totals[v] = fill_table(
                        &self.weights[0] + self.starts[v], self.starts[v + 1] - self.starts[v],
                        &self.table[0] + self.starts[v], height, order,
                    )
        finally:
            free(height)
            free(order)
        return 0

    def walk(self, const int32_t[::1] nodes, int64_t first, int64_t length, int32_t[::1] out):
        """Take the walks number `first`, ... from `nodes`, each of `length` nodes, or fewer where
        no edge goes on.

        They are written to `out`, one behind the other, the last node of each as ~node; returns the
        number of nodes written.
        """
        cdef int64_t i, count = nodes.shape[0], written = 0
        cdef int64_t[::1] lengths = np.empty(count, np.int64)
        if length < 2 or out.shape[0] < count * length:
            raise ValueError("the buffer is too small for the walks")
        for i in range(count):
            if not 0 <= nodes[i] < self.starts.shape[0] - 1:
                raise ValueError(f"there is no node {nodes[i]}")
        if count:
            with nogil:
                self.walk_all(&nodes[0], count, first, length, &out[0], &lengths[0])
                written = close_gaps(&out[0], count, length, &lengths[0])
        return written

    cdef void walk_all(
        self, const int32_t *nodes, int64_t count, int64_t first, int64_t length, int32_t *out,
        int64_t *lengths,
    ) noexcept nogil:
        """Keep SIDE_BY_SIDE walks on their way until all are done."""
        cdef Walk[SIDE_BY_SIDE] walks
        cdef int64_t[SIDE_BY_SIDE] number
        cdef int64_t begun = 0
        cdef int i, active = 0
        while begun < count or active:
            while begun < count and active < SIDE_BY_SIDE:
                self.begin(&walks[active], nodes[begun], first + begun, out + begun * length)
                number[active] = begun
                active += 1
                begun += 1
            for i in range(active):
                self.propose(&walks[i])
            for i in range(active):
                self.move(&walks[i])
            i = 0
            while i < active:
                if walks[i].length < length and walks[i].degree:
                    i += 1
                    continue
                lengths[number[i]] = walks[i].length
                active -= 1
                walks[i] = walks[active]
                number[i] = number[active]

    cdef void begin(self, Walk *walk, int32_t node, int64_t number, int32_t *path) noexcept nogil:
        walk.key = draw(self.key, number)
        walk.draws = 0
        walk.path = path
        walk.length = 0
        walk.node = NOWHERE
        self.arrive(walk, node)

    cdef inline void arrive(self, Walk *walk, int32_t node) noexcept nogil:
        walk.before = walk.node
        walk.node = node
        walk.path[walk.length] = node
        walk.length += 1
        walk.degree = NOWHERE
        walk.surplus = -1
        prefetch(&self.starts[node])

    cdef inline void propose(self, Walk *walk) noexcept nogil:
        """Draw an edge by its weight alone."""
        cdef uint64_t bits
        if walk.degree < 0:
            walk.first = self.starts[walk.node]
            walk.degree = self.starts[walk.node + 1] - walk.first
            if walk.degree == 0:
                return
        bits = draw(walk.key, walk.draws)
        walk.draws += 1
        walk.edge = scaled(bits >> 32, <uint32_t>walk.degree)
        if self.has_weights:
            if <uint32_t>bits >= self.table[walk.first + walk.edge].threshold:
                walk.edge = self.table[walk.first + walk.edge].alias
        walk.edge += walk.first
        prefetch(&self.targets[walk.edge])

    cdef inline void move(self, Walk *walk) noexcept nogil:
        """Go along the proposed edge, or back, or nowhere."""
        cdef int32_t node
        cdef double height
        if walk.degree == 0:
            return
        node = self.targets[walk.edge]
        if self.second_order and walk.before != NOWHERE:
            if self.back > self.largest and self.goes_back(walk):
                node = walk.before
            else:
                height = draw(walk.key, walk.draws) * UNIT * self.largest
                walk.draws += 1
                if not self.accepts(walk, node, height):
                    return
        self.arrive(walk, node)

    cdef inline bint accepts(self, Walk *walk, int32_t node, double height) noexcept nogil:
        if node == walk.before:
            return height < self.back
        if height < 1 and height < self.away:
            return True
        if height >= 1 and height >= self.away:
            return False
        return height < (1 if self.edge_to(walk.before, node) >= 0 else self.away)

    cdef bint goes_back(self, Walk *walk) noexcept nogil:
        """Draw whether the walk goes back by the surplus of that bias."""
        cdef int64_t edge
        cdef double weight, total
        if walk.surplus < 0:
            edge = self.edge_to(walk.node, walk.before)
            weight = 0
            if edge >= 0:
                weight = self.weights[edge] if self.has_weights else 1
            total = self.totals[walk.node] if self.has_weights else walk.degree
            weight *= self.back - self.largest
            walk.surplus = weight / (weight + self.largest * total)
        walk.draws += 1
        return draw(walk.key, walk.draws - 1) * UNIT < walk.surplus

    cdef inline int64_t edge_to(self, int32_t node, int32_t target) noexcept nogil:
        """The edge from a node to another, or NOWHERE."""
        cdef int64_t low = self.starts[node], count = self.starts[node + 1] - low, half
        while count > 1:
            half = count >> 1
            low += half if self.targets[low + half] <= target else 0
            count -= half
        return low if count and self.targets[low] == target else NOWHERE


cdef double fill_table(
    const float *weights, int64_t degree, AliasEntry *table, double *height, int32_t *order
) noexcept nogil:
    """The alias table of weights, as `noise.alias_table` makes it; returns their sum."""
    cdef double total = 0
    cdef int64_t i, small = 0, large = degree
    cdef int32_t low, high
    for i in range(degree):
        total += weights[i]
    for i in range(degree):
        height[i] = weights[i] * degree / total
        table[i].alias = <int32_t>i
        if height[i] < 1:
            order[small] = <int32_t>i
            small += 1
        else:
            large -= 1
            order[large] = <int32_t>i
    while small and large < degree:
        small -= 1
        low, high = order[small], order[large]
        table[low].alias = high
        height[high] -= 1 - height[low]
        if height[high] < 1:
            large += 1
            order[small] = high
            small += 1
    for i in range(degree):
        table[i].threshold = <uint32_t>max(0, min(height[i] * 4294967296.0, 4294967295.0))
    return total


cdef int64_t close_gaps(
    int32_t *out, int64_t count, int64_t length, const int64_t *lengths
) noexcept nogil:
    """Move walks that stand `length` apart behind each other, and mark their ends."""
    cdef int64_t walk, i, written = 0
    for walk in range(count):
        if written != walk * length:
            for i in range(lengths[walk]):
                out[written + i] = out[walk * length + i]
        written += lengths[walk]
        out[written - 1] = ~out[written - 1]
    return written


cdef check_graph(const int64_t[::1] starts, const int32_t[::1] targets):
    """Refuse arrays that would lead a walk out of the graph."""
    cdef int64_t i, nodes = starts.shape[0] - 1
    cdef bint fits = nodes > 0 and starts[0] == 0 and starts[nodes] == targets.shape[0]
    if fits:
        with nogil:
            for i in range(nodes):
                fits &= 0 <= starts[i] <= starts[i + 1] and starts[i + 1] - starts[i] <= nodes
            for i in range(targets.shape[0]):
                fits &= 0 <= targets[i] < nodes
    if not fits:
        raise ValueError("the arrays are not those of a graph")
