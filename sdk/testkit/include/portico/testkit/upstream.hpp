// A connected system that answers from a script.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <portico/outbound.hpp>
#include <portico/problem.hpp>
#include <portico/request.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace portico::testkit {

/// What the plugin asked.
struct UpstreamRequest {
  std::string upstream, lane, operation, method, path, body;
  Headers headers;
  bool write = false;  // PORTICO_OUTBOUND_WRITE

  /// The first header of that name in any case; empty without one.
  std::string_view header(std::string_view name) const;
  /// "POST /api.php (GetClients)"
  std::string line() const;
};

struct UpstreamReply {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  Headers headers{};
  /// The connection breaks after so many bytes of the body: nothing but what was read before is got.
  std::optional<std::size_t> cut_after{};
};

/// One request that has to come, and its answer. Answers 200 with "{}" unless it is told otherwise.
class Expectation {
 public:
  Expectation(std::string method, std::string path) : method_(std::move(method)), path_(std::move(path)) {}

  /// The label the plugin gives the call.
  Expectation& operation(std::string name);
  Expectation& with_header(std::string name, std::string value);
  /// May be said several times; each text has to be in the body.
  Expectation& with_body_containing(std::string text);

  Expectation& reply(int status, std::string body, std::string content_type = "application/json");
  Expectation& reply(UpstreamReply whole);
  Expectation& reply(std::string body) { return reply(200, std::move(body)); }
  /// 504 upstream.timeout: nobody knows whether the request was carried out.
  Expectation& times_out();
  /// 503 upstream.unavailable: the connection was cut after the request was sent.
  Expectation& is_cut();
  /// 503 upstream.unavailable: nobody listens, so it was not sent.
  Expectation& is_refused();
  /// An OutboundProblem says whether it may have been sent; for another that is taken to be so.
  Expectation& fails(OutboundProblem problem);
  Expectation& fails(Problem problem) { return fails(OutboundProblem(std::move(problem), true)); }

 private:
  friend class Upstream;
  /// Empty when the request is this one, else what differs.
  std::string difference(const UpstreamRequest& request) const;
  std::string line() const;

  std::string method_, path_, operation_;
  Headers headers_;
  std::vector<std::string> texts_;
  UpstreamReply reply_{200, "{}", "application/json"};
  std::shared_ptr<OutboundProblem> failure_;
};

/// One upstream of the manifest. Expected requests come in the order they were said; one that is not expected
/// gets 503 upstream.unavailable and fails the test, and so does one that never comes.
class Upstream {
 public:
  using Answerer = std::function<UpstreamReply(const UpstreamRequest&)>;

  explicit Upstream(std::string name) : name_(std::move(name)) {}

  Expectation& expect(std::string method, std::string path);
  /// Answers what nothing is expected for; may throw a Problem. Called on the thread of the call.
  void answer_all(Answerer answer);

  /// Every request so far.
  std::vector<UpstreamRequest> requests() const;
  /// How often the plugin said that a reply made no sense.
  int bad_replies() const;

  // For the host.
  UpstreamReply take(const UpstreamRequest& request, std::vector<std::string>& faults);
  void report_bad_reply();
  std::vector<std::string> missing() const;

 private:
  mutable std::mutex mutex_;
  const std::string name_;
  std::deque<std::unique_ptr<Expectation>> script_;
  std::vector<std::unique_ptr<Expectation>> met_;  // the test may hold references
  Answerer answer_;
  std::vector<UpstreamRequest> requests_;
  int bad_replies_ = 0;
};

}  // namespace portico::testkit
