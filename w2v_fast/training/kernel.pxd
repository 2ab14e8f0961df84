"""The C kernels as the inner loop sees them: kernel/kernel.h has the meaning of every field."""

cdef extern from "kernel/kernel.h" nogil:
    enum:
        W2V_MAX_INPUTS
    ctypedef enum w2v_activation:
        W2V_SIGMOID
        W2V_SOFTMAX
    size_t w2v_padded(int count)
    ctypedef struct w2v_step:
        int inputs
        int rows
        int dim
        w2v_activation activation
        float lr
        float **in_ "in"
        float *old_in
        float **out
        float **own
        float **context
        const int *context_start
        const float *context_scale
        int context_sum
        float *score
        float *error
        const float *label
        const float *shift
        const float *weight
        const float *own_shift
        const int *label_input
        const int *label_row
        int label_count
        const float *labels
        float *log_sum
        float **prefetch
        int prefetch_count
    size_t w2v_width(const w2v_step *)
    ctypedef struct w2v_kernel:
        const char *name
        void (*step)(const w2v_step *) noexcept nogil

cdef extern from "kernel/dispatch.h" nogil:
    int w2v_kernel_count()
    const w2v_kernel *w2v_kernel_at(int i)
    int w2v_kernel_runs(int i)
    int w2v_kernel_best()
