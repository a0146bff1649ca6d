// gzip for dynamic answers whose handlers allow it.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "kernel/front/message.hpp"

namespace kernel::front {

inline constexpr std::size_t kWorthCompressing = 1024;  // bytes; below, a gzip costs more than it saves

/// Text, JSON, XML, SVG: does a body of this media type shrink?
bool is_compressible(std::string_view content_type) noexcept;

/// Replaces the body by its gzip when the response allows it, the client accepts it, the type shrinks and the
/// body is larger than kWorthCompressing. Adds Content-Encoding, and Vary whenever the client's wish
/// mattered. Does nothing to answers that are coded already. Never throws: without memory the body stays as
/// it is.
void compress(const Request& request, Response& response) noexcept;

/// What compress() makes of a body, to be kept in Response::gzipped by who sends it again and again.
std::shared_ptr<const std::string> shared_gzip(std::string_view text);

/// The gzip of the text; level 1 (fast) … 9 (small).
std::string gzip(std::string_view text, int level);

}  // namespace kernel::front
