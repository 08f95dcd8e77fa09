/*
 * Linker symbols as their language writes them: C++ (Itanium ABI) and Rust (legacy and v0).
 *
 * The only place that speaks libiberty.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_SYMBOL_DEMANGLE_H
#define PROFILER_SYMBOL_DEMANGLE_H

#include <stdbool.h>
#include <stddef.h>

enum { PF_DEMANGLED_MAX = 1 << 14, PF_MANGLED_MAX = 1 << 13 };

/*
 * Write the name without its parameter list to out ("std::vector<int>::push_back"). False, out
 * untouched, if symbol is not mangled. A name whose text would pass PF_DEMANGLED_MAX is not
 * demangled: a few hundred bytes of substitutions can stand for gigabytes.
 */
bool pf_demangle(const char *symbol, char *out, size_t size);

#endif
