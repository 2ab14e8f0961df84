/* Counts calls of the allocator and of mmap in a process that preloads this library. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>
#include <sys/types.h>

static long calls;

long allocation_calls(void) { return __atomic_load_n(&calls, __ATOMIC_RELAXED); }

#define COUNTED(type, name, parameters, ...)                    \
    type name parameters                                        \
    {                                                           \
        static type(*next) parameters;                          \
        if (!next)                                              \
            next = (type(*) parameters)dlsym(RTLD_NEXT, #name); \
        __atomic_fetch_add(&calls, 1, __ATOMIC_RELAXED);        \
        return next(__VA_ARGS__);                               \
    }

COUNTED(void *, malloc, (size_t size), size)
COUNTED(void *, realloc, (void *old, size_t size), old, size)
COUNTED(void *, aligned_alloc, (size_t alignment, size_t size), alignment, size)
COUNTED(int, posix_memalign, (void **found, size_t alignment, size_t size), found, alignment, size)
COUNTED(void *, mmap, (void *at, size_t size, int protection, int flags, int file, off_t offset),
        at, size, protection, flags, file, offset)
