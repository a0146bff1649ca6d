// Plain sockets: one line of JSON each way.
#include "kernel/commands/control.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <portico/contract.hpp>
#include <portico/problem.hpp>

#include "kernel/observe/log.hpp"

namespace kernel::commands {

namespace json = boost::json;
using portico::Problem;

namespace {

constexpr std::size_t kLongestLine = 4 << 20;
constexpr int kPatience_ms = 5'000;  // for a caller that has not asked yet
constexpr int kLook_ms = 200;        // between looks whether the host stops

struct Socket {
  explicit Socket(int descriptor) : fd(descriptor) {}
  ~Socket() {
    if (fd >= 0) ::close(fd);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int fd;
};

sockaddr_un address_of(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const auto text = path.string();
  if (text.size() >= sizeof address.sun_path)
    throw Problem(500, "control.unusable", text + " is too long for the name of a socket");
  text.copy(address.sun_path, text.size());
  return address;
}

int connect_to(const std::filesystem::path& path) {
  const auto address = address_of(path);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd >= 0 && ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  if (fd >= 0) ::close(fd);
  return -1;
}

/// The user at the other end, as the kernel knows it; nothing where it does not say.
std::optional<uid_t> peer_of(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
  return peer.uid;
}

/// Ourselves or root.
bool is_ours(std::optional<uid_t> user) {
  return user && (*user == ::geteuid() || *user == 0);
}

/// Up to the newline, which is not part of it; nothing when the other side ends before or is silent too long.
std::optional<std::string> read_line(int fd, int patience_ms) {
  std::string line;
  char block[4096];
  for (;;) {
    pollfd wait{fd, POLLIN, 0};
    if (::poll(&wait, 1, patience_ms) <= 0) return std::nullopt;
    const auto n = ::recv(fd, block, sizeof block, 0);
    if (n <= 0) return std::nullopt;
    line.append(block, static_cast<std::size_t>(n));
    if (line.back() == '\n') return line.substr(0, line.size() - 1);
    if (line.size() > kLongestLine) return std::nullopt;
  }
}

void write_line(int fd, const json::object& object) {
  const auto line = json::serialize(object) + "\n";
  for (std::size_t at = 0; at < line.size();) {
    const auto n = ::send(fd, line.data() + at, line.size() - at, MSG_NOSIGNAL);
    if (n <= 0) return;
    at += static_cast<std::size_t>(n);
  }
}

json::object problem_object(int status, std::string_view code, std::string_view detail) {
  return {{"status", status}, {"code", code}, {"detail", detail}};
}

}  // namespace

std::filesystem::path control_path(const config::Settings& settings) {
  if (!settings.control_socket.empty()) return settings.control_socket;
  if (settings.http_port == 0) return {};
  return std::filesystem::temp_directory_path() / fmt::format("portico-{}", ::geteuid()) /
         fmt::format("{}.sock", settings.http_port);
}

ControlServer::ControlServer(std::filesystem::path path, Handler handler)
    : path_(std::move(path)), handler_(std::move(handler)) {
  const auto address = address_of(path_);
  const auto folder = path_.parent_path();
  ::mkdir(folder.c_str(), 0700);
  struct stat there {};
  // In a folder of somebody else's the socket could be exchanged.
  if (::stat(folder.c_str(), &there) != 0 || !is_ours(there.st_uid))
    throw Problem(500, "control.unusable", folder.string() + " is not a folder of this user's or root's");
  if (::lstat(path_.c_str(), &there) == 0) {
    if (const Socket other(connect_to(path_)); other.fd >= 0)
      throw Problem(500, "control.taken", "another host listens on " + path_.string());
    ::unlink(path_.c_str());  // of one that was killed
  }
  listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener_ < 0 || ::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::chmod(path_.c_str(), 0600) != 0 || ::listen(listener_, static_cast<int>(kMostCallers)) != 0) {
    const int why = errno;
    if (listener_ >= 0) ::close(listener_);
    throw Problem(500, "control.unusable", path_.string() + ": " + std::generic_category().message(why));
  }
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

ControlServer::~ControlServer() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
  callers_.clear();
  ::close(listener_);
  ::unlink(path_.c_str());
}

void ControlServer::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    pollfd wait{listener_, POLLIN, 0};
    if (::poll(&wait, 1, kLook_ms) <= 0) continue;
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) continue;
    callers_.remove_if([](const Caller& caller) { return caller.done.load(); });
    if (callers_.size() >= kMostCallers || !is_ours(peer_of(client))) {
      ::close(client);
      continue;
    }
    auto& caller = callers_.emplace_back();
    caller.thread = std::jthread([this, client, &caller] {
      serve(client);
      caller.done = true;
    });
  }
}

void ControlServer::serve(int client) const {
  const Socket socket(client);
  try {
    const auto line = read_line(client, kPatience_ms);
    if (!line) return;
    const auto question = portico::parse_json(*line);
    if (!question.is_object()) throw Problem(400, "control.not_understood", "the question is not an object");
    write_line(client, handler_(question.get_object()));
  } catch (const Problem& problem) {
    write_line(client, problem_object(problem.status, problem.code, problem.detail));
  } catch (const std::exception& e) {
    write_line(client, problem_object(500, "internal", e.what()));
  }
}

json::object ask_host(const config::Settings& settings, const json::object& question) {
  const auto path = control_path(settings);
  const Socket socket(path.empty() ? -1 : connect_to(path));
  // Root may ask anybody's host; others only their own or root's, for the answer is believed.
  if (socket.fd < 0 || !(::geteuid() == 0 || is_ours(peer_of(socket.fd))))
    throw Problem(503, "control.no_host",
                  "no host answers on " + (path.empty() ? "a socket: set control.socket" : path.string()));
  write_line(socket.fd, question);
  const auto line = read_line(socket.fd, -1);
  if (!line) throw Problem(503, "control.no_host", "the host ended before it answered");
  auto answer = portico::parse_json(*line).as_object();
  if (const auto* code = answer.if_contains("code"))
    throw Problem(static_cast<int>(answer.at("status").as_int64()), std::string(code->as_string()),
                  std::string(answer.at("detail").as_string()));
  return answer;
}

}  // namespace kernel::commands
