// Bodies that are read while they come: their flow, their ends, and what they cost the lane.
#include <catch2/catch.hpp>
#include <thread>

#include "kernel/outbound/body_pipe.hpp"
#include "kernel/outbound/tests/call_support.hpp"

namespace kernel::outbound::test {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMega = 1u << 20;
constexpr std::size_t kAny = 1u << 30;

std::string head_of(std::size_t length, std::string_view more = "") {
  return "HTTP/1.1 200 X\r\nContent-Type: application/octet-stream\r\nContent-Length: " +
         std::to_string(length) + "\r\n" + std::string(more) + "\r\n";
}

/// Bytes that a shift or a gap would change.
std::string pattern(std::size_t from, std::size_t size) {
  std::string out(size, '\0');
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<char>((from + i) * 2'654'435'761u >> 24);
  return out;
}

/// Reads to the end and compares; how many bytes came.
std::size_t drain(OpenReply& reply, std::size_t from = 0) {
  std::vector<char> piece(100'000);
  std::size_t read = from;
  while (const auto got = reply.read(piece.data(), piece.size())) {
    REQUIRE((std::string_view(piece.data(), got) == pattern(read, got)));
    read += got;
  }
  return read - from;
}

std::string code_of_read(OpenReply& reply, std::size_t& read) {
  char piece[1000];
  try {
    while (const auto got = reply.read(piece, sizeof piece)) read += got;
  } catch (const CallProblem& problem) {
    return problem.code;
  }
  return "whole";
}

std::string code_of_open(Outbound& outbound, Request request, std::size_t limit = kAny) {
  try {
    outbound.open("test", std::move(request), limit);
  } catch (const CallProblem& problem) {
    return problem.code;
  }
  return "opened";
}

LaneStats lane_of(const Outbound& outbound) {
  return outbound.stats().front();
}

/// Sends one large body and counts what the peer has taken of it.
struct LargeBody {
  explicit LargeBody(std::size_t bytes) : size(bytes) {}

  const std::size_t size;
  std::atomic<std::size_t> sent{0};
  std::atomic<bool> hung_up{false};
  ScriptedServer server{[this](Connection& peer) {
    while (!peer.read_request().empty()) {
      peer.send(head_of(size));
      for (std::size_t at = 0; at < size; sent = at) {
        const auto count = std::min<std::size_t>(64u << 10, size - at);
        if (!peer.send(pattern(at, count))) {
          hung_up = true;
          return;
        }
        at += count;
      }
    }
  }};

  /// Returns when nothing more is taken.
  std::size_t settled() const {
    for (std::size_t before = sent;;) {
      std::this_thread::sleep_for(300ms);  // on purpose: nothing tells that nobody takes anything
      if (sent == before && before > 0) return before;
      before = sent;
    }
  }
};

}  // namespace

TEST_CASE("a large body comes whole, and waits for who reads it") {
  LargeBody body(64 * kMega);
  Outbound outbound;
  outbound.add(upstream_at(body.server));
  auto reply = outbound.open("test", read_of(), kAny);
  CHECK(reply.head().status == 200);
  CHECK(reply.head().header("content-type") == "application/octet-stream");
  CHECK(reply.head().body.empty());
  REQUIRE(reply.streams());
  // The sockets of both sides hold some as well.
  CHECK(body.settled() < 16 * kMega);
  CHECK(lane_of(outbound).in_flight == 1);
  CHECK(drain(reply) == body.size);
  char one = 0;
  CHECK(reply.read(&one, 1) == 0);
  CHECK(lane_of(outbound).in_flight == 0);
  // The connection is one to use again.
  auto again = outbound.open("test", read_of(), kAny);
  CHECK(drain(again) == body.size);
  CHECK(body.server.connections() == 1);
}

TEST_CASE("a body in chunks, an empty body and a body of another status") {
  ScriptedServer server([](Connection& peer) {
    for (std::string request; !(request = peer.read_request()).empty();) {
      if (request.find("/chunks") != request.npos) {
        peer.send("HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (std::size_t i = 0; i < 50; ++i) peer.send("1000\r\n" + pattern(i * 0x1000, 0x1000) + "\r\n");
        peer.send("0\r\n\r\n");
      } else if (request.find("/empty") != request.npos) {
        peer.send(reply(200, ""));
      } else {
        peer.send(reply(404, "no such thing"));
      }
    }
  });
  Outbound outbound;
  outbound.add(upstream_at(server));
  auto chunks = outbound.open("test", read_of("/chunks"), kAny);
  CHECK(drain(chunks) == 50 * 0x1000);
  auto empty = outbound.open("test", read_of("/empty"), kAny);
  CHECK(empty.head().status == 200);
  CHECK(drain(empty) == 0);
  auto other = outbound.open("test", read_of("/other"), kAny);
  CHECK_FALSE(other.streams());
  CHECK(other.head().status == 404);
  CHECK(other.head().body == "no such thing");
  CHECK(drain(other) == 0);
}

TEST_CASE("retried until the first bytes, never after") {
  std::atomic<int> requests{0};
  ScriptedServer server([&](Connection& peer) {
    while (!peer.read_request().empty()) {
      switch (++requests) {
        case 1:
          peer.send(reply(503, "not now"));
          break;
        case 2:
          peer.send(head_of(10));  // a head without a byte of its body
          return peer.reset();
        default:
          peer.send(head_of(50'000));
          peer.send(pattern(0, 20'000));
          peer.close();
          return;
      }
    }
  });
  Outbound outbound(without_jitter());
  outbound.add(upstream_at(server));
  auto reply = outbound.open("test", read_of(), kAny);
  CHECK(requests == 3);
  std::size_t read = 0;
  CHECK(code_of_read(reply, read) == "upstream.unavailable");
  CHECK(read == 20'000);
  CHECK(requests == 3);
}

TEST_CASE("a streamed body has a limit of its own") {
  ScriptedServer server([](Connection& peer) {
    for (std::string request; !(request = peer.read_request()).empty();) {
      if (request.find("/said") != request.npos) {
        peer.send(head_of(1001));
        peer.send(pattern(0, 1001));
      } else {
        peer.send("HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (std::size_t i = 0; i < 100; ++i) peer.send("64\r\n" + pattern(i * 100, 100) + "\r\n");
        peer.send("0\r\n\r\n");
      }
    }
  });
  Outbound outbound;
  auto settings = upstream_at(server);
  settings.body_limit = 10;  // of bodies that are held
  outbound.add(settings);
  CHECK(code_of_open(outbound, read_of("/said"), 1000) == "upstream.too_large");
  auto exact = outbound.open("test", read_of("/said"), 1001);
  CHECK(drain(exact) == 1001);
  auto in_chunks = outbound.open("test", read_of("/chunks"), 10'000);
  CHECK(drain(in_chunks) == 10'000);
  std::size_t read = 0;
  try {
    auto beyond = outbound.open("test", read_of("/chunks"), 9999);
    CHECK(code_of_read(beyond, read) == "upstream.too_large");
  } catch (const CallProblem& problem) {
    CHECK(problem.code == "upstream.too_large");
  }
  CHECK(read <= 9999);
}

TEST_CASE("who stops reading ends the call and frees its place") {
  LargeBody body(64 * kMega);
  Outbound outbound;
  auto settings = upstream_at(body.server);
  settings.lanes["standard"].concurrency = 1;
  outbound.add(settings);
  {
    auto reply = outbound.open("test", read_of(), kAny);
    char some[100];
    CHECK(reply.read(some, sizeof some) > 0);
    auto moved = std::move(reply);
    CHECK(moved.read(some, sizeof some) > 0);
  }
  auto second = outbound.open("test", read_of(), kAny);
  CHECK(drain(second) == body.size);
  CHECK(body.hung_up);
}

TEST_CASE("silence ends a streamed body, a slow reader does not") {
  LargeBody body(8 * kMega);
  ScriptedServer silent([](Connection& peer) {
    peer.read_request();
    peer.send(head_of(1000));
    peer.send(pattern(0, 10));
    peer.stall();
  });
  Outbound outbound;
  auto settings = upstream_at(body.server);
  settings.timeout = 1s;
  settings.breaker.slow_after = 200ms;  // reading takes longer
  settings.breaker.least_calls = 1;
  outbound.add(settings);
  const auto patient = [](std::string path = "/x") {
    auto request = read_of(std::move(path));
    request.deadline = Clock::now() + 600s;  // longer than a test may take
    return request;
  };
  auto reply = outbound.open("test", patient(), kAny);
  body.settled();
  std::this_thread::sleep_for(2500ms);  // on purpose: more than the upstream's time-out without reading
  CHECK(drain(reply) == body.size);
  CHECK(lane_of(outbound).breaker == BreakerState::closed);

  settings.base_url = silent.url();
  outbound.add(settings);
  auto quiet = outbound.open("test", patient(), kAny);
  std::size_t read = 0;
  CHECK(code_of_read(quiet, read) == "upstream.timeout");
  CHECK(read == 10);
  CHECK(lane_of(outbound).breaker == BreakerState::open);
}

TEST_CASE("the deadline ends a body whose reader is slow, and that is not the upstream's fault") {
  LargeBody body(64 * kMega);
  Outbound outbound;
  auto settings = upstream_at(body.server);
  settings.breaker.least_calls = 1;
  outbound.add(settings);
  auto request = read_of();
  // An attempt of less than a second never speaks against its upstream.
  request.deadline = Clock::now() + 1500ms;
  auto reply = outbound.open("test", request, kAny);
  while (lane_of(outbound).in_flight > 0) std::this_thread::yield();
  std::size_t read = 0;
  CHECK(code_of_read(reply, read) == "upstream.timeout");
  CHECK(read >= BodyPipe::kRoom);
  CHECK(read < body.size);
  CHECK(lane_of(outbound).breaker == BreakerState::closed);
}

TEST_CASE("an open reply may be cancelled by another thread and may outlive the host's room") {
  LargeBody body(64 * kMega);
  ScriptedServer silent([](Connection& peer) {
    peer.read_request();
    peer.send(head_of(1000));
    peer.send(pattern(0, 10));
    peer.stall();
  });
  auto outbound = std::make_unique<Outbound>();
  outbound->add(upstream_at(silent));
  auto waiting = outbound->open("test", read_of(), kAny);
  std::size_t read = 0;
  std::jthread other([&] { waiting.cancel(); });
  CHECK(code_of_read(waiting, read) == "upstream.cancelled");

  outbound->add(upstream_at(body.server));
  auto left = outbound->open("test", read_of(), kAny);
  outbound.reset();
  read = 0;
  CHECK(code_of_read(left, read) == "upstream.stopping");
  CHECK(read < body.size);
}

TEST_CASE("only a read with a limit streams") {
  LargeBody body(10);
  Outbound outbound;
  outbound.add(upstream_at(body.server));
  CHECK(code_of_open(outbound, write_of()) == "upstream.bad_request");
  CHECK(code_of_open(outbound, read_of(), 0) == "upstream.bad_request");
  CHECK(code_of_open(outbound, read_of("no slash")) == "upstream.bad_request");
  CHECK(body.server.connections() == 0);
}

}  // namespace kernel::outbound::test
