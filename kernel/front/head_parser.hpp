// Boost.Beast's parser, used for the head of a request only.
#pragma once

#include <string_view>

#include "kernel/front/limits.hpp"
#include "kernel/front/message.hpp"

namespace kernel::front {

class HeadParser {
 public:
  /// Parses a complete head (its empty line included) into method, target, version and fields.
  /// Returns false, with a reason, when the parser refuses it.
  static bool parse(std::string_view text, Head& head, Refusal& refusal);
};

}  // namespace kernel::front
