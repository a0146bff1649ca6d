// RESP replies: what is read and what is refused.
#include "kernel/cache/resp.hpp"

#include <catch2/catch.hpp>

#include "kernel/cache/entry.hpp"

using namespace kernel::cache;

TEST_CASE("replies are read whole, and a cut one is never taken for a whole one") {
  for (const std::string bytes :
       {"+OK\r\n", "-ERR no\r\n", ":-42\r\n", "$5\r\na\r\nbc\r\n", "$0\r\n\r\n", "$-1\r\n", "*-1\r\n",
        "*0\r\n", "*3\r\n$1\r\na\r\n*2\r\n:1\r\n$-1\r\n+x\r\n"}) {
    INFO(bytes);
    Reply reply;
    std::size_t consumed = 0;
    for (std::size_t cut = 0; cut < bytes.size(); ++cut)
      CHECK(parse_reply(std::string_view(bytes).substr(0, cut), reply, consumed) == RespStatus::incomplete);
    CHECK(parse_reply(bytes + "+next\r\n", reply, consumed) == RespStatus::complete);
    CHECK(consumed == bytes.size());
  }
}

TEST_CASE("a reply keeps its kinds and bytes") {
  Reply reply;
  std::size_t consumed = 0;
  REQUIRE(parse_reply("*5\r\n$3\r\na\r\n\r\n:9007199254740993\r\n$-1\r\n-WRONGTYPE x\r\n+OK\r\n", reply,
                      consumed) == RespStatus::complete);
  REQUIRE(reply.items.size() == 5);
  CHECK(reply.items[0].text == "a\r\n");
  CHECK(reply.items[1].integer == 9007199254740993);
  CHECK(reply.items[2].is_nil());
  CHECK(reply.items[3].kind == Reply::Kind::error);
  CHECK(reply.items[4].text == "OK");
}

TEST_CASE("bytes that are no reply are refused") {
  Reply reply;
  std::size_t consumed = 0;
  RespLimits limits;
  limits.bulk_bytes = 10;
  limits.array_items = 5;
  limits.line_bytes = 40;
  limits.depth = 3;
  for (const std::string bytes :
       {"x\r\n", "$a\r\n", "$ 5\r\n", "$-2\r\n", "$+5\r\n", "$11\r\n", "$3\r\nabcd\r\n", "*-2\r\n", "*6\r\n",
        ":\r\n", ":1x\r\n", ":99999999999999999999\r\n", "*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n",
        "*3\r\n*3\r\n:1\r\n", "\r\n"}) {
    INFO(bytes);
    CHECK(parse_reply(bytes, reply, consumed, limits) == RespStatus::malformed);
  }
  CHECK(parse_reply("+" + std::string(50, 'a'), reply, consumed, limits) == RespStatus::malformed);
}

TEST_CASE("a command is written with the length of every word") {
  std::string out;
  const std::vector<std::string> words{"SET", "k", std::string("a\0\r\n", 4), ""};
  write_command(out, words);
  CHECK(out == std::string("*4\r\n$3\r\nSET\r\n$1\r\nk\r\n$4\r\na\0\r\n\r\n$0\r\n\r\n", 36));
}

TEST_CASE("an entry comes back as it went, and damaged bytes are no entry") {
  Entry entry;
  entry.value = std::string("v\0\xff", 3);
  entry.meta = "application/json";
  entry.made_at = WallTime(std::chrono::microseconds(1'700'000'000'123'456));
  entry.fresh_until = entry.made_at + std::chrono::seconds(1);
  entry.stale_until = entry.made_at + std::chrono::seconds(2);
  entry.dead_until = entry.made_at + std::chrono::seconds(3);
  entry.tags = {{"user:1", "12"}, {"*", "34"}};
  const std::string bytes = encode(entry);
  const auto back = decode(bytes);
  REQUIRE(back);
  CHECK(back->value == entry.value);
  CHECK(back->meta == entry.meta);
  CHECK(back->made_at == entry.made_at);
  CHECK(back->dead_until == entry.dead_until);
  CHECK(back->tags == entry.tags);
  for (std::size_t cut = 0; cut < bytes.size(); ++cut)
    CHECK_FALSE(decode(std::string_view(bytes).substr(0, cut)));
  CHECK_FALSE(decode(bytes + "x"));
  CHECK_FALSE(decode("PC0\n" + bytes.substr(4)));
}
