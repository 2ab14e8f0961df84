"""The Hogwild inner loop: tokens -> windows -> steps.

For each token of a job that survives subsampling:

    radius  uniform in 1..window
    inputs  the context rows within the radius, in the same sentence      (the architecture's choice)
    rows    the target and its noise words, or its Huffman path, ...      (the objective's choice)
    step    kernel: scores, errors, both updates

Threads run this loop on the same two matrices without a lock. What a token draws is a pure function of the run's seed,
the epoch and the token's position; noise is a pure function of the job. So one thread gives the same bits every time,
and many threads the same windows and noise in another order.
"""

import os

import numpy as np

from w2v_fast.training.tables import SETTLING, part_of_change

from libc.math cimport exp, fabs, log1p
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memset


cdef extern from "kernel/kernel.h" nogil:
    enum:
        W2V_TILE_ROWS
        W2V_TILE_WIDTH
    ctypedef enum w2v_link:
        W2V_SIGMOID
        W2V_SOFTMAX
    int w2v_place(int r)
    int w2v_places(int rows)
    size_t w2v_score_at(int inputs, int i, int r)
    size_t w2v_tile_size(int inputs)
    ctypedef struct w2v_step:
        int inputs
        int rows
        int dim
        w2v_link link
        float lr
        float **in_ "in"
        float **out
        float **target
        float **delta
        float **member
        const int *member_start
        const float *member_update
        const float *in_weight
        float *score
        float *error
        const float *label
        const float *shift
        const float *out_weight
        const int *hot_input
        const int *hot_row
        int hot_count
        float *log_sum
        float **ahead
        int ahead_count
    ctypedef struct w2v_kernel:
        const char *name
        int lanes
        void (*step)(const w2v_step *) noexcept nogil

cdef extern from "kernel/dispatch.h" nogil:
    int w2v_kernel_count()
    const w2v_kernel *w2v_kernel_at(int i)
    int w2v_kernel_runs(int i)
    int w2v_kernel_best()


cdef extern from *:
    void prefetch "__builtin_prefetch" (const void *) noexcept nogil


cdef enum:
    BLOCK_TOKENS = 2048       # kept tokens whose windows are found at once
    AHEAD = 2                 # steps between drawing a step's rows and training it: time to fetch them
    RING = 4                  # steps in flight: a power of two above AHEAD
    SHARING = 4               # windows of CBOW that share their noise
    BATCH = 64                # windows of one softmax step, or fewer, ...
    BATCH_SCORES = 1 << 23    # ... so that their scores are not many more than this
    LEAST_SEEN = 1024         # places of the hash table that finds repeats: a power of two
    MOST_COPIES = 16          # of the rows of frequent words; those of more workers would be too stale
    REDRAWS = 64              # noise equal to the target is drawn again, this many times at most


cdef struct AliasEntry:
    uint32_t threshold
    int32_t alias

cdef struct Seen:             # an index that a merge of repeats has met, and where it kept it
    uint32_t merge
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
    int *index                # the first window's target and the other rows
    float *label
    float *shift              # [windows][places]
    float *weight
    float **out               # where the rows are, and after them ...
    float **own               # ... the target of each window, if there are several, and the inputs to fetch with them
    int ahead_count

cdef class InnerLoop

ctypedef void (*rows_function)(InnerLoop loop, Rows *rows) noexcept nogil

ctypedef enum Lookup:
    NOTHING
    NOISE                     # the alias table and log(K q)
    PATHS                     # Huffman codes and paths

cdef struct Objective:
    const char *name
    rows_function rows_of     # fills the rows, labels and shifts of the targets
    w2v_link link
    Lookup lookup


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


cdef inline int noise_word(InnerLoop loop, Rows *rows, int target) noexcept nogil:
    """One draw from q that is no target (`target` is the first); after REDRAWS failures, uniform among the other words.

    The choice between column and alias is arithmetic: a branch would be mispredicted, and wait for the table each time.
    """
    cdef uint64_t bits
    cdef int column, alias, word, attempt
    for attempt in range(REDRAWS):
        bits = draw(loop.noise_key, loop.noise_index)
        loop.noise_index += 1
        column = scaled(bits >> 32, loop.words)
        alias = loop.alias[column].alias
        word = alias ^ ((column ^ alias) & -<int>(<uint32_t>bits < loop.alias[column].threshold))
        if word != target and (rows.windows == 1 or not is_target(rows, word)):
            return word
    return not_target(rows, scaled(bits >> 32, loop.words - rows.windows))


cdef inline bint is_target(Rows *rows, int word) noexcept nogil:
    cdef int i
    cdef bint found = False
    for i in range(rows.windows):
        found |= rows.window[i].target == word
    return found


cdef int not_target(Rows *rows, int number) noexcept nogil:
    """The word of that number among those that are no targets."""
    cdef int i, word = number, next = -1
    while next != word:
        next, word = word, number
        for i in range(rows.windows):
            word += rows.window[i].target <= next
    return word


# ------------------------------------------------------------------------------------------------- objectives

cdef void ns_rows(InnerLoop loop, Rows *rows) noexcept nogil:
    """The target with label 1, K noise words with label 0 (Mikolov et al., NIPS 2013, equation 4)."""
    cdef int k, target = rows.window[0].target
    rows.index[0] = target
    rows.label[0] = 1
    for k in range(1, loop.negative + 1):
        rows.index[k] = noise_word(loop, rows, target)
    for k in range(loop.negative):
        prefetch(&loop.alias[scaled(draw(loop.noise_key, loop.noise_index + k) >> 32, loop.words)])
    rows.count = merge_repeats(loop, rows.index, loop.negative + 1, loop.times)
    for k in range(rows.count):
        rows.weight[w2v_place(k)] = loop.times[k]


cdef void nce_rows(InnerLoop loop, Rows *rows) noexcept nogil:
    """As ns, with log(K q) as the rows' shift (Gutmann and Hyvarinen, JMLR 2012; Mnih and Teh, ICML 2012)."""
    cdef int i, k
    cdef float *shift = rows.shift
    ns_rows(loop, rows)
    for i in range(rows.windows):
        shift[0] = loop.log_expected_noise[rows.window[i].target]
        for k in range(1, rows.count):
            shift[w2v_place(k)] = loop.log_expected_noise[rows.index[k]]
        shift += w2v_places(rows.count)


cdef void hs_rows(InnerLoop loop, Rows *rows) noexcept nogil:
    """The inner nodes on the target's path, with label 1 where it takes branch 0 (Mikolov et al., equation 3)."""
    cdef int k, target = rows.window[0].target
    cdef int64_t start = loop.path_start[target]
    rows.count = <int>(loop.path_start[target + 1] - start)
    for k in range(rows.count):
        rows.index[k] = loop.path_nodes[start + k]
        rows.label[w2v_place(k)] = 1 - loop.path_codes[start + k]


cdef void every_row(InnerLoop loop, Rows *rows) noexcept nogil:
    """Every word: nothing to draw or to fetch ahead."""
    rows.count = 0


cdef Objective[4] OBJECTIVES
OBJECTIVES[0] = Objective(b"ns", ns_rows, W2V_SIGMOID, NOISE)
OBJECTIVES[1] = Objective(b"nce", nce_rows, W2V_SIGMOID, NOISE)
OBJECTIVES[2] = Objective(b"hs", hs_rows, W2V_SIGMOID, PATHS)
OBJECTIVES[3] = Objective(b"softmax", every_row, W2V_SOFTMAX, NOTHING)


cdef Objective objective_named(name):
    for objective in OBJECTIVES:
        if objective.name == <bytes>name.encode():
            return objective
    raise ValueError(f"objective = {name!r} is not known here")


cdef int merge_repeats(InnerLoop loop, int *index, int count, float *times) noexcept nogil:
    """Keep the first of equal indices, and how many they were; return how many are left."""
    cdef int i, place, left = 0
    cdef Seen *seen = loop.seen
    loop.merge += 1
    for i in range(count):
        place = index[i] & loop.seen_mask
        while seen[place].merge == loop.merge and index[seen[place].at] != index[i]:
            place = (place + 1) & loop.seen_mask
        if seen[place].merge == loop.merge:
            times[seen[place].at] += 1
        else:
            seen[place] = Seen(loop.merge, left)
            index[left] = index[i]
            times[left] = 1
            left += 1
    return left


# ------------------------------------------------------------------------------------------------- windows

cdef inline int contexts_of(InnerLoop loop, Window *window, int *index) noexcept nogil:
    """The words around the center; return how many."""
    cdef int k, center = window.center, count = 0
    for k in range(window.first, window.last + 1):
        index[count] = loop.word[k]
        count += k != center
    return count


cdef bint take_context(Window *window, Window *context) noexcept nogil:
    """Take the first context out of a window; return whether it has more."""
    context.first = context.last = window.first + (window.first == window.center)
    window.first = context.first + 1
    return window.first + (window.first == window.center) <= window.last


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
        Lookup tables (`tables.Tables`).
    config
        The run's `TrainConfig`.
    isa
        Name of the kernel to run, as `choose_isa` returns it.
    loss_period
        The loss is taken from every `loss_period`-th step (a softmax has it at hand from all).

    Attributes
    ----------
    batch
        Windows that a step takes, at most.
    """

    cdef list owned
    cdef const int32_t *ids
    cdef int64_t id_count
    cdef float *input
    cdef float *output
    cdef int stride, words, most_rows
    cdef const uint32_t *keep_threshold
    cdef const AliasEntry *alias
    cdef const float *log_expected_noise
    cdef const int64_t *path_start
    cdef const int32_t *path_nodes
    cdef const uint8_t *path_codes
    cdef int window, negative
    cdef bint cbow, corrected_cbow, softmax, single_contexts
    cdef readonly int batch
    cdef float *hot                      # this worker's copy of the first rows of `output`, ...
    cdef float *hot_shared               # ... and what they were when the copies met last
    cdef const float *hot_part           # of a change of each that the shared row takes
    cdef int hot_rows
    cdef rows_function rows_of
    cdef const w2v_kernel *kernel
    cdef uint64_t noise_key, noise_index
    cdef Seen *seen
    cdef int seen_mask
    cdef uint32_t merge
    cdef float *times                    # how often a row stands among the noise

    cdef int *word                       # kept tokens of the block, with their radius
    cdef int *radius
    cdef int *sentence                   # where each sentence starts among them
    cdef int kept, sentences, first_center, stop_center
    cdef Window *window_at               # the windows of the block; step s takes s, s + steps, s + 2 steps, ...
    cdef int windows, steps
    cdef int next_step, next_window
    cdef Rows ring[RING]
    cdef int *in_index
    cdef float *in_weight
    cdef float **in_
    cdef float **member
    cdef float **means
    cdef int *member_start
    cdef float *member_update
    cdef int *hot_input
    cdef int *hot_row
    cdef w2v_step step

    cdef int64_t steps_done, loss_period, loss_pairs, centers
    cdef double loss

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
        self.cbow = config.architecture == "cbow"
        self.corrected_cbow = config.corrected_cbow
        self.loss_period = loss_period
        self.kernel = w2v_kernel_at(built_isas().index(isa))
        objective = objective_named(config.objective)
        self.rows_of = objective.rows_of
        self.step.link = objective.link
        self.most_rows = self.look_up(objective.lookup, config, tables)
        self.softmax = objective.link == W2V_SOFTMAX
        self.batch = 1
        if self.softmax:
            self.batch = max(1, min(BATCH, BATCH_SCORES // self.words))
        elif self.cbow and config.share_noise and objective.lookup == NOISE:
            self.batch = max(1, min(SHARING, self.words - 1))
        self.single_contexts = not (config.share_noise or self.cbow or self.softmax)
        self.allocate(self.batch if self.cbow or self.softmax else 2 * self.window, self.most_rows)

    cdef int look_up(self, Lookup lookup, config, tables) except -1:
        """Take the tables that an objective looks up; return the most rows that a window has."""
        if lookup == NOISE:
            self.alias = <const AliasEntry *>self.borrow(tables.alias, tables.alias.dtype)
            self.log_expected_noise = <const float *>self.borrow(tables.log_expected_noise, np.float32)
            self.negative = config.negative if self.words > 1 else 0
            if 1 < config.threads <= MOST_COPIES:
                self.copy_hot_rows(tables.noise_visits, config)
            return self.negative + 1
        if lookup == PATHS:
            self.path_start = <const int64_t *>self.borrow(tables.paths.start, np.int64)
            self.path_nodes = <const int32_t *>self.borrow(tables.paths.nodes, np.int32)
            self.path_codes = <const uint8_t *>self.borrow(tables.paths.codes, np.uint8)
            if config.threads > 1:
                self.copy_hot_rows(tables.path_visits, config)
            return max(tables.paths.longest, 1)
        return self.words

    cdef int copy_hot_rows(self, visits, config) except -1:
        """Give this worker, one of several, a copy of the rows that all of them change all the time, which would travel
        between their caches. The copies meet after each block."""
        settled = SETTLING * config.alpha * BLOCK_TOKENS * self.mean_inputs * visits
        self.hot_part = <const float *>self.borrow(part_of_change(settled, config.threads), np.float32)
        self.hot_rows = len(visits)
        return 0

    cdef void *borrow(self, array, dtype) except NULL:
        """The address of a contiguous array of ours, which lives as long as this loop."""
        if array.dtype != dtype or not array.flags.c_contiguous:
            raise TypeError(f"expected a contiguous array of {np.dtype(dtype)}, not {array.dtype}")
        self.owned.append(array)
        return <void *><size_t>array.ctypes.data

    cdef void *scratch(self, size_t size) except NULL:
        """Zeroed memory, 64-byte aligned, which lives as long as this loop."""
        block = np.zeros(size + 64, np.uint8)
        self.owned.append(block)
        return <void *>((<size_t>block.ctypes.data + 63) & ~<size_t>63)

    cdef int allocate(self, int inputs, int rows) except -1:
        cdef int i
        cdef size_t kept = BLOCK_TOKENS + 2 * self.window + 1
        cdef size_t contexts = <size_t>self.batch * 2 * self.window
        cdef size_t tiles = (rows + W2V_TILE_ROWS - 1) // W2V_TILE_ROWS
        cdef size_t scores = (tiles * w2v_tile_size(inputs) if self.softmax
                              else <size_t>(inputs + 1) * w2v_places(rows)) * sizeof(float)
        self.seen_mask = max(LEAST_SEEN, 1 << (2 * max(inputs, 1 if self.softmax else rows)).bit_length()) - 1
        self.seen = <Seen *>self.scratch((self.seen_mask + 1) * sizeof(Seen))
        self.times = self.ones(1 if self.softmax else rows)
        self.word = <int *>self.scratch(kept * sizeof(int))
        self.radius = <int *>self.scratch(kept * sizeof(int))
        self.sentence = <int *>self.scratch((kept + 2) * sizeof(int))
        self.window_at = <Window *>self.scratch(BLOCK_TOKENS * sizeof(Window))
        self.in_index = <int *>self.scratch(contexts * sizeof(int))
        self.step.in_weight = self.in_weight = self.ones(contexts)
        if self.cbow:
            self.step.member = self.member = <float **>self.scratch(contexts * sizeof(void *))
            self.step.member_start = self.member_start = <int *>self.scratch((self.batch + 1) * sizeof(int))
            self.step.member_update = self.member_update = <float *>self.scratch(self.batch * sizeof(float))
        self.hot = <float *>self.scratch(<size_t>self.hot_rows * self.stride * sizeof(float))
        self.hot_shared = <float *>self.scratch(<size_t>self.hot_rows * self.stride * sizeof(float))
        for i in range(RING):
            self.allocate_rows(&self.ring[i], 1 if self.softmax else rows)
        self.step.in_ = self.in_ = self.vectors(inputs)
        self.step.out = <float **>self.scratch(rows * sizeof(void *))
        self.step.delta = self.vectors(inputs)
        self.step.score = <float *>self.scratch(scores)
        self.step.error = <float *>self.scratch(scores)
        if self.softmax:
            self.hot_input = <int *>self.scratch(contexts * sizeof(int))
            self.hot_row = <int *>self.scratch(contexts * sizeof(int))
            self.step.log_sum = <float *>self.scratch(2 * w2v_tile_size(inputs) * sizeof(float))
            for i in range(rows):
                self.step.out[i] = self.output + <size_t>i * self.stride
        return 0

    cdef int allocate_rows(self, Rows *rows, int count) except -1:
        cdef size_t places = w2v_places(count)
        rows.window = <Window *>self.scratch(self.batch * sizeof(Window))
        rows.index = <int *>self.scratch(count * sizeof(int))
        rows.label = <float *>self.scratch(places * sizeof(float))
        rows.shift = <float *>self.scratch(self.batch * places * sizeof(float))
        rows.weight = self.ones(places)
        rows.out = <float **>self.scratch((count + 2 * self.batch) * sizeof(void *))
        return 0

    cdef float *ones(self, size_t count) except NULL:
        cdef size_t i
        cdef float *numbers = <float *>self.scratch(count * sizeof(float))
        for i in range(count):
            numbers[i] = 1
        return numbers

    cdef float **vectors(self, int count) except NULL:
        """Scratch vectors, and pointers to them."""
        cdef int i
        cdef float **pointers = <float **>self.scratch(count * sizeof(void *))
        cdef float *block = <float *>self.scratch(<size_t>count * self.stride * sizeof(float))
        for i in range(count):
            pointers[i] = block + <size_t>i * self.stride
        return pointers

    @property
    def isa(self):
        """Name of the kernel that runs."""
        return self.kernel.name.decode()

    @property
    def mean_inputs(self):
        """Inputs of a window, on average at most."""
        return 1 if self.cbow or self.softmax else self.window + 1

    @property
    def token_flops(self):
        """Multiplications and additions of one token's steps, on average at most."""
        return 6.0 * self.stride * self.most_rows * self.mean_inputs

    def run(self, int64_t start, int64_t stop, float lr, uint64_t token_key, uint64_t noise_key):
        """Train on the windows centered on tokens start..stop; return (centers kept, loss in nats, pairs it is of)."""
        cdef int64_t position = start
        if not 0 <= start <= stop <= self.id_count:
            raise IndexError(f"tokens {start}..{stop} of {self.id_count}")
        self.step.lr = lr
        self.noise_key = noise_key
        self.noise_index = 0
        self.merge = 0
        memset(self.seen, 0, (self.seen_mask + 1) * sizeof(Seen))
        self.steps_done = self.loss_pairs = self.centers = 0
        self.loss = 0
        with nogil:
            self.meet()
            while position < stop:
                position = self.gather(position, stop, token_key)
                self.find_windows()
                self.train()
                self.meet()
        return self.centers, self.loss, self.loss_pairs

    cdef void meet(self) noexcept nogil:
        """Add this worker's part to the shared hot rows, and go on from what is there."""
        cdef Py_ssize_t row, i
        for row in range(self.hot_rows):
            for i in range(row * self.stride, (row + 1) * self.stride):
                self.output[i] += self.hot_part[row] * (self.hot[i] - self.hot_shared[i])
                self.hot[i] = self.hot_shared[i] = self.output[i]

    cdef inline bint keeps(self, int64_t position, uint64_t token_key) noexcept nogil:
        cdef int id = self.ids[position]
        return <uint32_t>(draw(token_key, position) >> 32) <= self.keep_threshold[id ^ (id >> 31)]

    cdef int64_t gather(self, int64_t start, int64_t stop, uint64_t token_key) noexcept nogil:
        """Subsample tokens from `start` on until the block is full, with up to `window` kept neighbors of the same
        sentence on each side; return the end, at most `stop`."""
        cdef int64_t position = start, end
        cdef int before = 0
        while before < self.window and position > 0 and self.ids[position - 1] >= 0:
            position -= 1
            before += self.keeps(position, token_key)
        self.kept = self.sentences = self.sentence[0] = 0
        self.take(position, start, self.window, token_key)
        self.first_center = self.kept
        end = position = self.take(start, stop, self.kept + BLOCK_TOKENS, token_key)
        self.stop_center = self.kept
        self.centers += self.stop_center - self.first_center
        while (position < self.id_count and self.ids[position - 1] >= 0
               and self.kept < self.stop_center + self.window):
            position = self.take(position, position + 1, self.stop_center + self.window, token_key)
        self.sentence[self.sentences + 1] = self.kept
        return end

    cdef int64_t take(self, int64_t start, int64_t stop, int most, uint64_t token_key) noexcept nogil:
        """Append the kept tokens from `start` on, each with its window radius, without a branch on either, until there
        are `most`; return the end, at most `stop`."""
        cdef int kept = self.kept, sentences = self.sentences, begun = self.sentence[sentences], id, ended
        cdef uint64_t bits
        cdef int64_t position = start
        while position < stop and kept < most:
            ended = self.ids[position] >> 31
            id = self.ids[position] ^ ended
            bits = draw(token_key, position)
            self.word[kept] = id
            self.radius[kept] = 1 + scaled(<uint32_t>bits, self.window)
            kept += <uint32_t>(bits >> 32) <= self.keep_threshold[id]
            sentences -= ended & -<int>(kept > begun)
            begun += ended & (kept - begun)
            self.sentence[sentences] = begun
            position += 1
        self.kept, self.sentences = kept, sentences
        return position

    cdef void find_windows(self) noexcept nogil:
        """The windows of the block that have a context."""
        cdef int center, first, last, sentence = 0
        self.windows = 0
        for center in range(self.first_center, self.stop_center):
            while center >= self.sentence[sentence + 1]:
                sentence += 1
            first = max(center - self.radius[center], self.sentence[sentence])
            last = min(center + self.radius[center], self.sentence[sentence + 1] - 1)
            self.window_at[self.windows] = Window(self.word[center], center, first, last)
            self.windows += first < last

    cdef void train(self) noexcept nogil:
        """Train the windows of the block: rows are drawn, and fetched into the cache, AHEAD steps before their own."""
        cdef int drawn = 0, done = 0
        cdef bint more = True
        self.steps = (self.windows + self.batch - 1) // self.batch
        self.next_step = self.next_window = 0
        while more and drawn < AHEAD:
            more = self.draw_rows(&self.ring[drawn])
            drawn += more
        while done < drawn:
            self.step.ahead_count = 0
            if more:
                more = self.draw_rows(&self.ring[drawn % RING])
                if more:
                    self.step.ahead = self.ring[drawn % RING].out
                    self.step.ahead_count = self.ring[drawn % RING].ahead_count
                    drawn += 1
            self.train_step(&self.ring[done % RING])
            done += 1

    cdef bint draw_rows(self, Rows *rows) noexcept nogil:
        """Find the windows of the next step, its output rows, and which of them to fetch; 0 at the end of the block."""
        cdef int i, k, coming
        cdef float **ahead
        self.take_windows(rows)
        if rows.windows == 0:
            return False
        self.rows_of(self, rows)
        for k in range(rows.count):
            rows.out[k] = self.output_row(rows.index[k])
        rows.own = ahead = rows.out + rows.count
        if rows.windows > 1:
            for i in range(rows.windows):
                rows.own[i] = self.output_row(rows.window[i].target)
            ahead += rows.windows
        for i in range(rows.windows):
            coming = rows.window[i].center + self.window
            if coming < self.kept:
                ahead[0] = self.input_vector(self.word[coming])
                ahead += 1
        rows.ahead_count = <int>(ahead - rows.out)
        return True

    cdef inline float *output_row(self, int index) noexcept nogil:
        return (self.hot if index < self.hot_rows else self.output) + <size_t>index * self.stride

    cdef void take_windows(self, Rows *rows) noexcept nogil:
        """The windows of the next step; none at the end of the block.

        They stand as far apart as the block allows, and have different targets: neighbors, whose contexts are nearly
        the same, would push their common noise words several times to the same side. Where each context draws its own
        noise, it is a window of its own.
        """
        cdef Window *window
        rows.windows = 0
        while self.next_window < self.windows:
            window = &self.window_at[self.next_window]
            if not self.softmax and is_target(rows, window.target):
                return
            rows.window[rows.windows] = window[0]
            rows.windows += 1
            if self.single_contexts and take_context(window, rows.window):
                return
            self.next_window += self.steps
            if self.next_window >= self.windows:
                self.next_step += 1
                self.next_window = self.next_step if self.next_step < self.steps else self.windows
                return

    cdef void train_step(self, Rows *rows) noexcept nogil:
        """The step of some windows: their inputs against their rows."""
        if self.cbow:
            self.take_means(rows)
        elif self.softmax:
            self.take_centers(rows)
        else:
            self.take_contexts(rows)
        if self.softmax:
            self.train_softmax(rows)
            return
        self.step.rows, self.step.out = rows.count, rows.out
        self.step.label, self.step.shift, self.step.out_weight = rows.label, rows.shift, rows.weight
        self.step.target = rows.own if rows.windows > 1 else NULL
        self.kernel.step(&self.step)
        if self.steps_done % self.loss_period == 0:
            self.add_sigmoid_loss()
        self.steps_done += 1

    cdef inline float *input_vector(self, int word) noexcept nogil:
        return self.input + <size_t>word * self.stride

    cdef void take_contexts(self, Rows *rows) noexcept nogil:
        """Skip-gram's inputs: the contexts of the window."""
        cdef int k, count = contexts_of(self, rows.window, self.in_index)
        self.step.inputs = merge_repeats(self, self.in_index, count, self.in_weight)
        for k in range(self.step.inputs):
            self.in_[k] = self.input_vector(self.in_index[k])

    cdef void take_means(self, Rows *rows) noexcept nogil:
        """CBOW's inputs: the mean of each window's contexts."""
        cdef int i, k, center, members = 0
        cdef float **member = self.member
        self.step.inputs = rows.windows
        for i in range(rows.windows):
            center = rows.window[i].center
            for k in range(rows.window[i].first, rows.window[i].last + 1):
                member[members] = self.input_vector(self.word[k])
                members += k != center
            self.member_start[i + 1] = members
            self.member_update[i] = <float>1 / (members - self.member_start[i]) if self.corrected_cbow else 1

    cdef void take_centers(self, Rows *rows) noexcept nogil:
        """Inputs of a skip-gram whose objective is written from the center's side."""
        cdef int i
        self.step.inputs = rows.windows
        for i in range(rows.windows):
            self.in_[i] = self.input_vector(rows.window[i].target)

    cdef void train_softmax(self, Rows *rows) noexcept nogil:
        """A softmax step: CBOW predicts the center from the mean, skip-gram, as its objective is written, all contexts
        from the center: -sum_o u_o . v_c + 2m log sum_k exp(u_k . v_c), in one pass over V."""
        cdef int i, k, count, hot = 0
        for i in range(rows.windows):
            if self.cbow:
                self.hot_row[hot] = rows.window[i].target
                count = 1
            else:
                count = contexts_of(self, &rows.window[i], self.hot_row + hot)
            for k in range(count):
                self.hot_input[hot + k] = i
            hot += count
            self.in_weight[i] = count
        self.step.rows = self.words
        self.step.hot_input, self.step.hot_row, self.step.hot_count = self.hot_input, self.hot_row, hot
        self.kernel.step(&self.step)
        self.add_softmax_loss()

    cdef void add_softmax_loss(self) noexcept nogil:
        """weight * log sum exp(score) - sum of hot scores, of the step just done."""
        cdef int i, h
        for i in range(self.step.inputs):
            self.loss += self.in_weight[i] * self.step.log_sum[i * W2V_TILE_WIDTH]
        for h in range(self.step.hot_count):
            self.loss -= self.step.score[w2v_score_at(self.step.inputs, self.hot_input[h], self.hot_row[h])]
        self.loss_pairs += self.step.hot_count

    cdef void add_sigmoid_loss(self) noexcept nogil:
        """-log sigmoid(x) for label 1, -log sigmoid(-x) for label 0, x = score - shift, of the step just done."""
        cdef int i, r, place, places = w2v_places(self.step.rows)
        cdef double x
        for i in range(self.step.inputs):
            for r in range(self.step.rows):
                place = w2v_place(r)
                x = (self.step.score[i * places + place]
                     - self.step.shift[place + (i * places if self.step.target else 0)])
                self.loss += (self.step.in_weight[i] * self.step.out_weight[place]
                              * (max(x, 0) + log1p(exp(-fabs(x))) - self.step.label[place] * x))
            self.loss_pairs += <int64_t>self.step.in_weight[i]


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
