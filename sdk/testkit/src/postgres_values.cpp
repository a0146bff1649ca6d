// PostgreSQL's binary formats, as far as portico.database/1 goes.
#include "postgres_values.hpp"

#include <fmt/format.h>

#include <bit>
#include <chrono>
#include <limits>
#include <portico/problem.hpp>

namespace portico::testkit {

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
  kJsonb = 3802
};

constexpr std::int64_t kEpochUs = 946'684'800'000'000;  // PostgreSQL counts from 2000-01-01

[[noreturn]] void refuse(std::string_view column, const std::string& why) {
  throw Problem(500, "database.type", fmt::format("column \"{}\" {}", column, why));
}

/// A signed number of any width, most significant byte first.
std::int64_t number(std::string_view bytes) {
  std::uint64_t out = !bytes.empty() && (static_cast<unsigned char>(bytes[0]) & 0x80) ? ~std::uint64_t{0} : 0;
  for (const char c : bytes) out = (out << 8) | static_cast<unsigned char>(c);
  return static_cast<std::int64_t>(out);
}

std::string big_endian(std::uint64_t value) {
  std::string out(8, '\0');
  for (int i = 7; i >= 0; --i, value >>= 8)
    out[static_cast<std::size_t>(i)] = static_cast<char>(value & 0xff);
  return out;
}

std::string uuid_text(std::string_view bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    out += fmt::format("{:02x}", static_cast<unsigned char>(bytes[i]));
  }
  return out;
}

/// Groups of four decimal digits; the weight is the place of the first, the scale the digits after the point.
std::string numeric_text(std::string_view bytes) {
  const auto word = [&](std::size_t i) { return static_cast<int>(number(bytes.substr(2 * i, 2))); };
  const int groups = word(0), weight = word(1), scale = word(3);
  const int sign = word(2) & 0xffff;
  if (sign == 0xC000) return "NaN";
  const auto group = [&](int i) { return i >= 0 && i < groups ? word(static_cast<std::size_t>(4 + i)) : 0; };
  std::string out = sign == 0x4000 ? "-" : "";
  if (weight < 0) out += '0';
  for (int i = 0; i <= weight; ++i)
    out += i == 0 ? fmt::format("{}", group(i)) : fmt::format("{:04}", group(i));
  std::string fraction;
  for (int i = weight + 1; static_cast<int>(fraction.size()) < scale; ++i)
    fraction += fmt::format("{:04}", group(i));
  return scale > 0 ? out + "." + fraction.substr(0, static_cast<std::size_t>(scale)) : out;
}

std::string date_text(std::string_view bytes) {
  constexpr std::int64_t kEpochDays = 10'957;
  const std::chrono::sys_days day{std::chrono::days(number(bytes) + kEpochDays)};
  const std::chrono::year_month_day ymd(day);
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(ymd.year()), static_cast<unsigned>(ymd.month()),
                     static_cast<unsigned>(ymd.day()));
}

Value text(std::uint32_t kind, std::string bytes) {
  return {kind, 0, 0, std::move(bytes)};
}

}  // namespace

WireParameter to_wire(const Value& value) {
  switch (value.kind) {
    case PORTICO_VALUE_NULL:
      return {};
    case PORTICO_VALUE_BOOL:
      return {kBool, false, 1, std::string(1, value.integer ? '\1' : '\0')};
    case PORTICO_VALUE_INT:
      return {kInt8, false, 1, big_endian(static_cast<std::uint64_t>(value.integer))};
    case PORTICO_VALUE_REAL:
      return {kFloat8, false, 1, big_endian(std::bit_cast<std::uint64_t>(value.real))};
    case PORTICO_VALUE_TEXT:
      if (value.text.find('\0') != std::string::npos)
        throw Problem(500, "database.type", "a text parameter contains a NUL character");
      return {0, false, 0, value.text};
    case PORTICO_VALUE_BYTES:
      return {kBytea, false, 1, value.text};
    case PORTICO_VALUE_TIME:
      return {kTimestamptz, false, 1, big_endian(static_cast<std::uint64_t>(value.integer - kEpochUs))};
    default:
      throw Problem(500, "sdk.invalid_argument", "unknown kind of value");
  }
}

Value from_wire(Oid type, std::string_view bytes, std::string_view column) {
  switch (type) {
    case kBool:
      return {PORTICO_VALUE_BOOL, number(bytes) != 0, 0, {}};
    case kInt2:
    case kInt4:
    case kInt8:
      return {PORTICO_VALUE_INT, number(bytes), 0, {}};
    case kOid:
      return {PORTICO_VALUE_INT, static_cast<std::uint32_t>(number(bytes)), 0, {}};
    case kFloat4:
      return {PORTICO_VALUE_REAL, 0, std::bit_cast<float>(static_cast<std::uint32_t>(number(bytes))), {}};
    case kFloat8:
      return {PORTICO_VALUE_REAL, 0, std::bit_cast<double>(number(bytes)), {}};
    case kTimestamptz:
      return {PORTICO_VALUE_TIME, number(bytes) + kEpochUs, 0, {}};
    case kBytea:
      return text(PORTICO_VALUE_BYTES, std::string(bytes));
    case kText:
    case kVarchar:
    case kBpchar:
    case kName:
    case kChar:
    case kJson:
    case kUnknown:
      return text(PORTICO_VALUE_TEXT, std::string(bytes));
    case kJsonb:
      return text(PORTICO_VALUE_TEXT, std::string(bytes.substr(1)));  // after the version
    case kUuid:
      return text(PORTICO_VALUE_TEXT, uuid_text(bytes));
    case kNumeric:
      return text(PORTICO_VALUE_TEXT, numeric_text(bytes));
    case kDate:
      return text(PORTICO_VALUE_TEXT, date_text(bytes));
    case kVoid:
      return {};
    default:
      refuse(column,
             fmt::format("has the type with oid {}, which has no form here; cast it in the statement", type));
  }
}

}  // namespace portico::testkit
