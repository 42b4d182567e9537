#include "common/expr/foreign_words.hpp"

namespace r8r::expr {
namespace {

struct ForeignWord {
  std::string_view word;
  std::string_view hint;
};

constexpr std::string_view kClosure = "a function without a name is written |x| x * 2";
constexpr std::string_view kNull = "use 'null'";

constexpr ForeignWord kSyntax[] = {
    {"and", "use '&&'"},  {"or", "use '||'"}, {"not", "use '!'"},     {"elif", "use 'else if'"},
    {"var", "use 'let'"}, {"=>", kClosure},   {"function", kClosure}, {"lambda", kClosure},
};

constexpr ForeignWord kNames[] = {
    {"undefined", kNull},
    {"None", kNull},
    {"nil", kNull},
    {"NULL", kNull},
    {"True", "use 'true'"},
    {"False", "use 'false'"},
    {"Math", "functions stand alone: round(x), floor(x), max(a, b)"},
    {"JSON", "use to_json(x) and from_json(text)"},
    {"Object", "use m.keys(), m.values() and m.entries()"},
    {"includes", "use 'contains'"},
    {"has", "use 'contains'"},
    {"hasOwnProperty", "use 'contains'"},
    {"toUpperCase", "use 'to_upper'"},
    {"toLowerCase", "use 'to_lower'"},
    {"toString", "use 'to_string'"},
    {"str", "use 'to_string'"},
    {"toFixed", "use 'round', as in x.round(2)"},
    {"stringify", "use 'to_json'"},
    {"parse", "use 'from_json'"},
    {"substring", "use 'sub_string(start, length)'"},
    {"substr", "use 'sub_string'"},
    {"strip", "use 'trim'"},
    {"concat", "use '+'"},
    {"every", "use 'all'"},
    {"any", "use 'some'"},
    {"size", "use 'len'"},
    {"flat", "use 'flatten'"},
    {"flatMap", "use 'map' and 'flatten'"},
    {"findIndex", "use 'index_of(|x| …)'"},
    {"sorted", "use 'sort'"},
    {"distinct", "use 'unique'"},
    {"uniq", "use 'unique'"},
    {"strftime", "use 'format_date'"},
};

template <std::size_t N>
std::string_view find_hint(const ForeignWord (&words)[N], std::string_view word) {
  for (const ForeignWord& entry : words) {
    if (entry.word == word) return entry.hint;
  }
  return {};
}

}  // namespace

std::string_view hint_for_foreign_syntax(std::string_view word) {
  return find_hint(kSyntax, word);
}

std::string_view hint_for_foreign_name(std::string_view name) {
  return find_hint(kNames, name);
}

}  // namespace r8r::expr
