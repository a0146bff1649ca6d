// Opens, renews, ends and checks sessions.
#include "use_cases/session.hpp"

#include "domain/digest.hpp"
#include "store/sessions.hpp"

namespace auth {
namespace {

using namespace std::chrono_literals;

std::string session_tag(std::string_view session_id) {
  return "session:" + std::string(session_id);
}

std::chrono::seconds left(portico::Time until, portico::Time now) {
  return std::max(std::chrono::duration_cast<std::chrono::seconds>(until - now), 0s);
}

}  // namespace

Credentials open_session(const Parts& parts, portico::Transaction& tx, std::string_view user_id,
                         std::string_view device) {
  Credentials out;
  out.session_id = parts.new_uuid();
  out.refresh = parts.new_token();
  out.device = is_token(device) ? std::string(device) : parts.new_token();
  const auto until = store::add_session(tx, out.session_id, user_id, sha256(out.refresh));
  store::remember_device(tx, user_id, sha256(out.device));
  const auto now = parts.host.clock().now();
  out.access = parts.access_tokens.issue(user_id, out.session_id, now);
  out.refresh_for = left(until, now);
  return out;
}

void forget_session(const Parts& parts, std::string_view session_id) {
  parts.host.cache().bust(session_tag(session_id));
  parts.host.identity().revoke(session_id);
}

Credentials refresh_session(const Parts& parts, std::string_view refresh_token) {
  const auto expired = [] { return portico::Problem(401, "auth.session_expired"); };
  if (!is_token(refresh_token)) throw expired();
  const auto next = parts.refresh_tokens.successors(refresh_token);
  const auto step = parts.as_nobody([&](portico::Transaction& tx) {
    auto rotated = store::rotate(tx, refresh_token, next);
    if (rotated.outcome == Rotation::reused)
      parts.host.audit().record(
          tx, {"auth.refresh.reuse_detected", rotated.user_id, rotated.session_id, "refused", ""});
    return rotated;
  });
  switch (step.outcome) {
    case Rotation::rotated:
    case Rotation::repeated:
      break;
    case Rotation::reused:
      parts.host.log().warning("a used refresh token came again; its session was ended",
                               {{"session_id", step.session_id}});
      parts.host.metrics().count("refresh_reuse");
      [[fallthrough]];
    case Rotation::ended:
    case Rotation::idle:
      if (!step.session_id.empty()) forget_session(parts, step.session_id);
      throw expired();
    case Rotation::unknown:
      throw expired();
  }
  const auto now = parts.host.clock().now();
  Credentials out;
  out.session_id = step.session_id;
  out.access = parts.access_tokens.issue(step.user_id, step.session_id, now);
  out.refresh = step.use_old ? next.back() : next.front();
  out.refresh_for = left(step.expires_at, now);
  return out;
}

void sign_out(const Parts& parts, const Browser& browser, std::string_view refresh_token) {
  std::vector<SessionRef> ended;
  if (!browser.session_id.empty()) {
    parts.host.database().as_user(browser.user_id, [&](portico::Transaction& tx) {
      store::end_session(tx, browser.session_id, "signed_out");
      parts.host.audit().record(tx, {"auth.sign_out", browser.user_id, browser.session_id, "ok", ""});
    });
    ended.push_back({browser.session_id, browser.user_id});
  }
  if (is_token(refresh_token)) {
    const auto other = parts.as_nobody([&](portico::Transaction& tx) {
      auto ref = store::end_session_of(tx, refresh_token);
      if (ref) parts.host.audit().record(tx, {"auth.sign_out", ref->user_id, ref->session_id, "ok", ""});
      return ref;
    });
    if (other) ended.push_back(*other);
  }
  for (const auto& session : ended) forget_session(parts, session.session_id);
}

std::optional<portico::Identity> authenticate(const Parts& parts, std::string_view access_token) {
  const auto now = parts.host.clock().now();
  TokenFault fault;
  const auto claims = parts.access_tokens.verify(access_token, now, &fault);
  if (!claims) {
    if (fault != TokenFault::expired) parts.host.metrics().count("bad_access_tokens");
    return std::nullopt;
  }
  const auto tag = session_tag(claims->session_id);
  portico::CachePolicy policy;
  policy.fresh = 60s;
  policy.tags = {tag};
  // The user id belongs to the key: a token that pairs a session with another user finds nothing.
  const auto view = parts.host.cache().get_or_load(tag + ":" + claims->user_id, policy, [&] {
    return parts.host.database().as_user(claims->user_id, [&](portico::Transaction& tx) {
      return store::view_session(tx, claims->session_id);
    });
  });
  const portico::Time until{std::chrono::microseconds(view.expires_at_us)};
  if (!view.live || until <= now) return std::nullopt;
  portico::Identity identity;
  identity.user_id = claims->user_id;
  identity.session_id = claims->session_id;
  identity.roles = view.roles;
  identity.language = view.language;
  identity.proved_at = portico::Time(std::chrono::microseconds(view.proved_at_us));
  identity.valid_until = std::min({claims->expires_at, until, portico::Time(now + 60s)});
  return identity;
}

}  // namespace auth
