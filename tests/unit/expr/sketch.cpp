#include "sketch.hpp"

namespace r8r::expr::testing {
namespace {

using Kind = Sketch::Kind;

struct BinaryOperator {
  const char* text;
  int level;
};
// The language's table, high binds tighter; ** groups from the right, all others from the left.
constexpr BinaryOperator kBinary[] = {{"**", 13}, {"*", 12},  {"/", 12}, {"%", 12},  {"+", 11}, {"-", 11},
                                      {"<<", 10}, {">>", 10}, {"..", 9}, {"..=", 9}, {"<", 8},  {"<=", 8},
                                      {">", 8},   {">=", 8},  {"in", 7}, {"!in", 7}, {"==", 6}, {"!=", 6},
                                      {"&", 5},   {"^", 4},   {"|", 3},  {"&&", 2},  {"||", 1}, {"\?\?", 0}};
constexpr int kUnaryLevel = 14;
constexpr int kPostfixLevel = 15;
constexpr int kLowest = -1;  // c ? a : b

class Maker {
 public:
  Maker(Random& random, int size) : random_(random), left_(size) {}

  Sketch script() { return statements(0); }

 private:
  static constexpr int kDeepest = 10;

  Sketch make(Kind kind, std::string text = {}) {
    --left_;
    Sketch sketch;
    sketch.kind = kind;
    sketch.text = std::move(text);
    return sketch;
  }
  bool tired(int depth) const { return left_ <= 0 || depth > kDeepest; }

  Sketch atom() {
    static const std::string kAtoms[] = {"0",    "1",      "42",    "9223372036854775807",
                                         "1.5",  "1e+300", "\"a\"", "\"h\\u00e9\\n\\\"\"",
                                         "\"\"", "true",   "null",  "false",
                                         "a",    "b",      "c",     "input",
                                         "item", "x1",     "_y",    "7",
                                         "\"k\""};
    return make(Kind::atom, random_.pick(kAtoms));
  }
  std::string name() {
    static const std::string kNames[] = {"a", "b", "c", "x1", "_y"};
    return random_.pick(kNames);
  }
  std::string function() {
    static const std::string kNames[] = {"len", "map", "push", "foo", "sort", "max"};
    return random_.pick(kNames);
  }

  Sketch expression(int depth) {
    if (tired(depth)) return atom();
    switch (random_.below(20)) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4:
      case 5: {
        const BinaryOperator& op = random_.pick(kBinary);
        Sketch sketch = make(Kind::binary, op.text);
        sketch.level = op.level;
        return with(std::move(sketch), 2, depth);
      }
      case 6: {
        static const std::string kSigns[] = {"-", "!", "+"};
        return with(make(Kind::unary, random_.pick(kSigns)), 1, depth);
      }
      case 7:
        return with(make(Kind::choice), 3, depth);
      case 8:
        return with(make(Kind::array), random_.below(4), depth);
      case 9: {
        Sketch sketch = make(Kind::map);
        const std::size_t count = random_.below(4);
        for (std::size_t i = 0; i < count; ++i) sketch.keys.push_back(name() + std::to_string(i));
        return with(std::move(sketch), count, depth);
      }
      case 10:
      case 11: {
        Sketch sketch = make(Kind::property);
        sketch.keys = {name()};
        sketch.optional = random_.one_in(4);
        return with(std::move(sketch), 1, depth);
      }
      case 12: {
        Sketch sketch = make(Kind::index);
        sketch.optional = random_.one_in(4);
        return with(std::move(sketch), 2, depth);
      }
      case 13:
        return with(make(Kind::call, function()), random_.below(3), depth);
      case 14: {
        Sketch sketch = make(Kind::method, function());
        sketch.optional = random_.one_in(5);
        return with(std::move(sketch), 1 + random_.below(3), depth);
      }
      case 15:
        return closure(depth);
      case 16:
        return with(make(Kind::text), random_.below(4), depth);
      case 17:
        return compound(depth);
      default:
        return atom();
    }
  }
  Sketch with(Sketch sketch, std::size_t count, int depth) {
    for (std::size_t i = 0; i < count; ++i) sketch.parts.push_back(expression(depth + 1));
    return sketch;
  }
  Sketch closure(int depth) {
    Sketch sketch = make(Kind::closure);
    const std::size_t count = random_.below(3);
    for (std::size_t i = 0; i < count; ++i) sketch.keys.push_back("p" + std::to_string(i));
    const int loops = std::exchange(loops_, 0);
    sketch.parts.push_back(random_.one_in(4) ? assign(depth + 1) : expression(depth + 1));
    loops_ = loops;
    return sketch;
  }
  Sketch assign(int depth) {
    static const std::string kOperators[] = {
        "=", "+=", "-=", "*=", "/=", "%=", "**=", "<<=", ">>=", "&=", "|=", "^=", "\?\?="};
    Sketch target = make(Kind::atom, name());
    while (random_.one_in(3)) {
      Sketch step = make(random_.one_in(2) ? Kind::property : Kind::index);
      if (step.kind == Kind::property) step.keys = {name()};
      step.parts.push_back(std::move(target));
      if (step.kind == Kind::index) step.parts.push_back(expression(depth + 1));
      target = std::move(step);
    }
    Sketch sketch = make(Kind::assign, random_.pick(kOperators));
    sketch.parts.push_back(std::move(target));
    sketch.parts.push_back(expression(depth + 1));
    return sketch;
  }
  Sketch block(int depth) {
    Sketch sketch = statements(depth + 1);
    return sketch;
  }
  Sketch loop_block(int depth) {
    ++loops_;
    Sketch sketch = block(depth);
    --loops_;
    return sketch;
  }

  /// Statements that are values as well.
  Sketch compound(int depth) {
    switch (random_.below(7)) {
      case 0:
      case 1: {
        Sketch sketch = make(Kind::if_);
        for (std::size_t i = 0; i <= random_.below(3); ++i) {
          sketch.parts.push_back(expression(depth + 1));
          sketch.parts.push_back(block(depth));
        }
        if (random_.one_in(2)) sketch.parts.push_back(block(depth));
        return sketch;
      }
      case 2: {
        Sketch sketch = make(Kind::switch_);
        sketch.parts.push_back(expression(depth + 1));
        const std::size_t arms = random_.below(3);
        for (std::size_t i = 0; i < arms; ++i) {
          sketch.parts.push_back(make(Kind::atom, std::to_string(i)));
          sketch.parts.push_back(random_.one_in(3) ? assign(depth + 1) : expression(depth + 1));
        }
        return sketch;
      }
      case 3: {
        static const std::string kLoops[] = {"while", "loop", "do-while", "do-until"};
        Sketch sketch = make(Kind::while_, random_.pick(kLoops));
        if (sketch.text != "loop") sketch.parts.push_back(expression(depth + 1));
        sketch.parts.push_back(loop_block(depth));
        return sketch;
      }
      case 4: {
        Sketch sketch = make(Kind::for_);
        sketch.keys = {"i"};
        if (random_.one_in(3)) sketch.keys.push_back("n");
        sketch.parts.push_back(expression(depth + 1));
        sketch.parts.push_back(loop_block(depth));
        return sketch;
      }
      case 5: {
        Sketch sketch = make(Kind::try_);
        if (random_.one_in(2)) sketch.keys = {"e"};
        sketch.parts.push_back(block(depth));
        sketch.parts.push_back(block(depth));
        return sketch;
      }
      default:
        return block(depth);
    }
  }
  Sketch statement(int depth) {
    switch (random_.below(10)) {
      case 0:
      case 1:
      case 2: {
        Sketch sketch = make(Kind::let, "let");
        sketch.keys = {name()};
        if (!random_.one_in(5)) sketch.parts.push_back(expression(depth + 1));
        return sketch;
      }
      case 3:
      case 4:
        return assign(depth + 1);
      case 5:
      case 6:
        return compound(depth);
      case 7: {
        static const std::string kAnywhere[] = {"return", "throw"};
        static const std::string kInLoops[] = {"return", "throw", "break", "continue"};
        Sketch sketch = make(Kind::jump, loops_ > 0 ? random_.pick(kInLoops) : random_.pick(kAnywhere));
        if (sketch.text != "continue" && random_.one_in(2)) sketch.parts.push_back(expression(depth + 1));
        return sketch;
      }
      default:
        return expression(depth + 1);
    }
  }
  Sketch statements(int depth) {
    Sketch sketch = make(Kind::block);
    const std::size_t count = tired(depth) ? 1 : 1 + random_.below(depth == 0 ? 6 : 3);
    for (std::size_t i = 0; i < count; ++i) sketch.parts.push_back(statement(depth));
    sketch.valued = random_.one_in(2);
    return sketch;
  }

  Random& random_;
  int left_;
  int loops_ = 0;
};

bool is_statement(Kind kind) {
  return kind >= Kind::if_;
}

class Writer {
 public:
  std::string script(const Sketch& sketch) { return statements(sketch); }

 private:
  std::string statements(const Sketch& block) {
    std::string text;
    for (std::size_t i = 0; i < block.parts.size(); ++i) {
      const Sketch& part = block.parts[i];
      const bool last = i + 1 == block.parts.size();
      // An expression that begins like a statement would end too early: if x {…} + 1.
      const std::string written = is_statement(part.kind) ? statement(part) : value(part, kLowest);
      text += starts_like_statement(part, written) ? "(" + written + ")" : written;
      text += last && block.valued ? " " : "; ";
    }
    return text;
  }
  static bool starts_like_statement(const Sketch& part, const std::string& written) {
    return !is_statement(part.kind) && !written.empty() && written.front() == '{';
  }
  std::string block(const Sketch& sketch) { return "{ " + statements(sketch) + "}"; }

  std::string statement(const Sketch& sketch) {
    const auto& parts = sketch.parts;
    switch (sketch.kind) {
      case Kind::if_: {
        std::string text;
        std::size_t i = 0;
        for (; i + 1 < parts.size(); i += 2)
          text += (i > 0 ? " else if " : "if ") + value(parts[i], kLowest) + " " + block(parts[i + 1]);
        if (i < parts.size()) text += " else " + block(parts[i]);
        return text;
      }
      case Kind::switch_: {
        std::string text = "switch " + value(parts[0], kLowest) + " { ";
        for (std::size_t i = 1; i < parts.size(); i += 2) text += parts[i].text + " => " + simple(parts[i + 1]) + ", ";
        return text + "}";
      }
      case Kind::block:
        return block(sketch);
      case Kind::let:
        return sketch.text + " " + sketch.keys[0] + (parts.empty() ? "" : " = " + value(parts[0], kLowest));
      case Kind::assign:
        return value(parts[0], kPostfixLevel) + " " + sketch.text + " " + value(parts[1], kLowest);
      case Kind::while_:
        if (sketch.text == "loop") return "loop " + block(parts[0]);
        if (sketch.text == "while") return "while " + value(parts[0], kLowest) + " " + block(parts[1]);
        return "do " + block(parts[1]) + (sketch.text == "do-while" ? " while " : " until ") + value(parts[0], kLowest);
      case Kind::for_: {
        const std::string names =
            sketch.keys.size() == 2 ? "(" + sketch.keys[0] + ", " + sketch.keys[1] + ")" : sketch.keys[0];
        return "for " + names + " in " + value(parts[0], kLowest) + " " + block(parts[1]);
      }
      case Kind::jump:
        return sketch.text + (parts.empty() ? "" : " " + value(parts[0], kLowest));
      case Kind::try_:
        return "try " + block(parts[0]) + " catch " + (sketch.keys.empty() ? "" : "(" + sketch.keys[0] + ") ") +
               block(parts[1]);
      default:
        return value(sketch, kLowest);
    }
  }
  /// The body of a closure or of a case: a block has to be recognizable as one.
  std::string simple(const Sketch& sketch) {
    return is_statement(sketch.kind) ? statement(sketch) : value(sketch, kLowest);
  }
  /// Text for a place that takes operators of `level` and above.
  std::string value(const Sketch& sketch, int level) {
    const std::string text = bare(sketch);
    return level_of(sketch) < level || is_statement(sketch.kind) || sketch.kind == Kind::closure ? "(" + text + ")"
                                                                                                 : text;
  }
  static int level_of(const Sketch& sketch) {
    switch (sketch.kind) {
      case Kind::unary:
        return kUnaryLevel;
      case Kind::binary:
        return sketch.level;
      case Kind::choice:
        return kLowest;
      default:
        return kPostfixLevel;
    }
  }
  std::string list(const std::vector<Sketch>& parts, std::size_t from) {
    std::string text;
    for (std::size_t i = from; i < parts.size(); ++i) text += (i > from ? ", " : "") + value(parts[i], kLowest);
    return text;
  }
  std::string bare(const Sketch& sketch) {
    const auto& parts = sketch.parts;
    switch (sketch.kind) {
      case Kind::atom:
        return sketch.text;
      case Kind::unary:
        return sketch.text + " " + value(parts[0], kUnaryLevel);
      case Kind::binary: {
        const bool right = sketch.text == "**";
        return value(parts[0], right ? sketch.level + 1 : sketch.level) + " " + sketch.text + " " +
               value(parts[1], right ? sketch.level : sketch.level + 1);
      }
      case Kind::choice:
        return value(parts[0], 0) + " ? " + value(parts[1], kLowest) + " : " + value(parts[2], kLowest);
      case Kind::array:
        return "[" + list(parts, 0) + "]";
      case Kind::map: {
        std::string text = "#{ ";
        for (std::size_t i = 0; i < parts.size(); ++i)
          text += (i > 0 ? ", " : "") + sketch.keys[i] + ": " + value(parts[i], kLowest);
        return text + " }";
      }
      case Kind::property:
        return value(parts[0], kPostfixLevel) + (sketch.optional ? "?." : ".") + sketch.keys[0];
      case Kind::index:
        return value(parts[0], kPostfixLevel) + (sketch.optional ? "?[" : "[") + value(parts[1], kLowest) + "]";
      case Kind::call:
        return sketch.text + "(" + list(parts, 0) + ")";
      case Kind::method:
        return value(parts[0], kPostfixLevel) + (sketch.optional ? "?." : ".") + sketch.text + "(" + list(parts, 1) +
               ")";
      case Kind::closure: {
        std::string text = "|";
        for (std::size_t i = 0; i < sketch.keys.size(); ++i) text += (i > 0 ? ", " : "") + sketch.keys[i];
        return text + "| " + simple(parts[0]);
      }
      case Kind::text: {
        std::string text = "`t";
        for (const Sketch& part : parts) text += "${" + value(part, kLowest) + "}-";
        return text + "`";
      }
      default:
        return statement(sketch);
    }
  }
};

std::string joined(std::string head, const std::vector<std::string>& parts) {
  for (const std::string& part : parts) head += " " + part;
  return "(" + head + ")";
}

}  // namespace

Sketch random_script(Random& random, int size) {
  return Maker(random, size).script();
}

std::string source_of(const Sketch& script) {
  return Writer().script(script);
}

std::string shape_of(const Sketch& sketch) {
  std::vector<std::string> parts;
  for (const Sketch& part : sketch.parts) parts.push_back(shape_of(part));
  const std::string mark = sketch.optional ? "?" : "";
  switch (sketch.kind) {
    case Kind::atom:
      return sketch.text == "1e+300" ? "1e300" : sketch.text;
    case Kind::unary:
    case Kind::binary:
      return joined(sketch.text, parts);
    case Kind::choice:
    case Kind::if_:
      return joined("if", parts);
    case Kind::array:
      return joined("array", parts);
    case Kind::map: {
      for (std::size_t i = 0; i < parts.size(); ++i) parts[i] = sketch.keys[i] + ":" + parts[i];
      return joined("map", parts);
    }
    case Kind::property:
      return joined(mark + "." + sketch.keys[0], parts);
    case Kind::index:
      return joined(mark + "[]", parts);
    case Kind::call:
      return joined("call " + sketch.text, parts);
    case Kind::method:
      return joined("method " + mark + sketch.text, parts);
    case Kind::closure: {
      std::string names = "closure";
      for (const std::string& key : sketch.keys) names += " " + key;
      return joined(names, parts);
    }
    case Kind::text: {
      std::vector<std::string> pieces = {"\"t\""};
      for (const std::string& part : parts) {
        pieces.push_back("(block! " + part + ")");
        pieces.emplace_back("\"-\"");
      }
      return joined("text", pieces);
    }
    case Kind::switch_: {
      std::vector<std::string> arms = {parts[0]};
      for (std::size_t i = 1; i < parts.size(); i += 2) arms.push_back("(" + parts[i] + " => " + parts[i + 1] + ")");
      return joined("switch", arms);
    }
    case Kind::block:
      return joined(sketch.valued ? "block!" : "block", parts);
    case Kind::let:
      return joined("let " + sketch.keys[0], parts);
    case Kind::assign:
      return joined(sketch.text, parts);
    case Kind::while_:
      return joined(sketch.text, parts);
    case Kind::for_:
      return joined("for " + sketch.keys[0] + (sketch.keys.size() == 2 ? "," + sketch.keys[1] : ""), parts);
    case Kind::jump:
      return joined(sketch.text, parts);
    case Kind::try_:
      return joined("try" + (sketch.keys.empty() ? "" : " " + sketch.keys[0]), parts);
  }
  return {};
}

}  // namespace r8r::expr::testing
