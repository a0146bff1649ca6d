// Who is calling: the identity plugin says, and the verdict on a credential is remembered until it is
// revoked.
#include <fmt/format.h>
#include <openssl/evp.h>

#include <boost/json.hpp>
#include <portico/call.hpp>

#include "kernel/observe/log.hpp"
#include "kernel/policy/pipeline.hpp"
#include "kernel/policy/remember.hpp"

namespace kernel::policy {

using portico::Problem;

namespace {

constexpr std::chrono::seconds kRemembered{30};  // revocation busts the session's tag at once
constexpr std::chrono::seconds kLookDeadline{5};

const std::shared_ptr<const Principal>& nobody() {
  static const auto principal = std::make_shared<const Principal>();
  return principal;
}

std::string digest_key(std::string_view credential) {
  static const EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);  // once: a look-up by name
  constexpr std::string_view prefix = "identity:";
  constexpr std::size_t kDigest = 32;
  std::string key(prefix.size() + kDigest, '\0');
  prefix.copy(key.data(), prefix.size());
  EVP_Digest(credential.data(), credential.size(), reinterpret_cast<unsigned char*>(&key[prefix.size()]),
             nullptr, sha256, nullptr);
  return key;
}

std::int64_t now_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

std::string session_tag(std::string_view session_id) {
  return "session:" + std::string(session_id);
}

std::string encode_principal(const Principal& p) {
  return boost::json::serialize(boost::json::object{{"user", p.user_id},
                                                    {"session", p.session_id},
                                                    {"roles", p.roles},
                                                    {"language", p.language},
                                                    {"proved_at_us", p.proved_at_us},
                                                    {"valid_until_us", p.valid_until_us}});
}

std::shared_ptr<const Principal> decode_principal(std::string_view text) {
  boost::json::error_code ec;
  const auto value = boost::json::parse(text, ec);
  const auto* object = ec ? nullptr : value.if_object();
  if (!object) return nullptr;
  auto p = std::make_shared<Principal>();
  const auto read = [&](const char* key, std::string& out) {
    const auto* member = object->if_contains(key);
    if (member && member->is_string()) out = std::string(member->get_string());
    return member != nullptr;
  };
  const auto* proved = object->if_contains("proved_at_us");
  const auto* until = object->if_contains("valid_until_us");
  if (!read("user", p->user_id) || !read("session", p->session_id) || !read("roles", p->roles) ||
      !read("language", p->language) || !proved || !proved->is_int64() || !until || !until->is_int64())
    return nullptr;
  p->proved_at_us = proved->get_int64();
  p->valid_until_us = until->get_int64();
  return p;
}

namespace {

/// What the identity plugin was asked and says; after a time-out it may still be writing.
struct Asked {
  explicit Asked(std::string text) : credential(std::move(text)) { found.size = sizeof found; }
  std::string credential;
  portico_identity found{};
  portico_error error = portico::call::empty_error();
};

std::shared_ptr<const Principal> find_remembered(Pipeline& pipeline, const std::string& key) {
  const auto known = pipeline.cache.find_local(key);
  if (!known) return nullptr;
  auto principal = known->entry->derived<Principal>(decode_principal);
  return principal && principal->valid_until_us > now_us() ? principal : nullptr;
}

/// Throws where the authenticator failed.
std::shared_ptr<const Principal> conclude(Pipeline& pipeline, const std::string& key, portico_status status,
                                          const Asked& asked) {
  const auto& found = asked.found;
  const auto& error = asked.error;
  if (status == PORTICO_E_NOT_FOUND) return nobody();
  if (status != PORTICO_OK) {
    // A credential that is not good is nobody's on a route for anyone; elsewhere authorize() asks to sign in.
    if (error.status == 401) return nobody();
    throw error.status ? portico::call::problem_of(error)
                       : Problem(500, "internal", "the authenticator failed");
  }
  auto principal =
      std::make_shared<Principal>(Principal{found.user_id, found.session_id, found.roles, found.language,
                                            found.proved_at_us, found.valid_until_us});
  const auto left = std::chrono::microseconds(principal->valid_until_us - now_us());
  if (left.count() > 0) {
    cache::Policy policy;
    policy.ttl = std::min(std::chrono::duration_cast<std::chrono::milliseconds>(left),
                          std::chrono::milliseconds(kRemembered));
    policy.tags = {session_tag(principal->session_id)};
    pipeline.cache.set(key, policy, {encode_principal(*principal), {}});
  }
  return principal;
}

}  // namespace

Verdict authenticate(Call& call, MayBlock may_block) {
  const auto& identity = call.published->identity;
  call.principal = nobody();
  if (!identity.plugin) return Verdict::pass;
  const auto credential = call.cookie(call.pipeline.cookie_name(identity.spec.cookie));
  if (!credential || credential->empty() || credential->size() > 4096) return Verdict::pass;
  auto key = digest_key(*credential);
  if (auto principal = find_remembered(call.pipeline, key)) {
    call.principal = std::move(principal);
    if (!call.principal->language.empty() && !call.request().headers.contains("accept-language"))
      call.language = call.principal->language;
    return Verdict::pass;
  }
  if (may_block == MayBlock::no) {
    call.question = std::move(key);
    return Verdict::later;
  }
  const auto asked = std::make_shared<Asked>(std::string(*credential));
  const auto spec = identity.spec;
  const auto status = run_on_plugin(call, *identity.plugin, [asked, spec] {
    return spec.fn(spec.user, portico::to_str(asked->credential), &asked->found, &asked->error);
  });
  call.principal = conclude(call.pipeline, key, status, *asked);
  return Verdict::pass;
}

void look_at_credential(Pipeline& pipeline, const std::string& credential,
                        std::function<void(std::shared_ptr<const Principal>)> then) {
  auto key = digest_key(credential);
  if (auto principal = find_remembered(pipeline, key)) return then(std::move(principal));
  const auto live = pipeline.published();
  auto* plugin = live->identity.plugin;
  auto* lane = plugin ? plugin->lane("standard") : nullptr;
  const auto ask = [&pipeline, live, key = std::move(key), credential, then] {
    std::shared_ptr<const Principal> principal;
    try {
      Asked asked(credential);
      const auto& spec = live->identity.spec;
      portico_status status;
      {
        const loader::CallScope scope({.plugin = live->identity.plugin,
                                       .deadline = Call::Clock::now() + kLookDeadline,
                                       .kind = loader::Holding::request,
                                       .place = "session of an event stream"});
        status = spec.fn(spec.user, portico::to_str(asked.credential), &asked.found, &asked.error);
      }
      principal = conclude(pipeline, key, status, asked);
    } catch (const std::exception& e) {
      observe::log(observe::Level::warning, "host", "a session could not be looked at", {{"why", e.what()}});
    }
    then(std::move(principal));
  };
  const auto unknown = [then] { then(nullptr); };
  if (!lane || !lane->post({ask, unknown})) unknown();
}

}  // namespace kernel::policy
