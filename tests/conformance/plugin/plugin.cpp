// Routes of which the test host and the real host must make the same.
#include <portico/plugin.hpp>

namespace {

using namespace portico;

struct Seen {
  std::string method, path, a, q, text;
};
BOOST_DESCRIBE_STRUCT(Seen, (), (method, path, a, q, text))

struct Address {
  std::string city;
  std::optional<std::string> line2;
};
BOOST_DESCRIBE_STRUCT(Address, (), (city, line2))

struct Person {
  std::string name;
  std::int64_t age = 0;
  std::optional<Address> address;
};
BOOST_DESCRIBE_STRUCT(Person, (), (name, age, address))

Seen see(const Request& rq, std::string_view a, std::string text = {}) {
  return {std::string(rq.method()), std::string(rq.target_path()), std::string(a),
          std::string(rq.query("q").value_or("-")), std::move(text)};
}

class Probe final : public Plugin {
  void start(Host& host) override {
    auto& routes = host.routes();
    routes.get("/api/conformance/{a}", [](const Request& rq) { return see(rq, rq.path("a")); })
        .access(Access::anyone);
    routes.get("/api/conformance/fixed", [](const Request& rq) { return see(rq, "fixed"); })
        .access(Access::anyone);
    routes.get("/api/conformance/{a}/tail", [](const Request& rq) { return see(rq, rq.path("a"), "tail"); })
        .access(Access::anyone);
    routes
        .post("/api/conformance/person",
              [](const Request& rq, const Person& p) {
                return Answer<Seen>{see(rq, p.name, std::to_string(p.age)), 201, {{"X-Thing", "t"}}};
              })
        .access(Access::anyone)
        .body_limit(200);
    routes
        .put("/api/conformance/{a}",
             [](const Request& rq) { return see(rq, rq.path("a"), std::string(rq.body())); })
        .access(Access::anyone);
    routes.del("/api/conformance/{a}", [](const Request&) {}).access(Access::anyone);
    routes
        .get("/api/conformance/fails/problem",
             [](const Request&) -> Seen {
               throw Problem(409, "conformance.taken", "told to nobody", 7, {{"constraint", "one"}});
             })
        .access(Access::anyone);
    routes
        .get("/api/conformance/fails/otherwise",
             [](const Request&) -> Seen { throw std::runtime_error("inside"); })
        .access(Access::anyone);
    routes
        .get("/api/conformance/number/of",
             [](const Request& rq) { return see(rq, std::to_string(rq.query_int("n", 5, 1, 9))); })
        .access(Access::anyone);
    routes.get("/api/conformance/for/signed_in", [](const Request& rq) { return see(rq, ""); });
    routes.get("/api/conformance/for/staff", [](const Request& rq) { return see(rq, ""); })
        .access(Access::staff);
    routes
        .get("/api/conformance/plain/text",
             [](const Request& rq) {
               return Response{203, "text/plain", "hi " + std::string(rq.language()), {{"X-Thing", "t"}}};
             })
        .access(Access::anyone);
    routes
        .get("/api/conformance/later/on",
             [](const Request& rq) {
               auto later = rq.later();
               later.answer(see(rq, "later"));
               return handled;
             })
        .access(Access::anyone);
  }
};

}  // namespace

PORTICO_PLUGIN(Probe)
