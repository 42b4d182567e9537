#include <numeric>

#include "common/expr/operators.hpp"
#include "common/nodes/list.hpp"

namespace r8r::nodes {

BodyResult run_sort(Call& call) {
  const auto& config = call.config_as<workflow::SortConfig>();
  const BodyResult list = list_of(call, config);
  if (!list) return list;
  const std::vector<expr::Value>& items = list->as_array();
  // The fields are looked up once per item, not once per comparison.
  static const expr::Value kMissing;
  const std::size_t width = config.keys.size();
  std::vector<const expr::Value*> keys(items.size() * width);
  for (std::size_t i = 0; i < items.size(); ++i) {
    for (std::size_t k = 0; k < width; ++k) {
      const expr::Value* found = config.keys[k].field.find(items[i]);
      keys[i * width + k] = found == nullptr ? &kMissing : found;
    }
  }
  std::vector<std::size_t> order(items.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    for (std::size_t k = 0; k < width; ++k) {
      const int result = expr::sort_order(*keys[a * width + k], *keys[b * width + k]);
      if (result != 0) return config.keys[k].descending ? result > 0 : result < 0;
    }
    return false;
  });
  std::vector<expr::Value> sorted;
  sorted.reserve(items.size());
  for (const std::size_t i : order) sorted.push_back(items[i]);
  return expr::Value::array(std::move(sorted));
}

}  // namespace r8r::nodes
