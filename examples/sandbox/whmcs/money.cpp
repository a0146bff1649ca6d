// Decimal text and rounding.
#include "examples/sandbox/whmcs/money.hpp"

#include <fmt/format.h>

#include "examples/sandbox/common/text.hpp"

namespace sandbox::whmcs {

namespace {

__extension__ using Wide = __int128;  // a product of two 64-bit numbers

constexpr std::int64_t kMaxWhole = 1'000'000'000'000;

/// The number at the start of `text`, scaled by 10^decimals, half away from zero.
std::int64_t scaled(std::string_view text, int decimals) {
  std::size_t i = text.find_first_not_of(" \t\r\n");
  if (i == std::string_view::npos) return 0;
  const bool negative = text[i] == '-';
  if (text[i] == '-' || text[i] == '+') ++i;
  const auto digit = [&] { return i < text.size() && text[i] >= '0' && text[i] <= '9'; };
  std::int64_t value = 0;
  for (; digit(); ++i) value = value < kMaxWhole ? value * 10 + (text[i] - '0') : value;
  if (value > kMaxWhole) value = kMaxWhole;
  const bool point = i < text.size() && text[i] == '.';
  if (point) ++i;
  for (int place = 0; place < decimals; ++place) {
    value *= 10;
    if (point && digit()) value += text[i++] - '0';
  }
  if (point && digit() && text[i] >= '5') ++value;
  return negative ? -value : value;
}

std::string grouped(std::int64_t whole, char separator) {
  std::string digits = std::to_string(whole);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<std::size_t>(at), 1, separator);
  return digits;
}

}  // namespace

Cents parse_cents(std::string_view text) {
  return scaled(text, 2);
}

RateThousandths parse_rate(std::string_view text) {
  return scaled(text, 3);
}

std::string cents_text(Cents cents) {
  const auto magnitude = cents < 0 ? -cents : cents;
  return fmt::format("{}{}.{:02}", cents < 0 ? "-" : "", magnitude / 100, magnitude % 100);
}

std::string rate_text(RateThousandths rate) {
  const auto magnitude = rate < 0 ? -rate : rate;
  return fmt::format("{}{}.{:03}", rate < 0 ? "-" : "", magnitude / 1000, magnitude % 1000);
}

Cents tax_of(Cents base, RateThousandths rate) {
  constexpr Wide kWhole = 100'000;
  const Wide product = static_cast<Wide>(base) * rate;
  const Wide half = product < 0 ? -kWhole / 2 : kWhole / 2;
  return static_cast<Cents>((product + half) / kWhole);
}

std::string formatted(Cents cents, std::string_view prefix, std::string_view suffix, int format) {
  const auto magnitude = cents < 0 ? -cents : cents;
  const auto whole = magnitude / 100, part = magnitude % 100;
  std::string number;
  switch (format) {
    case 1:
      number = fmt::format("{}.{:02}", whole, part);
      break;
    case 3:
      number = fmt::format("{},{:02}", grouped(whole, '.'), part);
      break;
    case 4:
      number = grouped(whole + (part >= 50 ? 1 : 0), ',');
      break;
    default:
      number = fmt::format("{}.{:02}", grouped(whole, ','), part);
      break;
  }
  return fmt::format("{}{}{}{}", prefix, cents < 0 ? "-" : "", number, suffix);
}

}  // namespace sandbox::whmcs
