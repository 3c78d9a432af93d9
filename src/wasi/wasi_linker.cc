// Binds the functions of preview 1 to the runtime.
#include <algorithm>
#include <iterator>

#include "wasi/host/context.h"
#include "wasi/preview1.h"
#include "wherry/caller.h"
#include "wherry/wasi.h"

namespace wherry {

namespace {

class CallerWaiter final : public wasi::host::Waiter {
 public:
  explicit CallerWaiter(const Caller& caller) : caller_(caller) {}
  bool interrupted() const override { return caller_.interrupted(); }

 private:
  const Caller& caller_;
};

FuncType func_type(const wasi::Preview1Function& function) {
  FuncType type;
  for (const char letter : function.params) type.params.push_back(letter == 'I' ? ValType::kI64 : ValType::kI32);
  if (function.result == wasi::Preview1Result::kErrno) type.results.push_back(ValType::kI32);
  return type;
}

CallResult<> invoke(const wasi::Preview1Function& function, wasi::Abi abi, wasi::host::Context& context, Caller& caller,
                    std::span<Slot> slots) {
  CallerWaiter waiter(caller);
  wasi::Preview1 preview1(context);
  wasi::Call call = {.memory = wasi::GuestMemory(caller.memory_bytes()), .abi = abi, .waiter = waiter};
  const wasi::host::Errno result = function.invoke(preview1, call, slots.data());
  if (call.exit_code) return std::unexpected(Trap::exit(*call.exit_code));
  if (function.result == wasi::Preview1Result::kErrno) slots[0] = static_cast<uint16_t>(result);
  return {};
}

constexpr wasi::Abi kAbis[] = {wasi::Abi::kPreview1, wasi::Abi::kUnstable};

/// The function on slots; `context_of(caller)` gives the context to serve, or null.
template <class ContextOf>
auto serve(wasi::Abi abi, const wasi::Preview1Function& function, ContextOf context_of) {
  return [&function, abi, context_of](Caller& caller, std::span<Slot> slots) -> CallResult<> {
    wasi::host::Context* context = context_of(caller);
    if (context == nullptr) return caller.fail("this store holds no WASI world");
    return invoke(function, abi, *context, caller, slots);
  };
}

template <class ContextOf>
Result<> define(Linker& linker, wasi::Abi abi, std::string_view name, const wasi::Preview1Function& function,
                ContextOf context_of) {
  return linker.raw_function(wasi::module_name(abi), name, func_type(function), serve(abi, function, context_of));
}

/// The functions that a module may mean by a name, the first of which it gets if it says nothing more. Of WasmEdge's
/// second versions, NAME_v2 is another name.
std::vector<const wasi::Preview1Function*> candidates(wasi::Abi abi, std::string_view name) {
  constexpr std::string_view kSecond = "_v2";
  std::vector<const wasi::Preview1Function*> found;
  auto look_for = [&found](std::string_view wanted, bool any_version) {
    for (const auto table : {wasi::preview1_functions(), wasi::socket_functions()}) {
      for (const wasi::Preview1Function& function : table) {
        if (function.name == wanted && (any_version || !function.first_version)) found.push_back(&function);
      }
    }
  };
  if (abi == wasi::Abi::kUnstable) {
    const auto table = wasi::preview1_functions();
    const auto function = std::ranges::find(table, name, &wasi::Preview1Function::name);
    if (function != table.end()) found.push_back(&*function);
    return found;
  }
  look_for(name, true);
  if (name.starts_with("sock_") && name.ends_with(kSecond))
    look_for(name.substr(0, name.size() - kSecond.size()), false);
  return found;
}

template <class ContextOf>
Result<> define_all(Linker& linker, ContextOf context_of) {
  for (const wasi::Abi abi : kAbis) {
    for (const auto table : {wasi::preview1_functions(), wasi::socket_functions()}) {
      for (const wasi::Preview1Function& function : table) {
        for (const std::string& name : {std::string(function.name), std::string(function.name) + "_v2"}) {
          const auto found = candidates(abi, name);
          if (found.empty() || linker.is_defined(wasi::module_name(abi), name)) continue;
          WHERRY_CHECK(define(linker, abi, name, *found.front(), context_of));
        }
      }
    }
  }
  return {};
}

/// Go's net package takes a socket that it inherits for one that does not block, and hangs in accept() if it does; C
/// and Rust take it for one that does.
void suit_sockets_to(const Module& module, wasi::host::Context& context) {
  if (context.granted_sockets.empty()) return;
  const auto sections = module.custom_sections();
  if (std::ranges::find(sections, "go:buildid", &CustomSectionView::name) == sections.end()) return;
  for (const auto& socket : context.granted_sockets) (void)socket->set_flags(wasi::host::DescriptorFlags::kNonblock);
}

auto always(const Wasi& wasi) {
  return [wasi](const Caller&) { return &wasi.impl(); };
}

}  // namespace

Result<> add_wasi(Linker& linker, const Wasi& wasi) { return define_all(linker, always(wasi)); }

Result<> add_wasi(Linker& linker, const Wasi& wasi, const Module& module) {
  suit_sockets_to(module, wasi.impl());
  for (const ImportType& import : linker.missing(module)) {
    const auto abi = std::ranges::find(kAbis, import.module, wasi::module_name);
    // A module may import a name twice.
    if (abi == std::end(kAbis) || linker.is_defined(import.module, import.name)) continue;
    const auto found = candidates(*abi, import.name);
    if (found.empty()) continue;
    const auto fits = std::ranges::find_if(found, [&import](const wasi::Preview1Function* function) {
      return import.type == ExternType(func_type(*function));
    });
    const wasi::Preview1Function& function = fits == found.end() ? *found.front() : **fits;
    WHERRY_CHECK(define(linker, *abi, import.name, function, always(wasi)));
  }
  return {};
}

namespace {

wasi::host::Context* context_of_store(const Caller& caller) {
  const Wasi* wasi = caller.find_data<Wasi>();
  return wasi == nullptr ? nullptr : &wasi->impl();
}

}  // namespace

Result<> add_wasi(Linker& linker) { return define_all(linker, context_of_store); }

std::optional<Func> wasi_function(StoreRef store, std::string_view module, std::string_view name,
                                  const FuncType* type) {
  const auto abi = std::ranges::find(kAbis, module, wasi::module_name);
  if (abi == std::end(kAbis)) return std::nullopt;
  const auto found = candidates(*abi, name);
  if (found.empty()) return std::nullopt;
  const auto fits = std::ranges::find_if(
      found, [type](const wasi::Preview1Function* f) { return type != nullptr && *type == func_type(*f); });
  const wasi::Preview1Function& function = fits == found.end() ? *found.front() : **fits;
  return Func::raw_function(store, func_type(function), serve(*abi, function, context_of_store));
}

}  // namespace wherry
