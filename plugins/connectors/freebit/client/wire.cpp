// The table, and the settings' say in it.
#include "client/wire.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <portico/problem.hpp>

namespace freebit {

namespace {

using portico::Problem;
constexpr auto kRead = portico::OutboundKind::read;
constexpr auto kWrite = portico::OutboundKind::write;

// In the order of CallId. source: the interface reference, section 3
constexpr CallRow kCalls[] = {
    {CallId::authenticate, "PA01-01", "authOem/", true, kRead},
    {CallId::register_account, "PA02-01", "master/addAcnt/", true, kWrite},
    {CallId::cancel_account, "PA02-04", "master/cnclAcnt/", true, kWrite},
    {CallId::detail, "PA03-02", "mvno/getDetail/", false, kRead},
    {CallId::add_quota, "PA04-04", "master/addSpec/", false, kWrite},
    {CallId::traffic, "PA05-01", "mvno/getTrafficInfo/", true, kRead},
    {CallId::quota_history, "PA05-02", "mvno/getQuotaHistory/", false, kRead},
    {CallId::change_voice, "PA05-06", "mvno/talkoption/changeOrder/", true, kWrite},
    {CallId::register_card, "PA05-18", "mvno/semiblack/addTempAcnt/", true, kWrite},
    {CallId::activate_card, "PA05-19", "mvno/semiblack/addAcnt/", true, kWrite},
    {CallId::change_plan, "PA05-21", "mvno/changePlan/", false, kWrite},
    {CallId::activate_ota, "PA05-33", "mvno/ota/addAcnt/", true, kWrite},
    {CallId::change_network, "PA05-38", "mvno/contractline/change/", true, kWrite},
    {CallId::activate_esim, "PA05-41", "mvno/esim/addAcnt/", true, kWrite},
};

// Two are known; the others are placeholders that the customer's own table replaces.
constexpr CodeRow kCodes[] = {
    {Meaning::ok, "100", true},         {Meaning::invalid, "400-356", true},
    {Meaning::invalid, "400", false},   {Meaning::key, "401-1", false},
    {Meaning::not_now, "403-1", false}, {Meaning::not_found, "404-1", false},
    {Meaning::busy, "409-1", false},    {Meaning::server, "500-1", false},
};

constexpr std::pair<Meaning, std::string_view> kMeanings[] = {{Meaning::ok, "ok"},
                                                              {Meaning::key, "key"},
                                                              {Meaning::busy, "busy"},
                                                              {Meaning::invalid, "invalid"},
                                                              {Meaning::not_found, "not_found"},
                                                              {Meaning::not_now, "not_now"},
                                                              {Meaning::server, "server"}};

std::pair<std::string, std::string> halves(const std::string& item, const char* setting) {
  const auto equals = item.find('=');
  if (equals == item.npos || equals == 0 || equals + 1 == item.size())
    throw Problem(500, "config.invalid",
                  fmt::format("{}: NAME=VALUE is expected, not \"{}\"", setting, item));
  return {item.substr(0, equals), item.substr(equals + 1)};
}

bool well_formed_path(std::string_view path) {
  return path.size() > 1 && path.ends_with('/') && !path.starts_with('/') &&
         std::all_of(path.begin(), path.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' ||
                  c == '-' || c == '_';
         });
}

}  // namespace

std::string_view name_of(Meaning meaning) {
  for (const auto& [known, name] : kMeanings)
    if (known == meaning) return name;
  return "";
}

Wire::Wire(const std::vector<std::string>& paths, const std::vector<std::string>& codes) {
  for (const auto& row : kCalls)
    calls_.push_back({row.id, std::string(row.name), std::string(row.path), row.verified, row.kind});
  for (const auto& item : paths) {
    auto [name, path] = halves(item, "paths");
    const auto call =
        std::find_if(calls_.begin(), calls_.end(), [&, &n = name](const CallSpec& c) { return c.name == n; });
    if (call == calls_.end() || !well_formed_path(path))
      throw Problem(
          500, "config.invalid",
          fmt::format("paths: a call like PA05-21 and a path like mvno/changePlan/ are expected, not "
                      "\"{}\"",
                      item));
    call->path = path, call->verified = true;
  }
  std::vector<Meaning> replaced;
  for (const auto& item : codes) {
    auto [name, code] = halves(item, "codes");
    const auto meaning = std::find_if(std::begin(kMeanings), std::end(kMeanings),
                                      [&, &n = name](const auto& m) { return m.second == n; });
    if (meaning == std::end(kMeanings))
      throw Problem(500, "config.invalid", fmt::format("codes: nothing is called \"{}\"", name));
    replaced.push_back(meaning->first);
    codes_.push_back({meaning->first, code, true});
  }
  for (const auto& row : kCodes)
    if (std::find(replaced.begin(), replaced.end(), row.meaning) == replaced.end())
      codes_.push_back({row.meaning, std::string(row.code), row.verified});
}

Meaning Wire::meaning(std::string_view result, std::string_view detail, std::string_view message) const {
  const auto find = [&](std::string_view code) {
    return std::find_if(codes_.begin(), codes_.end(), [&](const Code& row) { return row.code == code; });
  };
  auto row = find(fmt::format("{}-{}", result, detail));
  if (row == codes_.end()) row = find(result);
  // A success needs no guess; for the rest the text knows a bad key where the code does not.
  const bool about_key = message.find("authKey") != message.npos || message.find("認証") != message.npos;
  if (row != codes_.end() && !(row->meaning == Meaning::invalid && row->code == result && about_key))
    return row->meaning;
  if (about_key) return Meaning::key;
  return result.size() == 3 && result[0] == '5' ? Meaning::server : Meaning::invalid;
}

std::vector<std::string> Wire::unverified_paths() const {
  std::vector<std::string> out;
  for (const auto& call : calls_)
    if (!call.verified) out.push_back(fmt::format("{}={}", call.name, call.path));
  return out;
}

std::vector<std::string> Wire::unverified_codes() const {
  std::vector<std::string> out;
  for (const auto& row : codes_)
    if (!row.verified) out.push_back(fmt::format("{}={}", name_of(row.meaning), row.code));
  return out;
}

}  // namespace freebit
