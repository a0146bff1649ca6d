// The Redis wire format (RESP 2).
#include "kernel/cache/resp.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace kernel::cache {
namespace {

class Reader {
 public:
  Reader(std::string_view bytes, const RespLimits& limits) : bytes_(bytes), limits_(limits) {}

  RespStatus read(Reply& reply, int depth) {
    if (at_ >= bytes_.size()) return RespStatus::incomplete;
    const char sign = bytes_[at_];
    std::string_view line;
    if (const auto status = take_line(line); status != RespStatus::complete) return status;
    switch (sign) {
      case '+':
        return text(reply, Reply::Kind::text, line);
      case '-':
        return text(reply, Reply::Kind::error, line);
      case ':':
        reply.kind = Reply::Kind::integer;
        return number(line, reply.integer);
      case '$':
        return bulk(reply, line);
      case '*':
        return array(reply, line, depth);
      default:
        return RespStatus::malformed;
    }
  }

  std::size_t consumed() const { return at_; }

 private:
  /// The line after the sign; moves past its end.
  RespStatus take_line(std::string_view& line) {
    if (at_ < bytes_.size() && std::string_view("+-:$*").find(bytes_[at_]) == std::string_view::npos)
      return RespStatus::malformed;
    const auto end =
        bytes_.substr(0, std::min(bytes_.size(), at_ + limits_.line_bytes)).find("\r\n", at_ + 1);
    if (end == std::string_view::npos)
      return bytes_.size() - at_ >= limits_.line_bytes ? RespStatus::malformed : RespStatus::incomplete;
    line = bytes_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 2;
    return RespStatus::complete;
  }

  static RespStatus text(Reply& reply, Reply::Kind kind, std::string_view line) {
    reply.kind = kind;
    reply.text = line;
    return RespStatus::complete;
  }

  static RespStatus number(std::string_view line, std::int64_t& value) {
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), value);
    const bool good = error == std::errc{} && end == line.data() + line.size();
    return good ? RespStatus::complete : RespStatus::malformed;
  }

  RespStatus bulk(Reply& reply, std::string_view line) {
    std::int64_t length = 0;
    if (number(line, length) != RespStatus::complete || length < -1) return RespStatus::malformed;
    if (length == -1) return RespStatus::complete;  // nil
    const auto size = static_cast<std::size_t>(length);
    if (size > limits_.bulk_bytes) return RespStatus::malformed;
    if (bytes_.size() - at_ < size + 2) return RespStatus::incomplete;
    if (bytes_.substr(at_ + size, 2) != "\r\n") return RespStatus::malformed;
    reply.kind = Reply::Kind::bulk;
    reply.text = bytes_.substr(at_, size);
    at_ += size + 2;
    return RespStatus::complete;
  }

  RespStatus array(Reply& reply, std::string_view line, int depth) {
    std::int64_t count = 0;
    if (number(line, count) != RespStatus::complete || count < -1) return RespStatus::malformed;
    if (count == -1) return RespStatus::complete;  // nil
    items_ += static_cast<std::size_t>(count);
    if (depth >= limits_.depth || items_ > limits_.array_items) return RespStatus::malformed;
    reply.kind = Reply::Kind::array;
    for (std::int64_t i = 0; i < count; ++i) {
      reply.items.emplace_back();  // as they come: a count alone reserves nothing
      if (const auto status = read(reply.items.back(), depth + 1); status != RespStatus::complete)
        return status;
    }
    return RespStatus::complete;
  }

  std::string_view bytes_;
  const RespLimits& limits_;
  std::size_t at_ = 0;
  std::size_t items_ = 0;
};

}  // namespace

RespStatus parse_reply(std::string_view bytes, Reply& reply, std::size_t& consumed,
                       const RespLimits& limits) {
  reply = {};
  Reader reader(bytes, limits);
  const RespStatus status = reader.read(reply, 0);
  consumed = status == RespStatus::complete ? reader.consumed() : 0;
  return status;
}

void write_command(std::string& out, std::span<const std::string> command) {
  fmt::format_to(std::back_inserter(out), "*{}\r\n", command.size());
  for (const std::string& word : command) {
    fmt::format_to(std::back_inserter(out), "${}\r\n", word.size());
    out += word;
    out += "\r\n";
  }
}

}  // namespace kernel::cache
