// SPDX-License-Identifier: MIT
#include <stdexcept>
#include <string>

#include "tests/unit/profiler/unwind/agreement_work.h"

namespace
{

struct Guard {
    explicit Guard(int &count) : count_(count)
    {
    }
    ~Guard()
    {
        count_++;
    }
    Guard(const Guard &) = delete;
    Guard &operator=(const Guard &) = delete;
    int &count_;
};

__attribute__((noinline)) int dive(int depth, int &count)
{
    Guard guard(count);
    if (depth == 0)
        throw std::runtime_error("the bottom, " + std::to_string(count));
    return dive(depth - 1, count) + 1;
}

} // namespace

extern "C" __attribute__((noinline)) int ts_work_throw(int depth)
{
    int count = 0;

    try {
        return dive(depth, count);
    } catch (const std::exception &error) {
        ts_work_probe();
        return count + static_cast<int>(std::string(error.what()).size());
    }
}
