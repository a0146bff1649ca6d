// Reading of Accept.
#include "http/negotiation.hpp"

#include <algorithm>
#include <string>

namespace billing {

namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool equals(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

/// Takes the next item of a list and its separator.
std::string_view next(std::string_view& list, char separator) {
  const auto end = list.find(separator);
  const auto item = trim(list.substr(0, end));
  list = end == std::string_view::npos ? std::string_view() : list.substr(end + 1);
  return item;
}

/// "0.8" → 800; nothing else than digits and a dot; -1 for what is no weight.
int weight(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return -1;
  int value = (text[0] - '0') * 1000, unit = 100;
  if (text.size() > 1 && text[1] != '.') return -1;
  for (std::size_t i = 2; i < text.size(); ++i, unit /= 10) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value += (text[i] - '0') * unit;
  }
  return value > 1000 ? -1 : value;
}

/// The weight of a media type: that of the most specific range; 0 when none fits.
int weight_of(std::string_view accept, std::string_view type, std::string_view any_subtype) {
  int best = 0, best_fit = 0;
  while (!accept.empty()) {
    auto item = next(accept, ',');
    const auto range = next(item, ';');
    int q = 1000;
    while (!item.empty()) {
      const auto parameter = next(item, ';');
      if (parameter.size() > 2 && (parameter[0] == 'q' || parameter[0] == 'Q') && parameter[1] == '=')
        q = weight(trim(parameter.substr(2)));
    }
    const int fit = equals(range, type) ? 3 : equals(range, any_subtype) ? 2 : range == "*/*" ? 1 : 0;
    if (q >= 0 && fit > best_fit) best_fit = fit, best = q;
  }
  return best;
}

}  // namespace

bool prefers_html(std::string_view accept) {
  return weight_of(accept, "text/html", "text/*") > weight_of(accept, "application/json", "application/*");
}

}  // namespace billing
