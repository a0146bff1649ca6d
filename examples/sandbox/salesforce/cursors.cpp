// Locators: the cursor's id, a hyphen, where the page begins.
#include "examples/sandbox/salesforce/cursors.hpp"

#include <fmt/format.h>

#include <charconv>

#include "examples/sandbox/salesforce/errors.hpp"
#include "examples/sandbox/salesforce/ids.hpp"

namespace sandbox::salesforce {

namespace json = boost::json;

namespace {

constexpr std::size_t kKept = 50;
constexpr std::int64_t kLifeMs = std::int64_t{48} * 3600 * 1000;

}  // namespace

json::object Cursors::cut(const std::string& id, const Cursor& cursor, std::size_t from,
                          const std::string& base) const {
  const std::size_t end = std::min(cursor.records.size(), from + cursor.size);
  json::object out{{"totalSize", cursor.records.size()}, {"done", end == cursor.records.size()}};
  if (end < cursor.records.size()) out["nextRecordsUrl"] = fmt::format("{}/query/{}-{}", base, id, end);
  out["records"] = json::array(cursor.records.begin() + static_cast<std::ptrdiff_t>(from),
                               cursor.records.begin() + static_cast<std::ptrdiff_t>(end));
  return out;
}

json::object Cursors::first_page(json::array records, std::int64_t total, std::size_t size, bool whole,
                                 const std::string& base, std::int64_t now_ms) {
  if (records.size() <= size) return {{"totalSize", total}, {"done", true}, {"records", std::move(records)}};
  if (!whole) {
    records.erase(records.begin() + static_cast<std::ptrdiff_t>(size), records.end());
    return {{"totalSize", size}, {"done", true}, {"records", std::move(records)}};
  }
  const std::string id = make_id("01g", ++last_);
  if (cursors_.size() >= kKept) cursors_.erase(cursors_.begin());  // the oldest: ids ascend
  const Cursor& cursor = cursors_[id] = {std::move(records), size, now_ms};
  return cut(id, cursor, 0, base);
}

json::object Cursors::page(std::string_view locator, const std::string& base, std::int64_t now_ms) {
  const auto hyphen = locator.find('-');
  const auto id = normal_id(locator.substr(0, hyphen));
  const auto found = id ? cursors_.find(*id) : cursors_.end();
  std::size_t from = 0;
  bool good = found != cursors_.end() && hyphen != std::string_view::npos;
  if (good) {
    const auto number = locator.substr(hyphen + 1);
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), from);
    good = error == std::errc{} && end == number.data() + number.size() &&
           from < found->second.records.size() && now_ms - found->second.made_ms < kLifeMs;
  }
  if (!good) throw refusal(Err::kQueryLocator);
  return cut(*id, found->second, from, base);
}

}  // namespace sandbox::salesforce
