// Tags, varints and lengths.
#include "events/protobuf.hpp"

#include <portico/problem.hpp>

namespace salesforce::events::protobuf {

namespace {

enum WireType : unsigned { kVarint = 0, kEight = 1, kLength = 2, kFour = 5 };

[[noreturn]] void refuse() {
  throw portico::Problem(502, "crm.event_unreadable", "no protobuf message");
}

}  // namespace

void Writer::varint(std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out_ += static_cast<char>(value | 0x80);
  out_ += static_cast<char>(value);
}

Writer& Writer::text(int field, std::string_view value) {
  if (value.empty()) return *this;
  varint(static_cast<std::uint64_t>(field) << 3 | kLength);
  varint(value.size());
  out_ += value;
  return *this;
}

Writer& Writer::number(int field, std::int64_t value) {
  if (value == 0) return *this;
  varint(static_cast<std::uint64_t>(field) << 3 | kVarint);
  varint(static_cast<std::uint64_t>(value));
  return *this;
}

std::uint64_t Reader::varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes(1)[0]);
    if (shift == 63 && byte > 1) refuse();
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  refuse();
}

std::string_view Reader::bytes(std::uint64_t size) {
  if (size > left_.size()) refuse();
  const auto out = left_.substr(0, static_cast<std::size_t>(size));
  left_.remove_prefix(out.size());
  return out;
}

bool Reader::next() {
  if (left_.empty()) return false;
  const auto tag = varint();
  field_ = tag >> 3;
  text_ = {};
  number_ = 0;
  if (field_ == 0) refuse();
  switch (tag & 7) {
    case kVarint:
      number_ = varint();
      return true;
    case kLength:
      text_ = bytes(varint());
      return true;
    case kEight:
      bytes(8);
      return true;
    case kFour:
      bytes(4);
      return true;
    default:
      refuse();
  }
}

}  // namespace salesforce::events::protobuf
