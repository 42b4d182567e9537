#include <cmath>

#include "common/expr/operators.hpp"
#include "common/expr/syntax.hpp"
#include "harness.hpp"
#include "random_values.hpp"

// Laws of values, against references that are too slow or too simple to be wrong.
namespace r8r::expr::testing {
namespace {

/// Equal, and of the same types, and floats bit by bit.
bool identical(const Value& a, const Value& b) {
  if (a.kind() != b.kind()) return false;
  if (a.is_float()) return a.as_float() == b.as_float() && std::signbit(a.as_float()) == std::signbit(b.as_float());
  if (a.is_array()) {
    return std::equal(a.as_array().begin(), a.as_array().end(), b.as_array().begin(), b.as_array().end(), identical);
  }
  if (a.is_map()) {
    return std::equal(
        a.as_map().begin(), a.as_map().end(), b.as_map().begin(), b.as_map().end(),
        [](const Map::Entry& x, const Map::Entry& y) { return x.key() == y.key() && identical(x.value, y.value); });
  }
  return a == b;
}

TEST(ValueLaws, JsonIsReadBackAsItWas) {
  for_seeds(20'000, [](Random& random) {
    const Value value = random_value(random, 4);
    const std::string text = to_json(value);
    for (const std::string& written : {text, to_pretty_json(value), random_json(random, value)}) {
      const Result<Value> read = parse_json(written);
      ASSERT_TRUE(read.has_value()) << written << "\n" << read.error().message;
      ASSERT_TRUE(identical(*read, value)) << written;
      ASSERT_EQ(to_json(*read), text);
      ASSERT_EQ(*read, value);
      ASSERT_EQ(read->hash(), value.hash());
    }
  });
}

TEST(ValueLaws, ScriptsReadAndWriteTheSameJson) {
  World world;
  const auto program =
      Program::compile("[to_json(from_json(input)), from_json(to_json(item)) == item]", world.options());
  ASSERT_TRUE(program.has_value());
  for_seeds(3'000, [&](Random& random) {
    const Value value = random_value(random, 4);
    world.scope.set_input(Value::string(to_json(value)));
    world.scope.set_item(value, 0);
    EvalContext context{world.scope};
    const Result<Value> outcome = evaluate(*program, context);
    ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
    ASSERT_EQ(outcome->as_array()[0].as_string(), to_json(value));
    ASSERT_TRUE(outcome->as_array()[1].as_bool()) << to_json(value);
  });
}

/// What `a op b` gives, as the harness prints it: JSON or "error".
std::string evaluated(std::string_view op, const Value& a, const Value& b) {
  World world;
  world.scope.set_input(Value::array({a, b}));
  const std::string outcome = world.eval("input[0] " + std::string(op) + " input[1]");
  return outcome.starts_with("error: ") ? "error" : outcome;
}

std::string fits(__int128 result) {
  if (result > std::numeric_limits<std::int64_t>::max() || result < std::numeric_limits<std::int64_t>::min())
    return "error";
  return std::to_string(static_cast<std::int64_t>(result));
}

std::string reference_power(std::int64_t base, std::int64_t exponent) {
  if (exponent < 0) return "error";
  if (base == 0 || base == 1) return std::to_string(exponent == 0 ? 1 : base);
  if (base == -1) return exponent % 2 == 0 ? "1" : "-1";
  __int128 result = 1;
  for (std::int64_t i = 0; i < exponent; ++i) {
    result *= base;
    if (fits(result) == "error") return "error";
  }
  return fits(result);
}

TEST(ValueLaws, IntegersComputeAsWiderOnesDo) {
  for_seeds(4'000, [](Random& random) {
    const std::int64_t x = random_integer(random);
    const std::int64_t y = random_integer(random);
    const Value a = Value::integer(x);
    const Value b = Value::integer(y);
    const __int128 p = x;
    const __int128 q = y;
    ASSERT_EQ(evaluated("+", a, b), fits(p + q)) << x << " " << y;
    ASSERT_EQ(evaluated("-", a, b), fits(p - q)) << x << " " << y;
    ASSERT_EQ(evaluated("*", a, b), fits(p * q)) << x << " " << y;
    ASSERT_EQ(evaluated("/", a, b), y == 0 ? "error" : fits(p / q)) << x << " " << y;
    ASSERT_EQ(evaluated("%", a, b), y == 0 ? "error" : fits(p % q)) << x << " " << y;
    ASSERT_EQ(evaluated("**", a, b), reference_power(x, y)) << x << " " << y;
    ASSERT_EQ(evaluated("&", a, b), std::to_string(x & y));
    ASSERT_EQ(evaluated("|", a, b), std::to_string(x | y));
    ASSERT_EQ(evaluated("^", a, b), std::to_string(x ^ y));
    const auto shift = static_cast<int>(random.below(64));
    ASSERT_EQ(evaluated("<<", a, Value::integer(shift)),
              std::to_string(static_cast<std::int64_t>(static_cast<std::uint64_t>(x) << shift)));
    ASSERT_EQ(evaluated(">>", a, Value::integer(shift)), fits(p >> shift));
  });
}

/// -1, 0, 1 by value, exactly: a float is a whole part that fits 128 bits, and what is left.
int reference_order(const Value& a, const Value& b) {
  const auto split = [](const Value& value, double& whole, double& rest, __int128& integer) {
    if (value.is_int()) {
      integer = value.as_int();
      return true;
    }
    whole = std::trunc(value.as_float());
    rest = value.as_float() - whole;
    if (std::fabs(whole) > 1e30) return false;
    integer = static_cast<__int128>(whole);
    return true;
  };
  double whole[2] = {};
  double rest[2] = {};
  __int128 integer[2] = {};
  const bool small_a = split(a, whole[0], rest[0], integer[0]);
  const bool small_b = split(b, whole[1], rest[1], integer[1]);
  if (!small_a || !small_b) {
    const double x = a.as_number();
    const double y = b.as_number();
    return x < y ? -1 : x > y ? 1 : 0;
  }
  if (integer[0] != integer[1]) return integer[0] < integer[1] ? -1 : 1;
  return rest[0] < rest[1] ? -1 : rest[0] > rest[1] ? 1 : 0;
}

TEST(ValueLaws, NumbersCompareByTheirExactValues) {
  for_seeds(4'000, [](Random& random) {
    const auto number = [&] {
      return random.one_in(2) ? Value::integer(random_integer(random)) : Value::number(random_float(random));
    };
    const Value a = number();
    Value b = number();
    // Neighbours are where rounding would show.
    if (random.one_in(3)) b = Value::number(std::nextafter(a.as_number(), random.one_in(2) ? 1e300 : -1e300));
    if (random.one_in(6)) b = Value::number(a.as_number());
    const int order = reference_order(a, b);
    const std::string shown = to_json(a) + " " + to_json(b);
    ASSERT_EQ(evaluated("<", a, b), order < 0 ? "true" : "false") << shown;
    ASSERT_EQ(evaluated("<=", a, b), order <= 0 ? "true" : "false") << shown;
    ASSERT_EQ(evaluated(">", a, b), order > 0 ? "true" : "false") << shown;
    ASSERT_EQ(evaluated(">=", a, b), order >= 0 ? "true" : "false") << shown;
    ASSERT_EQ(evaluated("==", a, b), order == 0 ? "true" : "false") << shown;
    ASSERT_EQ(evaluated("!=", a, b), order != 0 ? "true" : "false") << shown;
    ASSERT_EQ(evaluated("in", a, Value::array({b})), order == 0 ? "true" : "false") << shown;
    if (order == 0) ASSERT_EQ(a.hash(), b.hash()) << shown;
    ASSERT_EQ(sort_order(a, b), order) << shown;
  });
}

TEST(ValueLaws, FloatsComputeAsTheMachineDoes) {
  for_seeds(2'000, [](Random& random) {
    const double x = random_float(random);
    const bool whole = random.one_in(3);
    const Value b = whole ? Value::integer(random_integer(random)) : Value::number(random_float(random));
    const Value a = Value::number(x);
    const double y = b.as_number();
    ASSERT_EQ(evaluated("+", a, b), to_json(Value::number(x + y)));
    ASSERT_EQ(evaluated("-", b, a), to_json(Value::number(y - x)));
    ASSERT_EQ(evaluated("*", a, b), to_json(Value::number(x * y)));
    ASSERT_EQ(evaluated("/", a, b), to_json(Value::number(x / y)));
    ASSERT_EQ(evaluated("%", a, b), to_json(Value::number(std::fmod(x, y))));
  });
}

std::vector<Value> random_array(Random& random) {
  std::vector<Value> elements;
  for (std::size_t i = random.below(random.one_in(5) ? 80 : 12); i > 0; --i) {
    // Few different ones, so that equals meet.
    switch (random.below(4)) {
      case 0:
        elements.push_back(random_value(random, 1));
        break;
      case 1:
        elements.push_back(Value::number(static_cast<double>(random.below(6)) / 2));
        break;
      case 2:
        elements.push_back(Value::string(std::string(1, static_cast<char>('a' + random.below(3)))));
        break;
      default:
        elements.push_back(Value::integer(static_cast<std::int64_t>(random.below(4))));
    }
  }
  return elements;
}

class ArrayLaws : public ::testing::Test {
 protected:
  /// What `source` gives for `elements` as `input`.
  std::vector<Value> of(const char* source, const std::vector<Value>& elements) {
    world_.scope.set_input(Value::array(elements));
    const auto program = Program::compile(source, world_.options());
    EXPECT_TRUE(program.has_value()) << source;
    EvalContext context{world_.scope};
    const Result<Value> value = evaluate(*program, context);
    EXPECT_TRUE(value.has_value()) << source << ": " << (value ? "" : value.error().message);
    return value && value->is_array() ? value->as_array() : std::vector<Value>();
  }
  static std::vector<std::string> bag(const std::vector<Value>& elements) {
    std::vector<std::string> texts;
    for (const Value& element : elements) texts.push_back(to_json(element));
    std::sort(texts.begin(), texts.end());
    return texts;
  }
  World world_;
};

TEST_F(ArrayLaws, SortedIsOrderedComplete_StableAndFinal) {
  for_seeds(2'000, [&](Random& random) {
    const std::vector<Value> elements = random_array(random);
    const std::vector<Value> sorted = of("input.sort()", elements);
    ASSERT_EQ(bag(sorted), bag(elements));
    for (std::size_t i = 1; i < sorted.size(); ++i) ASSERT_LE(sort_order(sorted[i - 1], sorted[i]), 0);
    ASSERT_EQ(to_json(Value::array(of("input.sort()", sorted))), to_json(Value::array(sorted)));
    std::vector<Value> expected = elements;
    std::stable_sort(expected.begin(), expected.end(),
                     [](const Value& a, const Value& b) { return sort_order(a, b) < 0; });
    ASSERT_EQ(to_json(Value::array(sorted)), to_json(Value::array(expected)));
    ASSERT_EQ(to_json(Value::array(of("input.sort_by(|x| x)", elements))), to_json(Value::array(expected)));
  });
}

TEST_F(ArrayLaws, SortingByAClosureIsStableAndTakesAnyAnswer) {
  for_seeds(1'000, [&](Random& random) {
    std::vector<Value> pairs;
    for (std::size_t i = 0; i < random.below(60); ++i) {
      pairs.push_back(Value::array(
          {Value::integer(static_cast<std::int64_t>(random.below(5))), Value::integer(static_cast<std::int64_t>(i))}));
    }
    for (const char* source : {"input.sort(|a, b| a[0] - b[0])", "input.sort_by(|p| p[0])"}) {
      const std::vector<Value> sorted = of(source, pairs);
      ASSERT_EQ(bag(sorted), bag(pairs));
      for (std::size_t i = 1; i < sorted.size(); ++i) {
        const auto& left = sorted[i - 1].as_array();
        const auto& right = sorted[i].as_array();
        ASSERT_TRUE(left[0].as_int() < right[0].as_int() ||
                    (left[0].as_int() == right[0].as_int() && left[1].as_int() < right[1].as_int()))
            << source;
      }
    }
    ASSERT_EQ(bag(of("input.sort(|a, b| (a[1] * 7 + b[1] * 3) % 5 - 2)", pairs)), bag(pairs));
  });
}

TEST_F(ArrayLaws, DedupAndUniqueLeaveOneOfEach) {
  for_seeds(2'000, [&](Random& random) {
    const std::vector<Value> elements = random_array(random);
    std::vector<Value> neighbours;
    std::vector<Value> distinct;
    for (const Value& element : elements) {
      if (neighbours.empty() || !(neighbours.back() == element)) neighbours.push_back(element);
      if (std::find(distinct.begin(), distinct.end(), element) == distinct.end()) distinct.push_back(element);
    }
    ASSERT_EQ(to_json(Value::array(of("input.dedup()", elements))), to_json(Value::array(neighbours)));
    ASSERT_EQ(to_json(Value::array(of("input.dedup().dedup()", elements))), to_json(Value::array(neighbours)));
    ASSERT_EQ(to_json(Value::array(of("input.unique()", elements))), to_json(Value::array(distinct)));
    ASSERT_EQ(to_json(Value::array(of("input.unique(|x| x)", elements))), to_json(Value::array(distinct)));
    ASSERT_EQ(bag(of("input.reverse()", elements)), bag(elements));
    ASSERT_EQ(to_json(Value::array(of("input.reverse().reverse()", elements))), to_json(Value::array(elements)));
    ASSERT_EQ(to_json(Value::array(
                  of("input.chunk(3).flatten(1)", of("input.filter(|x| type_of(x) != \"array\")", elements)))),
              to_json(Value::array(of("input.filter(|x| type_of(x) != \"array\")", elements))));
  });
}

}  // namespace
}  // namespace r8r::expr::testing
