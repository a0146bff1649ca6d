// Starting and asking the sandbox.
#include "running_sandbox.hpp"

#include <curl/curl.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <memory>
#include <stdexcept>

namespace connectors {

namespace json = boost::json;

namespace {

constexpr auto kPatience = std::chrono::seconds(60);

std::size_t keep_body(char* data, std::size_t, std::size_t size, void* out) {
  static_cast<std::string*>(out)->append(data, size);
  return size;
}

std::size_t keep_header(char* data, std::size_t, std::size_t size, void* out) {
  const std::string_view line(data, size);
  const auto colon = line.find(':');
  if (colon == line.npos) return size;
  std::string name(line.substr(0, colon));
  for (char& c : name)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  auto value = line.substr(colon + 1);
  while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  while (!value.empty() && static_cast<unsigned char>(value.back()) <= 0x20) value.remove_suffix(1);
  static_cast<Got*>(out)->headers.emplace_back(std::move(name), value);
  return size;
}

/// The program's first line; waits for it, not for a time.
std::string first_line(int descriptor) {
  std::string line;
  char c = 0;
  for (;;) {
    pollfd waiting{descriptor, POLLIN, 0};
    const int patience = static_cast<int>(std::chrono::milliseconds(kPatience).count());
    if (poll(&waiting, 1, patience) <= 0 || read(descriptor, &c, 1) != 1)
      throw std::runtime_error("the sandbox did not say that it is ready");
    if (c == '\n') return line;
    line += c;
  }
}

}  // namespace

std::string Got::header(const std::string& name) const {
  for (const auto& [key, value] : headers)
    if (key == name) return value;
  return {};
}

Got ask(const std::string& method, const std::string& url,
        const std::vector<std::pair<std::string, std::string>>& headers, const std::string& body,
        std::chrono::milliseconds timeout) {
  const std::unique_ptr<CURL, void (*)(CURL*)> curl(curl_easy_init(), curl_easy_cleanup);
  curl_slist* list = curl_slist_append(nullptr, "Expect:");
  for (const auto& [name, value] : headers)
    list = curl_slist_append(list, fmt::format("{}: {}", name, value).c_str());
  const std::unique_ptr<curl_slist, void (*)(curl_slist*)> owned(list, curl_slist_free_all);
  Got got;
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_CUSTOMREQUEST, method.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, list);
  if (method != "GET" || !body.empty()) {
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, body.data());
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
  }
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT_MS, static_cast<long>(timeout.count()));
  curl_easy_setopt(curl.get(), CURLOPT_NOPROXY, "*");
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &got.body);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, &keep_body);
  curl_easy_setopt(curl.get(), CURLOPT_HEADERDATA, &got);
  curl_easy_setopt(curl.get(), CURLOPT_HEADERFUNCTION, &keep_header);
  const auto error = curl_easy_perform(curl.get());
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  got.status = static_cast<int>(status);
  got.error = curl_easy_strerror(error);
  got.end = error == CURLE_OK                   ? Got::End::whole
            : error == CURLE_COULDNT_CONNECT    ? Got::End::not_sent
            : error == CURLE_OPERATION_TIMEDOUT ? Got::End::timed_out
                                                : Got::End::cut;
  return got;
}

Got ask_as_outbound(const std::string& method, const std::string& url,
                    const std::vector<std::pair<std::string, std::string>>& headers, const std::string& body,
                    std::chrono::milliseconds timeout) {
  auto got = ask(method, url, headers, body, timeout);
  if (got.end == Got::End::timed_out)
    throw portico::OutboundProblem(portico::Problem(504, "upstream.timeout"), true);
  if (got.end != Got::End::whole)
    throw portico::OutboundProblem(portico::Problem(503, "upstream.unavailable", got.error),
                                   got.end != Got::End::not_sent);
  return got;
}

RunningSandbox::RunningSandbox(std::vector<std::string> options) {
  std::string name = (std::filesystem::temp_directory_path() / "connector-sandbox-XXXXXX").string();
  if (!mkdtemp(name.data())) throw std::runtime_error("no folder for the sandbox");
  folder_ = name;
  std::vector<std::string> words{SANDBOX_BINARY, "--port", "0", "--smtp-port", "0", "--state", state_file()};
  words.insert(words.end(), options.begin(), options.end());
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  int pipe_ends[2];
  if (pipe2(pipe_ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe for the sandbox");
  pid_ = fork();
  if (pid_ == 0) {
    dup2(pipe_ends[1], STDOUT_FILENO);
    execv(SANDBOX_BINARY, arguments.data());
    _exit(127);
  }
  close(pipe_ends[1]);
  const auto line = first_line(pipe_ends[0]);
  close(pipe_ends[0]);
  port_ = static_cast<int>(json::parse(line).at("http").as_int64());
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

json::value RunningSandbox::control(const std::string& method, const std::string& path,
                                    const std::string& body) const {
  const auto got =
      ask(method, url("/control" + path), {{"Content-Type", "application/json"}}, body, kPatience);
  if (got.end != Got::End::whole || got.status >= 300)
    throw std::runtime_error(
        fmt::format("control {} {}: {} {} {}", method, path, got.error, got.status, got.body));
  return got.body.empty() ? json::value() : json::parse(got.body);
}

void RunningSandbox::fault(const std::string& vendor, const std::string& action, const std::string& kind,
                           const std::string& code, int after, int next) const {
  json::object order{
      {"vendor", vendor}, {"action", action}, {"kind", kind}, {"after", after}, {"next", next}};
  if (!code.empty()) order["code"] = code;
  control("PUT", "/faults", json::serialize(order));
}

void RunningSandbox::pass(std::chrono::seconds time) const {
  control("PUT", "/clock", fmt::format(R"({{"advance_s":{}}})", time.count()));
}

std::chrono::sys_seconds RunningSandbox::now() const {
  const auto offset = control("GET", "/clock").at("offset_ms").to_number<std::int64_t>();
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now() +
                                                  std::chrono::milliseconds(offset));
}

std::size_t RunningSandbox::calls_of(const std::string& vendor, const std::string& action) const {
  return control("GET", fmt::format("/{}/calls?action={}", vendor, action))
      .at("count")
      .to_number<std::size_t>();
}

}  // namespace connectors
