// Counts what each thread takes from the heap through operator new.
#pragma once

#include <cstdint>
#include <vector>

namespace bench {

struct Taken {
  std::uint64_t blocks = 0;
  std::uint64_t bytes = 0;
};

/// What each thread of this process has taken so far.
using Census = std::vector<Taken>;
Census take_census();

/// What the busiest thread but the calling one took between the two.
Taken busiest_other(const Census& before, const Census& after);

}  // namespace bench
