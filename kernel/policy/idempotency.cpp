// Claims of keys, kept answers and their repeats, all in kernel.idempotency_keys.
#include "kernel/policy/idempotency.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <boost/json.hpp>

#include "kernel/observe/log.hpp"
#include "kernel/policy/pipeline.hpp"

namespace kernel::policy {

using database::Bytes;
using database::Value;
using portico::Problem;

namespace {

// What a repeat may be told; cookies and the like belong to the first answer alone.
constexpr std::string_view kKeptHeaders[] = {"content-type", "content-language", "location"};
constexpr std::chrono::seconds kSettleLimit{5};  // the client waits for it

database::Scope scope(const char* reason) {
  return {database::Scope::system, {}, reason, "portico_kernel"};
}

/// The key that the header names. errors    400 idempotency.key_invalid
std::string key_of(std::string_view header) {
  if (header.size() >= 2 && header.front() == '"' && header.back() == '"')
    header = header.substr(1, header.size() - 2);
  const auto visible = [](char c) { return c > ' ' && c < 0x7f && c != '"' && c != '\\'; };
  if (header.size() < kIdempotencyKeyLeast || header.size() > kIdempotencyKeyMost ||
      !std::all_of(header.begin(), header.end(), visible))
    throw Problem(400, "idempotency.key_invalid",
                  fmt::format("Idempotency-Key has {} to {} visible ASCII characters", kIdempotencyKeyLeast,
                              kIdempotencyKeyMost));
  return std::string(header);
}

/// Says whether two requests ask for the same: SHA-256 of path, query, content type and body.
std::string fingerprint(const Call& call) {
  const auto& request = call.request();
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  bool done = context && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1;
  for (const std::string_view part :
       {std::string_view(request.path), std::string_view(request.query),
        request.headers.find("content-type").value_or(std::string_view()), std::string_view(request.body)}) {
    const std::uint64_t size = part.size();  // before each part: no two requests run together
    done = done && EVP_DigestUpdate(context.get(), &size, sizeof size) == 1 &&
           EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1;
  }
  std::string digest(32, '\0');
  if (!done ||
      EVP_DigestFinal_ex(context.get(), reinterpret_cast<unsigned char*>(digest.data()), nullptr) != 1)
    throw Problem(500, "internal", "SHA-256 failed");
  return digest;
}

front::Response kept_response(const database::Result& row) {
  if (database::is_null(row.at(0, "body")))
    throw Problem(409, "idempotency.answer_not_kept", "the write was done; its answer was too large to keep");
  front::Response response;
  response.status = static_cast<int>(row.get<std::int64_t>(0, "status"));
  const auto headers = boost::json::parse(row.get<std::string>(0, "headers"));
  for (const auto& header : headers.as_object())
    response.headers.add(header.key(), std::string_view(header.value().as_string()));
  response.headers.add("Idempotent-Replayed", "true");
  response.body = row.get<Bytes>(0, "body").data;
  return response;
}

/// Runs on a transaction of its own; what fails is logged, since the client's answer matters more.
template <class F>
void settle(Call& call, const char* what, F&& fn) noexcept {
  if (!call.key_claim) return;
  try {
    auto transaction =
        call.pipeline.database.begin(scope(what), std::chrono::steady_clock::now() + kSettleLimit);
    fn(transaction, *call.key_claim);
    transaction.commit();
  } catch (const std::exception& e) {
    observe::log(observe::Level::warning, "host", "an idempotency key stays claimed",
                 {{"route", call.key_claim->route}, {"why", e.what()}});
  }
}

/// False where the key is no longer this attempt's, or its answer is there already.
bool store(database::Transaction& transaction, const KeyClaim& claim, std::int64_t status, Value headers,
           Value body) {
  const auto stored = transaction.run_as(
      "portico_kernel",
      "UPDATE kernel.idempotency_keys SET state = 'done', status = $5::smallint, headers = $6::jsonb, body = $7 "
      "WHERE principal = $1 AND route = $2 AND key = $3 AND epoch = $4 AND state = 'started'",
      {Value(claim.principal), Value(claim.route), Value(claim.key), Value(claim.epoch), Value(status),
       std::move(headers), std::move(body)});
  return stored.affected() == 1;
}

bool store(database::Transaction& transaction, const KeyClaim& claim, const front::Response& response) {
  boost::json::object headers;
  for (const auto name : kKeptHeaders)
    if (const auto value = response.headers.find(name)) headers[name] = *value;
  const bool fits = response.content().size() <= kKeptBody;
  return store(transaction, claim, response.status, Value(boost::json::serialize(headers)),
               fits ? Value(Bytes{std::string(response.content())}) : Value());
}

}  // namespace

bool takes_idempotency_key(const loader::RouteSpec& spec) {
  return (spec.method == "POST" || spec.method == "PATCH" || spec.method == "DELETE") &&
         spec.access != loader::Access::anyone && !spec.secret && !spec.streamed_body;
}

Verdict claim_key(Call& call, MayBlock may_block) {
  const auto& spec = call.route->spec;
  if (!call.route->plugin || !takes_idempotency_key(spec)) return Verdict::pass;
  const auto header = call.request().headers.find(kIdempotencyHeader);
  if (!header && spec.needs_idempotency_key)
    throw Problem(400, "idempotency.key_missing", "this route needs the header Idempotency-Key");
  if (!header) return Verdict::pass;
  KeyClaim claim{call.principal->user_id, call.route->label, key_of(*header)};
  if (may_block == MayBlock::no) return Verdict::later;
  const Bytes asked{fingerprint(call)};
  const std::initializer_list<Value> id = {Value(claim.principal), Value(claim.route), Value(claim.key)};
  const auto hold = call.remaining() + std::chrono::microseconds(kClaimMargin);
  const auto found = database::with_retry(
      call.pipeline.database, scope("claim of an idempotency key"), call.deadline,
      [&](database::Transaction& t) -> std::optional<database::Result> {
        // In one statement: of any number of twins one gets a row back.
        const auto claimed = t.run(
            "INSERT INTO kernel.idempotency_keys AS k(principal, route, key, body_sha256, locked_until) "
            "VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5)) "
            "ON CONFLICT (principal, route, key) DO UPDATE SET epoch = k.epoch + 1, "
            "locked_until = EXCLUDED.locked_until WHERE k.state = 'started' AND k.locked_until < now() "
            "AND k.body_sha256 = EXCLUDED.body_sha256 RETURNING epoch::bigint AS epoch",
            {Value(claim.principal), Value(claim.route), Value(claim.key), Value(asked),
             Value(std::chrono::duration<double>(hold).count())});
        if (!claimed.empty()) {
          claim.epoch = claimed.get<std::int64_t>(0, "epoch");
          return std::nullopt;
        }
        return t.run(
            "SELECT state, body_sha256, status::bigint AS status, headers::text AS headers, body "
            "FROM kernel.idempotency_keys WHERE principal = $1 AND route = $2 AND key = $3",
            id);
      });
  if (!found) {
    call.key_claim = std::move(claim);
    call.pipeline.clean_keys();
    return Verdict::pass;
  }
  // Empty: it was released between the two statements.
  if (!found->empty() && found->get<Bytes>(0, "body_sha256") != asked)
    throw Problem(422, "idempotency.key_reused", "this key came before with another request");
  if (found->empty() || found->get<std::string>(0, "state") != "done")
    throw Problem(409, "idempotency.in_progress", "the same request is being worked on", 1);
  call.replayed = true;
  call.answer(kept_response(*found));
  return Verdict::answered;
}

void keep_answer(database::Transaction& transaction, const KeyClaim& claim, const front::Response& response) {
  if (!store(transaction, claim, response))
    throw Problem(409, "idempotency.superseded", "another attempt has taken this key over");
}

void settle_key(Call& call, const front::Response& response) noexcept {
  if (response.status >= 400) return release_key(call);
  settle(call, "answer under an idempotency key",
         [&](database::Transaction& t, const KeyClaim& claim) { store(t, claim, response); });
}

void settle_key_without_copy(Call& call) noexcept {
  settle(call, "answer in pieces under an idempotency key",
         [](database::Transaction& t, const KeyClaim& claim) { store(t, claim, 200, Value(), Value()); });
}

void release_key(Call& call) noexcept {
  settle(call, "release of an idempotency key", [](database::Transaction& t, const KeyClaim& claim) {
    t.run(
        "DELETE FROM kernel.idempotency_keys WHERE principal = $1 AND route = $2 AND key = $3 AND epoch = $4 "
        "AND state = 'started'",
        {Value(claim.principal), Value(claim.route), Value(claim.key), Value(claim.epoch)});
  });
}

void forget_old_keys(database::Pool& pool) {
  constexpr std::int64_t kAtOnce = 5000;
  for (std::int64_t gone = kAtOnce; gone == kAtOnce;) {
    auto t = pool.begin(scope("idempotency keys that are kept no longer"),
                        std::chrono::steady_clock::now() + kSettleLimit);
    gone = t.run(
                "DELETE FROM kernel.idempotency_keys WHERE ctid IN (SELECT ctid FROM kernel.idempotency_keys "
                "WHERE created_at < now() - make_interval(hours => $1::int) "
                "AND (state = 'done' OR locked_until < now()) LIMIT $2::int)",
                {Value(static_cast<std::int64_t>(kKeepAnswers.count())), Value(kAtOnce)})
               .affected();
    t.commit();
  }
}

}  // namespace kernel::policy
