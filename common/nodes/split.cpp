#include "common/nodes/list.hpp"

namespace r8r::nodes {

BodyResult run_split(Call& call) {
  const auto& config = call.config_as<workflow::SplitConfig>();
  BodyResult list = list_of(call, config);
  if (!list || config.batch_size == 0) return list;
  const std::vector<expr::Value>& items = list->as_array();
  const auto size = static_cast<std::size_t>(config.batch_size);
  std::vector<expr::Value> batches;
  for (std::size_t begin = 0; begin < items.size(); begin += size) {
    const std::size_t end = begin + std::min(size, items.size() - begin);
    batches.push_back(expr::Value::array(std::vector<expr::Value>(items.begin() + static_cast<std::ptrdiff_t>(begin),
                                                                  items.begin() + static_cast<std::ptrdiff_t>(end))));
  }
  return expr::Value::array(std::move(batches));
}

}  // namespace r8r::nodes
