/*
 * Calls of a function by the object that defines it: the linker wraps undefined symbols only, so
 * these go past a wrapper.
 *
 * Seen in relocations of code and of data (a table of functions), in jumps the assembler resolved,
 * and in calls of copies the compiler made of a function (f.constprop.0).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MOCKS_GENERATOR_GEN_HOME_H
#define MOCKS_GENERATOR_GEN_HOME_H

#include <libelf.h>

#include "mocks/generator/gen_symbols.h"

/* Mark MK_GEN_CALLED_AT_HOME the global functions that this relocatable object calls or takes the
 * address of. Its symbols have been entered. */
void mk_gen_home_note(struct mk_gen_symbols *symbols, Elf *elf);

#endif
