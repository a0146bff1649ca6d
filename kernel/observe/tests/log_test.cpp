// What a log line looks like, whatever it is given.
#include "kernel/observe/log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <chrono>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "kernel/observe/metrics.hpp"

using namespace kernel::observe;

namespace {

/// Log lines caught in a pipe while it lives.
class CaughtLog {
 public:
  /// room  the pipe's, in bytes
  explicit CaughtLog(int room = 64 * 1024) {
    REQUIRE(::pipe2(ends_, O_NONBLOCK | O_CLOEXEC) == 0);
    REQUIRE(::fcntl(ends_[1], F_SETPIPE_SZ, room) >= room);
    set_output(ends_[1]);
  }
  ~CaughtLog() {
    set_output(STDERR_FILENO);
    set_level(Level::info);
    ::close(ends_[0]);
    ::close(ends_[1]);
  }

  std::string text() {
    std::string all;
    char part[4096];
    for (ssize_t n; (n = ::read(ends_[0], part, sizeof part)) > 0;)
      all.append(part, static_cast<std::size_t>(n));
    return all;
  }
  boost::json::object line() { return boost::json::parse(text()).as_object(); }

 private:
  int ends_[2];
};

std::string text_of(const boost::json::object& object, std::string_view key) {
  return std::string(object.at(key).as_string());
}

}  // namespace

TEST_CASE("a line is one JSON object with time, level, component, message and fields") {
  CaughtLog caught;
  log(Level::warning, "front", "slow request",
      {{"route", "/api/me"}, {"ms", 1234}, {"ratio", 0.5}, {"cached", false}});
  const std::string text = caught.text();
  REQUIRE(text.back() == '\n');
  const auto line = boost::json::parse(text).as_object();
  CHECK(text_of(line, "level") == "warning");
  CHECK(text_of(line, "component") == "front");
  CHECK(text_of(line, "msg") == "slow request");
  CHECK(!line.contains("correlation_id"));
  CHECK(line.at("fields").as_object() ==
        boost::json::object{{"route", "/api/me"}, {"ms", 1234}, {"ratio", 0.5}, {"cached", false}});
  const std::string ts = text_of(line, "ts");
  REQUIRE(ts.size() == 27);
  CHECK(ts[10] == 'T');
  CHECK(ts[19] == '.');
  CHECK(ts[26] == 'Z');
}

TEST_CASE("a line carries the correlation id of its scope, and the outer one afterwards") {
  CaughtLog caught;
  const CorrelationScope outer("outer-id-1");
  {
    const CorrelationScope inner(std::string(64, 'i'));
    log(Level::info, "test", "inside");
    CHECK(text_of(caught.line(), "correlation_id") == std::string(64, 'i'));
  }
  log(Level::info, "test", "outside");
  CHECK(text_of(caught.line(), "correlation_id") == "outer-id-1");
  std::thread([&] {
    log(Level::info, "test", "another thread");
    CHECK(!caught.line().contains("correlation_id"));
  }).join();
}

TEST_CASE("lines below the level are dropped") {
  CaughtLog caught;
  log(Level::debug, "test", "unseen");
  CHECK(caught.text().empty());
  set_level(Level::debug);
  log(Level::debug, "test", "seen");
  CHECK(text_of(caught.line(), "msg") == "seen");
}

TEST_CASE("no value can break a line or drive a terminal") {
  const std::vector<std::pair<std::string, std::string>> rows{
      {"a\nb\r\x1b[2J", "a\nb\r\x1b[2J"},
      {"quote\" back\\slash", "quote\" back\\slash"},
      {std::string("nul\0x", 5), std::string("nul\0x", 5)},
      {"c1 \xc2\x9b del \x7f", "c1 \xc2\x9b del \x7f"},
      {"日本語", "日本語"},
      {"cut \xe6\x97", "cut \xef\xbf\xbd\xef\xbf\xbd"},
      {"overlong \xc0\xaf", "overlong \xef\xbf\xbd\xef\xbf\xbd"},
      {"surrogate \xed\xa0\x80", "surrogate \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
  };
  for (const auto& [given, meant] : rows) {
    CaughtLog caught;
    log(Level::info, "test", "odd value", {{"value", given}});
    const std::string text = caught.text();
    CHECK(text.find('\n') == text.size() - 1);
    for (std::size_t i = 0; i + 1 < text.size(); ++i) {
      const auto c = static_cast<unsigned char>(text[i]);
      CHECK((c >= 0x20 && c != 0x7f));
    }
    CHECK(text.find("\xc2\x9b") == std::string::npos);
    CHECK(text_of(boost::json::parse(text).as_object().at("fields").as_object(), "value") == meant);
  }
}

TEST_CASE("numbers that JSON does not know are null") {
  CaughtLog caught;
  log(Level::info, "test", "odd",
      {{"a", std::numeric_limits<double>::infinity()}, {"b", std::numeric_limits<double>::quiet_NaN()}});
  CHECK(caught.line().at("fields").as_object() == boost::json::object{{"a", nullptr}, {"b", nullptr}});
}

TEST_CASE("long values are cut and a line stays under 4096 bytes") {
  CaughtLog caught;
  const std::string huge(100'000, 'x');
  std::vector<Field> fields;
  for (int i = 0; i < 20; ++i) fields.emplace_back("value", huge);
  log(Level::info, "test", huge, fields.data(), fields.size());
  const std::string text = caught.text();
  CHECK(text.size() <= 4096);
  const auto line = boost::json::parse(text).as_object();
  CHECK(line.at("msg").as_string().size() == 256);
  CHECK(line.at("truncated").as_bool());

  log(Level::info, "test", "one", {{"value", huge}});
  const auto one = caught.line();
  CHECK(one.at("fields").as_object().at("value").as_string().size() == 1024 + std::string("…").size());
  CHECK(!one.contains("truncated"));
}

TEST_CASE("private fields and credentials inside texts never reach the line") {
  CaughtLog caught;
  log(Level::error, "outbound", "refused with Bearer abcdefgh12345678",
      {{"password", "hunter2-hunter2"},
       {"Set-Cookie", "sid=hunter2"},
       {"identifier", 4711},
       {"detail", "GET /x?access_token=hunter2&page=1 by someone@example.test"}});
  const std::string text = caught.text();
  CHECK(text.find("hunter2") == std::string::npos);
  CHECK(text.find("4711") == std::string::npos);
  CHECK(text.find("abcdefgh12345678") == std::string::npos);
  CHECK(text.find("someone") == std::string::npos);
  CHECK(text.find("page=1") != std::string::npos);
}

TEST_CASE("a full pipe drops lines, counts them and does not hold the caller") {
  CaughtLog caught;
  Counter& dropped = counter("portico_log_dropped_total", "Log lines dropped because nobody read them.");
  const double before = dropped.value();
  const std::string value(1000, 'x');
  for (int i = 0; i < 400; ++i) log(Level::info, "test", "fill", {{"value", value}});
  CHECK(dropped.value() > before);
  caught.text();
  log(Level::info, "test", "read again");
  CHECK(text_of(caught.line(), "msg") == "read again");
}

TEST_CASE("lines of many threads do not mix") {
  CaughtLog caught;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([t] {
        const CorrelationScope scope("thread-" + std::to_string(t));
        for (int i = 0; i < 50; ++i) log(Level::info, "test", "together", {{"thread", t}});
      });
    }
  }
  const std::string text = caught.text();
  std::size_t lines = 0;
  for (std::size_t at = 0, end; at < text.size(); at = end + 1, ++lines) {
    end = text.find('\n', at);
    const auto line = boost::json::parse(text.substr(at, end - at)).as_object();
    const auto thread = line.at("fields").as_object().at("thread").as_int64();
    CHECK(text_of(line, "correlation_id") == "thread-" + std::to_string(thread));
  }
  CHECK(lines == 200);
}

TEST_CASE("batched lines keep their order and are all there when batching ends") {
  CaughtLog caught(1024 * 1024);
  {
    const BatchedLog batched;
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([t] {
        for (int i = 0; i < 500; ++i) log(Level::info, "test", "together", {{"thread", t}, {"number", i}});
      });
    }
  }
  log(Level::info, "test", "directly again");
  const std::string text = caught.text();
  std::vector<int> next(4, 0);
  std::size_t lines = 0;
  for (std::size_t at = 0, end; at < text.size(); at = end + 1, ++lines) {
    end = text.find('\n', at);
    REQUIRE(end != std::string::npos);
    const auto line = boost::json::parse(text.substr(at, end - at)).as_object();
    if (text_of(line, "msg") == "directly again") continue;
    const auto& fields = line.at("fields").as_object();
    CHECK(fields.at("number").as_int64() == next[static_cast<std::size_t>(fields.at("thread").as_int64())]++);
  }
  CHECK(lines == 2001);
}

TEST_CASE("a batched line leaves by itself, a flush takes what waits along") {
  CaughtLog caught;
  const BatchedLog batched;
  log(Level::info, "test", "first");
  std::string text;
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (text.empty() && std::chrono::steady_clock::now() < until) text = caught.text();
  CHECK(text_of(boost::json::parse(text).as_object(), "msg") == "first");
  log(Level::info, "test", "second", {{"password", "hunter2"}});
  flush_log();
  text = caught.text();
  CHECK(text_of(boost::json::parse(text).as_object(), "msg") == "second");
  CHECK(text.find("hunter2") == std::string::npos);
}

TEST_CASE("nobody waits for a reader that does not read, and what found no room is counted") {
  CaughtLog caught;
  Counter& dropped = counter("portico_log_dropped_total", "Log lines dropped because nobody read them.");
  const double before = dropped.value();
  const std::string value(1000, 'x');
  constexpr int kLines = 5000;  // 5 MB: the pipe takes 64 kB, the buffer 1 MB
  {
    const BatchedLog batched;
    for (int i = 0; i < kLines; ++i) log(Level::info, "test", "fill", {{"value", value}});
  }
  const std::string text = caught.text();
  const auto arrived = std::count(text.begin(), text.end(), '\n');
  CHECK(arrived > 10);
  CHECK(text.back() == '\n');
  CHECK(dropped.value() - before == kLines - static_cast<double>(arrived));
  log(Level::info, "test", "read again");
  CHECK(text_of(caught.line(), "msg") == "read again");
}
