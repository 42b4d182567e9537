#pragma once
#include <string_view>

namespace r8r::workflow {

/// The comparison that a case begins with: ">= 10" is {">=", "10"}; no operator: {"", text}.
struct CaseText {
  std::string_view op;  ///< >=, <=, !=, ==, >, < or nothing
  std::string_view operand;
};
CaseText split_case(std::string_view text);

/// Whether a case is an expression: it mentions `value` or `input` and says more than that one word.
bool is_case_expression(std::string_view text);

}  // namespace r8r::workflow
