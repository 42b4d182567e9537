#include "common/expr/value.hpp"

#include "harness.hpp"

namespace r8r::expr::testing {
namespace {

TEST(Value, CopiesAreIndependent) {
  Value a = Value::array({Value::integer(1)});
  Value b = a;
  b.mutable_array().push_back(Value::integer(2));
  EXPECT_EQ(to_json(a), "[1]");
  EXPECT_EQ(to_json(b), "[1,2]");

  Value text = Value::string("a");
  Value other = text;
  other.append_text("b");
  EXPECT_EQ(text.as_string(), "a");
  EXPECT_EQ(other.as_string(), "ab");
}

TEST(Value, NumbersAreEqualByValueExactly) {
  EXPECT_EQ(Value::integer(1), Value::number(1.0));
  EXPECT_EQ(Value::number(0.0), Value::number(-0.0));
  EXPECT_FALSE(Value::integer(9'007'199'254'740'993) == Value::number(9'007'199'254'740'992.0));
  EXPECT_FALSE(Value::integer(std::numeric_limits<std::int64_t>::max()) == Value::number(9'223'372'036'854'775'808.0));
  EXPECT_FALSE(Value::integer(1) == Value::boolean(true));
  EXPECT_FALSE(Value::null() == Value::boolean(false));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE(Value::number(nan) == Value::number(nan));
}

TEST(Value, MapsAreEqualInAnyOrder) {
  EXPECT_EQ(World::json(R"({"a":1,"b":[{"c":2}]})"), World::json(R"({"b":[{"c":2.0}],"a":1})"));
  EXPECT_FALSE(World::json(R"({"a":1})") == World::json(R"({"b":1})"));
  EXPECT_FALSE(World::json(R"([1,[2]])") == World::json(R"([1,[3]])"));
}

TEST(Value, EqualValuesHaveEqualHashes) {
  EXPECT_EQ(Value::integer(3).hash(), Value::number(3.0).hash());
  EXPECT_EQ(World::json(R"({"a":1,"b":2})").hash(), World::json(R"({"b":2,"a":1})").hash());
  EXPECT_NE(Value::string("a").hash(), Value::string("b").hash());
}

TEST(Value, DeepValuesAreFreedComparedAndMeasuredWithoutRecursion) {
  const auto nest = [] {
    Value value = Value::integer(1);
    for (int i = 0; i < 300'000; ++i) {
      if (i % 2 == 0) {
        value = Value::array({value});
      } else {
        Map map;
        map.set("k", std::move(value));
        value = Value::map(std::move(map));
      }
    }
    return value;
  };
  const Value a = nest();
  const Value b = nest();
  EXPECT_EQ(a, b);
  EXPECT_GT(a.measure().height, 1'000u);
  EXPECT_GT(to_json(a).size(), 600'000u);
}

TEST(Value, MeasureCountsSharedPartsEachTimeAndFollowsChanges) {
  Value value = Value::array({Value::string("12345")});
  const Measure once = value.measure();
  EXPECT_EQ(once.height, 2u);
  Value twice = Value::array({value, value});
  EXPECT_EQ(twice.measure().height, 3u);
  EXPECT_GE(twice.measure().weight, 2 * once.weight);
  for (int i = 0; i < 100; ++i) twice = Value::array({twice, twice});
  EXPECT_GT(twice.measure().weight, std::uint64_t{1} << 60);

  value.mutable_array()[0] = Value::array({Value::array({})});
  EXPECT_EQ(value.measure().height, 3u);
}

TEST(Value, NamesItsType) {
  EXPECT_EQ(Value().type_name(), "()");
  EXPECT_EQ(Value::integer(1).type_name(), "i64");
  EXPECT_EQ(Value::number(1).type_name(), "f64");
  EXPECT_EQ(Value::map({}).type_name(), "map");
}

TEST(Map, KeepsTheOrderOfInsertionAtAnySize) {
  for (const int size : {3, 16, 17, 500}) {
    Map map;
    for (int i = 0; i < size; ++i) map.set("key" + std::to_string(i), Value::integer(i));
    map.set("key1", Value::integer(-1));  // stays where it is
    EXPECT_EQ(map.size(), static_cast<std::size_t>(size));
    for (int i = 0; i < size; ++i) {
      const Value* found = map.find("key" + std::to_string(i));
      ASSERT_NE(found, nullptr) << i;
      EXPECT_EQ(found->as_int(), i == 1 ? -1 : i);
    }
    EXPECT_EQ(map.find("key"), nullptr);
    int position = 0;
    for (const auto& [key, value] : map) EXPECT_EQ(key, "key" + std::to_string(position++));
  }
}

TEST(Map, ErasesAndGrowsAgain) {
  Map map;
  for (int i = 0; i < 100; ++i) map.set(std::to_string(i), Value::integer(i));
  for (int i = 0; i < 100; i += 2) EXPECT_TRUE(map.erase(std::to_string(i)));
  EXPECT_FALSE(map.erase("0"));
  EXPECT_EQ(map.size(), 50u);
  map.set("0", Value::integer(7));
  EXPECT_EQ(map.find("0")->as_int(), 7);
  EXPECT_EQ(map.find("51")->as_int(), 51);
  EXPECT_EQ(map.find("50"), nullptr);
}

}  // namespace
}  // namespace r8r::expr::testing
