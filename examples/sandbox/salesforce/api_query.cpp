// query, queryAll, further pages, limits.
#include <fmt/format.h>

#include "examples/sandbox/salesforce/api.hpp"
#include "examples/sandbox/salesforce/soql/evaluate.hpp"
#include "examples/sandbox/salesforce/soql/parser.hpp"

namespace sandbox::salesforce {

namespace json = boost::json;

Reply Api::query(const Call& call, bool with_deleted) {
  if (call.method != "GET" && call.method != "HEAD") wrong_method(call, "HEAD,GET");
  const std::string base = call.base();
  if (call.path.size() > 1) return {200, cursors_.page(call.path[1], base, org_.now_ms()), {}, {}};
  const std::string_view statement = call.parameter("q");
  if (statement.empty()) throw refusal(Err::kMalformedQuery, "A query string has to be specified");
  const std::size_t size =
      options_.batch_size == 0 ? static_cast<std::size_t>(org_.switches.page_size) : options_.batch_size;
  const auto page = [&](json::array records) -> json::value {
    const auto total = static_cast<std::int64_t>(records.size());
    return cursors_.first_page(std::move(records), total, size, true, base, org_.now_ms());
  };
  const Reader reader(org_, base);
  auto result = soql::run(soql::parse(statement), statement, reader, with_deleted, page);
  return {200,
          cursors_.first_page(std::move(result.records), result.total, size, !result.has_offset, base,
                              org_.now_ms()),
          {},
          {}};
}

Reply Api::limits() const {
  const auto& switches = org_.switches;
  const std::int64_t left = std::max<std::int64_t>(0, switches.daily_api_requests - org_.store.day_calls);
  json::object out{
      {"DailyApiRequests", json::object{{"Max", switches.daily_api_requests}, {"Remaining", left}}}};
  const std::pair<const char*, int> kOthers[] = {{"DailyAsyncApexExecutions", 250'000},
                                                 {"DailyBulkApiBatches", 15'000},
                                                 {"DailyDeliveredPlatformEvents", 25'000},
                                                 {"DailyStreamingApiEvents", 200'000},
                                                 {"DataStorageMB", 10'240},
                                                 {"FileStorageMB", 10'240},
                                                 {"HourlyPublishedPlatformEvents", 250'000},
                                                 {"MassEmail", 5'000},
                                                 {"MonthlyPlatformEventsUsageEntitlement", 0},
                                                 {"SingleEmail", 5'000}};
  for (const auto& [name, most] : kOthers) out[name] = json::object{{"Max", most}, {"Remaining", most}};
  return {200, std::move(out), {}, {}};
}

}  // namespace sandbox::salesforce
