#!/usr/bin/env bash
# Every check that needs no server: sourced by ./run, one step each.
# SPDX-License-Identifier: MIT

check_format() {
  git ls-files -z '*.c' '*.h' | xargs -0 clang-format --dry-run -Werror
}

# Only what belongs to the build: the database names exactly the files that are compiled.
check_tidy() {
  run-clang-tidy -quiet -p build/clang -j "$(nproc)" "$PWD/(profiler|harness|mocks|fixtures)/.*\.c$"
}

# At least two jobs: with one cppcheck follows calls across files, and errs on out-parameters.
check_cppcheck() {
  cppcheck --quiet --error-exitcode=1 --enable=warning,performance,portability --inline-suppr \
    --suppressions-list=tests/lint/cppcheck.txt --std=c11 -D__x86_64__ -D_GNU_SOURCE \
    -D'ElfW(type)=Elf64_##type' -I. -Iharness/include -Imocks/include \
    -j "$(($(nproc) > 1 ? $(nproc) : 2))" profiler harness mocks fixtures
}

check_shell() {
  shellcheck -x run cmake/run/*.sh tests/lint/layers tests/lint/agent tests/lint/headers tests/lint/symbols \
    tests/lint/text tests/fuzz/run_all bench/run_all .ci/run
}

lint() {
  step "format" check_format
  step "shell scripts" check_shell
  step "text: sizes, paths, notes" tests/lint/text
  step "layers" tests/lint/layers
  step "headers stand alone" tests/lint/headers
  step "symbols carry prefixes" tests/lint/symbols build/clang
  step "the agent: exports, TLS, signal path" tests/lint/agent build/clang
  step "cppcheck" check_cppcheck
  step "clang-tidy" check_tidy
}
