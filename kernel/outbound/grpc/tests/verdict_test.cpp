// The tables: addresses, calls that must not be sent, and what statuses mean.
#include "kernel/outbound/grpc/verdict.hpp"

#include "kernel/outbound/grpc/tests/support.hpp"

using namespace kernel::outbound;
using namespace kernel::outbound::rpc;
using namespace kernel::outbound::rpc::test;

TEST_CASE("addresses come from base URLs; without TLS only this machine is called") {
  const struct {
    const char *url, *address;  // empty: refused
  } rows[] = {
      {"https://api.pubsub.example.com:7443", "api.pubsub.example.com:7443"},
      {"https://bus.example.com", "bus.example.com:443"},
      {"http://localhost:50051", "localhost:50051"},
      {"http://127.0.0.1:50051", "127.0.0.1:50051"},
      {"http://[::1]:50051", "[::1]:50051"},
      {"http://bus.example.com:7443", ""},
      {"http://localhost.example.com:1", ""},
      {"https://bus.example.com/path", ""},
      {"grpc://bus.example.com", ""},
  };
  for (const auto& row : rows) {
    INFO(row.url);
    std::string found;
    try {
      found = address_of(row.url);
    } catch (const portico::Problem& problem) {
      CHECK(problem.code == "upstream.settings");
    }
    CHECK(found == row.address);
  }
}

TEST_CASE("what must not be sent is refused") {
  const struct {
    const char* rule;
    void (*change)(Call&);
  } rows[] = {
      {"a method without a service", [](Call& c) { c.method = "/Method"; }},
      {"a method that does not begin with /", [](Call& c) { c.method = "a.B/C"; }},
      {"a method with a space", [](Call& c) { c.method = "/a.B/C D"; }},
      {"metadata of gRPC's own",
       [](Call& c) {
         c.metadata = {{"grpc-timeout", "1S"}};
       }},
      {"binary metadata",
       [](Call& c) {
         c.metadata = {{"x-bin", "1"}};
       }},
      {"a pseudo header",
       [](Call& c) {
         c.metadata = {{":path", "/"}};
       }},
      {"a name in upper case",
       [](Call& c) {
         c.metadata = {{"AccessToken", "1"}};
       }},
      {"a value with a line end",
       [](Call& c) {
         c.metadata = {{"a", "1\r\nb: 2"}};
       }},
      {"65 members",
       [](Call& c) {
         c.metadata.assign(65, {"a", "1"});
       }},
      {"a message above the limit", [](Call& c) { c.message.assign(101, 'x'); }},
  };
  check_call(call_to("Unary"), 100);
  for (const auto& row : rows) {
    INFO(row.rule);
    auto call = call_to("Unary");
    row.change(call);
    CHECK(problem_of([&] { check_call(call, 100); }).code == "upstream.bad_request");
  }
}

TEST_CASE("statuses mean") {
  const Fields said{{"error-code", "x"}};
  const struct {
    const char* rule;
    WireStatus status;
    Outcome outcome;
    bool sent;
  } rows[] = {
      {"ok", {0, "", {}}, Outcome::ok, true},
      {"no connection", {14, "failed to connect to all addresses", {}}, Outcome::unavailable, false},
      {"no address", {14, "DNS resolution failed for x", {}}, Outcome::unavailable, false},
      {"cut", {14, "Connection reset by peer", {}}, Outcome::unavailable, true},
      {"no trust", {14, "failed to connect; Ssl handshake failed", {}}, Outcome::tls, false},
      {"unavailable, said by the server", {14, "later", said}, Outcome::server_error, true},
      {"deadline", {4, "Deadline Exceeded", {}}, Outcome::timeout, true},
      {"too large", {8, "Received message larger than max (5 vs. 4)", {}}, Outcome::too_large, true},
      {"slow down", {8, "limit", said}, Outcome::throttled, true},
      {"refused", {3, "no", said}, Outcome::client_error, true},
      {"not signed in", {16, "no", said}, Outcome::client_error, true},
      {"its own fault", {13, "oops", {}}, Outcome::server_error, true},
  };
  for (const auto& row : rows) {
    INFO(row.rule);
    CHECK(outcome_of(row.status) == row.outcome);
    CHECK(may_have_been_sent(row.status) == row.sent);
  }
}
