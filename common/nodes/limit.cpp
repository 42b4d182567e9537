#include "common/nodes/list.hpp"

namespace r8r::nodes {

BodyResult run_limit(Call& call) {
  const auto& config = call.config_as<workflow::LimitConfig>();
  BodyResult list = list_of(call, config);
  if (!list) return list;
  const std::vector<expr::Value>& items = list->as_array();
  const std::size_t begin = std::min(static_cast<std::size_t>(config.offset), items.size());
  const std::size_t count = std::min(static_cast<std::size_t>(config.count), items.size() - begin);
  if (count == items.size()) return list;
  const auto first = items.begin() + static_cast<std::ptrdiff_t>(begin);
  return expr::Value::array(std::vector<expr::Value>(first, first + static_cast<std::ptrdiff_t>(count)));
}

}  // namespace r8r::nodes
