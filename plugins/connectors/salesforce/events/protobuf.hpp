// As much of protobuf's wire format as the bus's few messages need: a plugin brings no library of its own for
// it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace salesforce::events::protobuf {

/// A message in the making. Fields that have proto3's default are left out.
class Writer {
 public:
  Writer& text(int field, std::string_view value);
  Writer& number(int field, std::int64_t value);
  std::string take() { return std::move(out_); }

 private:
  void varint(std::uint64_t value);
  std::string out_;
};

/// One field after another; views into the bytes.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : left_(bytes) {}

  /// False at the end. errors: Problem 502 crm.event_unreadable: no message, or one with groups
  bool next();
  std::uint64_t field() const noexcept { return field_; }
  /// Of a length-delimited field; empty of any other.
  std::string_view text() const noexcept { return text_; }
  /// Of a varint; 0 of any other.
  std::uint64_t number() const noexcept { return number_; }

 private:
  std::uint64_t varint();
  std::string_view bytes(std::uint64_t size);

  std::string_view left_;
  std::uint64_t field_ = 0, number_ = 0;
  std::string_view text_;
};

}  // namespace salesforce::events::protobuf
