// Tables as the script offers them, requests, and what was done wrong meanwhile.
#include "kernel/validator/fake_host.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <portico/call.hpp>

#include "kernel/validator/fake_tables.hpp"

namespace kernel::validator {

namespace json = boost::json;
using loader::ConfigType;

namespace {

constexpr std::chrono::seconds kForAnAnswer{10};
constexpr std::size_t kAddedFunctions = 16;

[[noreturn]] void function_of_a_later_host() {
  std::abort();
}

json::value invented(const loader::ConfigKey& key) {
  switch (key.type) {
    case ConfigType::text:
      return "a text that nobody chose, as long as secrets have to be: 0123456789";
    case ConfigType::url:
      return "http://127.0.0.1:9";
    case ConfigType::integer:
      return key.min.value_or(std::min<std::int64_t>(1, key.max.value_or(1)));
    case ConfigType::boolean:
      return false;
    case ConfigType::list:
      return json::array();
  }
  return nullptr;
}

/// "/api/things/{id}" as a path, and its parameters.
std::string fill(const std::string& pattern, std::map<std::string, std::string>& parameters) {
  std::string path;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const auto end = pattern[i] == '{' ? pattern.find('}', i) : std::string::npos;
    if (end == std::string::npos) {
      path += pattern[i];
      continue;
    }
    parameters[pattern.substr(i + 1, end - i - 1)] = "1";
    path += "1";
    i = end;
  }
  return path;
}

}  // namespace

FakeHost::FakeHost(const loader::Manifest& m, Script s) : script(std::move(s)), manifest(m) {
  for (const auto& [id, fake] : fake_tables()) {
    std::vector<void*> words(fake.size / sizeof(void*));
    std::memcpy(words.data(), fake.table, fake.size);
    if (script.offer == Offer::lengthened)
      words.resize(words.size() + kAddedFunctions, reinterpret_cast<void*>(&function_of_a_later_host));
    if (script.offer == Offer::shortened) words.pop_back();
    const auto size = static_cast<std::uint32_t>(words.size() * sizeof(void*));
    std::memcpy(words.data(), &size, sizeof size);
    tables_[id] = memory_.copy(words.data(), size);
  }
  struct Longer {
    portico_host host;
    void* added[kAddedFunctions];
  } raw{};
  const bool longer = script.offer == Offer::lengthened;
  const auto size = longer ? sizeof raw : sizeof raw.host;
  raw.host.size = static_cast<std::uint32_t>(size);
  raw.host.abi_minor = PORTICO_ABI_MINOR + (longer ? 1u : 0u);
  raw.host.context = this;
  raw.host.extension = [](const portico_host* host, const char* id) { return of(host).find(id); };
  raw.host.release = [](const portico_host* host, portico_handle lease) {
    if (lease) of(host).leases.take(lease);
  };
  std::fill(std::begin(raw.added), std::end(raw.added), reinterpret_cast<void*>(&function_of_a_later_host));
  raw_ = static_cast<portico_host*>(memory_.copy(&raw, size));
}

FakeHost::~FakeHost() = default;

std::set<std::string> FakeHost::extension_ids() {
  std::set<std::string> out;
  for (const auto& [id, unused] : fake_tables()) out.insert(id);
  return out;
}

json::object FakeHost::config_for(const loader::Manifest& manifest) {
  json::object out;
  for (const auto& [name, key] : manifest.config) out[name] = key.fallback ? *key.fallback : invented(key);
  return out;
}

const void* FakeHost::find(const std::string& id) {
  const auto in = [&](const std::vector<std::string>& list) {
    return std::find(list.begin(), list.end(), id) != list.end();
  };
  if (script.offer == Offer::nothing) return nullptr;
  if (!in(manifest.extensions_required) &&
      (script.offer == Offer::required || !in(manifest.extensions_optional)))
    return nullptr;
  const auto it = tables_.find(id);
  return it == tables_.end() ? nullptr : it->second;
}

portico_status FakeHost::enter(portico_error* error) {
  if (++calls != script.failing_call) return PORTICO_OK;
  if (!error) return PORTICO_E_INTERNAL;
  return portico::call::fill(error, portico::Problem(503, "validator.failing", "this call had to fail"));
}

void FakeHost::complain(std::string what) {
  const std::lock_guard lock(mutex);
  if (std::find(complaints.begin(), complaints.end(), what) == complaints.end())
    complaints.push_back(std::move(what));
}

portico_buffer FakeHost::lease(std::string text) {
  auto held = std::make_shared<std::string>(std::move(text));
  return {held->data(), held->size(), leases.add(held)};
}

std::string ask(FakeHost& host, const FakeRoute& route, std::string body) {
  auto exchange = std::make_shared<FakeExchange>();
  exchange->method = route.method;
  exchange->path = fill(route.pattern, exchange->parameters);
  exchange->body = std::move(body);
  exchange->cancelled = host.script.cancelled;
  const auto handle = host.exchanges.add(exchange);
  auto error = portico::call::empty_error();
  const auto status = route.handler(route.user, handle, &error);
  const auto name = route.method + " " + route.pattern;
  std::unique_lock lock(exchange->mutex);
  if (status == PORTICO_PENDING && exchange->cancelled &&
      exchange->answers == 0) {  // the host has answered by itself
    const auto told = exchange->on_cancel;
    lock.unlock();
    if (told) told();
    host.exchanges.take(handle);
    return {};
  }
  if (status == PORTICO_PENDING)
    exchange->answered.wait_for(lock, kForAnAnswer, [&] { return exchange->answers > 0; });
  const auto answers = exchange->answers;
  const auto answer = exchange->status;
  lock.unlock();
  host.exchanges.take(handle);
  if (!exchange->fault.empty()) return name + ": " + exchange->fault;
  if (answers > 1) return fmt::format("{}: it was answered {} times", name, answers);
  if (status == PORTICO_OK || status == PORTICO_PENDING) {
    if (answers == 0)
      return name + (status == PORTICO_OK ? ": returned PORTICO_OK without an answer"
                                          : ": promised an answer and gave none within 10 s");
    if (answer < 200 || answer > 599) return fmt::format("{}: answered with status {}", name, answer);
    return {};
  }
  if (answers) return name + ": answered and returned a failure";
  if (status == PORTICO_E_PROBLEM && (error.status < 400 || error.status > 599))
    return fmt::format("{}: returned PORTICO_E_PROBLEM with status {}", name, error.status);
  if (status > 0) return fmt::format("{}: returned {}, which means nothing", name, status);
  return {};
}

}  // namespace kernel::validator
