// Between Value and PostgreSQL's binary wire form.
#include "kernel/database/codec.hpp"

#include <fmt/format.h>

#include <bit>
#include <chrono>
#include <cstring>
#include <limits>
#include <portico/problem.hpp>

namespace kernel::database {
namespace {

enum : Oid {
  kBool = 16,
  kBytea = 17,
  kChar = 18,
  kName = 19,
  kInt8 = 20,
  kInt2 = 21,
  kInt4 = 23,
  kText = 25,
  kOid = 26,
  kJson = 114,
  kFloat4 = 700,
  kFloat8 = 701,
  kUnknown = 705,
  kBpchar = 1042,
  kVarchar = 1043,
  kDate = 1082,
  kTimestamptz = 1184,
  kNumeric = 1700,
  kVoid = 2278,
  kUuid = 2950,
  kJsonb = 3802,
  kXid8 = 5069
};

constexpr std::int64_t kEpochUs = 946'684'800'000'000;  // PostgreSQL counts from 2000-01-01
constexpr std::int64_t kEpochDays = 10'957;
constexpr auto kMax64 = std::numeric_limits<std::int64_t>::max();
constexpr auto kMin64 = std::numeric_limits<std::int64_t>::min();

[[noreturn]] void refuse(std::string_view column, std::string_view why) {
  throw portico::Problem(500, "database.type", fmt::format("column \"{}\": {}", column, why));
}

template <class Integer>
Integer read_int(std::string_view bytes, std::string_view column) {
  if (bytes.size() != sizeof(Integer)) refuse(column, "has an unexpected length");
  std::make_unsigned_t<Integer> value = 0;
  for (const char c : bytes)
    value = static_cast<decltype(value)>((value << 8) | static_cast<unsigned char>(c));
  return static_cast<Integer>(value);
}

std::string big_endian(std::uint64_t value) {
  std::string out(8, '\0');
  for (int i = 7; i >= 0; --i, value >>= 8)
    out[static_cast<std::size_t>(i)] = static_cast<char>(value & 0xff);
  return out;
}

std::string read_uuid(std::string_view bytes, std::string_view column) {
  if (bytes.size() != 16) refuse(column, "has an unexpected length");
  std::string out;
  for (std::size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    fmt::format_to(std::back_inserter(out), "{:02x}", static_cast<unsigned char>(bytes[i]));
  }
  return out;
}

Value read_timestamp(std::string_view bytes, std::string_view column) {
  const auto since_2000 = read_int<std::int64_t>(bytes, column);
  if (since_2000 == kMax64 || since_2000 == kMin64) return Timestamp{since_2000};  // infinity, -infinity
  std::int64_t us = 0;
  if (__builtin_add_overflow(since_2000, kEpochUs, &us)) refuse(column, "is a time too far away to count");
  return Timestamp{us};
}

Value read_date(std::string_view bytes, std::string_view column) {
  const auto since_2000 = read_int<std::int32_t>(bytes, column);
  if (since_2000 == std::numeric_limits<std::int32_t>::max()) return Date{"infinity"};
  if (since_2000 == std::numeric_limits<std::int32_t>::min()) return Date{"-infinity"};
  const std::chrono::sys_days day{std::chrono::days(since_2000 + kEpochDays)};
  const std::chrono::year_month_day ymd(day);
  if (static_cast<int>(ymd.year()) < 1 || static_cast<int>(ymd.year()) > 9999)
    refuse(column, "is a date outside the years 1 to 9999");
  return Date{fmt::format("{:04}-{:02}-{:02}", static_cast<int>(ymd.year()),
                          static_cast<unsigned>(ymd.month()), static_cast<unsigned>(ymd.day()))};
}

/// numeric on the wire: groups of four decimal digits, the weight of the first group, sign, digits after the
/// point.
std::string read_numeric(std::string_view bytes, std::string_view column) {
  if (bytes.size() < 8) refuse(column, "has an unexpected length");
  const auto word = [&](std::size_t i) { return read_int<std::int16_t>(bytes.substr(2 * i, 2), column); };
  const int groups = word(0);
  const int weight = word(1);
  const auto sign = static_cast<std::uint16_t>(word(2));
  const int scale = word(3);
  if (sign == 0xC000) return "NaN";
  if (sign == 0xD000) return "Infinity";
  if (sign == 0xF000) return "-Infinity";
  if (groups < 0 || scale < 0 || bytes.size() != 8 + 2 * static_cast<std::size_t>(groups))
    refuse(column, "has an unexpected length");
  const auto group = [&](int i) {
    return i >= 0 && i < groups ? int{word(4 + static_cast<std::size_t>(i))} : 0;
  };
  std::string out = sign == 0x4000 ? "-" : "";
  if (weight < 0) out += '0';
  for (int i = 0; i <= weight; ++i)
    out += i == 0 ? fmt::format("{}", group(i)) : fmt::format("{:04}", group(i));
  if (scale > 0) {
    std::string fraction;
    for (int i = weight + 1; static_cast<int>(fraction.size()) < scale; ++i)
      fraction += fmt::format("{:04}", group(i));
    out += '.';
    out.append(fraction, 0, static_cast<std::size_t>(scale));
  }
  return out;
}

}  // namespace

Encoded encode(const Value& value) {
  struct Visitor {
    Encoded operator()(std::monostate) const { return {0, true, 0, {}}; }
    Encoded operator()(bool v) const { return {kBool, false, 1, std::string(1, v ? '\1' : '\0')}; }
    Encoded operator()(std::int64_t v) const {
      return {kInt8, false, 1, big_endian(static_cast<std::uint64_t>(v))};
    }
    Encoded operator()(double v) const {
      return {kFloat8, false, 1, big_endian(std::bit_cast<std::uint64_t>(v))};
    }
    Encoded operator()(const std::string& v) const {
      // Text parameters end at the first NUL, and PostgreSQL has no text with one: refuse rather than cut.
      if (v.find('\0') != std::string::npos)
        throw portico::Problem(500, "database.type", "a text parameter contains a NUL character");
      return {0, false, 0, v};
    }
    Encoded operator()(const Bytes& v) const { return {kBytea, false, 1, v.data}; }
    Encoded operator()(const Timestamp& v) const {
      std::int64_t since_2000 = v.us;
      if (v.us != kMax64 && v.us != kMin64 && __builtin_sub_overflow(v.us, kEpochUs, &since_2000))
        throw portico::Problem(500, "database.type", "a time parameter is too far away to send");
      return {kTimestamptz, false, 1, big_endian(static_cast<std::uint64_t>(since_2000))};
    }
    Encoded operator()(const Date& v) const { return {kDate, false, 0, v.text}; }
  };
  return std::visit(Visitor{}, value);
}

Value decode(Oid type, std::string_view bytes, std::string_view column) {
  switch (type) {
    case kBool:
      return read_int<std::int8_t>(bytes, column) != 0;
    case kInt2:
      return std::int64_t{read_int<std::int16_t>(bytes, column)};
    case kInt4:
      return std::int64_t{read_int<std::int32_t>(bytes, column)};
    case kInt8:
      return read_int<std::int64_t>(bytes, column);
    case kOid:
      return static_cast<std::int64_t>(static_cast<std::uint32_t>(read_int<std::int32_t>(bytes, column)));
    case kXid8:
      return read_int<std::int64_t>(bytes, column);
    case kFloat4:
      return double{std::bit_cast<float>(read_int<std::int32_t>(bytes, column))};
    case kFloat8:
      return std::bit_cast<double>(read_int<std::int64_t>(bytes, column));
    case kText:
    case kVarchar:
    case kBpchar:
    case kName:
    case kChar:
    case kJson:
    case kUnknown:
      return std::string(bytes);
    case kJsonb:
      if (bytes.empty() || bytes.front() != 1) refuse(column, "is jsonb of an unknown version");
      return std::string(bytes.substr(1));
    case kUuid:
      return read_uuid(bytes, column);
    case kNumeric:
      return read_numeric(bytes, column);
    case kBytea:
      return Bytes{std::string(bytes)};
    case kTimestamptz:
      return read_timestamp(bytes, column);
    case kDate:
      return read_date(bytes, column);
    case kVoid:
      return std::monostate{};
    default:
      refuse(column,
             fmt::format("has the type with oid {}, which has no form here; cast it in the statement, for "
                         "example to text, jsonb, timestamptz or bigint",
                         type));
  }
}

std::size_t Result::column(std::string_view name) const {
  for (std::size_t i = 0; i < names_.size(); ++i)
    if (names_[i] == name) return i;
  throw portico::Problem(500, "database.column", fmt::format("the result has no column \"{}\"", name));
}

const Value& Result::at(std::size_t row, std::size_t column) const {
  if (column >= names_.size() || row >= rows())
    throw portico::Problem(500, "database.column",
                           fmt::format("the result has {} rows and {} columns; asked for row {} column {}",
                                       rows(), names_.size(), row, column));
  return cells_[row * names_.size() + column];
}

void Result::refuse_type(std::string_view column_name) {
  throw portico::Problem(500, "database.type",
                         fmt::format("column \"{}\" is NULL or of another type", column_name));
}

}  // namespace kernel::database
