// The REST client: session, limits, locked rows and the shapes of answers, for all operations.
#pragma once

#include <boost/json/object.hpp>
#include <chrono>
#include <exception>
#include <functional>
#include <map>

#include "client/quota.hpp"
#include "client/records.hpp"
#include "client/reply.hpp"
#include "client/session.hpp"
#include "soql/query.hpp"

namespace salesforce {

/// The org said no, and nothing was changed.
class Refusal : public std::exception {
 public:
  Refusal(std::string operation, int status, std::vector<Reason> reasons)
      : operation(std::move(operation)), status(status), reasons(std::move(reasons)) {}
  const char* what() const noexcept override { return reasons.front().code.c_str(); }
  bool has(std::string_view code) const;

  std::string operation;
  int status;
  std::vector<Reason> reasons;
};

/// How a call is made.
struct How {
  Lane lane = Lane::standard;
  portico::Priority priority = portico::Priority::automatic;
};

/// One part of a composite call. Later parts may name earlier ones: @{reference.id} in url and body.
struct Part {
  std::string method;
  std::string path;  // below the version: sobjects/Order
  std::string reference;
  boost::json::object body{};
};

class Client {
 public:
  struct Setting {
    std::string version = "60.0";
    bool save_duplicates = true;  // what a duplicate rule lets pass is saved
    std::function<void(std::chrono::milliseconds)> pause;
    std::function<double()> chance;         // 0 to 1
    std::function<std::string()> boundary;  // of a multipart body
  };
  Client(Transport& transport, Watcher& watcher, Session& session, Quota& quota, Setting setting);

  // errors of all: Refusal; 502 upstream.bad_reply (a write may have run); 503 upstream.misconfigured,
  // upstream.busy, upstream.quota_used, upstream.quota_low, upstream.unavailable; those of outbound

  /// Every row, up to most, over as many pages as it takes; further pages on the long lane. errors also: 502
  /// upstream.refused for more rows than that
  boost::json::array query(const soql::Select& select, std::size_t most, const How& how = {});
  std::int64_t count(const soql::Select& select, const How& how = {});

  Written create(std::string_view object, const boost::json::object& fields);
  /// By external id. errors also: Refusal MULTIPLE_CHOICES
  Written upsert(std::string_view object, std::string_view field, std::string_view value,
                 const boost::json::object& fields);
  void update(std::string_view object, std::string_view id, const boost::json::object& fields);
  /// Updates of one type in one call, all or none; at most 200, each with its "id".
  void update_all(std::string_view object, const boost::json::array& records);
  /// All or none, at most 25 parts. returns the bodies by reference. errors: Refusal of the part that was at
  /// fault
  std::map<std::string, boost::json::value> composite(const std::vector<Part>& parts);
  /// A record with bytes: inside JSON when small, else in two parts.
  Written upload(std::string_view object, boost::json::object fields, std::string_view blob,
                 std::string_view file_name, std::string_view bytes);
  /// The bytes of a record's field, as they come; more than most end with 502 upstream.too_large.
  std::unique_ptr<Bytes> download(std::string_view object, std::string_view id, std::string_view blob,
                                  std::uint64_t most);

  /// Tells whoever watches the org and makes the problem to throw.
  portico::Problem bad_reply(std::string_view operation, std::string_view what);
  /// Whom the portal acts as.
  std::string user_id() { return session_.get().user_id; }

 private:
  /// bytes: where the answer's are put
  boost::json::value call(Request request, std::unique_ptr<Bytes>* bytes = nullptr);
  /// One try. returns nothing for an access that the org refused.
  std::optional<Verdict> attempt(const Request& request, const Access& access, Answer& answer);
  Request request(std::string_view operation, std::string_view method, std::string_view path,
                  const boost::json::value& body, portico::OutboundKind kind) const;
  void pause_for_lock(int tries);
  /// Whether a duplicate rule would let it pass.
  bool may_insist(const Declined& declined) const;
  [[noreturn]] void decline(const Request& request, Declined&& declined);

  Transport& transport_;
  Watcher& watcher_;
  Session& session_;
  Quota& quota_;
  const Setting setting_;
};

/// Runs fn on what a call gave; a BadReply becomes the client's problem.
template <class F>
auto reading(Client& client, std::string_view operation, F&& fn) {
  try {
    return fn();
  } catch (const BadReply& bad) {
    throw client.bad_reply(operation, bad.what());
  }
}

}  // namespace salesforce
