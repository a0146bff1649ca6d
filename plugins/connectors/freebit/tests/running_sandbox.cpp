// Starting and asking the sandbox.
#include "tests/running_sandbox.hpp"

#include <curl/curl.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <memory>
#include <stdexcept>

namespace freebit {

namespace {

struct Got {
  CURLcode error;
  long status = 0;
  std::string body;
};

Got ask(const std::string& method, const std::string& url, const std::string& body, const char* type,
        long timeout_ms) {
  const std::unique_ptr<CURL, void (*)(CURL*)> curl(curl_easy_init(), curl_easy_cleanup);
  const std::unique_ptr<curl_slist, void (*)(curl_slist*)> headers(curl_slist_append(nullptr, type),
                                                                   curl_slist_free_all);
  Got got{};
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_CUSTOMREQUEST, method.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, body.data());
  curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT_MS, timeout_ms);
  curl_easy_setopt(curl.get(), CURLOPT_NOPROXY, "*");
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &got.body);
  curl_easy_setopt(
      curl.get(), CURLOPT_WRITEFUNCTION, +[](char* data, std::size_t, std::size_t size, void* out) {
        static_cast<std::string*>(out)->append(data, size);
        return size;
      });
  got.error = curl_easy_perform(curl.get());
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &got.status);
  return got;
}

/// The program's first line; waits for it, not for a time.
std::string first_line(int descriptor) {
  std::string line;
  char c = 0;
  for (;;) {
    pollfd waiting{descriptor, POLLIN, 0};
    if (poll(&waiting, 1, 60'000) <= 0 || read(descriptor, &c, 1) != 1)
      throw std::runtime_error("the sandbox did not say that it is ready");
    if (c == '\n') return line;
    line += c;
  }
}

}  // namespace

RunningSandbox::RunningSandbox() {
  std::string name = (std::filesystem::temp_directory_path() / "freebit-sandbox-XXXXXX").string();
  if (!mkdtemp(name.data())) throw std::runtime_error("no folder for the sandbox");
  folder_ = name;
  const auto state = state_file();
  int pipe_ends[2];
  if (pipe2(pipe_ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe for the sandbox");
  pid_ = fork();
  if (pid_ == 0) {
    dup2(pipe_ends[1], STDOUT_FILENO);
    execl(SANDBOX_BINARY, SANDBOX_BINARY, "--port", "0", "--smtp-port", "0", "--state", state.c_str(),
          static_cast<char*>(nullptr));
    _exit(127);
  }
  close(pipe_ends[1]);
  const auto line = first_line(pipe_ends[0]);
  close(pipe_ends[0]);
  port_ = static_cast<int>(boost::json::parse(line).at("http").as_int64());
}

RunningSandbox::~RunningSandbox() {
  kill(pid_, SIGTERM);
  waitpid(pid_, nullptr, 0);
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string RunningSandbox::url(const std::string& path) const {
  return fmt::format("http://127.0.0.1:{}{}", port_, path);
}

boost::json::value RunningSandbox::control(const std::string& method, const std::string& path,
                                           const std::string& body) const {
  const auto got = ask(method, url("/control" + path), body, "Content-Type: application/json", 60'000);
  if (got.error != CURLE_OK || got.status >= 300)
    throw std::runtime_error(fmt::format("control {} {}: {} {} {}", method, path, static_cast<int>(got.error),
                                         got.status, got.body));
  return got.body.empty() ? boost::json::value() : boost::json::parse(got.body);
}

void RunningSandbox::fault(const std::string& call, const std::string& kind, const std::string& code) const {
  boost::json::object order{{"vendor", "freebit"}, {"action", call}, {"kind", kind}, {"next", 1}};
  if (!code.empty()) order["code"] = code;
  control("PUT", "/faults", boost::json::serialize(order));
}

void RunningSandbox::pass(std::chrono::seconds time) const {
  control("PUT", "/clock", fmt::format(R"({{"advance_s":{}}})", time.count()));
}

Seconds RunningSandbox::now() const {
  const auto offset = control("GET", "/clock").at("offset_ms").to_number<std::int64_t>();
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now() +
                                                  std::chrono::milliseconds(offset));
}

std::size_t RunningSandbox::calls_of(const std::string& call) const {
  return control("GET", "/freebit/calls?action=" + call).at("count").to_number<std::size_t>();
}

Transport::Answer CurlTransport::post(const CallSpec& call, std::string body) {
  auto got =
      ask("POST", base_ + call.path, body, "Content-Type: application/x-www-form-urlencoded", timeout_ms);
  if (got.error == CURLE_OPERATION_TIMEDOUT)
    throw portico::OutboundProblem(portico::Problem(504, "upstream.timeout"), true);
  if (got.error != CURLE_OK)
    throw portico::OutboundProblem(
        portico::Problem(503, "upstream.unavailable", curl_easy_strerror(got.error)),
        got.error != CURLE_COULDNT_CONNECT);
  return {static_cast<int>(got.status), std::move(got.body)};
}

}  // namespace freebit
