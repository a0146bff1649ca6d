// portico upstream: what is called, and the switch that holds calls back.
#include <fmt/format.h>

#include <iostream>

#include "kernel/commands/commands.hpp"
#include "kernel/commands/control.hpp"
#include "kernel/commands/upstream_report.hpp"
#include "kernel/config/settings.hpp"

namespace kernel::commands {

namespace json = boost::json;

namespace {

constexpr const char* kUsage =
    "portico upstream list [--json]   each lane: what is under way, what waits, its breaker\n"
    "portico upstream isolate NAME    no call of this host goes out to it, and what waits is refused\n"
    "portico upstream restore NAME    calls go out again\n";

void print(const json::object& said) {
  std::cout << fmt::format("{:<20}{:<16}{:>10}{:>8}  {:<10}{}\n", "upstream", "lane", "in flight", "waiting",
                           "breaker", "");
  for (const auto& row : said.at("upstreams").as_array())
    std::cout << fmt::format(
        "{:<20}{:<16}{:>10}{:>8}  {:<10}{}\n", row.at("name").as_string().c_str(),
        row.at("lane").as_string().c_str(), json::value_to<std::int64_t>(row.at("in_flight")),
        json::value_to<std::int64_t>(row.at("queued")), row.at("breaker").as_string().c_str(),
        row.at("isolated").as_bool() ? "isolated" : "");
}

}  // namespace

json::object describe_upstreams(const std::vector<outbound::LaneStats>& lanes) {
  json::array out;
  for (const auto& lane : lanes)
    out.push_back(json::object{{"name", lane.upstream},
                               {"lane", lane.lane},
                               {"in_flight", lane.in_flight},
                               {"queued", lane.queued},
                               {"breaker", to_string(lane.breaker)},
                               {"isolated", lane.isolated}});
  return {{"upstreams", std::move(out)}};
}

int upstream(const CommandLine& line) {
  const auto& a = line.arguments;
  const bool list = !a.empty() && a[0] == "list" && (a.size() == 1 || (a.size() == 2 && a[1] == "--json"));
  const bool change = a.size() == 2 && (a[0] == "isolate" || a[0] == "restore");
  if (!list && !change) return std::cerr << kUsage, 2;
  const auto settings = config::Settings::read(*line.source);
  const auto said = ask_host(settings, change ? json::object{{"command", a[0]}, {"name", a[1]}}
                                              : json::object{{"command", "upstreams"}});
  if (list && a.size() == 2) return std::cout << said << "\n", 0;
  print(said);
  return 0;
}

}  // namespace kernel::commands
