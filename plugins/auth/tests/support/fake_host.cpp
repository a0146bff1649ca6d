// The fake host's other function tables.
#include <dlfcn.h>

#include <cstring>
#include <stdexcept>

#include "domain/digest.hpp"
#include "tests/support/fake_state.hpp"

namespace auth::testing {
namespace {

using S = FakeHost::State;

template <class Fn>
portico_status guarded(portico_error* error, Fn fn) {
  return portico::call::guard(error, fn);
}

// --- routes and exchanges
portico_status add_route(const portico_host* h, const portico_route* route, portico_error*) {
  S::of(h).routes.push_back({std::string(view(route->method)), std::string(view(route->pattern)), *route});
  return PORTICO_OK;
}
const portico_routes kRoutes{sizeof(portico_routes), 0, add_route};

portico_status field(const portico_host* h, portico_handle handle, std::uint32_t id, portico_str* out) {
  const auto& x = *S::of(h).exchanges.at(handle);
  switch (id) {
    case PORTICO_FIELD_METHOD:
      *out = to_str(x.method);
      return PORTICO_OK;
    case PORTICO_FIELD_PATH:
      *out = to_str(x.path);
      return PORTICO_OK;
    case PORTICO_FIELD_BODY:
      *out = to_str(x.body);
      return PORTICO_OK;
    case PORTICO_FIELD_LANGUAGE:
      *out = to_str("en");
      return PORTICO_OK;
    case PORTICO_FIELD_CLIENT_ADDRESS:
      *out = to_str(x.address);
      return PORTICO_OK;
    default:
      return PORTICO_E_NOT_FOUND;
  }
}
portico_status value(const portico_host*, portico_handle, std::uint32_t, portico_str, portico_str*) {
  return PORTICO_E_NOT_FOUND;
}
portico_status principal(const portico_host* h, portico_handle handle, portico_principal* out) {
  const auto& x = *S::of(h).exchanges.at(handle);
  if (!x.known) return PORTICO_OK;
  *out = {sizeof *out,
          0,
          to_str(x.identity.user_id),
          to_str(x.identity.session_id),
          to_str(x.identity.roles),
          x.identity.proved_at_us};
  return PORTICO_OK;
}
std::int64_t remaining(const portico_host*, portico_handle) {
  return 15'000'000;
}
std::uint32_t cancelled(const portico_host*, portico_handle) {
  return 0;
}
portico_status answer(const portico_host* h, portico_handle handle, const portico_answer* a) {
  auto& x = *S::of(h).exchanges.at(handle);
  if (x.reply) return PORTICO_E_STALE;
  Reply reply;
  reply.status = a->status;
  reply.raw = std::string(view(a->body));
  if (!reply.raw.empty()) reply.body = boost::json::parse(reply.raw).as_object();
  for (std::uint64_t i = 0; i < a->header_count; ++i) {
    const std::string name(view(a->headers[i].name)), text(view(a->headers[i].value));
    if (name == "Set-Cookie")
      reply.set_cookies[text.substr(0, text.find('='))] =
          text.substr(text.find('=') + 1, text.find(';') - text.find('=') - 1);
    else
      reply.headers[name] = text;
  }
  x.reply = std::move(reply);
  return PORTICO_OK;
}
portico_status fail(const portico_host*, portico_handle, const portico_error*) {
  return PORTICO_E_UNSUPPORTED;
}
const portico_exchange kExchange{
    sizeof(portico_exchange), 0, field, value, principal, remaining, cancelled, answer, fail};

// --- operations
portico_status provide(const portico_host* h, portico_str name, portico_operation_fn fn, void* user,
                       portico_error*) {
  S::of(h).provided[std::string(view(name))] = {fn, user};
  return PORTICO_OK;
}
portico_status call(const portico_host* h, portico_str name, portico_str arguments, portico_buffer* out,
                    portico_error* error) {
  return guarded(error, [&] {
    auto& s = S::of(h);
    const auto found = s.self->operations.find(std::string(view(name)));
    if (found == s.self->operations.end())
      throw Problem(503, "service.not_provided", std::string(view(name)));
    if (!s.transactions.empty())
      throw Problem(500, "test.transaction_open", "an outside call inside a transaction");
    *out = s.lease(found->second(view(arguments)));
  });
}
portico_status reply(const portico_host* h, portico_handle handle, portico_str text) {
  S::of(h).replies[handle] = std::string(view(text));
  return PORTICO_OK;
}
const portico_operations kOperations{sizeof(portico_operations), 0, provide, call, reply};

// --- cache
portico_status get_or_load(const portico_host* h, portico_str key, const portico_cache_policy* policy,
                           portico_cache_load_fn load, void* user, portico_buffer* out, std::int64_t* age_ms,
                           portico_error* error) {
  return guarded(error, [&] {
    auto& s = S::of(h);
    const std::string name(view(key));
    auto found = s.cache.find(name);
    if (found == s.cache.end() || found->second.fresh_until_us <= s.now_us()) {
      const auto handle = ++s.next;
      auto failed = portico::call::empty_error();
      if (load(user, handle, &failed) != PORTICO_OK) {
        if (found == s.cache.end() || found->second.stale_until_us <= s.now_us())
          throw portico::call::problem_of(failed);
      } else {
        CacheEntry entry{s.replies[handle],
                         s.now_us(),
                         s.now_us() + policy->fresh_ms * 1000,
                         s.now_us() + (policy->fresh_ms + policy->stale_ms) * 1000,
                         {}};
        for (std::uint64_t i = 0; i < policy->tag_count; ++i) entry.tags.emplace_back(view(policy->tags[i]));
        s.cache[name] = std::move(entry);
        found = s.cache.find(name);
      }
    }
    *out = s.lease(found->second.text);
    *age_ms = (s.now_us() - found->second.made_us) / 1000;
  });
}
portico_status bust(const portico_host* h, portico_str tag) {
  std::erase_if(S::of(h).cache, [&](const auto& entry) {
    const auto& tags = entry.second.tags;
    return std::find(tags.begin(), tags.end(), view(tag)) != tags.end();
  });
  return PORTICO_OK;
}
const portico_cache kCache{sizeof(portico_cache), 0, get_or_load, reply, bust};

// --- the small ones
portico_status every(const portico_host* h, portico_str name, std::int64_t, std::uint32_t, portico_task_fn fn,
                     void* user, portico_error*) {
  S::of(h).tasks[std::string(view(name))] = {fn, user};
  return PORTICO_OK;
}
const portico_tasks kTasks{sizeof(portico_tasks), 0, every};

portico_status send_mail(const portico_host* h, portico_handle transaction, const portico_mail_message* m,
                         portico_error*) {
  auto& s = S::of(h);
  SentMail mail{std::string(view(m->to)), std::string(view(m->subject)), std::string(view(m->text))};
  (transaction ? s.transactions.at(transaction).mails : s.self->mails).push_back(std::move(mail));
  return PORTICO_OK;
}
const portico_mail kMail{sizeof(portico_mail), 0, send_mail};

portico_status record(const portico_host* h, portico_handle transaction, const portico_audit_entry* e,
                      portico_error*) {
  auto& s = S::of(h);
  AuditRow row{std::string(view(e->action)), std::string(view(e->user_id)), std::string(view(e->target)),
               std::string(view(e->outcome)), std::string(view(e->details))};
  (transaction ? s.transactions.at(transaction).audit : s.self->audit).push_back(std::move(row));
  return PORTICO_OK;
}
const portico_audit kAudit{sizeof(portico_audit), 0, record};

portico_status provide_identity(const portico_host* h, portico_str, portico_authenticate_fn fn, void* user,
                                portico_error*) {
  S::of(h).authenticator = {fn, user};
  return PORTICO_OK;
}
portico_status revoke(const portico_host* h, portico_str session) {
  S::of(h).self->revoked.emplace_back(view(session));
  return PORTICO_OK;
}
portico_status cookie_header(const portico_host* h, portico_str name, portico_str text,
                             std::int64_t max_age_s, portico_buffer* out) {
  *out = S::of(h).lease(
      fmt::format("{}={}; Max-Age={}; HttpOnly; SameSite=Lax; Path=/", view(name), view(text), max_age_s));
  return PORTICO_OK;
}
portico_status cookie_value(const portico_host* h, portico_handle exchange, portico_str name,
                            portico_str* out) {
  const auto& cookies = S::of(h).exchanges.at(exchange)->cookies;
  const auto found = cookies.find(std::string(view(name)));
  if (found == cookies.end()) return PORTICO_E_NOT_FOUND;
  *out = to_str(found->second);
  return PORTICO_OK;
}
const portico_identity_ext kIdentity{
    sizeof(portico_identity_ext), 0, provide_identity, revoke, cookie_header, cookie_value};

portico_status snapshot(const portico_host* h, portico_buffer* out) {
  return *out = S::of(h).lease(S::of(h).settings), PORTICO_OK;
}
portico_status portal(const portico_host* h, portico_buffer* out) {
  return *out = S::of(h).lease(S::of(h).portal), PORTICO_OK;
}
const portico_config kConfig{sizeof(portico_config), 0, snapshot, portal};

void write_log(const portico_host* h, std::uint32_t, portico_str message, const portico_log_field* fields,
               std::uint64_t count) {
  std::string line(view(message));
  for (std::uint64_t i = 0; i < count; ++i)
    line += fmt::format(" {}={}", view(fields[i].key), view(fields[i].value));
  S::of(h).self->log.push_back(std::move(line));
}
const portico_log kLog{sizeof(portico_log), 0, write_log};

void count_metric(const portico_host*, portico_str, portico_str, portico_str, double) {}
const portico_metrics kMetrics{sizeof(portico_metrics), 0, count_metric, count_metric};

portico_status random_bytes(const portico_host*, std::uint8_t* out, std::uint64_t count) {
  return getentropy(out, count) == 0 ? PORTICO_OK : PORTICO_E_INTERNAL;
}
portico_status sha(const portico_host*, portico_str data, std::uint8_t* out) {
  return std::memcpy(out, sha256(view(data)).data(), 32), PORTICO_OK;
}
portico_status hmac(const portico_host*, portico_str key, portico_str data, std::uint8_t* out) {
  return std::memcpy(out, hmac_sha256(view(key), view(data)).data(), 32), PORTICO_OK;
}
/// No secrecy, but the context counts and nothing can be read in the table.
std::string turn(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(c ^ 0x5A);
  return out;
}
portico_status seal(const portico_host* h, portico_str plain, portico_str context, portico_buffer* out,
                    portico_error*) {
  return *out = S::of(h).lease(sha256(view(context)) + turn(view(plain))), PORTICO_OK;
}
portico_status open(const portico_host* h, portico_str sealed, portico_str context, portico_buffer* out,
                    portico_error* error) {
  return guarded(error, [&] {
    const auto text = view(sealed);
    if (text.substr(0, 32) != sha256(view(context))) throw Problem(500, "crypto.cannot_open");
    *out = S::of(h).lease(turn(text.substr(32)));
  });
}
const portico_crypto kCrypto{sizeof(portico_crypto), 0, random_bytes, sha, hmac, seal, open};

std::int64_t now(const portico_host* h) {
  return S::of(h).now_us();
}
const portico_clock kClock{sizeof(portico_clock), 0, now, now};

portico_status page(const portico_host* h, const portico_page* p, portico_error*) {
  return S::of(h).self->pages.emplace_back(view(p->path)), PORTICO_OK;
}
portico_status navigation(const portico_host*, const portico_navigation*, portico_error*) {
  return PORTICO_OK;
}
portico_status card(const portico_host*, portico_str, std::int64_t, portico_error*) {
  return PORTICO_OK;
}
portico_status shell(const portico_host*, portico_error*) {
  return PORTICO_E_DENIED;
}
const portico_pages kPages{sizeof(portico_pages), 0, page, navigation, card, shell};

const void* extension(const portico_host*, const char* id) {
  static const std::map<std::string_view, const void*> tables = {{PORTICO_EXT_DATABASE, &kFakeDatabase},
                                                                 {PORTICO_EXT_ROUTES, &kRoutes},
                                                                 {PORTICO_EXT_EXCHANGE, &kExchange},
                                                                 {PORTICO_EXT_OPERATIONS, &kOperations},
                                                                 {PORTICO_EXT_CACHE, &kCache},
                                                                 {PORTICO_EXT_TASKS, &kTasks},
                                                                 {PORTICO_EXT_MAIL, &kMail},
                                                                 {PORTICO_EXT_AUDIT, &kAudit},
                                                                 {PORTICO_EXT_IDENTITY, &kIdentity},
                                                                 {PORTICO_EXT_CONFIG, &kConfig},
                                                                 {PORTICO_EXT_LOG, &kLog},
                                                                 {PORTICO_EXT_METRICS, &kMetrics},
                                                                 {PORTICO_EXT_CRYPTO, &kCrypto},
                                                                 {PORTICO_EXT_CLOCK, &kClock},
                                                                 {PORTICO_EXT_PAGES, &kPages}};
  const auto found = tables.find(id);
  return found == tables.end() ? nullptr : found->second;
}
void release(const portico_host* h, portico_handle lease) {
  S::of(h).leases.erase(lease);
}

}  // namespace

std::string SentMail::token() const {
  const auto at = text.find("#token=");
  return at == text.npos ? "" : text.substr(at + 7, text.find('\n', at) - at - 7);
}

std::string Reply::error(std::size_t i) const {
  if (!body.contains("errors")) return "";
  const auto& e = body.at("errors").at(i);
  return std::string(e.at("pointer").as_string()) + " " + std::string(e.at("code").as_string());
}

FakeHost::FakeHost(const TestDatabase& database, boost::json::object settings)
    : state_(std::make_unique<State>()) {
  auto& s = *state_;
  s.self = this;
  s.database = &database;
  s.host = {sizeof(portico_host), PORTICO_ABI_MINOR, &s, extension, release};
  boost::json::object all{{"jwt_secret", std::string(32, 's')},
                          {"jwt_secret_previous", ""},
                          {"password_pepper", std::string(32, 'p')},
                          {"password_pepper_previous", ""},
                          {"bcrypt_rounds", 4},
                          {"mails_per_hour", 10},
                          {"crash_at", ""}};
  for (const auto& [key, setting] : settings) all[key] = setting;
  s.settings = boost::json::serialize(all);
  s.portal =
      R"({"name":"Sample Net","public_url":"http://localhost:8080","time_zone":"Asia/Tokyo","default_language":"en"})";
  s.library = dlopen(AUTH_PLUGIN, RTLD_NOW | RTLD_LOCAL);
  if (!s.library) throw std::runtime_error(dlerror());
  const auto entry =
      reinterpret_cast<const portico_entry* (*)()>(dlsym(s.library, "portico_plugin_entry_v1"))();
  auto error = portico::call::empty_error();
  portico::call::check(entry->create(&s.host, &s.plugin, &error), error, "create");
  const auto started = s.plugin->start(s.plugin, &error);
  if (started != PORTICO_OK) s.plugin->destroy(s.plugin);
  portico::call::check(started, error, "start");
}

FakeHost::~FakeHost() {
  auto& s = *state_;
  if (s.plugin) s.plugin->stop(s.plugin), s.plugin->destroy(s.plugin);
  for (PGconn* connection : s.idle) PQfinish(connection);
  if (s.library) dlclose(s.library);
}

std::string FakeHost::user_of(const FakeBrowser& browser) {
  const auto cookie = browser.cookies.find("access");
  if (cookie == browser.cookies.end()) return "";
  portico_identity identity{};
  identity.size = sizeof identity;
  auto error = portico::call::empty_error();
  const auto status =
      state_->authenticator.first(state_->authenticator.second, to_str(cookie->second), &identity, &error);
  if (status == PORTICO_E_PROBLEM) throw portico::call::problem_of(error);
  return status == PORTICO_OK ? identity.user_id : "";
}

Reply FakeHost::send(FakeBrowser& browser, std::string_view method, std::string_view path,
                     const boost::json::value& body) {
  auto& s = *state_;
  Exchange x;
  x.method = method, x.path = path, x.address = browser.address, x.cookies = browser.cookies;
  if (!body.is_null()) x.body = boost::json::serialize(body);
  const RouteEntry* route = nullptr;
  for (const auto& entry : s.routes)
    if (entry.method == method && entry.pattern == path) route = &entry;
  if (!route) throw std::runtime_error("no such route");
  auto error = portico::call::empty_error();
  if (const auto cookie = x.cookies.find("access"); cookie != x.cookies.end()) {
    x.identity.size = sizeof x.identity;
    x.known = s.authenticator.first(s.authenticator.second, to_str(cookie->second), &x.identity, &error) ==
              PORTICO_OK;
  }
  Reply reply;
  if (!x.known && route->route.access == PORTICO_ACCESS_SIGNED_IN) {
    reply.status = 401, reply.code = "auth.required";
    return reply;
  }
  const auto handle = ++s.next;
  s.exchanges[handle] = &x;
  const auto status = route->route.handler(route->route.user, handle, &error);
  s.exchanges.erase(handle);
  if (status == PORTICO_OK) {
    reply = x.reply.value();
  } else {
    const auto problem = portico::call::problem_of(error);
    reply.status = problem.status, reply.code = problem.code, reply.retry_after_s = problem.retry_after_s;
    reply.body = problem.members;
    reply.raw = problem.detail;
  }
  if (!s.transactions.empty()) throw std::runtime_error("a transaction was left open");
  for (const auto& [name, text] : reply.set_cookies) {
    if (text.empty())
      browser.cookies.erase(name);
    else
      browser.cookies[name] = text;
  }
  return reply;
}

void FakeHost::run_task(const std::string& name) {
  auto error = portico::call::empty_error();
  const auto [fn, user] = state_->tasks.at(name);
  portico::call::check(fn(user, &error), error, name.c_str());
}

std::string FakeHost::call_provided(const std::string& name, const std::string& arguments) {
  auto error = portico::call::empty_error();
  const auto [fn, user] = state_->provided.at(name);
  const auto handle = ++state_->next;
  portico::call::check(fn(user, to_str(arguments), handle, &error), error, name.c_str());
  return state_->replies[handle];
}

}  // namespace auth::testing
