// zlib behind one function. Opt-in per answer: a secret and a client's own text compressed together leak
// (BREACH).
#include "kernel/front/compression.hpp"

#include <zlib.h>

#include <algorithm>
#include <new>

#include "kernel/front/answer_head.hpp"
#include "kernel/front/negotiation.hpp"

namespace kernel::front {

namespace {

constexpr int kDynamicLevel = 5;      // about the knee of size against time
constexpr int kGzipWindow = 15 + 16;  // zlib: 32 KB window, gzip wrapper
constexpr int kMemoryLevel = 8;

}  // namespace

bool is_compressible(std::string_view content_type) noexcept {
  const std::string_view type = content_type.substr(0, content_type.find_first_of("; \t"));
  const auto begins = [&](std::string_view with) { return type.substr(0, with.size()) == with; };
  const auto ends = [&](std::string_view with) {
    return type.size() >= with.size() && type.substr(type.size() - with.size()) == with;
  };
  if (type == "text/event-stream") return false;  // would wait in the compressor
  return begins("text/") || type == "application/json" || type == "application/javascript" ||
         type == "application/xml" || type == "application/manifest+json" || ends("+json") || ends("+xml");
}

std::string gzip(std::string_view text, int level) {
  z_stream stream{};
  if (::deflateInit2(&stream, level, Z_DEFLATED, kGzipWindow, kMemoryLevel, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::bad_alloc();
  }
  std::string out;
  try {
    out.resize(::deflateBound(&stream, text.size()));
  } catch (...) {
    ::deflateEnd(&stream);
    throw;
  }
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int state = ::deflate(&stream, Z_FINISH);  // one call: the room is enough by deflateBound
  out.resize(stream.total_out);
  ::deflateEnd(&stream);
  if (state != Z_STREAM_END) throw std::bad_alloc();
  return out;
}

std::shared_ptr<const std::string> shared_gzip(std::string_view text) {
  return std::make_shared<const std::string>(gzip(text, kDynamicLevel));
}

void compress(const Request& request, Response& response) noexcept {
  if (response.compression == Compression::never || !may_have_body(response.status)) return;
  const std::string_view content = response.content();
  if (content.size() <= kWorthCompressing) return;
  const auto type = response.headers.find("content-type");
  if (!type || !is_compressible(*type) || response.headers.contains("content-encoding")) return;
  try {
    response.headers.add("Vary", "Accept-Encoding");
    if (choose_coding(request.headers, {.gzip = true, .brotli = false}) != Coding::gzip) return;
    auto smaller = response.gzipped ? response.gzipped : shared_gzip(content);
    if (smaller->size() >= content.size()) return;
    // The entity tag of the plain body is not one of the coded body, byte by byte.
    response.headers.weaken_entity_tag();
    response.headers.add("Content-Encoding", "gzip");
    response.shared_body = std::move(smaller);
  } catch (const std::exception&) {  // no memory for it: the plain body is as good
  }
}

}  // namespace kernel::front
