#include "base/byte_reader.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/utf8.h"

namespace wherry::base {
namespace {

using Bytes = std::vector<uint8_t>;

template <class T>
std::string error_of(bool (ByteReader::*read)(T&), const Bytes& bytes) {
  ByteReader reader(bytes);
  T value;
  return (reader.*read)(value) ? "" : reader.error().message;
}
template <class T>
T value_of(bool (ByteReader::*read)(T&), const Bytes& bytes) {
  ByteReader reader(bytes);
  T value{};
  EXPECT_TRUE((reader.*read)(value));
  EXPECT_TRUE(reader.at_end());
  return value;
}

constexpr char kEnd[] = "unexpected end of section or function";
constexpr char kTooLong[] = "integer representation too long";
constexpr char kTooLarge[] = "integer too large";

TEST(ByteReader, ReadsUnsigned32) {
  EXPECT_EQ(value_of(&ByteReader::u32, {0x00}), 0u);
  EXPECT_EQ(value_of(&ByteReader::u32, {0x7F}), 127u);
  EXPECT_EQ(value_of(&ByteReader::u32, {0x80, 0x01}), 128u);
  EXPECT_EQ(value_of(&ByteReader::u32, {0x83, 0x80, 0x80, 0x80, 0x00}), 3u);
  EXPECT_EQ(value_of(&ByteReader::u32, {0xFF, 0xFF, 0xFF, 0xFF, 0x0F}), UINT32_MAX);
  EXPECT_EQ(error_of(&ByteReader::u32, {0xFF, 0xFF, 0xFF, 0xFF, 0x1F}), kTooLarge);
  EXPECT_EQ(error_of(&ByteReader::u32, {0x80, 0x80, 0x80, 0x80, 0x80, 0x00}), kTooLong);
  EXPECT_EQ(error_of(&ByteReader::u32, {0x80, 0x80}), kEnd);
  EXPECT_EQ(error_of(&ByteReader::u32, {}), kEnd);
}

TEST(ByteReader, ReadsSigned32) {
  EXPECT_EQ(value_of(&ByteReader::s32, {0x7F}), -1);
  EXPECT_EQ(value_of(&ByteReader::s32, {0x40}), -64);
  EXPECT_EQ(value_of(&ByteReader::s32, {0x3F}), 63);
  EXPECT_EQ(value_of(&ByteReader::s32, {0x80, 0x7F}), -128);
  EXPECT_EQ(value_of(&ByteReader::s32, {0xFF, 0xFF, 0xFF, 0xFF, 0x07}), INT32_MAX);
  EXPECT_EQ(value_of(&ByteReader::s32, {0x80, 0x80, 0x80, 0x80, 0x78}), INT32_MIN);
  EXPECT_EQ(error_of(&ByteReader::s32, {0xFF, 0xFF, 0xFF, 0xFF, 0x0F}), kTooLarge);
  EXPECT_EQ(error_of(&ByteReader::s32, {0x80, 0x80, 0x80, 0x80, 0x70}), kTooLarge);
  EXPECT_EQ(error_of(&ByteReader::s32, {0x80, 0x80, 0x80, 0x80, 0x80, 0x00}), kTooLong);
}

TEST(ByteReader, Reads64And33) {
  EXPECT_EQ(value_of(&ByteReader::u64, {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01}), UINT64_MAX);
  EXPECT_EQ(error_of(&ByteReader::u64, {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02}), kTooLarge);
  EXPECT_EQ(value_of(&ByteReader::s64, {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7F}), INT64_MIN);
  EXPECT_EQ(error_of(&ByteReader::s64, {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01}), kTooLarge);
  EXPECT_EQ(value_of(&ByteReader::s33, {0xFF, 0xFF, 0xFF, 0xFF, 0x0F}), int64_t{UINT32_MAX});
  EXPECT_EQ(value_of(&ByteReader::s33, {0x80, 0x80, 0x80, 0x80, 0x70}), -(int64_t{1} << 32));
  EXPECT_EQ(error_of(&ByteReader::s33, {0x80, 0x80, 0x80, 0x80, 0x20}), kTooLarge);
}

TEST(ByteReader, KeepsTheFirstError) {
  const Bytes bytes = {0x80};
  ByteReader reader(bytes, 100);
  uint32_t value;
  EXPECT_FALSE(reader.u32(value));
  reader.fail_malformed("later");
  EXPECT_EQ(reader.error().message, kEnd);
  EXPECT_EQ(reader.error().offset, 101u);
}

TEST(ByteReader, BoundsBytesAndNames) {
  const Bytes huge = {0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 'a'};
  std::string_view name;
  EXPECT_FALSE(ByteReader(huge).name(name));
  const Bytes broken = {0x02, 0xC0, 0x80};
  ByteReader reader(broken);
  EXPECT_FALSE(reader.name(name));
  EXPECT_EQ(reader.error().message, "malformed UTF-8 encoding");
}

TEST(Utf8, FollowsTheStandard) {
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8("twelve bytes, and then some"));
  EXPECT_TRUE(
      is_utf8("\xC2\x80\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF\xF0\x90\x80\x80\xF4\x8F\xBF\xBF"));
  for (const char* bad :
       {"\x80", "\xC0\x80", "\xC1\xBF", "\xC2", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xE2\x82", "\xF0\x8F\xBF\xBF",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "12345678\x80", "1234567\xC2"}) {
    EXPECT_FALSE(is_utf8(bad)) << bad;
  }
}

}  // namespace
}  // namespace wherry::base
