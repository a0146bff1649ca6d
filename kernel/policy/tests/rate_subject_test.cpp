// What rate limits count, as rules.
#include "kernel/policy/rate_subject.hpp"

#include <catch2/catch.hpp>

using namespace kernel::policy;
using kernel::loader::Access;

TEST_CASE("a route counts in its own class, else by method and access") {
  struct Row {
    const char* method;
    Access access;
    const char* own;
    const char* counted;
  };
  for (const Row& row :
       {Row{"GET", Access::anyone, "", "public"}, Row{"GET", Access::signed_in, "", "read"},
        Row{"GET", Access::staff, "", "read"}, Row{"POST", Access::anyone, "", "write"},
        Row{"DELETE", Access::signed_in, "", "write"}, Row{"POST", Access::anyone, "sign_in", "sign_in"},
        Row{"GET", Access::anyone, "sign_in", "sign_in"}}) {
    INFO(row.method << " " << row.own);
    kernel::loader::RouteSpec route;
    route.method = row.method;
    route.access = row.access;
    route.rate_class = row.own;
    CHECK(rate_class(route) == row.counted);
  }
}

TEST_CASE("an address counts as the customer behind it, however it is written") {
  struct Row {
    const char* rule;
    const char* address;
    const char* counted;
  };
  for (const Row& row : {
           Row{"IPv4 alone", "192.0.2.7", "192.0.2.7"},
           Row{"IPv6 by its /64", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
           Row{"a neighbour in it", "2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"},
           Row{"the next customer", "2001:db8:1:3::1", "2001:db8:1:3::/64"},
           Row{"zeros left out", "2001:db8::1", "2001:db8::/64"},
           Row{"zeros written out", "2001:0DB8:0:0:0:0:0:1", "2001:db8::/64"},
           Row{"zeros left out at the front", "::1", "::/64"},
           Row{"IPv4 inside of IPv6", "::ffff:192.0.2.7", "192.0.2.7"},
           Row{"the same in hexadecimal", "::ffff:c000:207", "192.0.2.7"},
           Row{"no address", "unix", "unix"},
           Row{"too many groups", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8:9"},
           Row{"nothing", "", ""},
       }) {
    INFO(row.rule);
    CHECK(rate_address(row.address) == row.counted);
  }
}
