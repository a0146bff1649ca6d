// Small files in one folder: entries, locked marks, and a signal handler that signs the mark of its thread.
#include "kernel/loader/quarantine.hpp"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/json.hpp>
#include <chrono>
#include <fstream>
#include <mutex>
#include <portico/problem.hpp>

#include "kernel/loader/scan.hpp"
#include "kernel/observe/log.hpp"

namespace kernel::loader {

namespace fs = std::filesystem;
namespace json = boost::json;
using portico::Problem;

namespace {

constexpr std::size_t kHashSize = 64;
constexpr std::size_t kShortestPrefix = 8;
constexpr int kSignals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
constexpr char kSigned = '\n';  // ends the mark's JSON; what follows is the number of a signal

thread_local int t_mark = -1;  // the descriptor of this thread's mark

/// Only what may be done in a signal handler.
void sign_mark(int signal) {
  if (t_mark >= 0) {
    char text[] = {kSigned, static_cast<char>('0' + signal / 10), static_cast<char>('0' + signal % 10)};
    (void)!::write(t_mark, text, sizeof text);
  }
  ::raise(signal);  // the handler was reset when it was entered
}

/// Who has handlers already (a sanitizer) keeps them.
void watch_signals() {
  static std::once_flag once;
  std::call_once(once, [] {
    for (const int signal : kSignals) {
      struct sigaction before {};
      if (::sigaction(signal, nullptr, &before) != 0 || before.sa_handler != SIG_DFL) continue;
      struct sigaction action {};
      action.sa_handler = &sign_mark;
      action.sa_flags = static_cast<int>(SA_RESETHAND | SA_NODEFER);
      ::sigaction(signal, &action, nullptr);
    }
  });
}

bool is_hash(const std::string& text) {
  return text.size() == kHashSize && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

std::string read_text(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

json::object read_object(const std::string& text) {
  json::error_code ec;
  auto value = json::parse(text, ec);
  return !ec && value.is_object() ? std::move(value.get_object()) : json::object{};
}

std::string text_at(const json::object& object, const char* key) {
  const auto* value = object.if_contains(key);
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

/// Whole or not at all, whoever reads meanwhile.
void write_text(const fs::path& file, const std::string& text) {
  static std::atomic<unsigned> count{0};
  const auto draft = file.parent_path() / fmt::format(".{}-{}", ::getpid(), ++count);
  std::error_code ec;
  {
    std::ofstream out(draft, std::ios::binary);
    out << text;
    if (!out.flush()) throw Problem(500, "plugin.cannot_copy", file.string() + " cannot be written");
  }
  fs::rename(draft, file, ec);
  if (ec) throw Problem(500, "plugin.cannot_copy", file.string() + ": " + ec.message());
}

std::string blocked_text(const Quarantined& entry) {
  return fmt::format(
      "{} (since {}); once it is mended or known to be fine: portico plugin quarantine release {}",
      entry.reason, entry.at, entry.sha256.substr(0, 12));
}

}  // namespace

Quarantine::Quarantine(fs::path folder) : folder_(std::move(folder)) {
  std::error_code ec;
  for (const char* below : {"scanned", "starting", "suspect"}) fs::create_directories(folder_ / below, ec);
}

Quarantine::Mark::Mark(const Quarantine& quarantine, std::string sha256, const std::string& plugin)
    : quarantine_(quarantine), sha256_(std::move(sha256)) {
  watch_signals();
  // Locked before it has its name: who looks through the folder never finds a mark that nobody holds yet.
  std::string draft = (quarantine_.folder_ / "starting" / ".XXXXXX").string();
  fd_ = ::mkostemp(draft.data(), O_CLOEXEC | O_APPEND);
  if (fd_ < 0) return;  // no place for marks is no reason not to serve
  ::flock(fd_, LOCK_EX | LOCK_NB);
  const auto text = json::serialize(json::object{{"sha256", sha256_}, {"plugin", plugin}});
  (void)!::write(fd_, text.data(), text.size());
  const auto name = fs::path(draft).filename().string().substr(1);
  file_ = quarantine_.folder_ / "starting" / name;
  std::error_code ec;
  fs::rename(draft, file_, ec);
  t_mark = fd_;
}

Quarantine::Mark::~Mark() {
  if (fd_ < 0) return;
  t_mark = -1;
  std::error_code ec;
  fs::remove(file_, ec);
  ::close(fd_);
}

void Quarantine::Mark::survived() {
  std::error_code ec;
  fs::remove(quarantine_.folder_ / "suspect" / sha256_, ec);
}

std::vector<Quarantined> Quarantine::take_over_marks() const {
  std::vector<Quarantined> out;
  std::error_code ec;
  for (fs::directory_iterator it(folder_ / "starting", ec), end; !ec && it != end; it.increment(ec)) {
    if (it->path().filename().string().front() == '.') continue;
    const int fd = ::open(it->path().c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) continue;
    const bool abandoned = ::flock(fd, LOCK_EX | LOCK_NB) == 0;
    const auto text = abandoned ? read_text(it->path()) : std::string();
    std::error_code gone;
    const bool ours = abandoned && fs::remove(it->path(), gone);  // one of several hosts removes it
    ::close(fd);
    const auto cut = std::min(text.size(), text.find(kSigned));
    const auto mark = read_object(text.substr(0, cut));
    const auto sha256 = text_at(mark, "sha256"), plugin = text_at(mark, "plugin");
    if (!ours || !is_hash(sha256)) continue;
    const int signal = cut < text.size() ? std::atoi(text.c_str() + cut + 1) : 0;
    const char* name = signal > 0 ? ::sigabbrev_np(signal) : nullptr;
    const auto suspect = folder_ / "suspect" / sha256;
    std::error_code none;
    if (!name && !fs::exists(suspect, none)) {
      write_text(suspect, plugin);
      observe::log(observe::Level::warning, "loader", "the host ended while starting a plugin",
                   {{"plugin", plugin}, {"sha256", sha256}});
      continue;
    }
    block(sha256, plugin,
          name ? fmt::format("starting it ended the host process: SIG{}", name)
               : std::string("the host process ended twice while starting it"));
    fs::remove(suspect, none);
    if (auto entry = find(sha256)) out.push_back(std::move(*entry));
  }
  return out;
}

std::optional<Quarantined> Quarantine::find(const std::string& sha256) const {
  std::error_code ec;
  if (!is_hash(sha256) || !fs::exists(entry(sha256), ec)) return std::nullopt;
  const auto object = read_object(read_text(entry(sha256)));
  return Quarantined{sha256, text_at(object, "plugin"), text_at(object, "reason"), text_at(object, "at")};
}

void Quarantine::block(const std::string& sha256, const std::string& plugin,
                       const std::string& reason) const {
  const auto at =
      fmt::format("{:%FT%TZ}", std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
  write_text(entry(sha256),
             json::serialize(json::object{{"plugin", plugin}, {"reason", reason}, {"at", at}}) + "\n");
  std::error_code ec;
  fs::remove(folder_ / "scanned" / sha256, ec);
  observe::log(observe::Level::error, "loader", "file quarantined",
               {{"plugin", plugin}, {"sha256", sha256}, {"reason", reason}});
}

std::optional<std::string> Quarantine::release(const std::string& prefix) const {
  std::vector<std::string> found;
  if (prefix.size() >= kShortestPrefix)
    for (const auto& one : list())
      if (one.sha256.rfind(prefix, 0) == 0) found.push_back(one.sha256);
  std::error_code ec;
  if (found.size() != 1 || !fs::remove(entry(found[0]), ec)) return std::nullopt;
  return found[0];
}

std::vector<Quarantined> Quarantine::list() const {
  std::vector<Quarantined> out;
  std::error_code ec;
  for (fs::directory_iterator it(folder_, ec), end; !ec && it != end; it.increment(ec))
    if (it->path().extension() == ".json")
      if (auto entry = find(it->path().stem().string())) out.push_back(std::move(*entry));
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
  return out;
}

void Quarantine::admit(const fs::path& file, const std::string& sha256, const std::string& plugin,
                       const fs::path& program) const {
  if (const auto entry = find(sha256)) throw Problem(422, "plugin.quarantined", blocked_text(*entry));
  const auto scanned = folder_ / "scanned" / sha256;
  std::error_code ec;
  if (program.empty() || fs::exists(scanned, ec)) return;
  const auto end = scan(program, file);
  switch (end.kind) {
    case ScanEnd::Kind::fine:
      std::ofstream(scanned) << plugin << "\n";  // without it, it is scanned again
      return;
    case ScanEnd::Kind::refused:
      throw Problem(422, "plugin.cannot_open", end.text);
    case ScanEnd::Kind::crashed:
      block(sha256, plugin, "opening it ended a process that did nothing else: " + end.text);
      throw Problem(422, "plugin.quarantined", blocked_text(*find(sha256)));
    case ScanEnd::Kind::no_scan:  // a machine without room for a process must not cost a working plugin
      observe::log(observe::Level::warning, "loader", "file not scanned",
                   {{"plugin", plugin}, {"reason", end.text}});
      return;
  }
}

}  // namespace kernel::loader
