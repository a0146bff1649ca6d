// Results that are read page by page.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace sandbox::salesforce {

/// Bounded, in memory: a restart ends every cursor. The room's lock guards it.
class Cursors {
 public:
  /// The first page as a query answers it: totalSize, done, nextRecordsUrl, records.
  ///
  /// base   "/services/data/v60.0"
  /// whole  false: the rest is not kept, as after OFFSET
  boost::json::object first_page(boost::json::array records, std::int64_t total, std::size_t size, bool whole,
                                 const std::string& base, std::int64_t now_ms);
  /// A later page. errors: ApiError INVALID_QUERY_LOCATOR
  boost::json::object page(std::string_view locator, const std::string& base, std::int64_t now_ms);
  void clear() { cursors_.clear(); }

 private:
  struct Cursor {
    boost::json::array records;
    std::size_t size = 0;
    std::int64_t made_ms = 0;
  };
  boost::json::object cut(const std::string& id, const Cursor& cursor, std::size_t from,
                          const std::string& base) const;

  std::map<std::string, Cursor> cursors_;
  std::int64_t last_ = 0;
};

}  // namespace sandbox::salesforce
