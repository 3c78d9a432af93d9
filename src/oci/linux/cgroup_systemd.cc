#include "oci/linux/cgroup_systemd.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "oci/linux/channel.h"
#include "oci/linux/system.h"

namespace wherry::oci {
namespace {

/// Builds D-Bus data: values at offsets that are multiples of their size, little endian.
class Writer {
 public:
  Writer& align(size_t to) {
    while (bytes_.size() % to != 0) bytes_ += '\0';
    return *this;
  }
  Writer& byte(uint8_t value) {
    bytes_ += static_cast<char>(value);
    return *this;
  }
  Writer& u32(uint32_t value) { return align(4).raw(&value, 4); }
  Writer& u64(uint64_t value) { return align(8).raw(&value, 8); }
  Writer& text(std::string_view value) {
    u32(static_cast<uint32_t>(value.size()));
    bytes_ += value;
    return byte(0);
  }
  Writer& signature(std::string_view value) {
    byte(static_cast<uint8_t>(value.size()));
    bytes_ += value;
    return byte(0);
  }
  /// An array of elements aligned to `alignment`, which `fill` writes.
  template <class F>
  Writer& array(size_t alignment, F fill) {
    u32(0);
    const size_t at = bytes_.size();
    align(alignment);
    const size_t begin = bytes_.size();
    fill(*this);
    const auto size = static_cast<uint32_t>(bytes_.size() - begin);
    std::memcpy(bytes_.data() + at - 4, &size, 4);
    return *this;
  }
  Writer& append(const std::string& bytes) {
    bytes_ += bytes;
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  Writer& raw(const void* value, size_t size) {
    bytes_.append(static_cast<const char*>(value), size);
    return *this;
  }
  std::string bytes_;
};

constexpr uint8_t kMethodCall = 1, kMethodReturn = 2, kErrorReply = 3;

/// A connection to systemd's manager. Speaks just enough D-Bus for two calls.
class Manager {
 public:
  static Result<Manager> connect() {
    // The private socket is root's and needs no bus; users have a bus of their own.
    auto direct = connect_unix("/run/systemd/private");
    const bool bus = !direct.has_value();
    if (bus) {
      const char* runtime = std::getenv("XDG_RUNTIME_DIR");
      const bool user = geteuid() != 0 && runtime != nullptr;
      direct = connect_unix(user ? std::string(runtime) + "/bus" : "/run/dbus/system_bus_socket");
    }
    if (!direct.has_value())
      return fail(ErrorCode::kUnsupported, "systemd cannot be reached: " + direct.error().message);
    Manager manager(std::move(*direct));
    WHERRY_CHECK(manager.authenticate());
    if (bus) {
      WHERRY_CHECK(
          manager.call("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "Hello", "", ""));
    }
    return manager;
  }

  Result<> call_manager(const char* method, const char* signature, const std::string& body) {
    return call("org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager", method,
                signature, body);
  }

 private:
  explicit Manager(Fd socket) : socket_(std::move(socket)) {}

  Result<> put(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return system_error("systemd");
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return {};
  }

  Result<std::string> get(size_t size) {
    std::string bytes(size, '\0');
    for (size_t have = 0; have < size;) {
      pollfd wait{.fd = socket_.get(), .events = POLLIN, .revents = 0};
      if (poll(&wait, 1, 10'000) <= 0) return fail(ErrorCode::kIo, "systemd does not answer");
      const ssize_t got = recv(socket_.get(), bytes.data() + have, size - have, 0);
      if (got <= 0) return fail(ErrorCode::kIo, "systemd has hung up");
      have += static_cast<size_t>(got);
    }
    return bytes;
  }

  Result<> authenticate() {
    std::string hex;
    for (const char digit : std::to_string(geteuid())) hex += "3" + std::string(1, digit);
    WHERRY_CHECK(put(std::string_view("\0AUTH EXTERNAL ", 15)));
    WHERRY_CHECK(put(hex + "\r\n"));
    std::string line;
    while (!line.ends_with("\r\n") && line.size() < 1024) {
      WHERRY_TRY(const std::string byte, get(1));
      line += byte;
    }
    if (!line.starts_with("OK ")) return fail(ErrorCode::kIo, "systemd refuses the connection");
    return put("BEGIN\r\n");
  }

  Result<> call(const char* destination, const char* path, const char* interface, const char* method,
                const char* signature, const std::string& body) {
    const uint32_t serial = ++serial_;
    Writer message;
    message.byte('l').byte(kMethodCall).byte(0).byte(1).u32(static_cast<uint32_t>(body.size())).u32(serial);
    message.array(8, [&](Writer& fields) {
      const auto field = [&](uint8_t code, char type, std::string_view value) {
        fields.align(8).byte(code).signature(std::string(1, type));
        if (type == 'g') {
          fields.signature(value);
        } else {
          fields.text(value);
        }
      };
      field(1, 'o', path);
      field(2, 's', interface);
      field(3, 's', method);
      field(6, 's', destination);
      if (*signature != '\0') field(8, 'g', signature);
    });
    message.align(8).append(body);
    WHERRY_CHECK(put(message.bytes()));
    return wait_for_reply(serial, method);
  }

  /// Reads messages until the reply to `serial`; others (signals) are passed over.
  Result<> wait_for_reply(uint32_t serial, const char* method) {
    constexpr uint32_t kMaxMessage = 1 << 20;
    for (;;) {
      WHERRY_TRY(const std::string head, get(16));
      uint32_t body, fields;
      std::memcpy(&body, head.data() + 4, 4);
      std::memcpy(&fields, head.data() + 12, 4);
      if (head[0] != 'l' || body > kMaxMessage || fields > kMaxMessage)
        return fail(ErrorCode::kIo, "systemd: not D-Bus");
      WHERRY_TRY(const std::string rest, get((fields + 7) / 8 * 8 + body));
      // The reply's serial is the field of code 5, type u: its bytes stand at a multiple of eight.
      uint32_t reply_to = 0;
      for (size_t at = 0; at + 8 <= fields; at += 4) {
        if (at % 8 == 0 && rest.compare(at, 4, std::string_view("\5\1u\0", 4)) == 0)
          std::memcpy(&reply_to, rest.data() + at + 4, 4);
      }
      if (reply_to != serial) continue;
      if (head[1] == kMethodReturn) return {};
      if (head[1] == kErrorReply) {
        const std::string text = body > 4 ? rest.substr(rest.size() - body + 4, body - 5) : "error";
        return fail(ErrorCode::kIo, std::string("systemd: ") + method + ": " + text);
      }
    }
  }

  Fd socket_;
  uint32_t serial_ = 0;
};

/// Properties of a unit, each a name and a variant.
class Properties {
 public:
  explicit Properties(Writer& out) : out_(out) {}
  void text(const char* name, const std::string& value) { start(name, "s").text(value); }
  void boolean(const char* name, bool value) { start(name, "b").u32(value ? 1 : 0); }
  void number(const char* name, uint64_t value) { start(name, "t").u64(value); }
  void words(const char* name, const std::string& word) {
    start(name, "as").array(4, [&](Writer& array) { array.text(word); });
  }
  void processes(const char* name, uint32_t pid) {
    start(name, "au").array(4, [&](Writer& array) { array.u32(pid); });
  }

 private:
  Writer& start(const char* name, const char* signature) { return out_.align(8).text(name).signature(signature); }
  Writer& out_;
};

uint64_t or_infinity(int64_t value) { return value < 0 ? ~uint64_t{0} : static_cast<uint64_t>(value); }

/// Limits that systemd must know of, since it writes them again whenever it reloads.
void add_limits(Properties& properties, const Resources& resources) {
  if (resources.memory.limit.value_or(0) != 0) properties.number("MemoryMax", or_infinity(*resources.memory.limit));
  if (resources.pids_limit.value_or(0) != 0) properties.number("TasksMax", or_infinity(*resources.pids_limit));
  if (resources.cpu.shares.value_or(0) != 0) {
    const uint64_t shares = std::clamp<uint64_t>(*resources.cpu.shares, 2, 262144);
    properties.number("CPUWeight", 1 + (shares - 2) * 9999 / 262142);
  }
  if (resources.cpu.quota.value_or(0) > 0) {
    const uint64_t period = resources.cpu.period.value_or(0) != 0 ? *resources.cpu.period : 100'000;
    properties.number("CPUQuotaPerSecUSec", static_cast<uint64_t>(*resources.cpu.quota) * 1'000'000 / period);
  }
}

}  // namespace

Result<SystemdPlace> parse_systemd_place(const std::string& cgroups_path, const std::string& id) {
  if (cgroups_path.empty()) return SystemdPlace{"", "wherry-" + id + ".scope"};
  const size_t first = cgroups_path.find(':');
  const size_t second = first == cgroups_path.npos ? first : cgroups_path.find(':', first + 1);
  if (second == cgroups_path.npos || cgroups_path.find('/') != cgroups_path.npos) {
    return fail(ErrorCode::kInvalid,
                "linux.cgroupsPath: '" + cgroups_path + "' is not SLICE:PREFIX:NAME, as systemd needs it");
  }
  const std::string prefix = cgroups_path.substr(first + 1, second - first - 1);
  std::string unit = cgroups_path.substr(second + 1);
  if (!unit.ends_with(".slice")) unit = (prefix.empty() ? "" : prefix + '-') + unit + ".scope";
  return SystemdPlace{cgroups_path.substr(0, first), unit};
}

Result<std::string> start_systemd_unit(const Config& config, const std::string& id, int pid) {
  WHERRY_TRY(const SystemdPlace place, parse_systemd_place(config.cgroups_path, id));
  WHERRY_TRY(Manager manager, Manager::connect());
  Writer body;
  body.text(place.unit).text("replace");
  body.array(8, [&](Writer& array) {
    Properties properties(array);
    properties.text("Description", "wherry container " + id);
    if (!place.slice.empty()) {
      // A scope lives in a slice, a slice only wants its parent.
      if (place.unit.ends_with(".slice")) {
        properties.words("Wants", place.slice);
      } else {
        properties.text("Slice", place.slice);
      }
    }
    properties.boolean("Delegate", true);
    properties.boolean("DefaultDependencies", false);
    properties.boolean("MemoryAccounting", true);
    properties.boolean("CPUAccounting", true);
    properties.boolean("TasksAccounting", true);
    properties.processes("PIDs", static_cast<uint32_t>(pid));
    add_limits(properties, config.resources);
  });
  body.array(8, [](Writer&) {});
  const std::string before = read_text("/proc/" + std::to_string(pid) + "/cgroup").value_or("");
  WHERRY_CHECK(manager.call_manager("StartTransientUnit", "ssa(sv)a(sa(sv))", body.bytes()));
  // The call returns when the job is queued. The process's own groups say when it is done.
  for (int waited = 0; waited < 10'000; ++waited) {
    const auto groups = read_text("/proc/" + std::to_string(pid) + "/cgroup");
    if (!groups.has_value()) return fail(ErrorCode::kIo, "the container's process is gone");
    if (*groups != before && groups->find(place.unit) != groups->npos) return place.unit;
    usleep(1000);
  }
  return fail(ErrorCode::kIo, "systemd does not start " + place.unit);
}

void stop_systemd_unit(const std::string& unit) {
  auto manager = Manager::connect();
  if (!manager.has_value()) return;
  Writer body;
  body.text(unit).text("replace");
  auto stopped = manager->call_manager("StopUnit", "ss", body.bytes());
  (void)stopped;
}

}  // namespace wherry::oci
