// From IR to a native image, by way of object files of several shards: what is linked runs, or, for another machine,
// has the instructions that it should.
#include "llvm/image.h"

#include <gtest/gtest.h>
#include <llvm/AsmParser/Parser.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>
#include <llvm/Support/SourceMgr.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Target/TargetMachine.h>
#include <sys/mman.h>

#include <cstring>

#include "llvm/codegen.h"
#include "llvm/pipeline.h"
#include "llvm/target.h"

namespace wherry::compiler {
namespace {

using engine::CompileCpu;
using engine::CompileLevel;
using engine::CompileTarget;

/// A module of which only the numbers count: functions with bodies at 1000, 2000, ..., and one type.
wasm::Module module_with(size_t functions) {
  wasm::Module module;
  for (size_t i = 0; i < functions; ++i) module.functions.push_back({0, static_cast<uint32_t>(1000 * (i + 1)), 100});
  module.types.push_back(0);
  return module;
}

/// Compiles and links the shards, given as text.
Result<std::vector<uint8_t>> build(const wasm::Module& module, std::initializer_list<const char*> shards,
                                   CompileTarget where = CompileTarget::kHost,
                                   CompileLevel level = CompileLevel::kDefault) {
  WHERRY_TRY(const Target target, make_target(where, CompileCpu::kHost));
  const auto machine = make_machine(target, level);
  std::vector<ShardObject> objects;
  for (const char* text : shards) {
    llvm::LLVMContext context;
    llvm::SMDiagnostic diagnostic;
    const auto ir = llvm::parseAssemblyString(text, diagnostic, context);
    if (ir == nullptr) {
      diagnostic.print("test", llvm::errs());
      return fail(ErrorCode::kSyntax, "bad IR");
    }
    ir->setTargetTriple(machine->getTargetTriple());
    ir->setDataLayout(machine->createDataLayout());
    for (llvm::Function& function : *ir) {
      if (!function.isIntrinsic()) function.setVisibility(llvm::GlobalValue::HiddenVisibility);
    }
    optimize(*ir, *machine, level);
    lower_memory_accesses(*ir);
    llvm::SmallVector<char, 0> elf;
    WHERRY_CHECK(emit_object(*ir, *machine, elf));
    WHERRY_TRY(objects.emplace_back(),
               read_object(std::span(reinterpret_cast<const uint8_t*>(elf.data()), elf.size()), module));
  }
  engine::ImageHeader header{};
  header.arch = target.arch;
  const uint32_t stub_types[] = {0};
  return link_image(header, module, stub_types, std::move(objects));
}

/// An image where it can run.
class Mapped {
 public:
  explicit Mapped(const std::vector<uint8_t>& image) : size_(image.size()) {
    base_ = static_cast<uint8_t*>(::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    std::memcpy(base_, image.data(), size_);
    ::mprotect(base_, size_, PROT_READ | PROT_EXEC);
    view_ = *engine::view_image({base_, size_});
  }
  ~Mapped() { ::munmap(base_, size_); }
  const engine::ImageView& view() const { return view_; }
  uint64_t enter(void* slots) const {
    using Enter = uint64_t (*)(void*);
    return reinterpret_cast<Enter>(const_cast<uint8_t*>(view_.text.data()) + view_.types[0].enter)(slots);
  }

 private:
  uint8_t* base_;
  size_t size_;
  engine::ImageView view_;
};

/// (code offset in the function, module offset) of each run.
std::vector<std::pair<uint64_t, int64_t>> locations(const engine::ImageView& view, uint32_t function,
                                                    int64_t body_offset) {
  const uint8_t* p = view.locations.data() + view.functions[function].locations;
  const auto raw = [&](bool is_signed) {
    int64_t value = 0;
    unsigned shift = 0;
    uint8_t byte;
    do {
      byte = *p++;
      value |= static_cast<int64_t>(byte & 0x7F) << shift;
      shift += 7;
    } while ((byte & 0x80) != 0);
    if (is_signed && (byte & 0x40) != 0 && shift < 64) value -= int64_t{1} << shift;
    return value;
  };
  std::vector<std::pair<uint64_t, int64_t>> runs;
  uint64_t code = 0;
  int64_t place = body_offset;
  for (bool first = true;; first = false) {
    const int64_t distance = raw(false);
    if (distance == 0 && !first) return runs;
    code += static_cast<uint64_t>(distance);
    place += raw(true);
    runs.emplace_back(code, place);
  }
}

constexpr const char* kCaller = R"(
declare tailcc i64 @f1(ptr, i64)
define tailcc i64 @f0(ptr %ctx, i64 %x) "frame-pointer"="all" {
  %a = call tailcc i64 @f1(ptr %ctx, i64 %x)
  %b = add i64 %a, 1
  ret i64 %b
}
define i64 @enter0(ptr %slots) {
  %x = load i64, ptr %slots
  %r = call tailcc i64 @f0(ptr %slots, i64 %x)
  ret i64 %r
}
define tailcc void @leave0(ptr %func) {
  ret void
}
)";

// A jump table, and doubles from read-only data.
constexpr const char* kCallee = R"(
define tailcc i64 @f1(ptr %ctx, i64 %x) "frame-pointer"="all" {
  switch i64 %x, label %other [
    i64 0, label %a
    i64 1, label %b
    i64 2, label %c
    i64 3, label %d
    i64 4, label %e
    i64 5, label %f
  ]
a:
  ret i64 71
b:
  call void @llvm.ubsantrap(i8 3)
  unreachable
c:
  %slot = getelementptr i8, ptr %ctx, i64 8
  %v = call double @wherry.load.f64(ptr %slot)
  %w = fmul double %v, 1.3
  %i = fptosi double %w to i64
  ret i64 %i
d:
  %s = getelementptr i8, ptr %ctx, i64 16
  call void @wherry.store.i64(ptr %s, i64 99)
  ret i64 11
e:
  ret i64 -3
f:
  %m = mul i64 %x, 100
  ret i64 %m
other:
  ret i64 5
}
declare void @llvm.ubsantrap(i8)
declare double @wherry.load.f64(ptr) nounwind memory(argmem: read)
declare void @wherry.store.i64(ptr, i64) nounwind memory(argmem: write)
)";

TEST(Image, ShardsCallEachOtherAndReadConstants) {
  for (CompileLevel level : {CompileLevel::kFast, CompileLevel::kDefault, CompileLevel::kMax}) {
    const wasm::Module module = module_with(3);
    const auto image = build(module, {kCaller, kCallee}, CompileTarget::kHost, level);
    ASSERT_TRUE(image) << image.error().message;
    const Mapped mapped(*image);
    EXPECT_EQ(mapped.view().functions[2].code, engine::kNoCode);
    const auto call = [&](int64_t argument) {
      int64_t slots[3] = {argument, std::bit_cast<int64_t>(8.0), 0};
      const auto result = static_cast<int64_t>(mapped.enter(slots));
      return std::pair(result, slots[2]);
    };
    EXPECT_EQ(call(0), std::pair(int64_t{72}, int64_t{0}));
    EXPECT_EQ(call(2), std::pair(int64_t{11}, int64_t{0}));
    EXPECT_EQ(call(3), std::pair(int64_t{12}, int64_t{99}));
    EXPECT_EQ(call(4), std::pair(int64_t{-2}, int64_t{0}));
    EXPECT_EQ(call(5), std::pair(int64_t{501}, int64_t{0}));
    EXPECT_EQ(call(100), std::pair(int64_t{6}, int64_t{0}));
  }
}

TEST(Image, LinksForAnotherMachine) {
  for (CompileTarget target : {CompileTarget::kX86_64, CompileTarget::kAarch64}) {
    const wasm::Module module = module_with(2);
    const auto image = build(module, {kCaller, kCallee}, target);
    ASSERT_TRUE(image) << image.error().message;
    const auto view = engine::view_image(*image);
    ASSERT_TRUE(view) << view.error().message;
    EXPECT_EQ(view->header->arch, static_cast<engine::ImageArch>(target));
    EXPECT_GT(view->rodata.size(), 0u);
  }
}

TEST(Image, KnowsWhereCodeComesFrom) {
  const wasm::Module module = module_with(1);
  const auto image = build(module, {R"(
define tailcc i64 @f0(ptr %ctx) "frame-pointer"="all" !dbg !4 {
  %a = call i64 @wherry.load.i64(ptr %ctx), !dbg !7
  %p = getelementptr i8, ptr %ctx, i64 %a
  %b = call i64 @wherry.load.i64(ptr %p), !dbg !8
  ret i64 %b
}
declare i64 @wherry.load.i64(ptr) nounwind memory(argmem: read)
!llvm.dbg.cu = !{!0}
!llvm.module.flags = !{!2, !3}
!0 = distinct !DICompileUnit(language: DW_LANG_C, file: !1, emissionKind: LineTablesOnly)
!1 = !DIFile(filename: "m", directory: "")
!2 = !{i32 2, !"Debug Info Version", i32 3}
!3 = !{i32 7, !"Dwarf Version", i32 5}
!4 = distinct !DISubprogram(name: "f0", file: !1, line: 1000, type: !5, unit: !0, spFlags: DISPFlagDefinition)
!5 = !DISubroutineType(types: !6)
!6 = !{}
!7 = !DILocation(line: 1010, scope: !4)
!8 = !DILocation(line: 1005, scope: !4)
)"});
  ASSERT_TRUE(image) << image.error().message;
  const auto view = engine::view_image(*image);
  ASSERT_TRUE(view);
  const auto runs = locations(*view, 0, 1000);
  ASSERT_GE(runs.size(), 2u);
  std::vector<int64_t> places;
  for (const auto& [code, place] : runs) {
    places.push_back(place);
    EXPECT_LT(code, view->functions[0].code_size);
  }
  EXPECT_EQ(std::vector<int64_t>(places.end() - 2, places.end()), (std::vector<int64_t>{1010, 1005}));
}

TEST(Image, RefusesWhatItCannotHold) {
  const wasm::Module module = module_with(1);
  const auto global = build(module, {"@g = global i32 1\ndefine ptr @f0() {\n ret ptr @g\n}"});
  ASSERT_FALSE(global);
  EXPECT_EQ(global.error().message, "code: section .data");
  const auto library = build(module, {"declare hidden double @fmod(double, double)\n"
                                      "define double @f0(double %x) {\n %r = frem double %x, %x\n ret double %r\n}"});
  ASSERT_FALSE(library);
  EXPECT_EQ(library.error().message, "code: reference to fmod");
}

}  // namespace
}  // namespace wherry::compiler
