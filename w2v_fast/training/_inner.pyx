"""The Hogwild inner loop: tokens -> windows -> steps.

For each token of a job that survives subsampling:

    radius  uniform in 1..window, or `window` where windows do not shrink
    window  the context words within the radius, in the same sentence

Some windows of a block, far apart (steps.py), make a step; each is a group of its inputs:

    inputs  the windows' contexts, their means, or their centers           (the architecture)
    rows    each window's target and shared noise words, a path, ...       (the objective)
    step    kernel: scores, errors, both updates, all from the values before the step

Threads run this loop on the same two matrices without a lock. What a token draws is a pure function
of the run's seed, the epoch and the token's position; noise is a pure function of the job. So one
thread gives the same bits every time, and many threads have the same windows and noise in another
order.
"""

import os

import numpy as np

from w2v_fast.training import steps
from w2v_fast.training.tables import CONVERGENCE_PER_LR, merge_share

from libc.math cimport exp, fabs, log1p
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy
from w2v_fast.training.draws cimport AliasEntry, draw, scaled
from w2v_fast.training.kernel cimport (
    W2V_MAX_INPUTS, W2V_SIGMOID, W2V_SOFTMAX, w2v_activation, w2v_kernel, w2v_kernel_at,
    w2v_kernel_best, w2v_kernel_count, w2v_kernel_runs, w2v_padded, w2v_step, w2v_width)


cdef extern from *:
    void prefetch "__builtin_prefetch" (const void *) noexcept nogil


cdef enum:
    MAX_PRIVATE_WORKERS = 16  # with private rows of words; those of more would be too stale


cdef struct SeenSlot:         # of a hash table: the search that wrote it, the position it points to
    uint64_t search
    int at

cdef struct Window:
    int target                # the center's word
    int center                # positions among the kept tokens of a block
    int first                 # contexts are first..last without center
    int last

cdef struct Rows:             # the windows of one step, and their output rows
    Window *windows           # of different targets, except for the softmax
    int window_count
    int count
    int *index                # words or tree nodes
    float *label
    float *shift
    float *weight
    float **out               # [count] their addresses
    float **targets           # [window_count] addresses of the own rows, instead of out[0]
    float *target_shift       # [window_count] shifts of the own rows
    float **prefetch          # rows and inputs that are unlikely to be cached
    int prefetch_count

cdef class InnerLoop
cdef class Arena

ctypedef void (*rows_function)(InnerLoop loop, Rows *rows) noexcept nogil

ctypedef enum Lookup:
    NOTHING
    NOISE                     # the alias table and log(K q)
    PATHS                     # Huffman codes and paths

cdef struct ObjectiveRules:
    const char *name
    rows_function rows_of     # fills the rows, labels and shifts of a step's windows
    w2v_activation activation
    Lookup lookup


# ------------------------------------------------------------------------------------- the loop

cdef class InnerLoop:
    """One worker: its views of the shared arrays, its scratch memory, its kernel."""

    cdef const int32_t *ids
    cdef int64_t id_count
    cdef float *input
    cdef float *output
    cdef int stride, word_count, max_rows
    cdef const uint8_t *frozen           # [V] or NULL: words whose vectors stay as they are
    cdef float *frozen_copies            # take the updates of frozen vectors
    cdef const uint32_t *keep_threshold
    cdef const AliasEntry *alias
    cdef const float *log_expected_noise
    cdef const int64_t *path_start
    cdef const int32_t *path_nodes
    cdef const uint8_t *path_codes
    cdef int window, min_radius, draws
    cdef float draw_weight
    cdef bint shares_update, softmax, has_targets, one_input
    cdef int block_tokens, max_inputs, max_windows, max_contexts, group_distance, max_redraws
    cdef rows_function inputs_of         # contexts, means or centers
    cdef rows_function rows_of           # the objective's
    cdef rows_function outputs_of        # drawn_rows or every_word
    cdef rows_function add_loss
    cdef float *private_rows             # this worker's copy of the first rows of `output`
    cdef float *private_base             # their values at the last merge
    cdef const float *merge_shares       # fraction of its change of each row that a merge adds
    cdef int private_count, cached_rows
    cdef const w2v_kernel *kernel
    cdef uint64_t noise_key, noise_index
    cdef SeenSlot *seen
    cdef uint32_t seen_mask
    cdef uint64_t search
    cdef Arena arena

    cdef int *words                      # kept tokens of the block, and their radii
    cdef int *radius
    cdef int *sentence_start             # among them
    cdef int kept, sentences, first_center, stop_center
    cdef Window *windows                 # of the block; those of a step stand `apart`
    cdef int window_count, groups, apart, column, next_window
    cdef Rows[2] drawn                   # the rows of this step and the next, by turns
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
        """Train on the windows centered on tokens start..stop.

        Parameters
        ----------
        start, stop
            Tokens, 0 <= start <= stop <= N.
        lr
            Learning rate.
        token_key, noise_key
            Keys of the random streams (`generator.Stream`).

        Returns
        -------
        tuple of (int, float, int)
            Centers kept; the loss of the sampled windows in nats; their pairs.

        Raises
        ------
        IndexError
            There are no such tokens.
        RuntimeError
            Another thread runs this loop.
        """
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
        """Subsample tokens from `start` on until the block is full, with up to `window` kept
        neighbors of the same sentence on each side; return the end, at most `stop`."""
        cdef int64_t position = start, end
        cdef int before = 0, limit
        while before < self.window and position > 0 and self.ids[position - 1] >= 0:
            position -= 1
            before += self.keeps(position, token_key)
        self.kept = self.sentences = self.sentence_start[0] = 0
        self.append_kept(position, start, self.window, token_key)
        self.first_center = self.kept
        end = position = self.append_kept(start, stop, self.kept + self.block_tokens, token_key)
        self.stop_center = self.kept
        self.centers += self.stop_center - self.first_center
        limit = self.stop_center + self.window
        while position < self.id_count and self.ids[position - 1] >= 0 and self.kept < limit:
            position = self.append_kept(position, position + 1, limit, token_key)
        self.sentence_start[self.sentences + 1] = self.kept
        return end

    cdef inline bint keeps(self, int64_t position, uint64_t token_key) noexcept nogil:
        cdef int id = self.ids[position]
        return <uint32_t>(draw(token_key, position) >> 32) <= self.keep_threshold[id ^ (id >> 31)]

    cdef int64_t append_kept(
            self, int64_t start, int64_t stop, int limit, uint64_t token_key) noexcept nogil:
        """Append subsampled tokens and their radii until `limit` are kept; return the next
        position, at most `stop`.

        Branch-free: a token that is not kept is overwritten by the next one.
        """
        cdef int kept = self.kept, sentences = self.sentences, id, ended
        cdef int begun = self.sentence_start[sentences]
        cdef int radii = self.window - self.min_radius + 1
        cdef uint64_t bits
        cdef int64_t position = start
        while position < stop and kept < limit:
            ended = self.ids[position] >> 31
            id = self.ids[position] ^ ended
            bits = draw(token_key, position)
            self.words[kept] = id
            self.radius[kept] = self.min_radius + scaled(<uint32_t>bits, radii)
            kept += <uint32_t>(bits >> 32) <= self.keep_threshold[id]
            sentences -= ended & -<int>(kept > begun)
            begun += ended & (kept - begun)
            self.sentence_start[sentences] = begun
            position += 1
        self.kept, self.sentences = kept, sentences
        return position

    cdef void find_windows(self) noexcept nogil:
        """Find the windows of the block that have a context, and how many of them a step takes."""
        cdef int center, first, last, sentence = 0
        self.window_count = 0
        for center in range(self.first_center, self.stop_center):
            while center >= self.sentence_start[sentence + 1]:
                sentence += 1
            first = max(center - self.radius[center], self.sentence_start[sentence])
            last = min(center + self.radius[center], self.sentence_start[sentence + 1] - 1)
            self.windows[self.window_count] = Window(self.words[center], center, first, last)
            self.window_count += first < last
        self.groups = max(1, min(self.max_windows, self.window_count // self.group_distance))
        self.apart = (self.window_count + self.groups - 1) // self.groups
        self.column = self.next_window = 0

    cdef void train_block(self) noexcept nogil:
        """Train the windows of the block; a step's rows are drawn, and prefetched, one step early.
        """
        cdef Rows *rows = &self.drawn[0]
        cdef Rows *next = &self.drawn[1]
        cdef bint more = self.draw_rows(rows)
        while more:
            more = self.draw_rows(next)
            self.step.prefetch = next.prefetch
            self.step.prefetch_count = next.prefetch_count if more else 0
            self.train_step(rows)
            rows, next = next, rows

    cdef bint draw_rows(self, Rows *rows) noexcept nogil:
        """Choose the windows of the next step, draw its rows and list what to prefetch.

        False at the end of the block.
        """
        cdef int i, k, last
        self.next_windows(rows)
        if rows.window_count == 0:
            return False
        self.rows_of(self, rows)
        rows.prefetch_count = 0
        for k in range(rows.count):
            rows.out[k] = self.output_row(rows, rows.index[k])
        for i in range(rows.window_count):
            if self.has_targets:
                rows.targets[i] = self.output_row(rows, rows.windows[i].target)
            last = rows.windows[i].center + self.window
            if last < self.kept:
                rows.prefetch[rows.prefetch_count] = self.input_vector(self.words[last])
                rows.prefetch_count += 1
        return True

    cdef void next_windows(self, Rows *rows) noexcept nogil:
        """The windows of the next step, if any: `apart` from each other, with different targets."""
        cdef Window *window
        cdef int count, inputs = 0
        rows.window_count = 0
        while rows.window_count < self.groups and self.next_window < self.window_count:
            window = &self.windows[self.next_window]
            count = min(context_count(window), self.max_contexts)
            inputs += 1 if self.one_input else count
            if inputs > self.max_inputs or not self.softmax and is_target(rows, window.target):
                return
            rows.windows[rows.window_count] = window[0]
            rows.window_count += 1
            if count < context_count(window) and not self.one_input:
                split_window(window, count, &rows.windows[rows.window_count - 1])
                return
            self.next_window += self.apart
            if self.next_window >= self.window_count:
                self.column += 1
                self.next_window = self.column if self.column < self.apart else self.window_count

    cdef void train_step(self, Rows *rows) noexcept nogil:
        self.inputs_of(self, rows)
        self.outputs_of(self, rows)
        if self.step.rows > 0:  # the path of a vocabulary's only word has none
            self.kernel.step(&self.step)
        self.add_loss(self, rows)
        self.windows_done += rows.window_count

    cdef inline float *input_vector(self, int word) noexcept nogil:
        return self.input + <size_t>word * self.stride

    cdef inline float *trained_vector(self, int word, int input) noexcept nogil:
        """The vector that takes the update of an input: the word's, or a copy if it is frozen."""
        cdef float *vector = self.input_vector(word)
        if self.frozen == NULL or not self.frozen[word]:
            return vector
        return <float *>memcpy(self.frozen_copies + <size_t>input * self.stride, vector,
                               self.stride * sizeof(float))

    cdef inline float *output_row(self, Rows *rows, int index) noexcept nogil:
        """The address of an output row; prefetch it unless it always stays in the cache."""
        cdef float *row = self.private_rows if index < self.private_count else self.output
        row += <size_t>index * self.stride
        rows.prefetch[rows.prefetch_count] = row
        rows.prefetch_count += index >= self.cached_rows
        return row

    cdef void merge_private_rows(self) noexcept nogil:
        """Merge this worker's changes into the shared rows, then reload them."""
        cdef Py_ssize_t row, i
        cdef float change
        for row in range(self.private_count):
            for i in range(row * self.stride, (row + 1) * self.stride):
                change = self.private_rows[i] - self.private_base[i]
                self.output[i] += self.merge_shares[row] * change
                self.private_rows[i] = self.private_base[i] = self.output[i]

    # ---------------------------------------------------------------------------------- set-up

    def __init__(self, ids, weights, tables, config, isa, loss_period=1):
        """Prepare a worker of a run.

        Parameters
        ----------
        ids
            Tokens, int32 [N]; the last token of a sentence is stored as ~id.
        weights
            The shared matrices (`weights.Weights`), updated in place.
        tables
            What it looks up (`tables.LookupTables`).
        config
            The run's `TrainConfig`.
        isa
            Name of the kernel to run, as `choose_isa` returns it.
        loss_period
            One window in so many is sampled for the loss; with the softmax all are, at no cost.

        Raises
        ------
        TypeError
            An array is not contiguous or of another type.
        ValueError
            The rows of the matrices are not padded as the kernel needs it.
        """
        self.arena = Arena([weights, tables])
        self.ids = <const int32_t *>self.arena.borrow(ids, np.int32)
        self.id_count = len(ids)
        self.input = <float *>self.arena.borrow(weights.input, np.float32)
        self.output = <float *>self.arena.borrow(weights.output, np.float32)
        self.stride = weights.input.shape[1]
        self.step.dim = weights.dim
        if self.stride != <int>w2v_padded(weights.dim) or steps.MAX_INPUTS > W2V_MAX_INPUTS:
            raise ValueError(f"the kernel takes no rows of {self.stride} floats, or no "
                             f"{steps.MAX_INPUTS} inputs")
        self.word_count = tables.words
        self.keep_threshold = <const uint32_t *>self.arena.borrow(tables.keep_threshold, np.uint32)
        self.window = config.window
        self.min_radius = 1 if config.shrink_windows else self.window
        self.shares_update = config.shares_update
        self.step.context_sum = config.cbow_sum
        self.loss_period = loss_period
        self.kernel = w2v_kernel_at(built_isas().index(isa))
        rules = rules_of(config.objective)
        self.rows_of = rules.rows_of
        self.step.activation = rules.activation
        self.softmax = rules.activation == W2V_SOFTMAX
        self.outputs_of = every_word if self.softmax else drawn_rows
        self.add_loss = add_softmax_loss if self.softmax else add_sigmoid_loss
        self.has_targets = rules.lookup == NOISE
        cbow = config.architecture == "cbow"
        self.inputs_of = means if cbow else centers if self.softmax else contexts
        self.one_input = cbow or self.softmax
        self.block_tokens, self.max_redraws = steps.BLOCK_TOKENS, steps.MAX_REDRAWS
        self.max_inputs, self.max_contexts = steps.MAX_INPUTS, steps.max_contexts(config)
        self.max_windows = steps.max_windows(config, tables)
        self.group_distance = steps.group_distance(config)
        if weights.frozen is not None:
            self.frozen = <const uint8_t *>self.arena.borrow(weights.frozen, np.uint8)
        self.max_rows = self.look_up(rules.lookup, config, tables)
        self.allocate(cbow)

    cdef int look_up(self, Lookup lookup, config, tables) except -1:
        """Borrow the tables that an objective looks up; return how many rows a step has at most."""
        if lookup == NOISE:
            self.alias = <const AliasEntry *>self.arena.borrow(tables.alias, tables.alias.dtype)
            self.log_expected_noise = <const float *>self.arena.borrow(
                tables.log_expected_noise, np.float32)
            self.draws = config.draws if self.word_count > 1 else 0
            self.draw_weight = config.negative / config.draws
            self.cached_rows = len(tables.noise_visits)
            if 1 < config.threads <= MAX_PRIVATE_WORKERS:
                self.keep_private_rows(tables.noise_visits, config)
            return self.draws + 1
        if lookup == PATHS:
            self.path_start = <const int64_t *>self.arena.borrow(tables.paths.start, np.int64)
            self.path_nodes = <const int32_t *>self.arena.borrow(tables.paths.nodes, np.int32)
            self.path_codes = <const uint8_t *>self.arena.borrow(tables.paths.codes, np.uint8)
            self.cached_rows = len(tables.path_visits)
            if config.threads > 1:
                self.keep_private_rows(tables.path_visits, config)
            return max(tables.paths.longest, 1)
        return self.word_count

    cdef int keep_private_rows(self, visits, config) except -1:
        """Give each worker a private copy of the most frequent output rows.

        Every worker writes them in nearly every window, so shared rows would bounce between the
        cores' caches. `merge_private_rows` combines the copies after each block.
        """
        per_visit = CONVERGENCE_PER_LR * config.alpha * self.block_tokens * self.inputs_per_window
        shares = merge_share(per_visit * visits, config.threads)
        self.merge_shares = <const float *>self.arena.borrow(shares, np.float32)
        self.private_count = len(visits)
        return 0

    cdef int allocate(self, bint cbow) except -1:
        cdef Arena arena = self.arena
        cdef int inputs = min(2 * self.window * self.max_windows, self.max_inputs)
        cdef size_t kept = self.block_tokens + 2 * self.window + 1
        cdef size_t contexts = <size_t>self.max_windows * 2 * self.window + 1
        cdef size_t width, i
        if self.one_input:
            inputs = self.max_windows
        width = w2v_padded(inputs)
        self.seen_mask = (1 << (2 * max(self.draws, 8)).bit_length()) - 1
        self.seen = <SeenSlot *>arena.scratch((self.seen_mask + 1) * sizeof(SeenSlot))
        self.words = arena.ints(kept)
        self.radius = arena.ints(kept)
        self.sentence_start = arena.ints(kept + 2)
        self.windows = <Window *>arena.scratch(self.block_tokens * sizeof(Window))
        self.private_rows = arena.floats(self.private_count * self.stride)
        self.private_base = arena.floats(self.private_count * self.stride)
        for i in range(2):
            self.allocate_rows(&self.drawn[i], 1 if self.softmax else self.max_rows)
        self.step.in_ = self.in_ = arena.pointers(inputs + 1)
        self.step.old_in = arena.floats(inputs * self.stride)
        self.step.score = arena.floats(self.max_rows * width)
        self.step.error = arena.floats(self.max_rows * width)
        self.own = arena.pointers(inputs + 1)
        self.step.own = self.own if self.has_targets else NULL
        self.step.own_shift = self.own_shift = arena.floats(w2v_padded(inputs + 1))
        if self.frozen != NULL:
            self.frozen_copies = arena.floats(max(contexts, inputs + 1) * self.stride)
        if cbow:
            self.step.context = self.context = arena.pointers(contexts)
            self.step.context_start = self.context_start = arena.ints(inputs + 1)
            self.step.context_scale = self.context_scale = arena.floats(inputs)
            arena.point(self.in_, arena.floats(inputs * self.stride), inputs, self.stride)
        if self.softmax:
            self.step.label_input = self.label_input = arena.ints(contexts)
            self.step.label_row = self.label_row = arena.ints(contexts)
            self.step.labels = self.labels = arena.floats(width)
            self.step.log_sum = arena.floats(2 * width)
            self.every_row = arena.pointers(self.word_count)
            arena.point(self.every_row, self.output, self.word_count, self.stride)
        return 0

    cdef int allocate_rows(self, Rows *rows, int count) except -1:
        rows.windows = <Window *>self.arena.scratch(self.max_windows * sizeof(Window))
        rows.index = self.arena.ints(count)
        rows.label = self.arena.floats(w2v_padded(count))
        rows.shift = self.arena.floats(w2v_padded(count))
        rows.weight = self.arena.ones(count)
        rows.target_shift = self.arena.floats(self.max_windows)
        rows.out = self.arena.pointers(count)
        rows.targets = self.arena.pointers(self.max_windows)
        rows.prefetch = self.arena.pointers(count + 2 * self.max_windows)
        return 0

    @property
    def isa(self):
        """Name of the kernel that runs."""
        return self.kernel.name.decode()

    @property
    def inputs_per_window(self):
        """Maximum inputs of a window, averaged over the radius."""
        return 1 if self.one_input else self.window + self.min_radius

    @property
    def token_flops(self):
        """Maximum multiplications and additions of a token, averaged over the radius."""
        return 6.0 * self.stride * self.max_rows * self.inputs_per_window


cdef class Arena:
    """Memory that lives as long as an inner loop: scratch arrays and borrowed ones."""

    cdef list owned

    def __init__(self, owned):
        self.owned = owned

    cdef void *borrow(self, array, dtype) except NULL:
        """The address of a contiguous array."""
        if array.dtype != dtype or not array.flags.c_contiguous:
            raise TypeError(f"expected a contiguous array of {np.dtype(dtype)}, not {array.dtype}")
        self.owned.append(array)
        return <void *><size_t>array.ctypes.data

    cdef void *scratch(self, size_t size) except NULL:
        """Zeroed memory, 64-byte aligned."""
        block = np.zeros(size + 64, np.uint8)
        self.owned.append(block)
        return <void *>((<size_t>block.ctypes.data + 63) & ~<size_t>63)

    cdef int *ints(self, size_t count) except NULL:
        return <int *>self.scratch(count * sizeof(int))

    cdef float *floats(self, size_t count) except NULL:
        return <float *>self.scratch(count * sizeof(float))

    cdef float *ones(self, size_t count) except NULL:
        """`count` ones, padded with zeros as rows of scores are."""
        cdef float *array = self.floats(w2v_padded(count))
        cdef size_t i
        for i in range(count):
            array[i] = 1
        return array

    cdef float **pointers(self, size_t count) except NULL:
        return <float **>self.scratch(count * sizeof(void *))

    cdef int point(self, float **to, float *rows, size_t count, size_t stride) except -1:
        """Let `to` point to `count` rows of a matrix."""
        cdef size_t i
        for i in range(count):
            to[i] = rows + i * stride
        return 0


# --------------------------------------------------------------------------------------- inputs

cdef inline int context_count(Window *window) noexcept nogil:
    cdef bint outside = window.center < window.first or window.center > window.last
    return window.last - window.first + outside


cdef void split_window(Window *window, int count, Window *part) noexcept nogil:
    """Move the first `count` contexts to `part`; the window has more."""
    part.last = window.first + count - 1
    part.last += window.first <= window.center <= part.last
    window.first = part.last + 1
    window.first += window.first == window.center


cdef void contexts(InnerLoop loop, Rows *rows) noexcept nogil:
    """Skip-gram: the contexts of the windows."""
    cdef int g, k, inputs = 0
    for g in range(rows.window_count):
        for k in range(rows.windows[g].first, rows.windows[g].last + 1):
            loop.in_[inputs] = loop.trained_vector(loop.words[k], inputs)
            loop.own[inputs] = rows.targets[g]
            loop.own_shift[inputs] = rows.target_shift[g]
            inputs += k != rows.windows[g].center
    loop.step.inputs = inputs


cdef void means(InnerLoop loop, Rows *rows) noexcept nogil:
    """CBOW: the mean of each window's contexts, or their sum."""
    cdef int g, k, end = 0
    loop.step.inputs = rows.window_count
    for g in range(rows.window_count):
        for k in range(rows.windows[g].first, rows.windows[g].last + 1):
            loop.context[end] = loop.trained_vector(loop.words[k], end)
            end += k != rows.windows[g].center
        loop.context_start[g + 1] = end
        loop.context_scale[g] = (
            <float>1 / (end - loop.context_start[g]) if loop.shares_update else 1)
        loop.own[g] = rows.targets[g]
        loop.own_shift[g] = rows.target_shift[g]


cdef void centers(InnerLoop loop, Rows *rows) noexcept nogil:
    """Skip-gram with the softmax, whose input is the center: the windows' centers."""
    cdef int g
    loop.step.inputs = rows.window_count
    for g in range(rows.window_count):
        loop.in_[g] = loop.trained_vector(rows.windows[g].target, g)


# ----------------------------------------------------------------------------------- objectives

cdef void ns_rows(InnerLoop loop, Rows *rows) noexcept nogil:
    """Each window's target with label 1, K noise words with label 0 (Mikolov et al., NIPS 2013,
    equation 4).

    The noise term is estimated from `draws` words of weight K / draws; a word drawn several times
    comes once, with the sum of the weights.
    """
    cdef int k, column, count
    rows.index[0] = rows.windows[0].target
    rows.label[0] = 1
    for k in range(loop.draws):
        rows.index[k + 1] = noise_word(loop, rows)
    for k in range(loop.draws):
        column = scaled(draw(loop.noise_key, loop.noise_index + k) >> 32, loop.word_count)
        prefetch(&loop.alias[column])
    count = merge_repeats(loop, rows.index + 1, loop.draws, rows.weight + 1)
    for k in range(1, count + 1):
        rows.weight[k] *= loop.draw_weight
    rows.count = count + 1


cdef void nce_rows(InnerLoop loop, Rows *rows) noexcept nogil:
    """ns with the shifts log(K q) (Gutmann and Hyvarinen, JMLR 2012; Mnih and Teh, ICML 2012)."""
    cdef int g, k
    ns_rows(loop, rows)
    for k in range(1, rows.count):
        rows.shift[k] = loop.log_expected_noise[rows.index[k]]
    for g in range(rows.window_count):
        rows.target_shift[g] = loop.log_expected_noise[rows.windows[g].target]
    rows.shift[0] = rows.target_shift[0]


cdef void hs_rows(InnerLoop loop, Rows *rows) noexcept nogil:
    """The nodes on the target's path, with label 1 where it takes branch 0 (Mikolov et al., NIPS
    2013, equation 3)."""
    cdef int k, target = rows.windows[0].target
    cdef int64_t start = loop.path_start[target]
    rows.count = <int>(loop.path_start[target + 1] - start)
    for k in range(rows.count):
        rows.index[k] = loop.path_nodes[start + k]
        rows.label[k] = 1 - loop.path_codes[start + k]
    if loop.next_window + 1 < loop.window_count:  # what the next steps look up
        prefetch(&loop.path_start[loop.windows[loop.next_window + 1].target])
        start = loop.path_start[loop.windows[loop.next_window].target]
        prefetch(&loop.path_nodes[start])
        prefetch(&loop.path_nodes[start + 12])
        prefetch(&loop.path_codes[start])


cdef void no_rows(InnerLoop loop, Rows *rows) noexcept nogil:
    """The softmax takes every word: there is nothing to draw or to prefetch."""
    rows.count = 0


cdef ObjectiveRules[4] OBJECTIVE_RULES
OBJECTIVE_RULES[0] = ObjectiveRules(b"ns", ns_rows, W2V_SIGMOID, NOISE)
OBJECTIVE_RULES[1] = ObjectiveRules(b"nce", nce_rows, W2V_SIGMOID, NOISE)
OBJECTIVE_RULES[2] = ObjectiveRules(b"hs", hs_rows, W2V_SIGMOID, PATHS)
OBJECTIVE_RULES[3] = ObjectiveRules(b"softmax", no_rows, W2V_SOFTMAX, NOTHING)


cdef ObjectiveRules rules_of(name):
    for rules in OBJECTIVE_RULES:
        if rules.name == <bytes>name.encode():
            return rules
    raise ValueError(f"objective = {name!r} is not known here")


# --------------------------------------------------------------------------- outputs and losses

cdef void drawn_rows(InnerLoop loop, Rows *rows) noexcept nogil:
    """The rows that the objective drew."""
    loop.step.rows, loop.step.out = rows.count, rows.out
    loop.step.label, loop.step.shift, loop.step.weight = rows.label, rows.shift, rows.weight


cdef void every_word(InnerLoop loop, Rows *rows) noexcept nogil:
    """Every word, with the softmax's labels. CBOW predicts the center from the mean; skip-gram
    predicts all contexts from the center, in one pass over V:
    -sum_o u_o . v_c + 2m log sum_k exp(u_k . v_c)."""
    cdef int g, k, before, count = 0
    loop.step.rows, loop.step.out = loop.word_count, loop.every_row
    for g in range(rows.window_count):
        before = count
        if loop.step.context:
            loop.label_row[count] = rows.windows[g].target
            count += 1
        else:
            for k in range(rows.windows[g].first, rows.windows[g].last + 1):
                loop.label_row[count] = loop.words[k]
                count += k != rows.windows[g].center
        for k in range(before, count):
            loop.label_input[k] = g
        loop.labels[g] = count - before
    loop.step.label_count = count


cdef void add_softmax_loss(InnerLoop loop, Rows *rows) noexcept nogil:
    """The sum of labels * log sum exp(score), minus the scores that have a label."""
    cdef int i, k
    cdef size_t width = w2v_width(&loop.step)
    for i in range(loop.step.inputs):
        loop.loss += loop.labels[i] * loop.step.log_sum[i]
    for k in range(loop.step.label_count):
        loop.loss -= loop.step.score[loop.label_row[k] * width + loop.label_input[k]]
    loop.loss_pairs += loop.step.label_count


cdef void add_sigmoid_loss(InnerLoop loop, Rows *rows) noexcept nogil:
    """-log sigmoid(x) for label 1, -log sigmoid(-x) for label 0, x = score - shift. One window in
    `loss_period` is sampled."""
    cdef int i, r
    cdef size_t width = w2v_width(&loop.step)
    cdef double x
    if loop.windows_done < loop.loss_due:
        return
    loop.loss_due += loop.loss_period * rows.window_count
    for r in range(loop.step.rows):
        for i in range(loop.step.inputs):
            x = loop.step.score[r * width + i]
            x -= loop.own_shift[i] if r == 0 and loop.has_targets else loop.step.shift[r]
            loop.loss += loop.step.weight[r] * (
                max(x, 0) + log1p(exp(-fabs(x))) - loop.step.label[r] * x)
    loop.loss_pairs += loop.step.inputs


cdef int merge_repeats(InnerLoop loop, int *index, int count, float *times) noexcept nogil:
    """Keep the first of equal indices, and count in `times` how often each came; return how many
    are left."""
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


# ---------------------------------------------------------------------------------------- draws

cdef inline int noise_word(InnerLoop loop, Rows *rows) noexcept nogil:
    """A draw from q that is no target; after MAX_REDRAWS failures, uniform among the other words.

    The choice between column and alias is arithmetic: a branch would be mispredicted, and would
    wait for the table.
    """
    cdef uint64_t bits = 0
    cdef int column, alias, word, attempt
    for attempt in range(loop.max_redraws):
        bits = draw(loop.noise_key, loop.noise_index)
        loop.noise_index += 1
        column = scaled(bits >> 32, loop.word_count)
        alias = loop.alias[column].alias
        word = alias ^ ((column ^ alias) & -<int>(<uint32_t>bits < loop.alias[column].threshold))
        if not is_target(rows, word):
            return word
    return not_target(rows, scaled(bits >> 32, loop.word_count - rows.window_count))


cdef inline bint is_target(Rows *rows, int word) noexcept nogil:
    cdef int i
    cdef bint found = False
    for i in range(rows.window_count):
        found |= rows.windows[i].target == word
    return found


cdef int not_target(Rows *rows, int number) noexcept nogil:
    """The `number`-th word (from 0) that is not a target."""
    cdef int i, word = number, next = -1
    while next != word:
        next, word = word, number
        for i in range(rows.window_count):
            word += rows.windows[i].target <= next
    return word


# ----------------------------------------------------------------------------- instruction sets

def built_isas():
    """Names of the instruction sets this build has a kernel for, widest first."""
    return [w2v_kernel_at(i).name.decode() for i in range(w2v_kernel_count())]


def supported_isas():
    """Those of `built_isas()` that this CPU and system can run."""
    return [name for i, name in enumerate(built_isas()) if w2v_kernel_runs(i)]


def choose_isa(isa=None):
    """The instruction set to run: `isa`, else W2V_FAST_ISA, else the fastest.

    Raises
    ------
    ValueError
        This build or CPU cannot run it.
    """
    wanted = isa or os.environ.get("W2V_FAST_ISA") or built_isas()[w2v_kernel_best()]
    if wanted not in supported_isas():
        raise ValueError(f"isa = {wanted!r} cannot run here; this build and CPU run "
                         f"{', '.join(supported_isas())}")
    return wanted
