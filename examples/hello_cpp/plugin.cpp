// Registers what the plugin offers: one route and one page.
#include <portico/plugin.hpp>

#include "greeting.hpp"

using namespace std::chrono_literals;

class HelloCpp final : public portico::Plugin {
  void start(portico::Host& host) override {
    host.routes()
        .get("/api/hello-cpp/{name}",
             [](const portico::Request& request) { return hello_cpp::greet(request.path("name")); })
        .access(portico::Access::anyone)
        .cache({.scope = portico::CacheScope::shared, .fresh = 60s})
        .summary("Greets somebody");

    host.pages().page("/hello-cpp", {"Hello cpp", "Hello cpp"}, portico::Access::anyone);
    host.pages().navigation("/hello-cpp", {"Hello cpp", "Hello cpp"}, 50, portico::Access::anyone);
  }
};

PORTICO_PLUGIN(HelloCpp)
