/*
 * Functions as C++ hides them: in namespaces, templates, classes inside functions, lambdas.
 *
 * SPDX-License-Identifier: MIT
 */
#include <cstdio>

#define MARK(name) __asm__ volatile(".globl " #name "\n.type " #name ", @object\n" #name ":\n nop")

static volatile int sink;

namespace bench
{
template <typename T> class Queue
{
  public:
    __attribute__((noinline)) void push(T value)
    {
        sink = sink + static_cast<int>(value);
        MARK(cpp_mark_method);
        sink = sink + 1;
    }
};

namespace
{
__attribute__((noinline)) void hidden(int value)
{
    sink = sink + value;
    MARK(cpp_mark_hidden);
    sink = sink + 1;
}
} // namespace
} // namespace bench

int main(int argc, char **)
{
    bench::Queue<int> queue;
    queue.push(argc);
    bench::hidden(argc);
    auto lambda = [](int value) __attribute__((noinline))
    {
        sink = sink + value;
        MARK(cpp_mark_lambda);
        sink = sink + 1;
    };
    lambda(argc);
    struct Local {
        static __attribute__((noinline)) void inside(int value)
        {
            sink = sink + value;
            MARK(cpp_mark_local);
            sink = sink + 1;
        }
    };
    Local::inside(argc);
    std::printf("%d\n", sink);
    return 0;
}
