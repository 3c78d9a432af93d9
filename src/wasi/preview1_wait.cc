// Polling.
#include "wasi/host/poll.h"
#include "wasi/preview1_util.h"

namespace wherry::wasi {

using host::Errno;
using host::error;
using host::HostResult;
using host::PollRequest;
using host::TableEntry;

namespace {

constexpr uint32_t kMaxSubscriptions = 1 << 16;
constexpr uint8_t kTypeClock = PollRequest::kClock, kTypeRead = PollRequest::kRead, kTypeWrite = PollRequest::kWrite;
static_assert(kTypeClock == 0 && kTypeRead == 1 && kTypeWrite == 2);
constexpr uint16_t kAbsolute = 1;

struct GuestSubscription {
  uint64_t userdata;
  uint8_t type;
  uint8_t padding1[7];
  uint32_t id;  ///< Of the clock, or the descriptor.
  uint32_t padding2;
  uint64_t timeout;
  uint64_t precision;
  uint16_t flags;
  uint8_t padding3[6];
};
static_assert(sizeof(GuestSubscription) == 48);

struct GuestSubscriptionUnstable {
  uint64_t userdata;
  uint8_t type;
  uint8_t padding1[7];
  union {
    uint64_t clock_userdata;
    uint32_t fd;
  };
  uint32_t clock;
  uint32_t padding2;
  uint64_t timeout;
  uint64_t precision;
  uint16_t flags;
  uint8_t padding3[6];
};
static_assert(sizeof(GuestSubscriptionUnstable) == 56);

struct GuestEvent {
  uint64_t userdata;
  uint16_t error;
  uint8_t type;
  uint8_t padding1[5];
  uint64_t bytes;
  uint16_t flags;
  uint8_t padding2[6];
};
static_assert(sizeof(GuestEvent) == 32);

HostResult<GuestSubscription> load_subscription(const Call& call, uint64_t address, uint64_t index) {
  if (call.abi == Abi::kPreview1) {
    return call.memory.load<GuestSubscription>(address + index * sizeof(GuestSubscription));
  }
  WHERRY_TRY(const auto old,
             call.memory.load<GuestSubscriptionUnstable>(address + index * sizeof(GuestSubscriptionUnstable)));
  return GuestSubscription{.userdata = old.userdata,
                           .type = old.type,
                           .padding1 = {},
                           .id = old.type == kTypeClock ? old.clock : old.fd,
                           .padding2 = 0,
                           .timeout = old.timeout,
                           .precision = old.precision,
                           .flags = old.flags,
                           .padding3 = {}};
}

HostResult<PollRequest> to_request(const host::DescriptorTable::Reader& table, const GuestSubscription& subscription) {
  PollRequest request;
  switch (subscription.type) {
    case kTypeClock:
      if ((subscription.flags & ~kAbsolute) != 0) return error(Errno::kInval);
      request.clock = static_cast<host::ClockId>(subscription.id);
      if (subscription.id >= host::kClockCount) request.failure = Errno::kInval;
      request.time = subscription.timeout;
      request.absolute = (subscription.flags & kAbsolute) != 0;
      return request;
    case kTypeRead:
    case kTypeWrite: {
      const bool reads = subscription.type == kTypeRead;
      request.kind = reads ? PollRequest::kRead : PollRequest::kWrite;
      const uint64_t rights = Rights::kPollFdReadwrite | (reads ? Rights::kFdRead : Rights::kFdWrite);
      const TableEntry* entry = table.find(subscription.id);
      if (entry == nullptr) {
        request.failure = Errno::kBadf;
      } else if (const auto allowed = check_rights(*entry, rights); !allowed) {
        request.failure = allowed.error();
      } else {
        request.descriptor = entry->descriptor;
      }
      return request;
    }
    default:
      return error(Errno::kInval);
  }
}

}  // namespace

HostResult<> Preview1::poll_oneoff(Call& call, uint32_t subscriptions, uint32_t events, uint32_t count,
                                   uint32_t count_out) {
  if (count == 0 || count > kMaxSubscriptions) return error(Errno::kInval);
  WHERRY_CHECK(call.memory.range(events, uint64_t{count} * sizeof(GuestEvent)));
  WHERRY_CHECK(call.memory.range(count_out, sizeof(uint32_t)));
  // All are read before any event is written: the two arrays may overlap.
  std::vector<PollRequest> requests;
  std::vector<uint64_t> userdata;
  requests.reserve(count);
  userdata.reserve(count);
  {
    const host::DescriptorTable::Reader table(context_.table);
    for (uint64_t i = 0; i < count; ++i) {
      WHERRY_TRY(const GuestSubscription subscription, load_subscription(call, subscriptions, i));
      WHERRY_TRY(requests.emplace_back(), to_request(table, subscription));
      userdata.push_back(subscription.userdata);
    }
  }
  auto poller = context_.pollers.take();
  const auto waited = poller->wait(requests, *context_.clocks, call.waiter);
  context_.pollers.give_back(std::move(poller));
  WHERRY_TRY(const auto happened, waited);
  uint64_t at = events;
  for (const host::PollEvent& event : happened) {
    const GuestEvent guest = {.userdata = userdata[event.request],
                              .error = static_cast<uint16_t>(event.failure),
                              .type = requests[event.request].kind,
                              .padding1 = {},
                              .bytes = event.bytes,
                              .flags = event.hang_up,
                              .padding2 = {}};
    WHERRY_CHECK(call.memory.store(at, guest));
    at += sizeof guest;
  }
  return call.memory.store(count_out, static_cast<uint32_t>(happened.size()));
}

HostResult<> Preview1::epoll_oneoff(Call& call, uint32_t subscriptions, uint32_t events, uint32_t count,
                                    uint32_t count_out) {
  return poll_oneoff(call, subscriptions, events, count, count_out);
}

}  // namespace wherry::wasi
