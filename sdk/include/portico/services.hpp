// The small host services: mail, identity, config, log, metrics, audit, health, crypto, clock, pages.
#pragma once

#include <portico/abi/audit.h>
#include <portico/abi/clock.h>
#include <portico/abi/config.h>
#include <portico/abi/crypto.h>
#include <portico/abi/health.h>
#include <portico/abi/identity.h>
#include <portico/abi/log.h>
#include <portico/abi/mail.h>
#include <portico/abi/metrics.h>
#include <portico/abi/pages.h>

#include <array>
#include <functional>
#include <memory>
#include <portico/database.hpp>
#include <portico/request.hpp>
#include <portico/routes.hpp>

namespace portico {

struct MailMessage {
  std::string to, subject, text, html, dedup_key;
};

class Mail {
 public:
  explicit Mail(const portico_host* host) : host_(host), table_(host, PORTICO_EXT_MAIL) {}
  /// Leaves after the transaction commits. errors: 422 mail.bad_address
  void send(Transaction& transaction, const MailMessage& m) const {
    const portico_mail_message raw{
        sizeof raw, 0, to_str(m.to), to_str(m.subject), to_str(m.text), to_str(m.html), to_str(m.dedup_key)};
    auto error = call::empty_error();
    call::check(table_->send(host_, transaction.handle(), &raw, &error), error, "mail.send");
  }

 private:
  const portico_host* host_;
  call::Extension<portico_mail> table_;
};

/// What an authenticator says of a good credential.
struct Identity {
  std::string user_id, session_id, roles, language;
  Time proved_at, valid_until;
};

class IdentityService {
 public:
  explicit IdentityService(const portico_host* host) : host_(host), table_(host, PORTICO_EXT_IDENTITY) {}

  /// [control] fn(credential) returns the identity, nullopt for nobody, or throws a Problem.
  void provide(std::string_view cookie, std::function<std::optional<Identity>(std::string_view)> fn) {
    provider_ = std::move(fn);
    auto error = call::empty_error();
    call::check(table_->provide(host_, to_str(cookie), &IdentityService::authenticate, this, &error), error,
                "identity.provide");
  }
  void revoke(std::string_view session_id) const { table_->revoke(host_, to_str(session_id)); }
  /// A Set-Cookie value; max_age 0 removes the cookie.
  std::string cookie_header(std::string_view name, std::string_view value,
                            std::chrono::seconds max_age) const {
    portico_buffer out{};
    call::check(table_->cookie_header(host_, to_str(name), to_str(value), max_age.count(), &out),
                call::empty_error(), "identity.cookie_header");
    return Leased(host_, out).str();
  }
  std::optional<std::string_view> cookie(const Request& request, std::string_view name) const {
    portico_str out{};
    if (table_->cookie_value(host_, request.handle(), to_str(name), &out) != PORTICO_OK) return std::nullopt;
    return view(out);
  }

 private:
  static portico_status authenticate(void* user, portico_str credential, portico_identity* out,
                                     portico_error* error) noexcept {
    auto& self = *static_cast<IdentityService*>(user);
    bool known = false;
    const auto status = call::guard(error, [&] {
      const auto identity = self.provider_(view(credential));
      if (!identity) return;
      known = true;
      call::copy_text(out->user_id, identity->user_id);
      call::copy_text(out->session_id, identity->session_id);
      call::copy_text(out->roles, identity->roles);
      call::copy_text(out->language, identity->language);
      out->proved_at_us = identity->proved_at.time_since_epoch().count();
      out->valid_until_us = identity->valid_until.time_since_epoch().count();
    });
    return status == PORTICO_OK && !known ? PORTICO_E_NOT_FOUND : status;
  }
  const portico_host* host_;
  call::Extension<portico_identity_ext> table_;
  std::function<std::optional<Identity>(std::string_view)> provider_;
};

/// What the portal is, for texts and links.
struct PortalInfo {
  std::string name, public_url, time_zone, default_language;
};
BOOST_DESCRIBE_STRUCT(PortalInfo, (), (name, public_url, time_zone, default_language))

class Config {
 public:
  explicit Config(const portico_host* host) : host_(host), table_(host, PORTICO_EXT_CONFIG) {}
  /// The plugin's settings as a described struct; members of the schema that it lacks are ignored.
  template <class T>
  T read() const {
    portico_buffer out{};
    call::check(table_->snapshot(host_, &out), call::empty_error(), "config.snapshot");
    return decode_text<T>(Leased(host_, out).text(), Unknown::ignore);
  }
  PortalInfo portal() const {
    portico_buffer out{};
    call::check(table_->portal(host_, &out), call::empty_error(), "config.portal");
    return decode_text<PortalInfo>(Leased(host_, out).text(), Unknown::ignore);
  }

 private:
  const portico_host* host_;
  call::Extension<portico_config> table_;
};

using LogField = std::pair<std::string_view, std::string_view>;

class Log {
 public:
  explicit Log(const portico_host* host) : host_(host), table_(host, PORTICO_EXT_LOG) {}
  void debug(std::string_view m, std::initializer_list<LogField> f = {}) const {
    write(PORTICO_LOG_DEBUG, m, f);
  }
  void info(std::string_view m, std::initializer_list<LogField> f = {}) const {
    write(PORTICO_LOG_INFO, m, f);
  }
  void warning(std::string_view m, std::initializer_list<LogField> f = {}) const {
    write(PORTICO_LOG_WARNING, m, f);
  }
  void error(std::string_view m, std::initializer_list<LogField> f = {}) const {
    write(PORTICO_LOG_ERROR, m, f);
  }

 private:
  void write(std::uint32_t level, std::string_view message, std::initializer_list<LogField> fields) const {
    std::vector<portico_log_field> raw;
    for (const auto& [key, value] : fields) raw.push_back({to_str(key), to_str(value)});
    table_->write(host_, level, to_str(message), raw.data(), raw.size());
  }
  const portico_host* host_;
  call::Extension<portico_log> table_;
};

class Metrics {
 public:
  explicit Metrics(const portico_host* host) : host_(host), table_(host, PORTICO_EXT_METRICS) {}
  void count(std::string_view name, std::string_view label = {}, std::string_view value = {},
             double amount = 1) const {
    table_->count(host_, to_str(name), to_str(label), to_str(value), amount);
  }
  void duration(std::string_view name, std::chrono::duration<double> d, std::string_view label = {},
                std::string_view value = {}) const {
    table_->duration(host_, to_str(name), to_str(label), to_str(value), d.count());
  }

 private:
  const portico_host* host_;
  call::Extension<portico_metrics> table_;
};

struct AuditEntry {
  std::string action, user_id, target, outcome = "ok", details;
};

class Audit {
 public:
  explicit Audit(const portico_host* host) : host_(host), table_(host, PORTICO_EXT_AUDIT) {}
  void record(Transaction& transaction, const AuditEntry& e) const { record(transaction.handle(), e); }
  void record(const AuditEntry& e) const { record(portico_handle{0}, e); }

 private:
  void record(portico_handle transaction, const AuditEntry& e) const {
    const portico_audit_entry raw{
        sizeof raw,       0, to_str(e.action), to_str(e.user_id), to_str(e.target), to_str(e.outcome),
        to_str(e.details)};
    auto error = call::empty_error();
    call::check(table_->record(host_, transaction, &raw, &error), error, "audit.record");
  }
  const portico_host* host_;
  call::Extension<portico_audit> table_;
};

enum class HealthState {
  ok = PORTICO_HEALTH_OK,
  degraded = PORTICO_HEALTH_DEGRADED,
  failed = PORTICO_HEALTH_FAILED
};

class Health {
 public:
  explicit Health(const portico_host* host) : host_(host), table_(host, PORTICO_EXT_HEALTH) {}
  void report(std::string_view name, HealthState state, std::string_view reason = {}) const {
    table_->report(host_, to_str(name), static_cast<std::uint32_t>(state), to_str(reason));
  }

 private:
  const portico_host* host_;
  call::Extension<portico_health> table_;
};

class Crypto {
 public:
  explicit Crypto(const portico_host* host) : host_(host), table_(host, PORTICO_EXT_CRYPTO) {}
  /// count random bytes
  std::string random(std::size_t count) const {
    std::string out(count, '\0');
    call::check(table_->random(host_, reinterpret_cast<std::uint8_t*>(out.data()), count),
                call::empty_error(), "crypto.random");
    return out;
  }
  /// 32 bytes
  std::string sha256(std::string_view data) const {
    std::string out(32, '\0');
    call::check(table_->sha256(host_, to_str(data), reinterpret_cast<std::uint8_t*>(out.data())),
                call::empty_error(), "crypto.sha256");
    return out;
  }
  std::string hmac_sha256(std::string_view key, std::string_view data) const {
    std::string out(32, '\0');
    call::check(
        table_->hmac_sha256(host_, to_str(key), to_str(data), reinterpret_cast<std::uint8_t*>(out.data())),
        call::empty_error(), "crypto.hmac_sha256");
    return out;
  }
  std::string seal(std::string_view plain, std::string_view context) const {
    portico_buffer out{};
    auto error = call::empty_error();
    call::check(table_->seal(host_, to_str(plain), to_str(context), &out, &error), error, "crypto.seal");
    return Leased(host_, out).str();
  }
  std::string open(std::string_view sealed, std::string_view context) const {
    portico_buffer out{};
    auto error = call::empty_error();
    call::check(table_->open(host_, to_str(sealed), to_str(context), &out, &error), error, "crypto.open");
    return Leased(host_, out).str();
  }

 private:
  const portico_host* host_;
  call::Extension<portico_crypto> table_;
};

class Clock {
 public:
  explicit Clock(const portico_host* host) : host_(host), table_(host, PORTICO_EXT_CLOCK) {}
  Time now() const { return Time(std::chrono::microseconds(table_->now_us(host_))); }
  std::chrono::microseconds monotonic() const {
    return std::chrono::microseconds(table_->monotonic_us(host_));
  }

 private:
  const portico_host* host_;
  call::Extension<portico_clock> table_;
};

/// A text in the portal's languages.
struct Text {
  std::string_view en, ja;
};

class Pages {
 public:
  explicit Pages(const portico_host* host) : host_(host), table_(host, PORTICO_EXT_PAGES) {}
  void page(std::string_view path, Text title, Access access = Access::signed_in) const {
    const auto json = to_json(title);
    const portico_page raw{sizeof raw, static_cast<std::uint32_t>(access), to_str(path), to_str(json)};
    auto error = call::empty_error();
    call::check(table_->page(host_, &raw, &error), error, "pages.page");
  }
  void navigation(std::string_view path, Text label, std::int64_t order,
                  Access access = Access::signed_in) const {
    const auto json = to_json(label);
    const portico_navigation raw{sizeof raw, static_cast<std::uint32_t>(access), order, to_str(path),
                                 to_str(json)};
    auto error = call::empty_error();
    call::check(table_->navigation(host_, &raw, &error), error, "pages.navigation");
  }
  void card(std::string_view id, std::int64_t order) const {
    auto error = call::empty_error();
    call::check(table_->card(host_, to_str(id), order, &error), error, "pages.card");
  }
  void shell() const {
    auto error = call::empty_error();
    call::check(table_->shell(host_, &error), error, "pages.shell");
  }

 private:
  static std::string to_json(Text text) {
    return boost::json::serialize(boost::json::object{{"en", text.en}, {"ja", text.ja}});
  }
  const portico_host* host_;
  call::Extension<portico_pages> table_;
};

}  // namespace portico
