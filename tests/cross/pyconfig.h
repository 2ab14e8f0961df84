/* Stands for the pyconfig.h of a 64-bit Python of the target: enough to compile against the limited API. */
#ifndef Py_PYCONFIG_H
#define Py_PYCONFIG_H

#include <stddef.h>
#include <stdint.h>

#define SIZEOF_INT 4
#define SIZEOF_LONG_LONG 8
#define SIZEOF_SIZE_T 8
#define SIZEOF_VOID_P 8
#define ALIGNOF_SIZE_T 8
#define SIZEOF_PID_T 4

#if defined(_WIN32)
#define MS_WINDOWS
#define MS_WIN64
#define HAVE_DECLSPEC_DLL
#define Py_ENABLE_SHARED
#define SIZEOF_LONG 4
#define SIZEOF_WCHAR_T 2
#else
#define HAVE_SSIZE_T 1
#define HAVE_UNISTD_H 1
#define SIZEOF_LONG 8
#define SIZEOF_WCHAR_T 4
#endif

#endif
