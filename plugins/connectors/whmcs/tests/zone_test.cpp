// Dates of named zones, against the system's own database and its C library.
#include "mapping/zone.hpp"

#include <catch2/catch.hpp>
#include <portico/problem.hpp>

using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;
using whmcs::Zone;
using namespace std::chrono_literals;

TEST_CASE("the date changes at the zone's midnight") {
  struct Row {
    const char* zone;
    sys_seconds moment;
    const char* date;
  };
  const Row rows[] = {
      {"Asia/Tokyo", sys_days(2025y / 6 / 19) + 14h + 59min + 59s, "2025-06-19"},
      {"Asia/Tokyo", sys_days(2025y / 6 / 19) + 15h, "2025-06-20"},
      {"UTC", sys_days(2025y / 6 / 19) + 23h + 59min, "2025-06-19"},
      {"Europe/Zurich", sys_days(2025y / 1 / 1) + 22h + 59min, "2025-01-01"},
      {"Europe/Zurich", sys_days(2025y / 1 / 1) + 23h, "2025-01-02"},
      {"Europe/Zurich", sys_days(2025y / 7 / 1) + 22h, "2025-07-02"},
      {"Europe/Zurich", sys_days(2025y / 7 / 1) + 21h + 59min, "2025-07-01"},
      {"America/New_York", sys_days(2025y / 7 / 1) + 3h + 59min, "2025-06-30"},
      {"America/New_York", sys_days(2025y / 12 / 1) + 4h + 59min, "2025-11-30"},
      {"Asia/Kathmandu", sys_days(2025y / 7 / 1) + 18h + 15min, "2025-07-02"},
  };
  for (const auto& row : rows) {
    INFO(row.zone);
    CHECK(Zone::load(row.zone).date_at(row.moment) == row.date);
  }
}

TEST_CASE("the rule of the last line holds beyond the listed changes") {
  struct Row {
    const char* zone;
    sys_seconds moment;
    int hours;
  };
  const Row rows[] = {
      {"Asia/Tokyo", sys_days(2090y / 1 / 1), 9},
      {"Europe/Zurich", sys_days(2090y / 1 / 1), 1},
      {"Europe/Zurich", sys_days(2090y / 7 / 1), 2},
      {"Europe/Zurich", sys_days(2090y / 3 / 26) + 59min, 1},  // last Sunday of March, 01:00 UTC
      {"Europe/Zurich", sys_days(2090y / 3 / 26) + 1h, 2},
      {"Europe/Zurich", sys_days(2090y / 10 / 29) + 59min, 2},
      {"Europe/Zurich", sys_days(2090y / 10 / 29) + 1h, 1},
      {"Australia/Sydney", sys_days(2090y / 1 / 1), 11},
      {"Australia/Sydney", sys_days(2090y / 7 / 1), 10}};
  for (const auto& row : rows) {
    INFO(row.zone << " at " << row.moment.time_since_epoch().count());
    CHECK(Zone::load(row.zone).offset_at(row.moment.time_since_epoch().count()) == row.hours * 3600);
  }
}

TEST_CASE("a zone that is none, or a file that is none, is said so") {
  for (const char* name : {"", "Mars/Olympus", "../../etc/passwd", "/etc/localtime", "Asia/Tok\nyo"}) {
    INFO(name);
    CHECK_THROWS_AS(Zone::load(name), portico::Problem);
  }
  for (const std::string& bytes :
       {std::string(), std::string("TZif"), std::string("TZif2") + std::string(39, '\0'),
        std::string("TZif2") + std::string(15, '\0') + std::string(24, '\x7f')})
    CHECK_THROWS_AS(Zone::parse(bytes), portico::Problem);
}

TEST_CASE("moments are written as RFC 3339 in UTC") {
  CHECK(whmcs::rfc3339(sys_days(2025y / 6 / 11) + 9h + 20min + 41s) == "2025-06-11T09:20:41Z");
  CHECK(whmcs::rfc3339(sys_seconds(0s)) == "1970-01-01T00:00:00Z");
}
