// Copy, hash, open through Boost.DLL.
#include "kernel/loader/library.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <mutex>
#include <portico/problem.hpp>
#include <vector>

namespace kernel::loader {

using portico::Problem;

namespace {

constexpr std::chrono::minutes kBeingMade{1};  // a copy may not be locked yet while it is written

struct Descriptor {
  explicit Descriptor(int number) : fd(number) {}
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int fd;
};

std::vector<char> read_all(int fd) {
  std::vector<char> bytes;
  char block[65536];
  for (ssize_t n; (n = ::read(fd, block, sizeof block)) > 0;) bytes.insert(bytes.end(), block, block + n);
  return bytes;
}

std::string sha256_hex(const std::vector<char>& bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest, &size, EVP_sha256(), nullptr);
  std::string hex;
  for (unsigned i = 0; i < size; ++i) hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

/// Keeps an image for the rest of the process; the list itself is never destroyed, so nothing unmaps it.
void retire(boost::dll::shared_library library) {
  static std::mutex mutex;
  static auto* const retired = new std::vector<boost::dll::shared_library>;
  const std::lock_guard lock(mutex);
  retired->push_back(std::move(library));
}

/// Whether nobody uses the copy in that folder any more.
bool is_abandoned(const std::filesystem::path& folder) {
  std::error_code ec;
  const auto changed = std::filesystem::last_write_time(folder, ec);
  if (ec || std::filesystem::file_time_type::clock::now() - changed < kBeingMade) return false;
  const Descriptor copy(::open((folder / "plugin.so").c_str(), O_RDONLY | O_CLOEXEC));
  return copy.fd < 0 || ::flock(copy.fd, LOCK_EX | LOCK_NB) == 0;
}

/// "<32 hexadecimal digits>-<6 characters>": a folder of ours, in a place that others may use as well.
bool is_copy_folder(const std::string& name) {
  return name.size() == 39 && name[32] == '-' && name.find_first_not_of("0123456789abcdef") == 32;
}

}  // namespace

std::string sha256_of(const std::filesystem::path& file) {
  const Descriptor in(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  return in.fd < 0 ? std::string() : sha256_hex(read_all(in.fd));
}

void Library::remove_abandoned_copies(const std::filesystem::path& cache) noexcept {
  try {
    std::error_code ec;
    for (std::filesystem::directory_iterator it(cache, ec), end; !ec && it != end; it.increment(ec))
      if (is_copy_folder(it->path().filename().string()) && is_abandoned(it->path())) {
        std::error_code ignored;
        std::filesystem::remove_all(it->path(), ignored);
      }
  } catch (const std::exception&) {  // no memory, no folder: the next start looks again
  }
}

Library::Library(const std::filesystem::path& file, const std::filesystem::path& cache) {
  const Descriptor in(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (in.fd < 0) throw Problem(422, "plugin.cannot_open", file.string() + " cannot be read");
  const auto bytes = read_all(in.fd);
  sha256_ = sha256_hex(bytes);
  size_ = bytes.size();
  std::error_code ec;
  std::filesystem::create_directories(cache, ec);
  // A name of its own, not of the process: whoever was killed left its folders, and process ids come again.
  std::string folder = (cache / (sha256_.substr(0, 32) + "-XXXXXX")).string();
  if (::mkdtemp(folder.data()) == nullptr)
    throw Problem(500, "plugin.cannot_copy", "no folder for a private copy can be made in " + cache.string());
  copy_ = std::filesystem::path(folder) / "plugin.so";
  {
    const Descriptor out(::open(copy_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0500));
    std::size_t written = 0;
    while (out.fd >= 0 && written < bytes.size()) {
      const auto n = ::write(out.fd, bytes.data() + written, bytes.size() - written);
      if (n <= 0) break;
      written += static_cast<std::size_t>(n);
    }
    if (out.fd < 0 || written != bytes.size()) {
      remove_copy();
      throw Problem(500, "plugin.cannot_copy", "a private copy cannot be written to " + copy_.string());
    }
  }
  lock_ = ::open(copy_.c_str(), O_RDONLY | O_CLOEXEC);
  if (lock_ >= 0) ::flock(lock_, LOCK_SH | LOCK_NB);
  library_.load(copy_.string(), boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local, ec);
  if (ec) {
    const char* text = ::dlerror();  // NOLINT(concurrency-mt-unsafe): glibc keeps one for each thread
    const auto why = file.string() + ": " + (text ? text : ec.message());
    remove_copy();
    throw Problem(422, "plugin.cannot_open", why);
  }
}

Library::~Library() {
  // Retired, not unmapped: without proof that nothing of it is referenced, the image stays. The file may go.
  remove_copy();
  if (library_.is_loaded()) retire(std::move(library_));
}

void Library::remove_copy() noexcept {
  if (lock_ >= 0) ::close(std::exchange(lock_, -1));
  std::error_code ec;
  if (!copy_.empty()) std::filesystem::remove_all(copy_.parent_path(), ec);
}

std::string Library::unmap() {
  library_.unload();
  if (void* still = ::dlopen(copy_.c_str(), RTLD_NOLOAD | RTLD_LAZY)) {
    ::dlclose(still);
    return "something of it pins the image (a unique symbol, or thread-local data with a destructor)";
  }
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);)
    if (line.find(copy_.string()) != std::string::npos) return "a range of it is still mapped";
  return {};
}

const portico_entry& Library::entry() const {
  if (!library_.has("portico_plugin_entry_v1"))
    throw Problem(422, "plugin.no_entry",
                  "exports no portico_plugin_entry_v1: name the class in PORTICO_PLUGIN");
  const auto* entry = library_.get<const portico_entry*()>("portico_plugin_entry_v1")();
  if (!entry || entry->size < sizeof(portico_entry) || entry->abi_major != PORTICO_ABI_MAJOR ||
      !entry->create)
    throw Problem(
        422, "plugin.wrong_abi",
        fmt::format("ABI major wanted {}, found {}", PORTICO_ABI_MAJOR, entry ? entry->abi_major : 0));
  return *entry;
}

}  // namespace kernel::loader
