// Which content coding of those on offer a client would rather have (RFC 9110 12.5.3).
#pragma once

#include <cstdint>
#include <string_view>

#include "kernel/front/message.hpp"

namespace kernel::front {

enum class Coding : std::uint8_t { identity, gzip, brotli };

struct Offer {
  bool gzip = false;
  bool brotli = false;
};

/// The coding with the highest weight; at equal weight the smaller one (brotli, gzip, identity). A client
/// that forbids everything on offer gets identity all the same: an answer beats a 406.
Coding choose_coding(const Headers& headers, Offer offer) noexcept;

/// Does an If-None-Match field name this entity tag ("*" or a list, compared weakly, RFC 9110 13.1.2)?
bool matches_entity_tag(std::string_view if_none_match, std::string_view entity_tag) noexcept;

}  // namespace kernel::front
