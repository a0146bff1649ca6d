// Cron expressions and time zones as tables: what each means, and what clocks that change do to it.
#include "kernel/work/cron.hpp"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <map>
#include <portico/problem.hpp>
#include <string>

using namespace kernel::work;
using namespace std::chrono;

namespace {

/// "2026-03-29 01:30" or "2026-03-29 01:30:30"
LocalSeconds at(const std::string& text) {
  int y = 0, m = 0, d = 0, h = 0, min = 0, s = 0;
  REQUIRE(std::sscanf(text.c_str(), "%d-%d-%d %d:%d:%d", &y, &m, &d, &h, &min, &s) >= 5);
  return local_days(year(y) / m / d) + hours(h) + minutes(min) + seconds(s);
}
Seconds utc(const std::string& text) {
  return Seconds(at(text).time_since_epoch());
}
std::string shown(Seconds instant) {
  const auto day = floor<days>(instant);
  const year_month_day date(day);
  const hh_mm_ss time(instant - day);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count());
}

const TimeZone& zone(const std::string& name) {
  static std::map<std::string, TimeZone> zones;
  return zones.try_emplace(name, name).first->second;
}

}  // namespace

TEST_CASE("what an expression means next, in UTC") {
  struct Row {
    const char *rule, *expression, *zone, *after, *next;
  };
  for (const Row& row : {
           Row{"every minute, after this one", "* * * * *", "UTC", "2026-05-01 10:00", "2026-05-01 10:01"},
           Row{"within a minute too", "* * * * *", "UTC", "2026-05-01 10:00:30", "2026-05-01 10:01"},
           Row{"a step", "*/15 * * * *", "UTC", "2026-05-01 10:46", "2026-05-01 11:00"},
           Row{"a step from a start", "5/20 * * * *", "UTC", "2026-05-01 10:26", "2026-05-01 10:45"},
           Row{"a step in a range", "0 8-18/5 * * *", "UTC", "2026-05-01 13:00", "2026-05-01 18:00"},
           Row{"a list", "0,30 9 * * *", "UTC", "2026-05-01 09:00", "2026-05-01 09:30"},
           Row{"tomorrow", "0 3 * * *", "UTC", "2026-05-01 03:00", "2026-05-02 03:00"},
           Row{"a name of a month", "0 0 1 JAN *", "UTC", "2026-05-01 00:00", "2027-01-01 00:00"},
           Row{"names of weekdays in a range", "0 9 * * mon-fri", "UTC", "2026-05-01 09:00",
               "2026-05-04 09:00"},
           Row{"Sunday is 0", "0 0 * * 0", "UTC", "2026-05-01 00:00", "2026-05-03 00:00"},
           Row{"Sunday is 7", "0 0 * * 7", "UTC", "2026-05-01 00:00", "2026-05-03 00:00"},
           Row{"a range up to Sunday", "0 0 * * 6-7", "UTC", "2026-05-02 00:00", "2026-05-03 00:00"},
           Row{"either day field suffices", "0 0 13 * fri", "UTC", "2026-05-02 00:00", "2026-05-08 00:00"},
           Row{"either day field suffices, the other one", "0 0 13 * fri", "UTC", "2026-05-08 00:00",
               "2026-05-13 00:00"},
           Row{"a star in one day field leaves the other", "0 0 * * fri", "UTC", "2026-05-01 00:00",
               "2026-05-08 00:00"},
           Row{"the 31st skips short months", "0 0 31 * *", "UTC", "2026-08-31 00:00", "2026-10-31 00:00"},
           Row{"29 February", "0 0 29 2 *", "UTC", "2026-05-01 00:00", "2028-02-29 00:00"},
           Row{"29 February over a year that leaps not", "0 0 29 2 *", "UTC", "2096-03-01 00:00",
               "2104-02-29 00:00"},
           Row{"@daily", "@daily", "UTC", "2026-05-01 10:00", "2026-05-02 00:00"},
           Row{"@hourly", "@hourly", "UTC", "2026-05-01 10:00", "2026-05-01 11:00"},
           Row{"Tokyo's three in the morning", "0 3 * * *", "Asia/Tokyo", "2026-05-01 00:00",
               "2026-05-01 18:00"},
           Row{"Tokyo's first of a month begins the day before", "0 0 1 * *", "Asia/Tokyo",
               "2026-05-01 00:00", "2026-05-31 15:00"},
           Row{"Tokyo's Monday", "0 0 * * mon", "Asia/Tokyo", "2026-05-01 00:00", "2026-05-03 15:00"},
           Row{"half hours of India", "0 6 * * *", "Asia/Kolkata", "2026-05-01 12:00", "2026-05-02 00:30"},
           Row{"Berlin in winter", "0 3 * * *", "Europe/Berlin", "2026-01-10 12:00", "2026-01-11 02:00"},
           Row{"Berlin in summer", "0 3 * * *", "Europe/Berlin", "2026-07-10 12:00", "2026-07-11 01:00"},
           // 2026-03-29 in Berlin has no 02:00 to 02:59; it is 01:00 UTC when 03:00 comes.
           Row{"a time in the gap means its end", "30 2 * * *", "Europe/Berlin", "2026-03-28 12:00",
               "2026-03-29 01:00"},
           Row{"and the next day its own time again", "30 2 * * *", "Europe/Berlin", "2026-03-29 01:00",
               "2026-03-30 00:30"},
           Row{"a whole list in the gap is one run", "0,20,40 2 * * *", "Europe/Berlin", "2026-03-29 01:00",
               "2026-03-30 00:00"},
           Row{"every hour leaves the gap out", "30 * * * *", "Europe/Berlin", "2026-03-29 00:30",
               "2026-03-29 01:30"},
           Row{"quarters of an hour go on over the gap", "*/15 * * * *", "Europe/Berlin", "2026-03-29 00:45",
               "2026-03-29 01:00"},
           // 2026-10-25 in Berlin has 02:00 to 02:59 twice: from 00:00 and from 01:00 UTC.
           Row{"a time that comes twice is its first", "30 2 * * *", "Europe/Berlin", "2026-10-24 12:00",
               "2026-10-25 00:30"},
           Row{"and not its second", "30 2 * * *", "Europe/Berlin", "2026-10-25 00:30", "2026-10-26 01:30"},
           Row{"not even asked in between", "30 2 * * *", "Europe/Berlin", "2026-10-25 00:45",
               "2026-10-26 01:30"},
           Row{"every hour runs in both", "30 * * * *", "Europe/Berlin", "2026-10-25 00:30",
               "2026-10-25 01:30"},
           Row{"quarters go on through both", "*/15 * * * *", "Europe/Berlin", "2026-10-25 00:45",
               "2026-10-25 01:00"},
           Row{"New York springs at its own hour", "30 2 * * *", "America/New_York", "2026-03-08 00:00",
               "2026-03-08 07:00"},
           Row{"half an hour of Lord Howe: the gap's end", "15 2 * * *", "Australia/Lord_Howe",
               "2026-10-03 00:00", "2026-10-03 15:30"},
           Row{"a gap at midnight belongs to its day", "0 0 * * *", "Africa/Cairo", "2026-04-23 12:00",
               "2026-04-23 22:00"},
           Row{"long after the file's table: by its rule", "30 2 * * *", "Europe/Berlin", "2060-03-27 12:00",
               "2060-03-28 01:00"},
           Row{"and in the summer after it", "0 3 * * *", "Europe/Berlin", "2060-07-10 12:00",
               "2060-07-11 01:00"},
           Row{"and south of the equator", "0 3 * * *", "Australia/Sydney", "2060-01-10 12:00",
               "2060-01-10 16:00"},
       }) {
    INFO(row.rule << ": " << row.expression);
    CHECK(shown(Cron::parse(row.expression).next(utc(row.after), zone(row.zone))) == row.next);
  }
}

TEST_CASE("a year of a daily task has a run for each day, and an hourly one for each hour") {
  for (const std::string name : {"Asia/Tokyo", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"}) {
    INFO(name);
    const auto count = [&](const char* expression) {
      const auto cron = Cron::parse(expression);
      const Seconds end = utc("2027-01-01 12:00");
      int runs = 0;
      for (auto next = cron.next(utc("2026-01-01 12:00"), zone(name)); next <= end;
           next = cron.next(next, zone(name)))
        ++runs;
      return runs;
    };
    CHECK(count("15 2 * * *") == 365);
    if (name != "Australia/Lord_Howe") CHECK(count("15 * * * *") == 365 * 24);
  }
}

TEST_CASE("an expression that means nothing is refused by field") {
  struct Row {
    const char *expression, *said;
  };
  for (const Row& row : {
           Row{"", "wanted 5 fields, found 0"},
           Row{"* * * *", "wanted 5 fields, found 4"},
           Row{"* * * * * *", "wanted 5 fields, found 6"},
           Row{"60 * * * *", "minute: wanted 0 to 59, found '60'"},
           Row{"-1 * * * *", "minute"},
           Row{"* 24 * * *", "hour: wanted 0 to 23"},
           Row{"* * 0 * *", "day of month: wanted 1 to 31"},
           Row{"* * * 13 *", "month: wanted 1 to 12"},
           Row{"* * * * 8", "day of week: wanted 0 to 7"},
           Row{"* * * sept *", "found 'sept'"},
           Row{"*/0 * * * *", "found '0'"},
           Row{"*/ * * * *", "found ''"},
           Row{"30-10 * * * *", "runs backwards"},
           Row{"1,,2 * * * *", "found ''"},
           Row{"1- * * * *", "found ''"},
           Row{"0 0 30 2 *", "no such day ever comes"},
           Row{"@weekdays", "wanted 5 fields"},
           Row{"99999999999999999999 * * * *", "minute"},
       }) {
    INFO(row.expression);
    try {
      Cron::parse(row.expression);
      FAIL_CHECK("was taken");
    } catch (const portico::Problem& problem) {
      CHECK(problem.code == "plugin.task_invalid");
      CHECK_THAT(problem.detail, Catch::Contains(row.said));
    }
  }
}

TEST_CASE("a zone that is none is refused") {
  for (const char* name : {"", "Asia/Tokio", "/etc/passwd", "../../../etc/passwd", "tzdata.zi", "Asia"}) {
    INFO(name);
    CHECK_THROWS_AS(TimeZone(name), portico::Problem);
  }
}

TEST_CASE("an offset is what the zone says of that moment") {
  CHECK(zone("Asia/Tokyo").offset_at(utc("2026-05-01 00:00")) == hours(9));
  CHECK(zone("Europe/Berlin").offset_at(utc("2026-03-29 00:59:59")) == hours(1));
  CHECK(zone("Europe/Berlin").offset_at(utc("2026-03-29 01:00")) == hours(2));
  CHECK(zone("Europe/Berlin").offset_at(utc("1850-01-01 00:00")) ==
        seconds(3208));  // before there were zones
}
