// Greets people by name: one route and one page.
#include <fmt/format.h>

#include <portico/plugin.hpp>

using namespace std::chrono_literals;

struct Greeting {
  std::string message;
};
BOOST_DESCRIBE_STRUCT(Greeting, (), (message))

class HelloCpp final : public portico::Plugin {
  void start(portico::Host& host) override {
    host.routes()
        .get("/api/hello-cpp/{name}",
             [](const portico::Request& request) {
               const auto name = request.path("name");
               if (name.size() > 100) throw portico::Problem(422, "hello_cpp.name_too_long");
               return Greeting{fmt::format("Hello, {}", name)};
             })
        .access(portico::Access::anyone)
        .cache({.scope = portico::CacheScope::shared, .fresh = 60s})
        .summary("Greets somebody");

    host.pages().page("/hello-cpp", {"Hello cpp", "Hello cpp"}, portico::Access::anyone);
    host.pages().navigation("/hello-cpp", {"Hello cpp", "Hello cpp"}, 50, portico::Access::anyone);
  }
};

PORTICO_PLUGIN(HelloCpp)
