/* Which kernels this build has, widest first, and which of them this CPU can run. */
#ifndef W2V_FAST_DISPATCH_H
#define W2V_FAST_DISPATCH_H

#include "kernel.h"

int w2v_kernel_count(void);
const w2v_kernel *w2v_kernel_at(int i);
int w2v_kernel_runs(int i);
int w2v_kernel_best(void);

#endif
