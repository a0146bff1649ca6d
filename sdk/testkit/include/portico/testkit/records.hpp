// What a plugin left behind in a test: mails, audit rows, log lines, health, pages.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace portico::testkit {

/// Stored by the time its transaction has committed.
struct SentMail {
  std::string to, subject, text, html, dedup_key;
};

struct AuditRow {
  std::string action, user_id, target, outcome, details;
};

struct LogLine {
  int level = 0;  // PORTICO_LOG_*
  std::string message;
  std::vector<std::pair<std::string, std::string>> fields;

  /// "message key=value key=value"
  std::string text() const;
};

struct HealthReport {
  int state = 0;  // PORTICO_HEALTH_*
  std::string reason;
};

struct PublishedEvent {
  std::string name, payload, key, dedup_key;
};

/// A job of a queue, or the delivery of an event.
struct JobRecord {
  std::int64_t id = 0;
  std::string queue, payload, key;
  std::string state;  // available, running, done, dead, cancelled
  std::int64_t attempt = 0, done = 0, total = 0;
  std::string note, last_error;
};

struct RegisteredPage {
  std::string path, title;  // title: JSON by language
  std::uint32_t access = 0;
};

/// What start registered.
struct Registered {
  std::vector<std::string> routes;  // "GET /api/hello/{name}", sorted
  std::vector<std::string> operations, tasks, queues, subscriptions, cards;
  std::vector<std::string> workflows;  // "orders.place/1"
  std::vector<RegisteredPage> pages, navigation;
  std::string authenticator;  // the cookie's base name
  bool shell = false;
};

}  // namespace portico::testkit
