// Replies in the contract's words; names and dates.
#include "mapping/reading.hpp"

#include <boost/json.hpp>
#include <portico/contracts/mobile.hpp>

#include "mapping/names.hpp"
#include "tests/support.hpp"

using namespace freebit;
namespace json = boost::json;
namespace contract = portico::mobile;
using namespace std::chrono_literals;

namespace {

// 23:30 on 30 November 2026 in Japan
const Seconds kLate = Seconds(std::chrono::sys_days(std::chrono::year(2026) / 11 / 30)) + 14h + 30min;

std::optional<contract::Line> line(const std::string& row, const char* account = "09000000001") {
  const auto reply = json::parse(R"({"resultCode":"100","responseDatas":[)" + row + "]}").as_object();
  return line_from(Fields(reply), account, kLate);
}

}  // namespace

TEST_CASE("one line is read from every spelling") {
  const char* rows[] = {
      R"({"account":"09000000001","state":"active","planCode":"P1","voiceMail":"10","callWaiting":"20","callTransfer":"20","worldWing":"10","networkType":"5G","quota":"2048","size":"esim","startDate":"20260131"})",
      R"({"account":"09000000001","state":"Active","plancode":"P1","voicemail":"10","callwaiting":"20","calltransfer":"20","worldwing":"10","contractLine":"5G","quota":2048,"size":"eSIM","startDate":20260131})",
      R"({"ACCOUNT":"09000000001","status":"active","planCode":" P1 ","VoiceMail":10,"callWaiting":20,"worldWing":true,"networkType":"5G","quota":2048.0,"size":"esim","startDate":"2026/01/31"})",
  };
  const auto first = line(rows[0]);
  REQUIRE(first);
  CHECK(first->state == contract::LineState::active);
  CHECK(first->voice->voicemail);
  CHECK(first->voice->roaming);
  CHECK_FALSE(first->voice->call_waiting);
  CHECK(first->network == contract::NetworkType::five_g);
  CHECK(first->remaining->kb == 2048);
  CHECK(first->started_on == "2026-01-31");
  CHECK(first->as_of == "2026-11-30T14:30:00Z");
  for (const auto* row : rows) CHECK(portico::encode_text(*line(row)) == portico::encode_text(*first));
}

TEST_CASE("what is missing or unheard of is no crash") {
  struct Row {
    const char* row;
    contract::LineState state;
  };
  const Row rows[] = {
      {R"({"account":"09000000001"})", contract::LineState::waiting},
      {R"({"account":"09000000001","state":"hanging"})", contract::LineState::unknown},
      {R"({"account":"09000000001","state":"canceled"})", contract::LineState::cancelled},
      {R"({"account":"09000000001","state":"","status":"suspended"})", contract::LineState::suspended}};
  for (const auto& row : rows) {
    INFO(row.row);
    const auto read = line(row.row);
    REQUIRE(read);
    CHECK(read->state == row.state);
    CHECK(read->network == contract::NetworkType::four_g);
  }
  CHECK_FALSE(line(R"({"account":"09000000002","state":"active"})"));
  CHECK_FALSE(line(R"({"account":"09000000001","talk":"20","voiceMail":"20"})")->voice);
  CHECK_FALSE(line(R"({"account":"09000000001"})")->voice);
  // What breaks the contract's rules is left out: the line must be readable on the other side.
  const auto odd =
      line(R"({"account":"09000000001","eid":"123","iccid":"99","startDate":"soon","planCode":""})");
  CHECK_FALSE(odd->eid);
  CHECK_FALSE(odd->iccid);
  CHECK_FALSE(odd->started_on);
  CHECK_FALSE(odd->plan);
  CHECK_THROWS_AS(line(R"({"account":"09000000001","quota":"much"})"), BadReply);
  CHECK_THROWS_AS(line("7"), BadReply);
}

TEST_CASE("usage is read from arrays and lists with commas; day i is i + 1 days ago in Japan") {
  for (const char* days : {R"("3,0,20")", R"(["3","0","20"])", "[3,0,20]", R"(" 3 , 0 ,20")"}) {
    INFO(days);
    const auto reply = json::parse(std::string(R"({"traffic":{"today":"7","inRecentDays":)") + days +
                                   R"(,"blackList":"10"}})")
                           .as_object();
    const auto usage = usage_from(Fields(reply), kLate);
    CHECK(usage.today.kb == 7);
    REQUIRE(usage.days.size() == 3);
    CHECK(usage.days[0].date == "2026-11-29");
    CHECK(usage.days[2].date == "2026-11-27");
    CHECK(usage.days[2].used.kb == 20);
    CHECK(usage.throttled == true);
  }
  const auto bare = json::parse(R"({"today":5})").as_object();
  CHECK(usage_from(Fields(bare), kLate).today.kb == 5);
  CHECK_FALSE(usage_from(Fields(bare), kLate).throttled);
  const auto bad = json::parse(R"({"traffic":{"inRecentDays":"3,x"}})").as_object();
  CHECK_THROWS_AS(usage_from(Fields(bad), kLate), BadReply);
}

TEST_CASE("top-ups are read with their ids") {
  const auto reply =
      json::parse(
          R"({"total":"3072","quotaHistory":[{"quota":"1024","date":"20261101","expire":"","quotaCode":"op-1"},{"quota":2048,"date":"2026-11-02","expire":"20270131"},{"quota":"9"}]})")
          .as_object();
  const auto list = history_from(Fields(reply), kLate);
  REQUIRE(list.items.size() == 2);
  CHECK(list.items[0].operation_id == "op-1");
  CHECK_FALSE(list.items[0].expires_on);
  CHECK(list.items[1].expires_on == "2027-01-31");
  CHECK(list.total.kb == 3072);
}

TEST_CASE("the next month begins on its first day in Japan, whatever hour it is") {
  struct Row {
    Seconds now;
    int closed;
    const char* first;
  };
  const auto at = [](int month, int day, std::chrono::minutes time) {
    return Seconds(std::chrono::sys_days(std::chrono::year(2026) / month / day)) + time;
  };
  const Row rows[] = {
      {at(11, 1, 0h), 0, "20261201"},
      {at(11, 30, 14h + 59min), 0, "20261201"},  // 23:59 in Japan, the last minute of the month
      {at(11, 30, 15h), 0, "20270101"},          // midnight: December already
      {at(11, 30, 3h), 1, "20270101"},           // closed on the last day
      {at(11, 29, 3h), 1, "20261201"},
      {at(12, 31, 3h), 0, "20270101"},
      {at(1, 31, 3h), 0, "20260201"},
  };
  for (const auto& row : rows) {
    INFO(rfc3339(row.now) << " closed " << row.closed);
    CHECK(wire_date(next_month(japan_day(row.now), row.closed)) == row.first);
  }
}

TEST_CASE("names become what carriers keep") {
  CHECK(wide_name("山田") == "山田");
  CHECK(wide_name("ﾔﾏﾀﾞ") == "ヤマダ");
  CHECK(wide_name("Smith Jones") == "Ｓｍｉｔｈ　Ｊｏｎｅｓ");
  CHECK(wide_name("佐々木") == "佐々木");
  for (const char* bad : {"", " 山田", "山田 ", "山田1", "山田!", "<b>", "\xFF"}) CHECK_FALSE(wide_name(bad));
  CHECK(kana_name("やまだ") == "ヤマダ");
  CHECK(kana_name("ﾔﾏﾀﾞ") == "ヤマダ");
  CHECK(kana_name("スー・リー") == "スー・リー");
  for (const char* bad : {"", "山田", "Yamada", "ヤマダ ", "ヤマダ1"}) CHECK_FALSE(kana_name(bad));
}
