// Accept-Language over two languages.
#include "kernel/policy/language.hpp"

#include <cstdlib>

namespace kernel::policy {

std::string negotiate_language(const front::Request& request, const std::string& fallback) {
  const auto header = request.headers.find("accept-language");
  if (!header) return fallback;
  std::string best = fallback;
  double most = 0;
  std::string_view rest = header->substr(0, 512);
  while (!rest.empty()) {
    const auto comma = std::min(rest.find(','), rest.size());
    auto item = rest.substr(0, comma);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    while (!item.empty() && item.front() == ' ') item.remove_prefix(1);
    double q = 1;
    if (const auto semicolon = item.find(";q="); semicolon != std::string_view::npos) {
      q = std::strtod(std::string(item.substr(semicolon + 3, 5)).c_str(), nullptr);
      item = item.substr(0, semicolon);
    }
    const auto primary = item.substr(0, 2);
    const bool whole = item.size() == 2 || (item.size() > 2 && item[2] == '-');
    for (const std::string_view language : {"en", "ja"})
      if (whole && front::same_ignoring_case(primary, language) && q > most) most = q, best = language;
  }
  return best;
}

}  // namespace kernel::policy
