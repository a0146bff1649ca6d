// New lines: registration, semi-black cards, OTA and eSIM, numbers brought along, completion files.
#include "examples/sandbox/freebit/own_server.hpp"

using namespace sandbox;
using namespace sandbox::freebit;
namespace json = boost::json;
using namespace std::chrono_literals;

namespace {

constexpr auto kEid = "89049032000000000000000000000066";

json::object esim(const char* kind, const char* aladin) {
  return {{"addKind", kind}, {"aladinOperated", aladin}, {"eid", kEid},
          {"simKind", "E0"}, {"account", "09000000101"}, {"planCode", "LTE3G_P01"}};
}
json::object ota(const char* kind, const char* aladin) {
  return {{"addKind", kind},
          {"aladinOperated", aladin},
          {"productNumber", "AX0000000000777"},
          {"account", "09000000102"},
          {"planCode", "LTE3G_P01"}};
}
json::object porting(const OwnServer& box) {
  return {{"reserveNumber", "1112345678"},
          {"reserveExpireDate", eight_digits(box.clock.today() + 12)},
          {"lastnameKanji", "見本"},
          {"lastnameZenKana", "ミホン"},
          {"gender", "W"}};
}

}  // namespace

TEST_CASE("staff's keying goes with new lines only: R on both calls, M on the eSIM one") {
  OwnServer box;
  struct Row {
    bool is_esim;
    const char* kind;
    const char* code;
  };
  const Row rows[] = {{true, "R", "400-356"},  {true, "M", "400-356"}, {true, "N", "100"},
                      {false, "R", "400-356"}, {false, "M", "100"},    {false, "N", "403-1"}};  // made by M
  for (const auto& row : rows) {
    INFO(row.is_esim << " " << row.kind);
    auto request = row.is_esim ? esim(row.kind, "10") : ota(row.kind, "10");
    if (*row.kind == 'M') request["mnp"] = porting(box);
    CHECK(box.code(row.is_esim ? "mvno/esim/addAcnt/" : "mvno/ota/addAcnt/", request) == row.code);
  }
}

TEST_CASE("an eSIM line waits, comes to life, and says so in a file") {
  OwnServer box;
  CHECK(box.code("mvno/esim/addAcnt/", esim("N", "20")) == "100");
  CHECK(box.line("09000000101").at("state") == "waiting");
  CHECK(box.control("files").as_array().empty());
  box.pass(11min);
  CHECK(box.line("09000000101").at("state") == "active");
  const auto files = box.control("files").as_array();
  REQUIRE(files.size() == 1);
  CHECK(std::string(files[0].at("name").as_string()).starts_with("esim_request_completion_"));
  CHECK(std::string(files[0].at("text").as_string()).starts_with("# invented layout"));
  CHECK(box.code("mvno/esim/addAcnt/", esim("N", "20")) == "403-1");  // exists
}

TEST_CASE("an OTA activation makes two files") {
  OwnServer box;
  CHECK(box.code("mvno/ota/addAcnt/", ota("N", "20")) == "100");
  box.pass(11min);
  CHECK(box.control("files").as_array().size() == 2);
}

TEST_CASE("a number brought along needs its person and a reservation that is good") {
  OwnServer box;
  auto request = esim("M", "20");
  CHECK(box.code("mvno/esim/addAcnt/", request) == "400-1");
  auto mnp = porting(box);
  mnp["reserveExpireDate"] = eight_digits(box.clock.today() - 1);
  request["mnp"] = mnp;
  CHECK(box.code("mvno/esim/addAcnt/", request) == "400-356");
  for (const char* gender : {"F", "m", "1", ""}) {
    mnp = porting(box);
    mnp["gender"] = gender;
    request["mnp"] = mnp;
    CHECK(box.code("mvno/esim/addAcnt/", request) == "400-1");
  }
  mnp = porting(box);
  mnp["reserveNumber"] = "11-123-45678";
  request["mnp"] = mnp;
  CHECK(box.code("mvno/esim/addAcnt/", request) == "400-1");
  request["mnp"] = porting(box);
  CHECK(box.code("mvno/esim/addAcnt/", request) == "100");
}

TEST_CASE("a reissue names the old chip or card, and gives the line a new profile") {
  OwnServer box;
  json::object request{{"addKind", "R"}, {"eid", kEid}, {"simKind", "E0"}, {"account", "09000000001"}};
  CHECK(box.code("mvno/esim/addAcnt/", request) == "400-1");
  request["reissue"] = json::object{{"oldProductNumber", "AX0009000000001"}};
  CHECK(box.code("mvno/esim/addAcnt/", request) == "100");
  const auto before = box.line("09000000001");
  box.pass(11min);
  const auto after = box.line("09000000001");
  CHECK(after.at("eid") == kEid);
  CHECK(after.at("size") == "esim");
  CHECK(after.at("iccid") != before.at("iccid"));
  CHECK(box.code("mvno/esim/reissueProfile/", {{"account", "07000000003"}, {"eid", kEid}}) == "100");
}

TEST_CASE("a registered account comes to life within ten minutes") {
  OwnServer box;
  const json::object one{{"kind", "MVNO"},
                         {"account", "09000000103"},
                         {"planCode", "LTE3G_P01"},
                         {"productNumber", "AX0000000000201"}};
  CHECK(box.code("master/addAcnt/", {{"createType", "new"}, {"serviceAccounts", json::array{one}}}) == "100");
  CHECK(box.line("09000000103").at("state") == "waiting");
  box.pass(11min);
  CHECK(box.line("09000000103").at("state") == "active");
}

TEST_CASE("a semi-black card is registered, may be given up, and is live at once") {
  OwnServer box;
  const json::object card{{"account", "09000000104"}, {"productNumber", "AX0000000000301"}};
  auto line = card;
  line["planCode"] = "LTE3G_P01";
  CHECK(box.code("mvno/semiblack/addAcnt/", line) == "403-1");
  CHECK(box.code("mvno/semiblack/addTempAcnt/", card) == "100");
  CHECK(box.code("mvno/semiblack/addTempAcnt/", card) == "403-1");  // first set it to 60
  CHECK(box.code("mvno/semiblack/changeState/",
                 {{"account", "09000000104"}, {"productNumber", "AX0000000000301"}, {"state", "60"}}) ==
        "100");
  CHECK(box.code("mvno/semiblack/addTempAcnt/", card) == "100");
  CHECK(box.code("mvno/semiblack/addAcnt/", line) == "100");
  CHECK(box.line("09000000104").at("state") == "active");
}
