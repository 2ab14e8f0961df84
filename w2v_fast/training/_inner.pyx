"""The Hogwild inner loop: tokens -> windows -> steps.

For each token of a job that survives subsampling:

    radius  uniform in 1..window, or `window` where windows do not shrink
    window  the context words within the radius, in the same sentence

Some windows of a block, far apart (steps.py), make a step, each of them a group of inputs:

    inputs  the windows' contexts, their means, or their centers                       (the architecture's choice)
    rows    each window's target, and noise words for all; or the Huffman path, ...    (the objective's choice)
    step    kernel: scores, errors, both updates, everything from the values before the step

Threads run this loop on the same two matrices without a lock. What a token draws is a pure function of the run's seed,
the epoch and the token's position; noise is a pure function of the job. So one thread gives the same bits every time,
and many threads the same windows and noise in another order.
"""

import os

import numpy as np

from w2v_fast.training import steps
from w2v_fast.training.tables import CONVERGENCE_PER_LR, merge_share

from libc.math cimport exp, fabs, log1p
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy
from w2v_fast.training.kernel cimport (
    W2V_SIGMOID, W2V_SOFTMAX, w2v_activation, w2v_kernel, w2v_kernel_at, w2v_kernel_best, w2v_kernel_count,
    w2v_kernel_runs, w2v_padded, w2v_step, w2v_width)


cdef extern from *:
    void prefetch "__builtin_prefetch" (const void *) noexcept nogil


cdef enum:
    DRAWN_AHEAD = 1           # steps between drawing a step's rows and training it: time to fetch them
    RING = 2                  # steps in flight: a power of two above DRAWN_AHEAD
    MAX_PRIVATE_WORKERS = 16  # with private copies of the rows of frequent words; those of more would be too stale


cdef struct AliasEntry:
    uint32_t threshold
    int32_t alias

cdef struct SeenSlot:         # of a hash table: the search that wrote it, and the position it points to
    uint64_t search
    int at

cdef struct Window:
    int target                # the center's word
    int center                # positions among the kept tokens of a block
    int first                 # contexts are first..last without center
    int last

cdef struct Rows:             # the windows of one step, and their output rows
    Window *window            # of different targets, but for the softmax
    int windows
    int count
    int *index                # words or tree nodes
    float *label
    float *shift
    float *weight
    float **out               # where the rows are
    float **targets           # [windows] rows of the targets, if the objective has them in place of out[0]
    float *target_shift       # [windows] and their shifts
    float **prefetch          # the rows and the inputs that are hardly in the cache
    int prefetch_count

cdef class InnerLoop

ctypedef void (*rows_function)(InnerLoop loop, Rows *rows) noexcept nogil

ctypedef enum Lookup:
    NOTHING
    NOISE                     # the alias table and log(K q)
    PATHS                     # Huffman codes and paths

cdef struct Objective:
    const char *name
    rows_function rows_of     # fills the rows, labels and shifts of a step's windows
    w2v_activation activation
    Lookup lookup


# ------------------------------------------------------------------------------------------------- the loop

cdef class InnerLoop:
    """One worker: its views of the shared arrays, its scratch memory, its kernel.

    Parameters
    ----------
    ids
        Tokens, int32 [N]; the last token of a sentence is stored as ~id.
    weights
        The shared matrices (`weights.Weights`), updated in place.
    tables
        Lookup tables (`tables.LookupTables`).
    config
        The run's `TrainConfig`.
    isa
        Name of the kernel to run, as `choose_isa` returns it.
    loss_period
        The loss is taken from one of so many windows (a softmax has it at hand from all).
    """

    cdef list owned
    cdef const int32_t *ids
    cdef int64_t id_count
    cdef float *input
    cdef float *output
    cdef int stride, words, max_rows
    cdef const uint8_t *frozen           # [V] or NULL: words whose vectors stay as they are
    cdef float *frozen_copies            # they take the updates of a step instead
    cdef const uint32_t *keep_threshold
    cdef const AliasEntry *alias
    cdef const float *log_expected_noise
    cdef const int64_t *path_start
    cdef const int32_t *path_nodes
    cdef const uint8_t *path_codes
    cdef int window, min_radius, draws
    cdef float draw_weight
    cdef bint shares_update, softmax, has_targets, has_shift, one_input
    cdef int block_tokens, max_inputs, max_windows, max_contexts, group_distance, max_redraws
    cdef rows_function gather_inputs
    cdef float *private_rows             # this worker's copy of the first rows of `output`
    cdef float *private_base             # their values at the last merge
    cdef const float *merge_shares       # of this worker's change of each row that is merged
    cdef int private_count, cached_rows
    cdef rows_function rows_of
    cdef const w2v_kernel *kernel
    cdef uint64_t noise_key, noise_index
    cdef SeenSlot *seen
    cdef uint32_t seen_mask
    cdef uint64_t search

    cdef int *word                       # kept tokens of the block, with their radius
    cdef int *radius
    cdef int *sentence                   # where each sentence starts among them
    cdef int kept, sentences, first_center, stop_center
    cdef Window *window_at               # the windows of the block; those of a step stand `apart`
    cdef int windows, groups, apart, column, next_window
    cdef Rows ring[RING]
    cdef float **in_
    cdef float **own
    cdef float **every_row
    cdef float *own_shift
    cdef float **context
    cdef int *context_start
    cdef float *context_scale
    cdef int *label_input
    cdef int *label_row
    cdef float *labels
    cdef w2v_step step

    cdef int64_t windows_done, loss_due, loss_period, loss_pairs, centers
    cdef double loss
    cdef bint running

    def run(self, int64_t start, int64_t stop, float lr, uint64_t token_key, uint64_t noise_key):
        """Train on the windows centered on tokens start..stop; return (centers kept, loss in nats, pairs it is of)."""
        cdef int64_t position = start
        if not 0 <= start <= stop <= self.id_count:
            raise IndexError(f"tokens {start}..{stop} of {self.id_count}")
        if self.running:
            raise RuntimeError("another thread runs this loop, whose memory is one worker's")
        self.running = True
        self.step.lr = lr
        self.noise_key = noise_key
        self.noise_index = 0
        self.windows_done = self.loss_due = self.loss_pairs = self.centers = 0
        self.loss = 0
        with nogil:
            self.merge_private_rows()
            while position < stop:
                position = self.gather(position, stop, token_key)
                self.find_windows()
                self.train_block()
                self.merge_private_rows()
        self.running = False
        return self.centers, self.loss, self.loss_pairs

    cdef int64_t gather(self, int64_t start, int64_t stop, uint64_t token_key) noexcept nogil:
        """Subsample tokens from `start` on until the block is full, with up to `window` kept neighbors of the same
        sentence on each side; return the end, at most `stop`."""
        cdef int64_t position = start, end
        cdef int before = 0
        while before < self.window and position > 0 and self.ids[position - 1] >= 0:
            position -= 1
            before += self.keeps(position, token_key)
        self.kept = self.sentences = self.sentence[0] = 0
        self.append_kept(position, start, self.window, token_key)
        self.first_center = self.kept
        end = position = self.append_kept(start, stop, self.kept + self.block_tokens, token_key)
        self.stop_center = self.kept
        self.centers += self.stop_center - self.first_center
        while (position < self.id_count and self.ids[position - 1] >= 0
               and self.kept < self.stop_center + self.window):
            position = self.append_kept(position, position + 1, self.stop_center + self.window, token_key)
        self.sentence[self.sentences + 1] = self.kept
        return end

    cdef inline bint keeps(self, int64_t position, uint64_t token_key) noexcept nogil:
        cdef int id = self.ids[position]
        return <uint32_t>(draw(token_key, position) >> 32) <= self.keep_threshold[id ^ (id >> 31)]

    cdef int64_t append_kept(self, int64_t start, int64_t stop, int limit, uint64_t token_key) noexcept nogil:
        """Append subsampled tokens and their radii until `limit` are kept; return the next position, at most `stop`.

        Branch-free: a token that is not kept is overwritten by the next one.
        """
        cdef int kept = self.kept, sentences = self.sentences, begun = self.sentence[sentences], id, ended
        cdef int radii = self.window - self.min_radius + 1
        cdef uint64_t bits
        cdef int64_t position = start
        while position < stop and kept < limit:
            ended = self.ids[position] >> 31
            id = self.ids[position] ^ ended
            bits = draw(token_key, position)
            self.word[kept] = id
            self.radius[kept] = self.min_radius + scaled(<uint32_t>bits, radii)
            kept += <uint32_t>(bits >> 32) <= self.keep_threshold[id]
            sentences -= ended & -<int>(kept > begun)
            begun += ended & (kept - begun)
            self.sentence[sentences] = begun
            position += 1
        self.kept, self.sentences = kept, sentences
        return position

    cdef void find_windows(self) noexcept nogil:
        """The windows of the block that have a context, and how many of them make a step."""
        cdef int center, first, last, sentence = 0
        self.windows = 0
        for center in range(self.first_center, self.stop_center):
            while center >= self.sentence[sentence + 1]:
                sentence += 1
            first = max(center - self.radius[center], self.sentence[sentence])
            last = min(center + self.radius[center], self.sentence[sentence + 1] - 1)
            self.window_at[self.windows] = Window(self.word[center], center, first, last)
            self.windows += first < last
        self.groups = self.max_windows
        if not self.softmax:
            self.groups = max(1, min(self.groups, self.windows // self.group_distance))
        self.apart = (self.windows + self.groups - 1) // self.groups
        self.column = self.next_window = 0

    cdef void train_block(self) noexcept nogil:
        """Train the windows of the block: rows are drawn, and fetched into the cache, DRAWN_AHEAD steps early."""
        cdef int drawn = 0, done = 0
        cdef bint more = True
        while more and drawn < DRAWN_AHEAD:
            more = self.draw_rows(&self.ring[drawn])
            drawn += more
        while done < drawn:
            self.step.prefetch_count = 0
            if more:
                more = self.draw_rows(&self.ring[drawn % RING])
                if more:
                    self.step.prefetch = self.ring[drawn % RING].prefetch
                    self.step.prefetch_count = self.ring[drawn % RING].prefetch_count
                    drawn += 1
            self.train_step(&self.ring[done % RING])
            done += 1

    cdef bint draw_rows(self, Rows *rows) noexcept nogil:
        """Find the windows of the next step, its output rows, and what to fetch; 0 at the end of the block."""
        cdef int i, k, coming
        self.next_windows(rows)
        if rows.windows == 0:
            return False
        self.rows_of(self, rows)
        rows.prefetch_count = 0
        for k in range(rows.count):
            rows.out[k] = self.output_row(rows, rows.index[k])
        for i in range(rows.windows):
            if self.has_targets:
                rows.targets[i] = self.output_row(rows, rows.window[i].target)
            coming = rows.window[i].center + self.window
            if coming < self.kept:
                rows.prefetch[rows.prefetch_count] = self.input_vector(self.word[coming])
                rows.prefetch_count += 1
        return True

    cdef void next_windows(self, Rows *rows) noexcept nogil:
        """The windows of the next step, `apart` from each other and of different targets; none at the block's end."""
        cdef Window *window
        cdef int count, inputs = 0
        rows.windows = 0
        while rows.windows < self.groups and self.next_window < self.windows:
            window = &self.window_at[self.next_window]
            count = min(context_count(window), self.max_contexts)
            inputs += 1 if self.one_input else count
            if inputs > self.max_inputs or not self.softmax and is_target(rows, window.target):
                return
            rows.window[rows.windows] = window[0]
            rows.windows += 1
            if count < context_count(window) and not self.one_input:
                split_window(window, count, &rows.window[rows.windows - 1])
                return
            self.next_window += self.apart
            if self.next_window >= self.windows:
                self.column += 1
                self.next_window = self.column if self.column < self.apart else self.windows

    cdef void train_step(self, Rows *rows) noexcept nogil:
        self.gather_inputs(self, rows)
        self.step.rows, self.step.out = rows.count, rows.out
        self.step.label, self.step.shift, self.step.weight = rows.label, rows.shift, rows.weight
        if self.softmax:
            self.step.rows, self.step.out = self.words, self.every_row
            self.set_labels(rows)
        if self.step.rows > 0:  # the path of a vocabulary's only word has none
            self.kernel.step(&self.step)
        if self.softmax:
            self.add_softmax_loss()
        elif self.windows_done >= self.loss_due:
            self.loss_due += self.loss_period * rows.windows
            self.add_sigmoid_loss()
        self.windows_done += rows.windows

    cdef void set_labels(self, Rows *rows) noexcept nogil:
        """A softmax's labels: CBOW predicts the center from the mean; skip-gram, as its objective is written, all
        contexts from the center: -sum_o u_o . v_c + 2m log sum_k exp(u_k . v_c), in one pass over V."""
        cdef int g, k, before, count = 0
        for g in range(rows.windows):
            before = count
            if self.step.context:
                self.label_row[count] = rows.window[g].target
                count += 1
            else:
                for k in range(rows.window[g].first, rows.window[g].last + 1):
                    self.label_row[count] = self.word[k]
                    count += k != rows.window[g].center
            for k in range(before, count):
                self.label_input[k] = g
            self.labels[g] = count - before
        self.step.label_count = count

    cdef void add_softmax_loss(self) noexcept nogil:
        """labels * log sum exp(score) - the scores that have a label, of the step just done."""
        cdef int i, k
        cdef size_t width = w2v_width(&self.step)
        for i in range(self.step.inputs):
            self.loss += self.labels[i] * self.step.log_sum[i]
        for k in range(self.step.label_count):
            self.loss -= self.step.score[self.label_row[k] * width + self.label_input[k]]
        self.loss_pairs += self.step.label_count

    cdef void add_sigmoid_loss(self) noexcept nogil:
        """-log sigmoid(x) for label 1, -log sigmoid(-x) for label 0, x = score - shift, of the step just done."""
        cdef int i, r
        cdef size_t width = w2v_width(&self.step)
        cdef double x
        for r in range(self.step.rows):
            for i in range(self.step.inputs):
                x = self.step.score[r * width + i]
                x -= self.own_shift[i] if r == 0 and self.has_targets else self.step.shift[r]
                self.loss += self.step.weight[r] * (max(x, 0) + log1p(exp(-fabs(x))) - self.step.label[r] * x)
        self.loss_pairs += self.step.inputs

    cdef inline float *input_vector(self, int word) noexcept nogil:
        return self.input + <size_t>word * self.stride

    cdef inline float *trained_vector(self, int word, int input) noexcept nogil:
        """What takes a step's update of an input: the word's vector, or a copy if that is frozen."""
        cdef float *vector = self.input_vector(word)
        if self.frozen == NULL or not self.frozen[word]:
            return vector
        return <float *>memcpy(self.frozen_copies + <size_t>input * self.stride, vector, self.stride * sizeof(float))

    cdef inline float *output_row(self, Rows *rows, int index) noexcept nogil:
        """Where a row is; one that is not always in the cache is to be fetched."""
        cdef float *row = self.private_rows if index < self.private_count else self.output
        row += <size_t>index * self.stride
        rows.prefetch[rows.prefetch_count] = row
        rows.prefetch_count += index >= self.cached_rows
        return row

    cdef void merge_private_rows(self) noexcept nogil:
        """Merge this worker's changes into the shared rows, then reload them."""
        cdef Py_ssize_t row, i
        for row in range(self.private_count):
            for i in range(row * self.stride, (row + 1) * self.stride):
                self.output[i] += self.merge_shares[row] * (self.private_rows[i] - self.private_base[i])
                self.private_rows[i] = self.private_base[i] = self.output[i]

    # --------------------------------------------------------------------------------------------- set-up

    def __init__(self, ids, weights, tables, config, isa, loss_period=1):
        self.owned = [ids, weights, tables]
        self.ids = <const int32_t *>self.borrow(ids, np.int32)
        self.id_count = len(ids)
        self.input = <float *>self.borrow(weights.input, np.float32)
        self.output = <float *>self.borrow(weights.output, np.float32)
        self.stride = weights.input.shape[1]
        self.step.dim = weights.dim
        self.words = tables.words
        self.keep_threshold = <const uint32_t *>self.borrow(tables.keep_threshold, np.uint32)
        self.window = config.window
        self.min_radius = 1 if config.shrink_windows else self.window
        self.shares_update = config.shares_update
        self.step.context_sum = config.cbow_sum
        self.loss_period = loss_period
        self.kernel = w2v_kernel_at(built_isas().index(isa))
        objective = objective_named(config.objective)
        self.rows_of = objective.rows_of
        self.step.activation = objective.activation
        self.softmax = objective.activation == W2V_SOFTMAX
        self.has_targets = objective.lookup == NOISE
        self.has_shift = config.objective == "nce"
        cbow = config.architecture == "cbow"
        self.gather_inputs = gather_means if cbow else gather_centers if self.softmax else gather_contexts
        self.one_input = cbow or self.softmax
        self.block_tokens, self.max_inputs, self.max_redraws = steps.BLOCK_TOKENS, steps.MAX_INPUTS, steps.MAX_REDRAWS
        self.max_windows, self.max_contexts = steps.max_windows(config, tables), steps.max_contexts(config)
        self.group_distance = steps.GROUP_DISTANCE
        if weights.frozen is not None:
            self.frozen = <const uint8_t *>self.borrow(weights.frozen, np.uint8)
        self.max_rows = self.look_up(objective.lookup, config, tables)
        self.allocate(self.max_windows if self.one_input else min(2 * self.window * self.max_windows, self.max_inputs),
                      cbow)

    cdef int look_up(self, Lookup lookup, config, tables) except -1:
        """Take the tables that an objective looks up; return the most rows that a step has."""
        if lookup == NOISE:
            self.alias = <const AliasEntry *>self.borrow(tables.alias, tables.alias.dtype)
            self.log_expected_noise = <const float *>self.borrow(tables.log_expected_noise, np.float32)
            self.draws = config.draws if self.words > 1 else 0
            self.draw_weight = config.negative / config.draws
            self.cached_rows = len(tables.noise_visits)
            if 1 < config.threads <= MAX_PRIVATE_WORKERS:
                self.keep_private_rows(tables.noise_visits, config)
            return self.draws + 1
        if lookup == PATHS:
            self.path_start = <const int64_t *>self.borrow(tables.paths.start, np.int64)
            self.path_nodes = <const int32_t *>self.borrow(tables.paths.nodes, np.int32)
            self.path_codes = <const uint8_t *>self.borrow(tables.paths.codes, np.uint8)
            self.cached_rows = len(tables.path_visits)
            if config.threads > 1:
                self.keep_private_rows(tables.path_visits, config)
            return max(tables.paths.longest, 1)
        return self.words

    cdef int keep_private_rows(self, visits, config) except -1:
        """Give each worker a private copy of the most frequent output rows.

        Every worker writes them in nearly every window, so shared rows would bounce between the cores' caches.
        `merge_private_rows` combines the copies after each block.
        """
        converged = CONVERGENCE_PER_LR * config.alpha * self.block_tokens * self.mean_inputs * visits
        self.merge_shares = <const float *>self.borrow(merge_share(converged, config.threads), np.float32)
        self.private_count = len(visits)
        return 0

    cdef void *borrow(self, array, dtype) except NULL:
        """The address of a contiguous array of ours, which lives as long as this loop."""
        if array.dtype != dtype or not array.flags.c_contiguous:
            raise TypeError(f"expected a contiguous array of {np.dtype(dtype)}, not {array.dtype}")
        self.owned.append(array)
        return <void *><size_t>array.ctypes.data

    cdef int allocate(self, int inputs, bint cbow) except -1:
        cdef size_t kept = self.block_tokens + 2 * self.window + 1
        cdef size_t contexts = <size_t>self.max_windows * 2 * self.window + 1
        cdef size_t width = w2v_padded(inputs)
        cdef size_t i
        self.seen_mask = (1 << (2 * max(self.draws, 8)).bit_length()) - 1
        self.seen = <SeenSlot *>self.scratch((self.seen_mask + 1) * sizeof(SeenSlot))
        self.word = self.ints(kept)
        self.radius = self.ints(kept)
        self.sentence = self.ints(kept + 2)
        self.window_at = <Window *>self.scratch(self.block_tokens * sizeof(Window))
        self.private_rows = self.floats(self.private_count * self.stride)
        self.private_base = self.floats(self.private_count * self.stride)
        for i in range(RING):
            self.allocate_rows(&self.ring[i], 1 if self.softmax else self.max_rows)
        self.step.in_ = self.in_ = self.pointers(inputs + 1)
        self.step.old_in = self.floats(inputs * self.stride)
        self.step.score = self.floats(self.max_rows * width)
        self.step.error = self.floats(self.max_rows * width)
        self.own = self.pointers(inputs + 1)
        self.step.own = self.own if self.has_targets else NULL
        self.step.own_shift = self.own_shift = self.floats(width)
        if self.frozen != NULL:
            self.frozen_copies = self.floats(max(contexts, inputs + 1) * self.stride)
        if cbow:
            self.step.context = self.context = self.pointers(contexts)
            self.step.context_start = self.context_start = self.ints(inputs + 1)
            self.step.context_scale = self.context_scale = self.floats(inputs)
            means = self.floats(inputs * self.stride)
            for i in range(inputs):
                self.in_[i] = means + i * self.stride
        if self.softmax:
            self.step.label_input = self.label_input = self.ints(contexts)
            self.step.label_row = self.label_row = self.ints(contexts)
            self.step.labels = self.labels = self.floats(width)
            self.step.log_sum = self.floats(2 * width)
            self.every_row = self.pointers(self.words)
            for i in range(self.words):
                self.every_row[i] = self.output + i * self.stride
        return 0

    cdef int allocate_rows(self, Rows *rows, int count) except -1:
        rows.window = <Window *>self.scratch(self.max_windows * sizeof(Window))
        rows.index = self.ints(count)
        rows.label = self.floats(w2v_padded(count))
        rows.shift = self.floats(w2v_padded(count))
        rows.weight = self.floats(w2v_padded(count))
        rows.target_shift = self.floats(self.max_windows)
        for i in range(count):
            rows.weight[i] = 1
        rows.out = self.pointers(count)
        rows.targets = self.pointers(self.max_windows)
        rows.prefetch = self.pointers(count + 2 * self.max_windows)
        return 0

    cdef void *scratch(self, size_t size) except NULL:
        """Zeroed memory, 64-byte aligned, which lives as long as this loop."""
        block = np.zeros(size + 64, np.uint8)
        self.owned.append(block)
        return <void *>((<size_t>block.ctypes.data + 63) & ~<size_t>63)

    cdef int *ints(self, size_t count) except NULL:
        return <int *>self.scratch(count * sizeof(int))

    cdef float *floats(self, size_t count) except NULL:
        return <float *>self.scratch(count * sizeof(float))

    cdef float **pointers(self, size_t count) except NULL:
        return <float **>self.scratch(count * sizeof(void *))

    @property
    def isa(self):
        """Name of the kernel that runs."""
        return self.kernel.name.decode()

    @property
    def mean_inputs(self):
        """Inputs of a window, on average at most."""
        return 1 if self.one_input else self.window + self.min_radius

    @property
    def token_flops(self):
        """Multiplications and additions of one token's steps, on average at most."""
        return 6.0 * self.stride * self.max_rows * self.mean_inputs


# ------------------------------------------------------------------------------------------------- inputs

cdef inline int context_count(Window *window) noexcept nogil:
    return window.last - window.first + (window.center < window.first or window.center > window.last)


cdef void split_window(Window *window, int count, Window *part) noexcept nogil:
    """Move the first `count` contexts to `part`; the window has more."""
    part.last = window.first + count - 1
    part.last += window.first <= window.center <= part.last
    window.first = part.last + 1
    window.first += window.first == window.center


cdef void gather_contexts(InnerLoop loop, Rows *rows) noexcept nogil:
    """Skip-gram: the contexts of the windows."""
    cdef int g, k, center, before, inputs = 0
    for g in range(rows.windows):
        before, center = inputs, rows.window[g].center
        for k in range(rows.window[g].first, rows.window[g].last + 1):
            loop.in_[inputs] = loop.trained_vector(loop.word[k], inputs)
            loop.own[inputs] = rows.targets[g]
            inputs += k != center
        if loop.has_shift:
            for k in range(before, inputs):
                loop.own_shift[k] = rows.target_shift[g]
    loop.step.inputs = inputs


cdef void gather_means(InnerLoop loop, Rows *rows) noexcept nogil:
    """CBOW: the mean of each window's contexts, or their sum."""
    cdef int g, k, center, contexts = 0
    loop.step.inputs = rows.windows
    for g in range(rows.windows):
        center = rows.window[g].center
        for k in range(rows.window[g].first, rows.window[g].last + 1):
            loop.context[contexts] = loop.trained_vector(loop.word[k], contexts)
            contexts += k != center
        loop.context_start[g + 1] = contexts
        loop.context_scale[g] = <float>1 / (contexts - loop.context_start[g]) if loop.shares_update else 1
        loop.own[g] = rows.targets[g]
        loop.own_shift[g] = rows.target_shift[g]


cdef void gather_centers(InnerLoop loop, Rows *rows) noexcept nogil:
    """Skip-gram whose objective is written from the center's side: the centers."""
    cdef int g
    loop.step.inputs = rows.windows
    for g in range(rows.windows):
        loop.in_[g] = loop.trained_vector(rows.window[g].target, g)


# ------------------------------------------------------------------------------------------------- objectives

cdef void ns_rows(InnerLoop loop, Rows *rows) noexcept nogil:
    """Each window's target with label 1, K noise words with label 0 (Mikolov et al., NIPS 2013, equation 4).

    K is estimated from `draws` words of weight K / draws; a word drawn several times comes once, with their weight.
    """
    cdef int k, count
    rows.index[0] = rows.window[0].target
    rows.label[0] = 1
    for k in range(loop.draws):
        rows.index[k + 1] = noise_word(loop, rows)
    for k in range(loop.draws):
        prefetch(&loop.alias[scaled(draw(loop.noise_key, loop.noise_index + k) >> 32, loop.words)])
    count = merge_repeats(loop, rows.index + 1, loop.draws, rows.weight + 1)
    for k in range(1, count + 1):
        rows.weight[k] *= loop.draw_weight
    rows.count = count + 1


cdef void nce_rows(InnerLoop loop, Rows *rows) noexcept nogil:
    """As ns, with log(K q) as the rows' shift (Gutmann and Hyvarinen, JMLR 2012; Mnih and Teh, ICML 2012)."""
    cdef int g, k
    ns_rows(loop, rows)
    for k in range(1, rows.count):
        rows.shift[k] = loop.log_expected_noise[rows.index[k]]
    for g in range(rows.windows):
        rows.target_shift[g] = loop.log_expected_noise[rows.window[g].target]
    rows.shift[0] = rows.target_shift[0]


cdef void hs_rows(InnerLoop loop, Rows *rows) noexcept nogil:
    """The inner nodes on the target's path, with label 1 where it takes branch 0 (Mikolov et al., equation 3)."""
    cdef int k, target = rows.window[0].target
    cdef int64_t start = loop.path_start[target]
    rows.count = <int>(loop.path_start[target + 1] - start)
    for k in range(rows.count):
        rows.index[k] = loop.path_nodes[start + k]
        rows.label[k] = 1 - loop.path_codes[start + k]
    if loop.next_window + 1 < loop.windows:  # what the next steps look up
        prefetch(&loop.path_start[loop.window_at[loop.next_window + 1].target])
        start = loop.path_start[loop.window_at[loop.next_window].target]
        prefetch(&loop.path_nodes[start])
        prefetch(&loop.path_nodes[start + 12])
        prefetch(&loop.path_codes[start])


cdef void no_rows(InnerLoop loop, Rows *rows) noexcept nogil:
    """A softmax takes every word: nothing to draw or to fetch."""
    rows.count = 0


cdef Objective[4] OBJECTIVES
OBJECTIVES[0] = Objective(b"ns", ns_rows, W2V_SIGMOID, NOISE)
OBJECTIVES[1] = Objective(b"nce", nce_rows, W2V_SIGMOID, NOISE)
OBJECTIVES[2] = Objective(b"hs", hs_rows, W2V_SIGMOID, PATHS)
OBJECTIVES[3] = Objective(b"softmax", no_rows, W2V_SOFTMAX, NOTHING)


cdef Objective objective_named(name):
    for objective in OBJECTIVES:
        if objective.name == <bytes>name.encode():
            return objective
    raise ValueError(f"objective = {name!r} is not known here")


cdef int merge_repeats(InnerLoop loop, int *index, int count, float *times) noexcept nogil:
    """Keep the first of equal indices, and how many they were; return how many are left."""
    cdef int i, left = 0
    cdef uint32_t slot
    cdef SeenSlot *seen = loop.seen
    loop.search += 1
    for i in range(count):
        slot = index[i] & loop.seen_mask
        while seen[slot].search == loop.search and index[seen[slot].at] != index[i]:
            slot = (slot + 1) & loop.seen_mask
        if seen[slot].search == loop.search:
            times[seen[slot].at] += 1
        else:
            seen[slot] = SeenSlot(loop.search, left)
            index[left] = index[i]
            times[left] = 1
            left += 1
    return left


# ------------------------------------------------------------------------------------------------- draws

cdef inline uint64_t draw(uint64_t key, uint64_t index) noexcept nogil:
    """generator.draw: SplitMix64 by index."""
    cdef uint64_t x = key + (index + 1) * <uint64_t>0x9E3779B97F4A7C15
    x = (x ^ (x >> 30)) * <uint64_t>0xBF58476D1CE4E5B9
    x = (x ^ (x >> 27)) * <uint64_t>0x94D049BB133111EB
    return x ^ (x >> 31)


cdef inline int scaled(uint32_t random, uint32_t limit) noexcept nogil:
    """32 random bits to 0..limit-1."""
    return <int>((<uint64_t>random * limit) >> 32)


cdef inline int noise_word(InnerLoop loop, Rows *rows) noexcept nogil:
    """One draw from q that is no target; after MAX_REDRAWS failures, uniform among the other words.

    The choice between column and alias is arithmetic: a branch would be mispredicted, and wait for the table each time.
    """
    cdef uint64_t bits
    cdef int column, alias, word, attempt
    for attempt in range(loop.max_redraws):
        bits = draw(loop.noise_key, loop.noise_index)
        loop.noise_index += 1
        column = scaled(bits >> 32, loop.words)
        alias = loop.alias[column].alias
        word = alias ^ ((column ^ alias) & -<int>(<uint32_t>bits < loop.alias[column].threshold))
        if not is_target(rows, word):
            return word
    return not_target(rows, scaled(bits >> 32, loop.words - rows.windows))


cdef inline bint is_target(Rows *rows, int word) noexcept nogil:
    cdef int i
    cdef bint found = False
    for i in range(rows.windows):
        found |= rows.window[i].target == word
    return found


cdef int not_target(Rows *rows, int number) noexcept nogil:
    """The `number`-th word (from 0) that is not a target."""
    cdef int i, word = number, next = -1
    while next != word:
        next, word = word, number
        for i in range(rows.windows):
            word += rows.window[i].target <= next
    return word


# ------------------------------------------------------------------------------------------------- instruction sets

def built_isas():
    """Names of the instruction sets this build has a kernel for, widest first."""
    return [w2v_kernel_at(i).name.decode() for i in range(w2v_kernel_count())]


def supported_isas():
    """Those of `built_isas()` that this CPU and system can run."""
    return [name for i, name in enumerate(built_isas()) if w2v_kernel_runs(i)]


def choose_isa(isa=None):
    """The instruction set to run: `isa`, else W2V_FAST_ISA, else the fastest; ValueError for one that cannot run here."""
    wanted = isa or os.environ.get("W2V_FAST_ISA") or built_isas()[w2v_kernel_best()]
    if wanted not in supported_isas():
        raise ValueError(f"isa = {wanted!r} cannot run here; this build and CPU run {', '.join(supported_isas())}")
    return wanted
