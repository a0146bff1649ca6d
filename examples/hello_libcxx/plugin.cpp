// Greets people by name, built by clang with libc++: another standard library than the host's, in one
// process.
#include <map>
#include <portico/plugin.hpp>
#include <stdexcept>

namespace {

struct Welcome {
  std::string message;
  std::string library;  // which standard library said so
};
BOOST_DESCRIBE_STRUCT(Welcome, (), (message, library))

const char* library() {
#ifdef _LIBCPP_VERSION
  return "libc++";
#else
  return "another";
#endif
}

/// An exception that is thrown and caught in here: it needs the type information of this plugin's own
/// library.
std::string word_for(const std::string& language) {
  static const std::map<std::string, std::string> words{{"en", "Hello"}, {"ja", "こんにちは"}};
  try {
    return words.at(language);
  } catch (const std::out_of_range&) {
    return words.at("en");
  }
}

class HelloLibcxx final : public portico::Plugin {
  void start(portico::Host& host) override {
    host.routes()
        .get("/api/hello-libcxx/{name}",
             [](const portico::Request& request) {
               const auto name = std::string(request.path("name"));
               if (name == "nobody") throw portico::Problem(404, "hello_libcxx.nobody");
               if (name == "fault") throw std::logic_error("only the log says this");
               const auto language = std::string(request.query("language").value_or("en"));
               return Welcome{word_for(language) + ", " + name, library()};
             })
        .access(portico::Access::anyone)
        .summary("Greets somebody");
  }
};

}  // namespace

PORTICO_PLUGIN(HelloLibcxx)
