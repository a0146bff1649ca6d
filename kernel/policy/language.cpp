// Accept-Language over two languages.
#include "kernel/policy/language.hpp"

#include <algorithm>

namespace kernel::policy {

namespace {

constexpr std::size_t kLongestHeader = 512;  // what comes after is not read

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// The part before the mark; what is left of `rest` comes after it.
std::string_view cut(std::string_view& rest, char mark) {
  const auto at = std::min(rest.find(mark), rest.size());
  const auto part = rest.substr(0, at);
  rest.remove_prefix(std::min(at + 1, rest.size()));
  return trimmed(part);
}

/// "q=0.5" in thousandths; 0 (not acceptable) for a weight that is none. (RFC 9110 12.4.2)
int weight(std::string_view text) {
  if (text.size() < 3 || text.size() > 7 || (text[0] != 'q' && text[0] != 'Q') || text[1] != '=') return 0;
  text.remove_prefix(2);
  if ((text[0] != '0' && text[0] != '1') || (text.size() > 1 && text[1] != '.')) return 0;
  int thousandths = (text[0] - '0') * 1000;
  for (std::size_t i = 2, unit = 100; i < text.size(); ++i, unit /= 10) {
    if (text[i] < '0' || text[i] > '9') return 0;
    thousandths += (text[i] - '0') * static_cast<int>(unit);
  }
  return thousandths > 1000 ? 0 : thousandths;
}

}  // namespace

std::string negotiate_language(const front::Request& request, const std::string& fallback) {
  const auto header = request.headers.find("accept-language");
  if (!header) return fallback;
  std::string best = fallback;
  int most = 0;
  for (std::string_view rest = header->substr(0, kLongestHeader); !rest.empty();) {
    auto item = cut(rest, ',');
    const auto range = cut(item, ';');
    const int q = item.empty() ? 1000 : weight(trimmed(item));
    const bool whole = range.size() == 2 || (range.size() > 2 && range[2] == '-');
    for (const std::string_view language : {"en", "ja"})
      if (whole && front::same_ignoring_case(range.substr(0, 2), language) && q > most)
        most = q, best = language;
  }
  return best;
}

}  // namespace kernel::policy
