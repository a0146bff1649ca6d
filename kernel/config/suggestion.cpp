// Edit distance over a short list of known words.
#include "kernel/config/suggestion.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace kernel::config {

namespace {

std::size_t edits(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row.back();
}

}  // namespace

std::string nearest(std::string_view unknown, const std::vector<std::string>& known) {
  std::string best;
  std::size_t fewest = std::max<std::size_t>(2, unknown.size() / 3) + 1;
  for (const auto& word : known) {
    if (unknown.size() >= 3 && word.rfind(unknown, 0) == 0) return word;
    if (const auto n = edits(unknown, word); n < fewest) fewest = n, best = word;
  }
  return best;
}

}  // namespace kernel::config
