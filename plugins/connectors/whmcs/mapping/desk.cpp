// The rules that keep a write from happening twice.
#include "mapping/desk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <portico/contracts/money.hpp>

namespace whmcs {

namespace {

constexpr int kLookAgainAfterS = 5;

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
         c == '.' || c == ':';
}

}  // namespace

bool may_have_run(const portico::Problem& problem) {
  if (const auto* call = dynamic_cast<const portico::OutboundProblem*>(&problem);
      call && !call->may_have_been_sent)
    return false;
  for (const auto* code :
       {"upstream.busy", "upstream.circuit_open", "upstream.isolated", "upstream.misconfigured"})
    if (problem.code == code) return false;
  return problem.status >= 500;
}

portico::Problem outcome_unknown(std::string_view action, const portico::Problem& problem) {
  return portico::Problem(503, "billing.outcome_unknown",
                          fmt::format("{} ended with {}: nobody knows whether it ran", action, problem.code),
                          kLookAgainAfterS);
}

void check_reference(std::string_view reference) {
  constexpr std::size_t kLongest = 64;
  const bool good =
      !reference.empty() && reference.size() <= kLongest &&
      std::all_of(reference.begin(), reference.end(), [](char c) { return is_word(c) && c != ':'; });
  if (!good) throw portico::invalid_field("/reference", "invalid");
}

std::string mark_of(std::string_view reference) {
  return fmt::format("portico:{}", reference);
}

bool holds_mark(std::string_view text, std::string_view mark) {
  for (auto at = text.find(mark); at != std::string_view::npos; at = text.find(mark, at + 1)) {
    const auto end = at + mark.size();
    if ((at == 0 || !is_word(text[at - 1])) && (end == text.size() || !is_word(text[end]))) return true;
  }
  return false;
}

void check_page(std::int64_t page, std::int64_t page_size) {
  constexpr std::int64_t kLargest = 100, kLast = 10'000;
  if (page < 1 || page > kLast) throw portico::invalid_field("/page", "out_of_range");
  if (page_size < 1 || page_size > kLargest) throw portico::invalid_field("/page_size", "out_of_range");
}

std::string amount_text(std::int64_t minor, std::string_view currency) {
  const int digits = portico::minor_digits(currency);
  std::uint64_t unit = 1;
  for (int i = 0; i < digits; ++i) unit *= 10;
  const auto magnitude =
      minor < 0 ? 0 - static_cast<std::uint64_t>(minor) : static_cast<std::uint64_t>(minor);
  auto fraction = digits == 0 ? std::string() : fmt::format("{:0{}}", magnitude % unit, digits);
  while (fraction.size() < 2) fraction += '0';
  return fmt::format("{}{}.{}", minor < 0 ? "-" : "", magnitude / unit, fraction);
}

}  // namespace whmcs
