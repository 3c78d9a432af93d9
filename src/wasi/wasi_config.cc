// The public configuration, and the context made from it.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <iterator>

#include "wasi/host/context.h"
#include "wasi/host/directory.h"
#include "wasi/host/file.h"
#include "wasi/host/stream.h"
#include "wasi/rights.h"
#include "wherry/wasi.h"

namespace wherry {

using wasi::Rights;
using wasi::host::Context;
using wasi::host::Descriptor;
using wasi::host::Fd;
using wasi::host::TableEntry;

namespace {

constexpr uint32_t kFirstPreopen = 3;

bool has_nul(std::string_view text) { return text.find('\0') != text.npos; }

std::unexpected<Error> io_error(std::string_view what, int code) {
  return fail(ErrorCode::kIo, std::string(what) + ": " + std::strerror(code));
}

TableEntry granted(std::shared_ptr<Descriptor> descriptor) {
  const uint64_t rights = Rights::applicable(*descriptor);
  return {.descriptor = std::move(descriptor), .rights = rights, .inheriting = 0, .preopen_name = nullptr};
}

}  // namespace

std::string WasiBuffer::contents() const {
  std::lock_guard lock(mutex_);
  return bytes_;
}

std::string WasiBuffer::take() {
  std::lock_guard lock(mutex_);
  return std::exchange(bytes_, {});
}

bool WasiBuffer::append(std::string_view bytes) {
  std::lock_guard lock(mutex_);
  if (bytes.size() > limit_ - bytes_.size()) return false;
  bytes_ += bytes;
  return true;
}

WasiStream::WasiStream() : descriptor_(std::make_shared<wasi::host::NullStream>()) {}

WasiStream WasiStream::inherit() {
  WasiStream stream;
  stream.descriptor_ = nullptr;
  return stream;
}

WasiStream WasiStream::fd(int fd) {
  WasiStream stream = inherit();
  stream.fd_ = fd;
  return stream;
}

WasiStream WasiStream::bytes(std::string bytes) {
  WasiStream stream;
  stream.descriptor_ = std::make_shared<wasi::host::MemoryInput>(std::move(bytes));
  return stream;
}

WasiStream WasiStream::source(std::function<size_t(std::span<char>)> source) {
  WasiStream stream;
  stream.descriptor_ = std::make_shared<wasi::host::CallbackInput>(std::move(source));
  return stream;
}

WasiStream WasiStream::buffer(std::shared_ptr<WasiBuffer> buffer) {
  return sink([buffer = std::move(buffer)](std::string_view bytes) { return buffer->append(bytes); });
}

WasiStream WasiStream::sink(std::function<bool(std::string_view)> sink) {
  WasiStream stream;
  stream.descriptor_ = std::make_shared<wasi::host::CallbackOutput>(std::move(sink));
  return stream;
}

WasiConfig& WasiConfig::arg(std::string value) {
  args_.push_back(std::move(value));
  return *this;
}

WasiConfig& WasiConfig::args(std::vector<std::string> values) {
  args_ = std::move(values);
  return *this;
}

WasiConfig& WasiConfig::env(std::string_view name, std::string_view value) {
  const auto it =
      std::ranges::find(environment_, name, [](const auto& pair) -> std::string_view { return pair.first; });
  if (it != environment_.end()) {
    it->second = value;
  } else {
    environment_.emplace_back(name, value);
  }
  return *this;
}

WasiConfig& WasiConfig::inherit_env() {
  for (char** variable = ::environ; variable != nullptr && *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    const size_t equals = text.find('=');
    if (equals != text.npos && equals != 0) env(text.substr(0, equals), text.substr(equals + 1));
  }
  return *this;
}

WasiConfig& WasiConfig::preopen(std::string host_path, std::string guest_path, WasiAccess access) {
  preopens_.push_back({std::move(host_path), std::move(guest_path), access});
  return *this;
}

WasiConfig& WasiConfig::socket(int fd) {
  sockets_.push_back(fd);
  return *this;
}

WasiConfig& WasiConfig::network_rule(std::string rule) { return network_rules(std::move(rule)); }

WasiConfig& WasiConfig::network_rules(std::string lines) {
  network_rules_.push_back(std::move(lines));
  return *this;
}

WasiConfig& WasiConfig::on_network_refusal(std::function<void(std::string_view)> report) {
  on_network_refusal_ = std::move(report);
  return *this;
}

WasiConfig& WasiConfig::name_servers(std::vector<std::string> servers) {
  name_servers_ = std::move(servers);
  return *this;
}

WasiConfig& WasiConfig::standard_input(WasiStream stream) {
  standard_[0] = std::move(stream);
  return *this;
}

WasiConfig& WasiConfig::standard_output(WasiStream stream) {
  standard_[1] = std::move(stream);
  return *this;
}

WasiConfig& WasiConfig::standard_error(WasiStream stream) {
  standard_[2] = std::move(stream);
  return *this;
}

WasiConfig& WasiConfig::clocks(std::function<uint64_t(WasiClock)> read) {
  clocks_ = std::move(read);
  return *this;
}

WasiConfig& WasiConfig::random_seed(uint64_t seed) {
  random_seed_ = seed;
  return *this;
}

WasiConfig& WasiConfig::walk_paths(bool walk) {
  walk_paths_ = walk;
  return *this;
}

WasiConfig& WasiConfig::max_open_files(uint32_t count) {
  max_open_files_ = count;
  return *this;
}

WasiConfig& WasiConfig::max_output_bytes(uint64_t bytes) {
  max_output_bytes_ = bytes;
  return *this;
}

uint32_t Wasi::open_descriptors() const { return context_->table.open_count(); }

Result<Wasi> Wasi::make(const WasiConfig& config) {
  auto context = std::make_shared<Context>();

  for (const std::string& arg : config.args_) {
    if (has_nul(arg)) return fail(ErrorCode::kInvalid, "an argument has a NUL byte in it");
  }
  context->args = config.args_;
  for (const auto& [name, value] : config.environment_) {
    if (name.empty() || has_nul(name) || has_nul(value) || name.find('=') != name.npos) {
      return fail(ErrorCode::kInvalid, "not a variable: " + name);
    }
    context->environment.push_back(name + '=' + value);
  }

  static constexpr std::string_view kNames[] = {"standard input", "standard output", "standard error"};
  for (int number = 0; number < 3; ++number) {
    const WasiStream& stream = config.standard_[number];
    std::shared_ptr<Descriptor> descriptor = stream.descriptor_;
    if (descriptor == nullptr) {
      auto adopted = wasi::host::adopt(Fd::borrow(stream.fd_.value_or(number)));
      if (adopted) {
        descriptor = std::move(*adopted);
      } else if (!stream.fd_) {
        descriptor = std::make_shared<wasi::host::NullStream>();  // The process itself was started without it.
      } else {
        return fail(ErrorCode::kIo, std::string(kNames[number]) + " is not open");
      }
    }
    TableEntry entry = granted(std::move(descriptor));
    entry.rights &= number == 0 ? ~Rights::kFdWrite : ~Rights::kFdRead;
    context->table.place(static_cast<uint32_t>(number), std::move(entry));
  }

  if (config.preopens_.size() + config.sockets_.size() > wasi::host::DescriptorTable::kMaxDescriptors - kFirstPreopen) {
    return fail(ErrorCode::kInvalid, "too many preopens");
  }
  uint32_t number = kFirstPreopen;
  for (const auto& preopen : config.preopens_) {
    if (has_nul(preopen.host_path) || has_nul(preopen.guest_path)) {
      return fail(ErrorCode::kInvalid, "a directory's name has a NUL byte in it");
    }
    Fd fd(open(preopen.host_path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd.valid()) return io_error("cannot open directory " + preopen.host_path, errno);
    const auto access =
        preopen.access == WasiAccess::kReadOnly ? wasi::host::Access::kReadOnly : wasi::host::Access::kReadWrite;
    const auto resolver =
        config.walk_paths_ ? wasi::host::PathResolver::kWalker : wasi::host::PathResolver::kKernelFirst;
    TableEntry entry = granted(std::make_shared<wasi::host::Directory>(std::move(fd), access, resolver));
    entry.inheriting = Rights::kAll;
    entry.preopen_name = std::make_shared<const std::string>(preopen.guest_path);
    context->table.place(number++, std::move(entry));
  }
  for (const int socket : config.sockets_) {
    auto adopted = wasi::host::adopt(Fd::borrow(socket));
    if (!adopted || (*adopted)->as_socket() == nullptr) {
      return fail(ErrorCode::kIo, "not an open socket: " + std::to_string(socket));
    }
    context->granted_sockets.emplace_back(*adopted, (*adopted)->as_socket());
    context->table.place(number++, granted(std::move(*adopted)));
  }

  std::vector<wasi::host::NetworkRule> rules;
  for (const std::string& text : config.network_rules_) {
    auto parsed = wasi::host::NetworkRule::parse_lines(text);
    if (!parsed) return std::unexpected(std::move(parsed.error()));
    std::ranges::move(*parsed, std::back_inserter(rules));
  }
  context->network = std::make_unique<wasi::host::Network>(
      std::move(rules), wasi::host::ResolverOptions{config.name_servers_}, config.on_network_refusal_);

  if (config.clocks_) {
    context->clocks = std::make_unique<wasi::host::FunctionClocks>(
        [read = config.clocks_](wasi::host::ClockId id) { return read(static_cast<WasiClock>(id)); });
  }
  if (config.random_seed_) context->random = std::make_unique<wasi::host::SeededRandom>(*config.random_seed_);
  if (config.max_open_files_) context->table.set_most(*config.max_open_files_);
  if (config.max_output_bytes_) context->output.set(*config.max_output_bytes_);
  return Wasi(std::move(context));
}

}  // namespace wherry
