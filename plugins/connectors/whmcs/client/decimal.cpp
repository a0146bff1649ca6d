// Digit by digit: a double would round where nobody asked for it.
#include "client/decimal.hpp"

#include <algorithm>

namespace whmcs {

namespace {

struct Decimal {
  bool negative = false;
  std::string_view whole, fraction;
};

bool all_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<Decimal> parse(std::string_view text) {
  Decimal out;
  if (text.starts_with('-')) {
    out.negative = true;
    text.remove_prefix(1);
  }
  const auto dot = text.find('.');
  out.whole = text.substr(0, dot);
  if (dot != std::string_view::npos) {
    out.fraction = text.substr(dot + 1);
    if (out.fraction.empty()) return std::nullopt;
  }
  if (out.whole.empty() || !all_digits(out.whole) || !all_digits(out.fraction)) return std::nullopt;
  return out;
}

}  // namespace

std::optional<std::int64_t> minor_units(std::string_view text, int digits) {
  const auto decimal = parse(text);
  if (!decimal) return std::nullopt;
  const auto kept = decimal->fraction.substr(0, static_cast<std::size_t>(digits));
  const auto rest = decimal->fraction.substr(kept.size());
  std::string all(decimal->whole);
  all += kept;
  all.append(static_cast<std::size_t>(digits) - kept.size(), '0');
  std::int64_t amount = 0;
  for (const char c : all)
    if (__builtin_mul_overflow(amount, 10, &amount) || __builtin_add_overflow(amount, c - '0', &amount))
      return std::nullopt;
  if (!rest.empty() && rest.front() >= '5' && __builtin_add_overflow(amount, 1, &amount)) return std::nullopt;
  return decimal->negative ? -amount : amount;
}

std::optional<std::string> rate_percent(std::string_view text) {
  const auto decimal = parse(text);
  if (!decimal || decimal->negative) return std::nullopt;
  auto whole = decimal->whole;
  while (whole.size() > 1 && whole.front() == '0') whole.remove_prefix(1);
  auto fraction = decimal->fraction;
  while (!fraction.empty() && fraction.back() == '0') fraction.remove_suffix(1);
  if (whole == "0" && fraction.empty()) return std::nullopt;
  return std::string(whole) + "." + (fraction.empty() ? "0" : std::string(fraction));
}

}  // namespace whmcs
