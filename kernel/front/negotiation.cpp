// Reads Accept-Encoding and If-None-Match.
#include "kernel/front/negotiation.hpp"

namespace kernel::front {

namespace {

std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string_view next_of(std::string_view& list, char separator) noexcept {
  const auto end = list.find(separator);
  const std::string_view item = trim(list.substr(0, end));
  list = end == std::string_view::npos ? std::string_view() : list.substr(end + 1);
  return item;
}

// "0", "0.5", "1.000" in thousandths; what is no weight counts as 0, so that it is not chosen.
int weight_of(std::string_view text) noexcept {
  if (text.empty() || (text[0] != '0' && text[0] != '1') || text.size() > 5) return 0;
  int weight = (text[0] - '0') * 1000;
  if (text.size() == 1) return weight;
  if (text[1] != '.') return 0;
  int unit = 100;
  for (const char c : text.substr(2)) {
    if (c < '0' || c > '9') return 0;
    weight += (c - '0') * unit;
    unit /= 10;
  }
  return weight <= 1000 ? weight : 0;
}

constexpr int kUnnamed = -1;

struct Weights {
  int identity = kUnnamed;
  int gzip = kUnnamed;
  int brotli = kUnnamed;
  int any = kUnnamed;
};

Weights weights_of(const Headers& headers) noexcept {
  Weights weights;
  for (const auto& field : headers) {
    if (!same_ignoring_case(field.name, "accept-encoding")) continue;
    std::string_view list = field.value;
    while (!list.empty()) {
      std::string_view item = next_of(list, ',');
      const std::string_view coding = next_of(item, ';');
      int weight = 1000;
      while (!item.empty()) {
        const std::string_view parameter = next_of(item, ';');
        if (parameter.size() > 2 && (parameter[0] == 'q' || parameter[0] == 'Q') && parameter[1] == '=') {
          weight = weight_of(parameter.substr(2));
        }
      }
      if (coding == "*") {
        weights.any = weight;
      } else if (same_ignoring_case(coding, "gzip") || same_ignoring_case(coding, "x-gzip")) {
        weights.gzip = weight;
      } else if (same_ignoring_case(coding, "br")) {
        weights.brotli = weight;
      } else if (same_ignoring_case(coding, "identity")) {
        weights.identity = weight;
      }
    }
  }
  return weights;
}

}  // namespace

Coding choose_coding(const Headers& headers, Offer offer) noexcept {
  const Weights weights = weights_of(headers);
  const auto coded = [&](bool offered, int named) {
    if (!offered) return 0;
    if (named != kUnnamed) return named;
    return weights.any != kUnnamed ? weights.any : 0;
  };
  const int brotli = coded(offer.brotli, weights.brotli);
  const int gzip = coded(offer.gzip, weights.gzip);
  // Unnamed identity is acceptable, but only after what the client took the trouble to name.
  const int identity = weights.identity != kUnnamed ? weights.identity : 1;
  if (brotli > 0 && brotli >= gzip && brotli >= identity) return Coding::brotli;
  if (gzip > 0 && gzip >= identity) return Coding::gzip;
  return Coding::identity;
}

bool matches_entity_tag(std::string_view if_none_match, std::string_view entity_tag) noexcept {
  const auto opaque = [](std::string_view tag) { return tag.substr(0, 2) == "W/" ? tag.substr(2) : tag; };
  if (trim(if_none_match) == "*") return true;
  while (!if_none_match.empty()) {
    if (opaque(next_of(if_none_match, ',')) == opaque(entity_tag)) return true;
  }
  return false;
}

}  // namespace kernel::front
