#include "random_values.hpp"

#include <bit>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "common/expr/text.hpp"

namespace r8r::expr::testing {

std::int64_t random_integer(Random& random) {
  static constexpr std::int64_t kEdges[] = {0,
                                            1,
                                            -1,
                                            2,
                                            63,
                                            64,
                                            3'037'000'499,
                                            3'037'000'500,
                                            std::int64_t{1} << 53,
                                            (std::int64_t{1} << 53) + 1,
                                            std::numeric_limits<std::int64_t>::max(),
                                            std::numeric_limits<std::int64_t>::max() - 1,
                                            std::numeric_limits<std::int64_t>::min(),
                                            std::numeric_limits<std::int64_t>::min() + 1};
  switch (random.below(3)) {
    case 0:
      return random.pick(kEdges);
    case 1:
      return static_cast<std::int64_t>(random.below(200)) - 100;
    default:
      return static_cast<std::int64_t>(random.bits() >> random.below(64)) * (random.one_in(2) ? 1 : -1);
  }
}

double random_float(Random& random) {
  static constexpr double kEdges[] = {0.0,
                                      -0.0,
                                      0.1,
                                      1e-5,
                                      5e-324,
                                      2.2250738585072014e-308,
                                      1.7976931348623157e308,
                                      9007199254740993.0,
                                      9223372036854775808.0,
                                      -9223372036854775808.0,
                                      1e21,
                                      123456789.125};
  switch (random.below(3)) {
    case 0:
      return random.pick(kEdges);
    case 1:
      return static_cast<double>(random_integer(random)) / 8;
    default: {
      const double any = std::bit_cast<double>(random.bits());
      return std::isfinite(any) ? any : 0.5;
    }
  }
}

std::string random_text(Random& random) {
  std::string text;
  const std::size_t length = random.below(random.one_in(8) ? 60 : 8);
  for (std::size_t i = 0; i < length; ++i) {
    std::uint32_t code = 0;
    switch (random.below(5)) {
      case 0:
        code = static_cast<std::uint32_t>(random.below(0x20));
        break;
      case 1:
        code = static_cast<std::uint32_t>(std::string_view("\"\\/'`$\x7f").at(random.below(7)));
        break;
      case 2:
        code = static_cast<std::uint32_t>(random.below(0x110000));
        if (code >= 0xd800 && code <= 0xdfff) code = 0x1f600;
        break;
      default:
        code = 'a' + static_cast<std::uint32_t>(random.below(26));
    }
    append_code_point(text, code);
  }
  return text;
}

Value random_value(Random& random, int depth) {
  switch (random.below(depth > 0 ? 8 : 6)) {
    case 0:
      return Value();
    case 1:
      return Value::boolean(random.one_in(2));
    case 2:
      return Value::integer(random_integer(random));
    case 3:
      return Value::number(random_float(random));
    case 4:
    case 5:
      return Value::string(random_text(random));
    case 6: {
      std::vector<Value> elements;
      for (std::size_t i = random.below(6); i > 0; --i) elements.push_back(random_value(random, depth - 1));
      return Value::array(std::move(elements));
    }
    default: {
      Map entries;
      for (std::size_t i = random.below(random.one_in(10) ? 40 : 6); i > 0; --i)
        entries.set(random_text(random), random_value(random, depth - 1));
      return Value::map(std::move(entries));
    }
  }
}

namespace {

class Writer {
 public:
  explicit Writer(Random& random) : random_(random) {}

  void write(const Value& value) {
    space();
    switch (value.kind()) {
      case Value::Kind::boolean:
        out += value.as_bool() ? "true" : "false";
        break;
      case Value::Kind::integer:
        out += std::to_string(value.as_int());
        break;
      case Value::Kind::number:
        // 17 digits name every float.
        out += random_.one_in(2) ? fmt::format("{:.16e}", value.as_float()) : fmt::format("{:.16E}", value.as_float());
        break;
      case Value::Kind::string:
        text(value.as_string());
        break;
      case Value::Kind::array: {
        out += '[';
        bool first = true;
        for (const Value& element : value.as_array()) {
          if (!std::exchange(first, false)) out += ',';
          write(element);
        }
        space();
        out += ']';
        break;
      }
      case Value::Kind::map: {
        out += '{';
        bool first = true;
        for (const auto& [key, content] : value.as_map()) {
          if (!std::exchange(first, false)) out += ',';
          space();
          text(key);
          space();
          out += ':';
          write(content);
        }
        space();
        out += '}';
        break;
      }
      default:
        out += "null";
    }
    space();
  }

  std::string out;

 private:
  void space() {
    while (random_.one_in(4)) out += " \t\r\n"[random_.below(4)];
  }
  void unit(std::uint32_t code) {
    out += random_.one_in(2) ? fmt::format("\\u{:04x}", code) : fmt::format("\\u{:04X}", code);
  }
  void text(std::string_view characters) {
    out += '"';
    for (std::size_t at = 0; at < characters.size();) {
      const std::size_t before = at;
      const std::uint32_t code = next_code_point(characters, at);
      const bool must = code < 0x20 || code == '"' || code == '\\';
      if (!must && !random_.one_in(4)) {
        out.append(characters.substr(before, at - before));
      } else if (code >= 0x10000) {
        unit(0xd800 + ((code - 0x10000) >> 10));
        unit(0xdc00 + ((code - 0x10000) & 0x3ff));
      } else {
        unit(code);
      }
    }
    out += '"';
  }
  Random& random_;
};

}  // namespace

std::string random_json(Random& random, const Value& value) {
  Writer writer(random);
  writer.write(value);
  return writer.out;
}

}  // namespace r8r::expr::testing
