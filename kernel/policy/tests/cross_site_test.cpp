// Requests that another site may have made, as a table.
#include "kernel/policy/cross_site.hpp"

#include <catch2/catch.hpp>

using namespace kernel::policy;
using kernel::loader::Csrf;

namespace {

constexpr const char* kAbsent = nullptr;
constexpr const char* kOwn = "https://portal.test";

}  // namespace

TEST_CASE("an unsafe request passes only when no other site can have made it") {
  struct Row {
    const char* rule;
    const char* method;
    Csrf csrf;
    const char* site;
    const char* origin;
    const char* header;
    bool passes;
  };
  for (const Row& row : {
           Row{"our page", "POST", Csrf::protect, "same-origin", kOwn, "1", true},
           Row{"our page, without the header", "POST", Csrf::protect, "same-origin", kOwn, kAbsent, false},
           Row{"the header may say anything", "POST", Csrf::protect, "same-origin", kOwn, "", true},
           Row{"an old browser sends no Sec-Fetch-Site", "POST", Csrf::protect, kAbsent, kOwn, "1", true},
           Row{"a script outside of browsers", "POST", Csrf::protect, kAbsent, kAbsent, "1", true},
           Row{"a form of another site", "POST", Csrf::protect, "cross-site", "https://evil.test", kAbsent,
               false},
           Row{"another site with the header", "POST", Csrf::protect, "cross-site", "https://evil.test", "1",
               false},
           Row{"another origin, old browser", "POST", Csrf::protect, kAbsent, "https://evil.test", "1",
               false},
           Row{"a neighbour of our domain", "POST", Csrf::protect, "same-site", "https://other.portal.test",
               "1", false},
           Row{"a sandboxed frame", "POST", Csrf::protect, kAbsent, "null", "1", false},
           Row{"typed by hand", "POST", Csrf::protect, "none", kAbsent, "1", false},
           Row{"our origin, but the browser says cross-site", "POST", Csrf::protect, "cross-site", kOwn, "1",
               false},
           Row{"the same over http", "POST", Csrf::protect, kAbsent, "http://portal.test", "1", false},
           Row{"our name with more behind it", "POST", Csrf::protect, kAbsent,
               "https://portal.test.evil.test", "1", false},
           Row{"PATCH", "PATCH", Csrf::protect, "same-origin", kOwn, kAbsent, false},
           Row{"PUT", "PUT", Csrf::protect, "same-origin", kOwn, kAbsent, false},
           Row{"DELETE", "DELETE", Csrf::protect, "same-origin", kOwn, kAbsent, false},
           Row{"reading changes nothing", "GET", Csrf::protect, "cross-site", "https://evil.test", kAbsent,
               true},
           Row{"a plain form of ours", "POST", Csrf::same_origin, "same-origin", kOwn, kAbsent, true},
           Row{"a plain form, old browser", "POST", Csrf::same_origin, kAbsent, kOwn, kAbsent, true},
           Row{"a plain form without Origin", "POST", Csrf::same_origin, "same-origin", kAbsent, kAbsent,
               true},
           Row{"a plain form that says neither", "POST", Csrf::same_origin, kAbsent, kAbsent, kAbsent, false},
           Row{"the header does not make up for it", "POST", Csrf::same_origin, kAbsent, kAbsent, "1", false},
           Row{"a plain form of another site", "POST", Csrf::same_origin, "cross-site", "https://evil.test",
               kAbsent, false},
           Row{"a route for others' servers", "POST", Csrf::open, "cross-site", "https://evil.test", kAbsent,
               true},
       }) {
    INFO(row.rule);
    kernel::loader::RouteSpec route;
    route.method = row.method;
    route.csrf = row.csrf;
    kernel::front::Headers headers;
    if (row.site) headers.add("Sec-Fetch-Site", row.site);
    if (row.origin) headers.add("Origin", row.origin);
    if (row.header) headers.add("X-Portico-CSRF", row.header);
    const auto fault =
        cross_site_fault(route, headers, [](std::string_view origin) { return origin == kOwn; });
    CHECK(fault.has_value() == !row.passes);
  }
}
