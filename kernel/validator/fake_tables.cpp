// Every function of the ABI: most say yes and hand out nothing; those with a meaning for the checks are here
// by name.
#include "kernel/validator/fake_tables.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <portico/abi/audit.h>
#include <portico/abi/cache.h>
#include <portico/abi/channels.h>
#include <portico/abi/clock.h>
#include <portico/abi/config.h>
#include <portico/abi/crypto.h>
#include <portico/abi/database.h>
#include <portico/abi/events.h>
#include <portico/abi/health.h>
#include <portico/abi/identity.h>
#include <portico/abi/log.h>
#include <portico/abi/mail.h>
#include <portico/abi/metrics.h>
#include <portico/abi/operations.h>
#include <portico/abi/outbound.h>
#include <portico/abi/pages.h>
#include <portico/abi/tasks.h>
#include <portico/abi/workflows.h>

#include "kernel/validator/fake_calls.hpp"

namespace kernel::validator {

namespace {

constexpr auto kSomebody = "00000000-0000-4000-8000-000000000001";

void add_background(Host host, std::string what, std::function<portico_status(Error)> run) {
  auto& fake = FakeHost::of(host);
  const std::lock_guard lock(fake.mutex);
  fake.background.push_back({std::move(what), std::move(run)});
}

// ---- what runs in the background ----

template <class Fn>
portico_status add_task(Host host, portico_str name, Fn fn, void* user, Error error) {
  if (const auto status = draft(host, error); status != PORTICO_OK) return status;
  add_background(host, "task " + text_of(name), [fn, user](Error e) { return fn(user, e); });
  return PORTICO_OK;
}

portico_status every(Host host, portico_str name, std::int64_t, std::uint32_t, portico_task_fn fn, void* user,
                     Error error) {
  return add_task(host, name, fn, user, error);
}

portico_status cron(Host host, portico_str name, portico_str, std::uint32_t, portico_task_fn fn, void* user,
                    Error error) {
  return add_task(host, name, fn, user, error);
}

portico_status add_jobs(Host host, const char* what, portico_str name, portico_job_fn fn, void* user,
                        Error error) {
  if (const auto status = draft(host, error); status != PORTICO_OK) return status;
  for (const char* payload : {"{}", R"({"unknown":[1,2]})"})
    add_background(host, what + text_of(name), [fn, user, payload, name = text_of(name)](Error e) {
      const portico_job job{sizeof job, 1, 1, 1, 1'700'000'000'000'000, to_str(name), {}, to_str(payload)};
      return fn(user, &job, e);
    });
  return PORTICO_OK;
}

portico_status queue(Host host, portico_str name, const portico_queue_options*, portico_job_fn fn, void* user,
                     Error error) {
  return add_jobs(host, "queue ", name, fn, user, error);
}

portico_status subscribe(Host host, portico_str name, const portico_queue_options*, portico_job_fn fn,
                         void* user, Error error) {
  return add_jobs(host, "subscriber of ", name, fn, user, error);
}

void add_step(Host host, const std::string& what, const std::string& step,
              const portico_workflow_action* action) {
  if (!action) return;
  auto& fake = FakeHost::of(host);
  for (const auto fn : {action->run, action->look})
    if (fn)
      add_background(host, what, [&fake, fn, step, user = action->user](Error e) {
        const auto reply = fake.replies.add(std::make_shared<std::string>());
        const portico_step_call call{sizeof call,
                                     1,
                                     to_str(kSomebody),
                                     to_str(kSomebody),
                                     to_str(step),
                                     to_str("marker-1"),
                                     to_str("{}"),
                                     to_str("{}"),
                                     {},
                                     reply};
        const auto status = fn(user, &call, e);
        fake.replies.take(reply);
        return status;
      });
}

portico_status define(Host host, const portico_workflow* workflow, Error error) {
  if (const auto status = draft(host, error); status != PORTICO_OK) return status;
  for (std::uint64_t i = 0; i < workflow->step_count; ++i) {
    const auto& step = *workflow->steps[i];
    const auto what = "step " + text_of(step.name) + " of " + text_of(workflow->kind);
    add_step(host, what, text_of(step.name), step.action);
    add_step(host, "undoing " + what, text_of(step.name), step.undo);
  }
  return PORTICO_OK;
}

portico_status start_workflow(Host host, portico_handle, const portico_workflow_start*, portico_buffer* id,
                              Error error) {
  if (const auto status = FakeHost::of(host).enter(error); status != PORTICO_OK) return status;
  *id = FakeHost::of(host).lease(kSomebody);
  return PORTICO_OK;
}

// ---- operations and identity ----

portico_status provide(Host host, portico_str name, portico_operation_fn fn, void* user, Error error) {
  if (const auto status = draft(host, error); status != PORTICO_OK) return status;
  auto& fake = FakeHost::of(host);
  for (const char* arguments : {"{}", R"({"unknown":"member"})", "[]", "not JSON"})
    add_background(host, "operation " + text_of(name), [&fake, fn, user, arguments](Error e) {
      const auto reply = fake.replies.add(std::make_shared<std::string>());
      const auto status = fn(user, to_str(arguments), reply, e);
      fake.replies.take(reply);
      return status;
    });
  return PORTICO_OK;
}

portico_status call_operation(Host host, portico_str, portico_str, portico_buffer*, Error error) {
  if (const auto status = FakeHost::of(host).enter(error); status != PORTICO_OK) return status;
  return problem(error, 503, "service.not_provided");
}

portico_status reply(Host host, portico_handle handle, portico_str text) {
  const auto held = FakeHost::of(host).replies.find(handle);
  if (!held) return PORTICO_E_STALE;
  *held = text_of(text);
  return PORTICO_OK;
}

portico_status reply_step(Host host, portico_handle handle, std::uint32_t, portico_str, std::int64_t,
                          portico_str output) {
  return reply(host, handle, output);
}

portico_status provide_identity(Host host, portico_str, portico_authenticate_fn fn, void* user, Error error) {
  if (const auto status = draft(host, error); status != PORTICO_OK) return status;
  for (const char* credential : {"", "a.b.c", "\x01\xff not text"})
    add_background(host, "authenticator", [fn, user, credential](Error e) {
      portico_identity out{};
      out.size = sizeof out;
      return fn(user, to_str(credential), &out, e);
    });
  return PORTICO_OK;
}

portico_status cookie_header(Host host, portico_str, portico_str, std::int64_t, portico_buffer* out) {
  if (const auto status = FakeHost::of(host).enter(nullptr); status != PORTICO_OK) return status;
  *out = FakeHost::of(host).lease("name=value; HttpOnly");
  return PORTICO_OK;
}

portico_status cookie_value(Host, portico_handle, portico_str, portico_str*) {
  return PORTICO_E_NOT_FOUND;
}

// ---- stores and the outside ----

portico_status begin(Host host, const portico_scope*, portico_handle* transaction, Error error) {
  if (const auto status = FakeHost::of(host).enter(error); status != PORTICO_OK) return status;
  *transaction = FakeHost::of(host).transactions.add(std::make_shared<int>());
  return PORTICO_OK;
}

portico_status run_sql(Host host, portico_handle transaction, portico_str, const portico_value*,
                       std::uint64_t, portico_rows* out, Error error) {
  if (const auto status = FakeHost::of(host).enter(error); status != PORTICO_OK) return status;
  if (!FakeHost::of(host).transactions.find(transaction)) return PORTICO_E_STALE;
  if (out) *out = {};
  return PORTICO_OK;
}

portico_status commit(Host host, portico_handle transaction, Error error) {
  const bool live = FakeHost::of(host).transactions.take(transaction) != nullptr;
  if (const auto status = FakeHost::of(host).enter(error); status != PORTICO_OK) return status;
  return live ? PORTICO_OK : PORTICO_E_STALE;
}

void rollback(Host host, portico_handle transaction) {
  FakeHost::of(host).transactions.take(transaction);
}

portico_status get_or_load(Host host, portico_str, const portico_cache_policy*, portico_cache_load_fn load,
                           void* user, portico_buffer* out, std::int64_t* age_ms, Error error) {
  auto& fake = FakeHost::of(host);
  if (const auto status = fake.enter(error); status != PORTICO_OK) return status;
  const auto held = std::make_shared<std::string>();
  const auto handle = fake.replies.add(held);
  const auto status = load(user, handle, error);
  fake.replies.take(handle);
  if (status != PORTICO_OK) return status;
  *out = fake.lease(*held);
  if (age_ms) *age_ms = 0;
  return PORTICO_OK;
}

portico_status call_upstream(Host host, const portico_outbound_request*, portico_outbound_response* out,
                             Error error) {
  auto& fake = FakeHost::of(host);
  if (const auto status = fake.enter(error); status != PORTICO_OK) return status;
  if (!fake.script.upstreams_answer) return problem(error, 503, "upstream.unavailable");
  out->status = 200, out->may_have_been_sent = 1, out->attempts = 1;
  out->body = fake.lease("{}"), out->content_type = to_str("application/json"), out->headers = {};
  return PORTICO_OK;
}

portico_status open_upstream(Host host, const portico_outbound_request* request, std::uint64_t,
                             portico_outbound_response* out, portico_handle* reply, Error error) {
  *reply = 0;
  const auto status = call_upstream(host, request, out, error);
  if (status == PORTICO_OK) *reply = 1;
  return status;
}

portico_status read_nothing(Host host, portico_handle, char*, std::uint64_t, std::uint64_t* got,
                            Error error) {
  *got = 0;
  return FakeHost::of(host).enter(error);
}

portico_status call_channel(Host host, const portico_channel_call*, portico_channel_reply* out, Error error) {
  auto& fake = FakeHost::of(host);
  if (const auto status = fake.enter(error); status != PORTICO_OK) return status;
  if (!fake.script.upstreams_answer) return problem(error, 503, "upstream.unavailable");
  out->code = 0, out->may_have_been_sent = 1, out->attempts = 1;
  out->message = fake.lease(""), out->text = {}, out->trailers = {};
  return PORTICO_OK;
}

// ---- config, crypto, clock ----

portico_status snapshot(Host host, portico_buffer* out) {
  auto& fake = FakeHost::of(host);
  if (const auto status = fake.enter(nullptr); status != PORTICO_OK) return status;
  *out = fake.lease(boost::json::serialize(fake.script.config));
  return PORTICO_OK;
}

portico_status portal(Host host, portico_buffer* out) {
  if (const auto status = FakeHost::of(host).enter(nullptr); status != PORTICO_OK) return status;
  *out = FakeHost::of(host).lease(
      R"({"name":"Validator","public_url":"http://localhost","time_zone":"Asia/Tokyo","languages":["en","ja"],"default_language":"en"})");
  return PORTICO_OK;
}

portico_status random_bytes(Host host, std::uint8_t* out, std::uint64_t count) {
  if (const auto status = FakeHost::of(host).enter(nullptr); status != PORTICO_OK) return status;
  std::uint32_t word = 1;  // the same in every run
  for (std::uint64_t i = 0; i < count; ++i)
    out[i] = static_cast<std::uint8_t>((word = word * 1664525u + 1013904223u) >> 24);
  return PORTICO_OK;
}

portico_status sha256(Host, portico_str data, std::uint8_t* out) {
  EVP_Digest(data.data, data.size, out, nullptr, EVP_sha256(), nullptr);
  return PORTICO_OK;
}

portico_status hmac_sha256(Host, portico_str key, portico_str data, std::uint8_t* out) {
  HMAC(EVP_sha256(), key.data, static_cast<int>(key.size), reinterpret_cast<const unsigned char*>(data.data),
       data.size, out, nullptr);
  return PORTICO_OK;
}

portico_status seal(Host host, portico_str plain, portico_str, portico_buffer* out, Error error) {
  if (const auto status = FakeHost::of(host).enter(error); status != PORTICO_OK) return status;
  *out = FakeHost::of(host).lease("sealed:" + text_of(plain));
  return PORTICO_OK;
}

portico_status open(Host host, portico_str sealed, portico_str, portico_buffer* out, Error error) {
  if (const auto status = FakeHost::of(host).enter(error); status != PORTICO_OK) return status;
  const auto text = text_of(sealed);
  if (text.rfind("sealed:", 0) != 0) return problem(error, 500, "crypto.cannot_open");
  *out = FakeHost::of(host).lease(text.substr(7));
  return PORTICO_OK;
}

std::int64_t now_us(Host) {
  return 1'700'000'000'000'000;
}

const portico_operations kOperations{table_size<portico_operations>, 0, provide, call_operation, reply};
const portico_database kDatabase{table_size<portico_database>, 0, begin, run_sql, commit, rollback};
const portico_cache kCache{table_size<portico_cache>, 0, get_or_load, reply, yes<&portico_cache::bust>};
const portico_outbound kOutbound{table_size<portico_outbound>,
                                 0,
                                 call_upstream,
                                 yes<&portico_outbound::report_bad_reply>,
                                 open_upstream,
                                 read_nothing,
                                 yes<&portico_outbound::close>};
const portico_channels kChannels{table_size<portico_channels>,
                                 0,
                                 call_channel,
                                 yes<&portico_channels::open>,
                                 yes<&portico_channels::send>,
                                 yes<&portico_channels::finish>,
                                 yes<&portico_channels::cancel>};
const portico_tasks kTasks{table_size<portico_tasks>,
                           0,
                           every,
                           cron,
                           queue,
                           yes<&portico_tasks::enqueue>,
                           yes<&portico_tasks::complete>,
                           yes<&portico_tasks::progress>,
                           yes<&portico_tasks::check>,
                           yes<&portico_tasks::cancel>,
                           yes<&portico_tasks::look>};
const portico_events kEvents{table_size<portico_events>, 0, yes<&portico_events::publish>, subscribe};
const portico_workflows kWorkflows{table_size<portico_workflows>,
                                   0,
                                   define,
                                   start_workflow,
                                   yes<&portico_workflows::signal>,
                                   yes<&portico_workflows::cancel>,
                                   yes<&portico_workflows::state>,
                                   yes<&portico_workflows::list>,
                                   reply_step};
const portico_mail kMail{table_size<portico_mail>, 0, yes<&portico_mail::send>};
const portico_identity_ext kIdentity{table_size<portico_identity_ext>,
                                     0,
                                     provide_identity,
                                     yes<&portico_identity_ext::revoke>,
                                     cookie_header,
                                     cookie_value};
const portico_config kConfig{table_size<portico_config>, 0, snapshot, portal};
const portico_log kLog{table_size<portico_log>, 0, yes<&portico_log::write>};
const portico_metrics kMetrics{table_size<portico_metrics>, 0, yes<&portico_metrics::count>,
                               yes<&portico_metrics::duration>};
const portico_audit kAudit{table_size<portico_audit>, 0, yes<&portico_audit::record>};
const portico_health kHealth{table_size<portico_health>, 0, yes<&portico_health::report>};
const portico_crypto kCrypto{table_size<portico_crypto>, 0, random_bytes, sha256, hmac_sha256, seal, open};
const portico_clock kClock{table_size<portico_clock>, 0, now_us, now_us};
const portico_pages kPages{table_size<portico_pages>, 0,
                           yes<&portico_pages::page>, yes<&portico_pages::navigation>,
                           yes<&portico_pages::card>, yes<&portico_pages::shell>};

template <class Table>
FakeTable of(const Table& table) {
  return {&table, sizeof table};
}

}  // namespace

const std::map<std::string, FakeTable>& fake_tables() {
  static const std::map<std::string, FakeTable> tables{{PORTICO_EXT_ROUTES, of(kFakeRoutes)},
                                                       {PORTICO_EXT_EXCHANGE, of(kFakeExchange)},
                                                       {PORTICO_EXT_IDEMPOTENCY, of(kFakeIdempotency)},
                                                       {PORTICO_EXT_STREAMS, of(kFakeStreams)},
                                                       {PORTICO_EXT_OPERATIONS, of(kOperations)},
                                                       {PORTICO_EXT_DATABASE, of(kDatabase)},
                                                       {PORTICO_EXT_CACHE, of(kCache)},
                                                       {PORTICO_EXT_OUTBOUND, of(kOutbound)},
                                                       {PORTICO_EXT_TASKS, of(kTasks)},
                                                       {PORTICO_EXT_CHANNELS, of(kChannels)},
                                                       {PORTICO_EXT_EVENTS, of(kEvents)},
                                                       {PORTICO_EXT_WORKFLOWS, of(kWorkflows)},
                                                       {PORTICO_EXT_MAIL, of(kMail)},
                                                       {PORTICO_EXT_IDENTITY, of(kIdentity)},
                                                       {PORTICO_EXT_CONFIG, of(kConfig)},
                                                       {PORTICO_EXT_LOG, of(kLog)},
                                                       {PORTICO_EXT_METRICS, of(kMetrics)},
                                                       {PORTICO_EXT_AUDIT, of(kAudit)},
                                                       {PORTICO_EXT_HEALTH, of(kHealth)},
                                                       {PORTICO_EXT_CRYPTO, of(kCrypto)},
                                                       {PORTICO_EXT_CLOCK, of(kClock)},
                                                       {PORTICO_EXT_PAGES, of(kPages)}};
  return tables;
}

}  // namespace kernel::validator
