/*
 * Structures that a test fills by name only: a value without a name does not compile, nor does a
 * bare value where a matcher or bytes belong.
 *
 * C lets a value without braces slip into the first member of the first member. For clang that is
 * a structure without members, which takes none. gcc would only warn of it, but has a warning for
 * the braces that are missing, which MK_STRICTLY makes an error inside one call.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ASSAY_MOCK_NAMED_H
#define ASSAY_MOCK_NAMED_H

/* clang-format off */
__extension__ struct mk_guard {}; /* GNU C; no bytes */
/* clang-format on */

/* First in a structure filled by name; the second meets what stands first among the arguments. */
#define MK_NAMED_FIRST struct mk_guard assay_, assay_named_
#define MK_NAMED(...) .assay_ = {}, __VA_ARGS__

#if defined(__has_attribute) && __has_attribute(designated_init)
#define MK_NAMED_ONLY __attribute__((designated_init))
#else
#define MK_NAMED_ONLY
#endif

#ifdef __clang__
#pragma GCC diagnostic error "-Wexcess-initializers"
#define MK_VALUE_FIRST struct mk_guard assay_; /* first in a matcher, in bytes */
#define MK_STRICTLY(call) __extension__({ call; })
#else
#pragma GCC diagnostic error "-Wdesignated-init"
#define MK_VALUE_FIRST
#define MK_STRICTLY(call)                                                                          \
    __extension__({                                                                                \
        _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic error \"-Wmissing-braces\"") call;  \
        _Pragma("GCC diagnostic pop")                                                              \
    })
#endif

#endif
