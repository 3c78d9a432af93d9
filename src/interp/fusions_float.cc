// Fusions of floating-point ops.
#include "interp/actions.h"

namespace wherry::interp {
namespace {

template <class T, Op add, Op sub, Op mul>
constexpr auto arithmetic() {
  using Stores = Set<Put<T, T, Address::kSlot, Value::kAcc>>;
  using Firsts = Set<Get<T, T, Address::kAcc, kToAcc>, Get<T, T, Address::kSlot, kToAcc>,
                     Get<T, T, Address::kAcc, kToSlot>, Get<T, T, Address::kSlot, kToSlot>, Two<mul, kSA, kToAcc>,
                     Two<mul, kAS, kToAcc>, Two<mul, kSS, kToAcc>, Two<mul, kSS, kToSlot>, Two<mul, kAI, kToAcc>,
                     Two<mul, kAS, kToSlot>, Two<add, kSA, kToAcc>, Two<add, kAS, kToAcc>, Two<add, kSS, kToAcc>,
                     Two<add, kSA, kToSlot>, Two<sub, kSS, kToAcc>, Two<sub, kAS, kToAcc>, Two<sub, kSA, kToAcc>>;
  using Seconds = Set<Two<add, kSA, kToAcc>, Two<add, kSA, kToSlot>, Two<add, kAS, kToAcc>, Two<add, kAS, kToSlot>,
                      Two<mul, kSA, kToAcc>, Two<mul, kSA, kToSlot>, Two<mul, kAS, kToAcc>, Two<mul, kAS, kToSlot>,
                      Two<sub, kSA, kToAcc>, Two<sub, kSA, kToSlot>, Two<sub, kAS, kToAcc>, Two<sub, kAS, kToSlot>,
                      Two<mul, kSS, kToAcc>, Two<mul, kSS, kToSlot>, Two<add, kSS, kToAcc>>;
  using Increment = Two<Op::kI32Add, kSI, kToSlot>;
  return concat(
      product(Firsts{}, Seconds{}), product(Firsts{}, Stores{}),
      product(Firsts{}, Set<Increment, Two<Op::kI32Add, kSI, kToAcc>, Get<T, T, Address::kSlot, kToAcc>,
                            Get<T, T, Address::kSlot, kToSlot>>{}),
      product(Stores{}, Set<Increment>{}),
      product(Set<Increment>{}, Set<Get<T, T, Address::kSlot, kToAcc>, Get<T, T, Address::kSlot, kToSlot>>{}));
}

constexpr auto kAll = concat(arithmetic<double, Op::kF64Add, Op::kF64Sub, Op::kF64Mul>(),
                             arithmetic<float, Op::kF32Add, Op::kF32Sub, Op::kF32Mul>());

}  // namespace

std::span<const Fusion> float_fusions() { return kAll; }

}  // namespace wherry::interp
