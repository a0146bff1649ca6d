// The extensions of a few lines each: config, log, metrics, health, clock, pages, mail, audit.
#include <portico/abi/audit.h>
#include <portico/abi/clock.h>
#include <portico/abi/config.h>
#include <portico/abi/health.h>
#include <portico/abi/log.h>
#include <portico/abi/mail.h>
#include <portico/abi/metrics.h>
#include <portico/abi/pages.h>

#include <algorithm>

#include "state.hpp"

namespace portico::testkit {

namespace {

portico_status snapshot(const portico_host* host, portico_buffer* out) {
  return host_call(host, {"config.snapshot", kAnywhere}, nullptr, [&](State& s) {
    *out = s.lease_text(boost::json::serialize(s.settings), "config.snapshot");
  });
}

portico_status portal(const portico_host* host, portico_buffer* out) {
  return host_call(host, {"config.portal", kAnywhere}, nullptr,
                   [&](State& s) { *out = s.lease_text(boost::json::serialize(s.portal), "config.portal"); });
}

// What has no status cannot fail; nothing may leave these either.

void write_log(const portico_host* host, std::uint32_t level, portico_str message,
               const portico_log_field* fields, std::uint64_t count) {
  auto& s = State::of(host);
  call::guard(nullptr, [&] {
    LogLine line{static_cast<int>(level), text_of(message), {}};
    for (std::uint64_t i = 0; i < count; ++i)
      line.fields.emplace_back(text_of(fields[i].key), text_of(fields[i].value));
    if (level > PORTICO_LOG_ERROR) s.fault("log.write: an unknown level, for '" + line.message + "'");
    const std::lock_guard lock(s.mutex);
    s.log.push_back(std::move(line));
  });
}

bool is_snake_case(std::string_view text, bool digits) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || c == '_' || (digits && c >= '0' && c <= '9');
  });
}

void add_metric(const portico_host* host, portico_str name, const char* suffix, portico_str label,
                portico_str value, double amount) {
  auto& s = State::of(host);
  call::guard(nullptr, [&] {
    // The real host ignores such names without a word: here the author hears of it.
    if (!is_snake_case(view(name), true) || (label.size && !is_snake_case(view(label), false))) {
      s.fault("metrics: '" + text_of(name) + "' or its label '" + text_of(label) +
              "' is not lower snake_case");
      return;
    }
    auto key = text_of(name) + suffix;
    if (label.size) key += "{" + text_of(label) + "=" + text_of(value) + "}";
    const std::lock_guard lock(s.mutex);
    s.metrics[key] += amount;
  });
}

void count(const portico_host* host, portico_str name, portico_str label, portico_str value, double amount) {
  add_metric(host, name, "", label, value, amount);
}

void duration(const portico_host* host, portico_str name, portico_str label, portico_str value,
              double seconds) {
  add_metric(host, name, "_seconds", label, value, seconds);
}

void report(const portico_host* host, portico_str name, std::uint32_t state, portico_str reason) {
  auto& s = State::of(host);
  call::guard(nullptr, [&] {
    const std::lock_guard lock(s.mutex);
    s.health[text_of(name)] = {static_cast<int>(state), text_of(reason)};
  });
}

std::int64_t now_us(const portico_host* host) {
  return State::of(host).now_us();
}

/// The same clock: it never goes back unless a test sets it back.
std::int64_t monotonic_us(const portico_host* host) {
  return State::of(host).now_us();
}

void check_page(State& s, portico_str path, std::uint32_t access, portico_str texts) {
  if (access > PORTICO_ACCESS_ADMIN) throw Problem(422, "plugin.page_invalid", "unknown access");
  if (!s.manifest.covers(s.manifest.pages, view(path))) s.not_in_manifest("page " + text_of(path), "pages");
  if (!parse_json(view(texts)).is_object())
    throw Problem(422, "plugin.page_invalid", "the texts of " + text_of(path) + " are no object by language");
}

portico_status page(const portico_host* host, const portico_page* raw, portico_error* error) {
  return registering_call(host, "pages.page", error, [&](State& s) {
    check_page(s, raw->path, raw->access, raw->title);
    s.registered.pages.push_back({text_of(raw->path), text_of(raw->title), raw->access});
  });
}

portico_status navigation(const portico_host* host, const portico_navigation* raw, portico_error* error) {
  return registering_call(host, "pages.navigation", error, [&](State& s) {
    check_page(s, raw->path, raw->access, raw->label);
    s.registered.navigation.push_back({text_of(raw->path), text_of(raw->label), raw->access});
  });
}

portico_status card(const portico_host* host, portico_str id, std::int64_t, portico_error* error) {
  return registering_call(host, "pages.card", error,
                          [&](State& s) { s.registered.cards.push_back(text_of(id)); });
}

portico_status shell(const portico_host* host, portico_error* error) {
  return registering_call(host, "pages.shell", error, [&](State& s) { s.registered.shell = true; });
}

bool is_address(std::string_view text) {
  const auto at = text.find('@');
  return at != std::string_view::npos && at > 0 && at + 1 < text.size() &&
         text.find('@', at + 1) == text.npos &&
         text.find_first_of(std::string_view(" \r\n\t<>,\0", 8)) == std::string_view::npos;
}

portico_status send_mail(const portico_host* host, portico_handle transaction, const portico_mail_message* m,
                         portico_error* error) {
  return host_call(host, {"mail.send", kRequest | kTask}, error, [&](State& s) {
    if (!s.manifest.anything && !s.manifest.mail) s.not_in_manifest("mail", "mail");
    if (!is_address(view(m->to))) throw Problem(422, "mail.bad_address", "no address of a mailbox");
    SentMail mail{text_of(m->to), text_of(m->subject), text_of(m->text), text_of(m->html),
                  text_of(m->dedup_key)};
    s.with_transaction(transaction, "mail.send", [&s, mail = std::move(mail)] {
      const std::lock_guard lock(s.mutex);
      const bool known =
          !mail.dedup_key.empty() && std::any_of(s.mails.begin(), s.mails.end(), [&](const SentMail& other) {
            return other.dedup_key == mail.dedup_key;
          });
      if (!known) s.mails.push_back(mail);
    });
  });
}

portico_status record(const portico_host* host, portico_handle transaction, const portico_audit_entry* e,
                      portico_error* error) {
  return host_call(host, {"audit.record", kRequest | kTask}, error, [&](State& s) {
    AuditRow row{text_of(e->action), text_of(e->user_id), text_of(e->target), text_of(e->outcome),
                 text_of(e->details)};
    if (const auto* scope = Scope::current(s); scope && row.user_id.empty()) row.user_id = scope->user_id;
    if (!row.details.empty()) row.details = boost::json::serialize(parse_json(row.details));
    s.with_transaction(transaction, "audit.record", [&s, row = std::move(row)] {
      const std::lock_guard lock(s.mutex);
      s.audit.push_back(row);
    });
  });
}

}  // namespace

std::string LogLine::text() const {
  auto out = message;
  for (const auto& [key, value] : fields) out += " " + key + "=" + value;
  return out;
}

const portico_config kConfig{sizeof(portico_config), 0, snapshot, portal};
const portico_log kLog{sizeof(portico_log), 0, write_log};
const portico_metrics kMetrics{sizeof(portico_metrics), 0, count, duration};
const portico_health kHealth{sizeof(portico_health), 0, report};
const portico_clock kClock{sizeof(portico_clock), 0, now_us, monotonic_us};
const portico_pages kPages{sizeof(portico_pages), 0, page, navigation, card, shell};
const portico_mail kMail{sizeof(portico_mail), 0, send_mail};
const portico_audit kAudit{sizeof(portico_audit), 0, record};

}  // namespace portico::testkit
