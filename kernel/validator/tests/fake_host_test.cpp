// The made-up host offers all that the ABI has, and nothing it was told to hold back.
#include "kernel/validator/fake_host.hpp"

#include <portico/abi/exchange.h>
#include <portico/abi/log.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <portico/call.hpp>
#include <regex>

#include "kernel/validator/fake_tables.hpp"

using namespace kernel;
using namespace kernel::validator;

namespace {

loader::Manifest manifest_with(std::vector<std::string> required, std::vector<std::string> optional = {}) {
  loader::Manifest m;
  m.id = "sample";
  m.routes = {"/api/sample"};
  m.extensions_required = std::move(required);
  m.extensions_optional = std::move(optional);
  return m;
}

}  // namespace

TEST_CASE("every extension of the ABI's headers has a table, and every table all of its functions") {
  std::set<std::string> in_headers;
  const std::regex line(R"re(#define PORTICO_EXT_\w+ "([^"]+)")re");
  for (const auto& entry : std::filesystem::directory_iterator(PORTICO_ABI_FOLDER)) {
    std::ifstream in(entry.path());
    const std::string text(std::istreambuf_iterator<char>(in), {});
    for (std::sregex_iterator it(text.begin(), text.end(), line), end; it != end; ++it)
      in_headers.insert((*it)[1]);
  }
  CHECK(in_headers.size() > 15);
  CHECK(FakeHost::extension_ids() == in_headers);
  for (const auto& [id, fake] : fake_tables()) {
    INFO(id);
    std::uint32_t size = 0;
    std::memcpy(&size, fake.table, sizeof size);
    CHECK(size == fake.size);
    for (std::size_t at = 8; at < fake.size; at += sizeof(void*)) {
      INFO(at);
      void* function = nullptr;
      std::memcpy(&function, static_cast<const char*>(fake.table) + at, sizeof function);
      CHECK(function != nullptr);
    }
  }
}

TEST_CASE("what a host offers is what the script says") {
  const auto m = manifest_with({PORTICO_EXT_ROUTES}, {PORTICO_EXT_LOG});
  const auto offered = [&](Offer offer, const char* id) {
    FakeHost host(m, {offer});
    return host.raw()->extension(host.raw(), id) != nullptr;
  };
  CHECK(offered(Offer::all, PORTICO_EXT_ROUTES));
  CHECK(offered(Offer::all, PORTICO_EXT_LOG));
  CHECK_FALSE(offered(Offer::all, "portico.clock/1"));  // the manifest does not ask for it
  CHECK(offered(Offer::required, PORTICO_EXT_ROUTES));
  CHECK_FALSE(offered(Offer::required, PORTICO_EXT_LOG));
  CHECK_FALSE(offered(Offer::nothing, PORTICO_EXT_ROUTES));
  const auto size_of = [&](Offer offer) {
    FakeHost host(m, {offer});
    return *static_cast<const std::uint32_t*>(host.raw()->extension(host.raw(), PORTICO_EXT_ROUTES));
  };
  CHECK(size_of(Offer::all) == sizeof(portico_routes));
  CHECK(size_of(Offer::shortened) == sizeof(portico_routes) - sizeof(void*));
  CHECK(size_of(Offer::lengthened) > sizeof(portico_routes));
}

TEST_CASE("the call that the script names fails, and no other") {
  const auto m = manifest_with({});
  FakeHost host(m, {Offer::all, 2});
  auto error = portico::call::empty_error();
  CHECK(host.enter(&error) == PORTICO_OK);
  CHECK(host.enter(&error) == PORTICO_E_PROBLEM);
  CHECK(error.status == 503);
  CHECK(host.enter(nullptr) == PORTICO_OK);
}

TEST_CASE("a handler is told off for what it does to its one answer") {
  struct Row {
    const char* rule;
    portico_route_fn handler;
    const char* says;
  };
  static const portico_exchange* exchange = nullptr;
  static const portico_host* raw = nullptr;
  static const portico_answer kFine{sizeof kFine, 204};
  static const portico_answer kNonsense{sizeof kNonsense, 7};
  const Row rows[] = {
      {"one answer is fine",
       [](void*, portico_handle e, portico_error*) { return exchange->answer(raw, e, &kFine); }, ""},
      {"none is not", [](void*, portico_handle, portico_error*) { return portico_status{PORTICO_OK}; },
       "without an answer"},
      {"two are not",
       [](void*, portico_handle e, portico_error*) {
         exchange->answer(raw, e, &kFine);
         exchange->answer(raw, e, &kFine);
         return portico_status{PORTICO_OK};
       },
       "answered 2 times"},
      {"an answer and a failure",
       [](void*, portico_handle e, portico_error*) {
         exchange->answer(raw, e, &kFine);
         return portico_status{PORTICO_E_INTERNAL};
       },
       "answered and returned a failure"},
      {"a status that HTTP does not have",
       [](void*, portico_handle e, portico_error*) { return exchange->answer(raw, e, &kNonsense); },
       "status 7"},
      {"a problem without a status",
       [](void*, portico_handle, portico_error*) { return portico_status{PORTICO_E_PROBLEM}; },
       "with status 0"},
      {"a failure is an answer too",
       [](void*, portico_handle, portico_error*) { return portico_status{PORTICO_E_INTERNAL}; }, ""},
      {"a status nobody knows", [](void*, portico_handle, portico_error*) { return portico_status{99}; },
       "means nothing"},
  };
  const auto m = manifest_with({PORTICO_EXT_ROUTES, PORTICO_EXT_EXCHANGE});
  for (const auto& row : rows) {
    INFO(row.rule);
    FakeHost host(m, {});
    raw = host.raw();
    exchange = static_cast<const portico_exchange*>(raw->extension(raw, PORTICO_EXT_EXCHANGE));
    const auto fault = ask(host, {"GET", "/api/sample/{id}", row.handler, nullptr}, "");
    CHECK((*row.says ? fault.find(row.says) != std::string::npos : fault.empty()));
  }
}
