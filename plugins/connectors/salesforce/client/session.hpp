// The portal's session with the org: one access token for all calls, renewed by one of them.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <portico/problem.hpp>

#include "client/transport.hpp"

namespace salesforce {

/// What a call needs. The token is a secret: never logged.
struct Access {
  std::string token;
  std::string instance_url;  // an origin, without a slash at its end
  std::string tenant_id;     // of the org, 18 characters
  std::string user_id;       // whom the portal acts as, 18 characters
  std::uint64_t generation = 0;
};

/// May be used by many threads at once. Of all that wait for a token one asks for it.
class Session {
 public:
  struct Setting {
    std::string login_url;  // an origin
    std::string client_id;
    std::string username;
    std::string audience;                   // empty: login_url
    std::function<std::string()> read_key;  // PEM; read again for each token, so that a new file is taken
    std::function<std::chrono::sys_seconds()> now;
    std::function<std::chrono::microseconds()> monotonic;
  };
  Session(Transport& transport, Watcher& watcher, Setting setting);

  /// [request] [task] The access of now; signs on where there is none.
  ///
  /// errors    503 upstream.misconfigured: the org refuses us, asked again after 30 s at the earliest; 502
  ///           upstream.bad_reply; those of outbound
  Access get() { return newer_than(0); }
  /// [request] [task] … after the access of this generation was refused. Nobody asks twice for one
  /// generation.
  Access renew(std::uint64_t generation) { return newer_than(generation); }

 private:
  Access newer_than(std::uint64_t generation);
  Access sign_on();

  Transport& transport_;
  Watcher& watcher_;
  const Setting setting_;
  std::mutex mutex_;
  std::condition_variable done_;
  Access current_;                             // under mutex_
  bool asking_ = false;                        // under mutex_
  std::uint64_t round_ = 0;                    // under mutex_
  std::optional<portico::Problem> failure_;    // under mutex_; of the last round
  std::chrono::microseconds barred_until_{0};  // under mutex_
};

/// What a token reply holds. instance_url is not yet checked.
///
/// errors    502 upstream.bad_reply
Access read_token(std::string_view body);

/// "https://host[:port]" of a URL that has no user name; nothing for anything else.
std::optional<std::string> origin_of(std::string_view url);

}  // namespace salesforce
