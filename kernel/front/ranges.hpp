// The Range field for one part of a file (RFC 9110 14); lists of parts are answered with the whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace kernel::front {

struct Range {
  enum class Kind : std::uint8_t { whole, part, unsatisfiable } kind = Kind::whole;
  std::size_t from = 0;
  std::size_t size = 0;  // of a part, in bytes
};

/// What a Range field asks for of that many bytes. What cannot be read, another unit and more than one part
/// mean the whole: a client has to be ready for that (RFC 9110 14.2).
Range read_range(std::string_view field, std::size_t size) noexcept;

/// May a part be sent to a client that holds another part under this If-Range value? Only the same strong
/// entity tag says so (RFC 9110 13.1.5); dates are not compared, files are sent without.
bool if_range_holds(std::string_view if_range, std::string_view entity_tag) noexcept;

}  // namespace kernel::front
