// PHP-serialized arrays: refused, or within the limits; what the connector writes the sandbox reads.
#include <algorithm>
#include <stdexcept>

#include "client/php_serialize.hpp"
#include "examples/sandbox/whmcs/php_serialized.hpp"
#include "tests/fuzz/lib/target.hpp"

using fuzz::promise;
namespace sandbox_side = sandbox::whmcs;

namespace {

struct Size {
  std::size_t values = 0, bytes = 0, depth = 0;
};

void measure(const sandbox_side::FormValue& value, std::size_t depth, Size& size) {
  ++size.values;
  size.bytes += value.text.size();
  size.depth = std::max(size.depth, depth);
  promise(value.is_array || value.entries.empty(), "a scalar has no entries");
  for (const auto& [key, entry] : value.entries) {
    size.bytes += key.size();
    measure(entry, depth + 1, size);
  }
}

}  // namespace

void fuzz::check(std::string_view input) {
  const sandbox_side::SerializedLimits limits;
  whmcs::SerializedMap again;
  try {
    const auto value = sandbox_side::read_php_serialized(input);
    Size size;
    measure(value, 0, size);
    promise(value.is_array, "the whole is an array");
    promise(size.values <= limits.values && size.depth <= limits.depth, "the limits hold");
    promise(size.bytes <= input.size() * 20,
            "little grows out of much");  // "i:1;" is a key of up to 20 digits
  } catch (const std::runtime_error&) {
  }
  // The writer: any text under any key comes back.
  again.emplace_back(7, std::string(input));
  again.emplace_back(-3, static_cast<std::int64_t>(input.size()));
  if (input.size() < limits.bytes / 2) {
    const auto read = sandbox_side::read_base64_serialized(whmcs::serialized_parameter(again));
    promise(read.find("7") != nullptr && read.find("7")->text == input, "a text survives");
    promise(read.find("-3") != nullptr && read.find("-3")->text == std::to_string(input.size()),
            "so does a number");
  }
  try {
    (void)sandbox_side::read_options(input);
  } catch (const std::runtime_error&) {
  }
}
