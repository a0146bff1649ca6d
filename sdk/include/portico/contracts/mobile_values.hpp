// Values of mobile lines that must not be mixed up: numbers, codes and data volumes, each a type of its own.
#pragma once

#include <portico/contract.hpp>

namespace portico::mobile {

/// The number of a line in domestic form, digits only: "09012345678".
struct PhoneNumber {
  std::string digits;
  friend bool operator==(const PhoneNumber&, const PhoneNumber&) = default;
};
BOOST_DESCRIBE_STRUCT(PhoneNumber, (), (digits))

/// The provider's name for a group of lines that share data volume.
struct GroupCode {
  std::string code;
  friend bool operator==(const GroupCode&, const GroupCode&) = default;
};
BOOST_DESCRIBE_STRUCT(GroupCode, (), (code))

/// The identity of a device's eSIM chip: 32 digits with check digits. Personal: never logged.
struct Eid {
  std::string digits;
  friend bool operator==(const Eid&, const Eid&) = default;
};
BOOST_DESCRIBE_STRUCT(Eid, (), (digits))

/// The serial of a SIM profile, 18 to 20 digits.
struct Iccid {
  std::string digits;
  friend bool operator==(const Iccid&, const Iccid&) = default;
};
BOOST_DESCRIBE_STRUCT(Iccid, (), (digits))

/// What is printed on a SIM card and tells it from others; the provider knows its form.
struct CardSerial {
  std::string text;
  friend bool operator==(const CardSerial&, const CardSerial&) = default;
};
BOOST_DESCRIBE_STRUCT(CardSerial, (), (text))

/// A plan in the provider's words; opaque.
struct PlanCode {
  std::string code;
  friend bool operator==(const PlanCode&, const PlanCode&) = default;
};
BOOST_DESCRIBE_STRUCT(PlanCode, (), (code))

/// Volume that is bought. How many of them make a gigabyte is the seller's choice.
struct Megabytes {
  std::int64_t mb = 0;
  friend bool operator==(const Megabytes&, const Megabytes&) = default;
};
BOOST_DESCRIBE_STRUCT(Megabytes, (), (mb))

/// Volume that is measured.
struct Kilobytes {
  std::int64_t kb = 0;
  friend bool operator==(const Kilobytes&, const Kilobytes&) = default;
};
BOOST_DESCRIBE_STRUCT(Kilobytes, (), (kb))

inline bool only_digits(std::string_view text) {
  for (const char c : text)
    if (c < '0' || c > '9') return false;
  return !text.empty();
}

/// Each check returns null, or the code of the field error.
inline const char* check_phone_number(std::string_view text) {
  return only_digits(text) && text[0] == '0' && text.size() >= 10 && text.size() <= 15
             ? nullptr
             : "invalid_phone_number";
}
/// 32 digits from 89…, and the whole number leaves 1 when divided by 97. source: GSMA SGP.02, ITU-T E.118
inline const char* check_eid(std::string_view text) {
  if (!only_digits(text) || text.size() != 32 || !text.starts_with("89")) return "invalid_eid";
  int rest = 0;
  for (const char c : text) rest = (rest * 10 + (c - '0')) % 97;
  return rest == 1 ? nullptr : "invalid_eid";
}
/// The Luhn digit is not asked for: some issuers leave it out.
inline const char* check_iccid(std::string_view text) {
  return only_digits(text) && text.size() >= 18 && text.size() <= 20 && text.starts_with("89")
             ? nullptr
             : "invalid_iccid";
}
inline const char* check_operation_id(std::string_view text) {
  if (text.empty() || text.size() > 64) return "invalid_operation_id";
  for (const char c : text)
    if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
          c == '_' || c == '-'))
      return "invalid_operation_id";
  return nullptr;
}
/// Its digits without the hyphens a person may type.
inline std::string reservation_digits(std::string_view text) {
  std::string digits;
  for (const char c : text)
    if (c != '-') digits += c;
  return digits;
}
inline const char* check_reservation_number(std::string_view text) {
  const auto digits = reservation_digits(text);
  return only_digits(digits) && digits.size() == 10 ? nullptr : "invalid_reservation_number";
}

}  // namespace portico::mobile

namespace portico {

template <>
struct Rules<mobile::PhoneNumber> {
  static void apply(RuleSet<mobile::PhoneNumber>& rule) {
    rule(&mobile::PhoneNumber::digits).check(mobile::check_phone_number);
  }
};
template <>
struct Rules<mobile::GroupCode> {
  static void apply(RuleSet<mobile::GroupCode>& rule) { rule(&mobile::GroupCode::code).length(1, 64); }
};
template <>
struct Rules<mobile::Eid> {
  static void apply(RuleSet<mobile::Eid>& rule) { rule(&mobile::Eid::digits).check(mobile::check_eid); }
};
template <>
struct Rules<mobile::Iccid> {
  static void apply(RuleSet<mobile::Iccid>& rule) { rule(&mobile::Iccid::digits).check(mobile::check_iccid); }
};
template <>
struct Rules<mobile::CardSerial> {
  static void apply(RuleSet<mobile::CardSerial>& rule) { rule(&mobile::CardSerial::text).length(1, 64); }
};
template <>
struct Rules<mobile::PlanCode> {
  static void apply(RuleSet<mobile::PlanCode>& rule) { rule(&mobile::PlanCode::code).length(1, 64); }
};
template <>
struct Rules<mobile::Megabytes> {
  static void apply(RuleSet<mobile::Megabytes>& rule) { rule(&mobile::Megabytes::mb).range(1, 10'000'000); }
};

}  // namespace portico
