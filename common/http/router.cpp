#include "common/http/router.hpp"

#include <array>

#include <fmt/format.h>

#include "common/base/result.hpp"
#include "common/http/url_text.hpp"

namespace r8r::http {

/// One segment of the patterns' tree.
struct Router::Node {
  std::map<std::string, std::unique_ptr<Node>, std::less<>> literal;
  std::unique_ptr<Node> parameter;
  std::vector<const Route*> here;  ///< routes whose pattern ends at this node
  std::vector<const Route*> rest;  ///< routes whose pattern ends here with {rest...}
};

namespace {

struct Segment {
  enum class Kind { literal, parameter, rest } kind;
  std::string text;
};

std::vector<Segment> split_pattern(const std::string& pattern) {
  R8R_ASSERT(!pattern.empty() && pattern[0] == '/', "a pattern begins with '/': " + pattern);
  std::vector<Segment> out;
  std::size_t start = 1;
  while (true) {
    const std::size_t end = std::min(pattern.find('/', start), pattern.size());
    std::string text = pattern.substr(start, end - start);
    const bool braces = text.size() > 2 && text.front() == '{' && text.back() == '}';
    if (braces && text.ends_with("...}")) {
      R8R_ASSERT(end == pattern.size(), "{rest...} comes last: " + pattern);
      out.push_back({Segment::Kind::rest, text.substr(1, text.size() - 5)});
    } else if (braces) {
      out.push_back({Segment::Kind::parameter, text.substr(1, text.size() - 2)});
    } else {
      out.push_back({Segment::Kind::literal, std::move(text)});
    }
    if (end == pattern.size()) return out;
    start = end + 1;
  }
}

}  // namespace

/// A walk through the tree, with the values met on the way; finds the first route that takes the method, and notes the
/// methods of all that would take the path.
class PathSearch {
 public:
  PathSearch(Method method) : method_(method) {}

  template <class Node>
  const Route* walk(const Node& node, std::string_view rest) {
    // `rest` follows a '/'.
    const std::size_t slash = rest.find('/');
    const std::string_view segment = rest.substr(0, slash);
    const bool last = slash == std::string_view::npos;
    const std::string_view after = last ? std::string_view() : rest.substr(slash + 1);

    if (const auto found = node.literal.find(segment); found != node.literal.end()) {
      const Node& child = *found->second;
      if (const Route* route = last ? pick(child.here) : walk(child, after)) return route;
    }
    if (node.parameter && !segment.empty()) {
      values_.push_back(segment);
      if (const Route* route = last ? pick(node.parameter->here) : walk(*node.parameter, after)) return route;
      values_.pop_back();
    }
    if (!node.rest.empty() && !rest.empty()) {
      values_.push_back(rest);
      if (const Route* route = pick(node.rest)) return route;
      values_.pop_back();
    }
    return nullptr;
  }

  std::string allow() const {
    std::string out;
    for (std::size_t i = 0; i < allowed_.size(); ++i) {
      if (!allowed_[i]) continue;
      if (!out.empty()) out += ", ";
      out += method_text(static_cast<Method>(i));
    }
    return out;
  }
  const std::vector<std::string_view>& values() const { return values_; }

 private:
  const Route* pick(const std::vector<const Route*>& routes) {
    const Route* by_get = nullptr;
    for (const Route* route : routes) {
      if (route->any_method || route->method == method_) return route;
      if (route->method == Method::get) by_get = route;
      allowed_[static_cast<std::size_t>(route->method)] = true;
      if (route->method == Method::get) allowed_[static_cast<std::size_t>(Method::head)] = true;
    }
    return method_ == Method::head ? by_get : nullptr;
  }

  Method method_;
  std::vector<std::string_view> values_;
  std::array<bool, 8> allowed_{};
};

Router::Router() : root_(std::make_unique<Node>()) {}
Router::~Router() = default;

void Router::add(Method method, std::string pattern, Operation operation, Handler handler) {
  auto route = std::make_unique<Route>();
  route->method = method;
  route->pattern = std::move(pattern);
  route->operation = std::move(operation);
  route->handler = std::move(handler);
  insert(std::move(route));
}

void Router::add_any(std::string pattern, Operation operation, Handler handler) {
  auto route = std::make_unique<Route>();
  route->method = Method::post;
  route->any_method = true;
  route->pattern = std::move(pattern);
  route->operation = std::move(operation);
  route->handler = std::move(handler);
  insert(std::move(route));
}

void Router::add_socket(std::string pattern, Operation operation, SocketAuthorizer authorize, SocketHandler handler,
                        SubprotocolChooser choose_subprotocol) {
  auto route = std::make_unique<Route>();
  route->method = Method::get;
  route->pattern = std::move(pattern);
  route->operation = std::move(operation);
  route->socket_handler = std::move(handler);
  route->authorize = std::move(authorize);
  route->choose_subprotocol = std::move(choose_subprotocol);
  insert(std::move(route));
}

void Router::add_schema(std::string name, nlohmann::ordered_json schema) {
  schemas_.emplace_back(std::move(name), std::move(schema));
}

void Router::add_tag(std::string name, std::string description) {
  tags_.emplace_back(std::move(name), std::move(description));
}

void Router::insert(std::unique_ptr<Route> route) {
  Node* node = root_.get();
  std::vector<const Route*>* end = nullptr;
  for (Segment& segment : split_pattern(route->pattern)) {
    if (segment.kind != Segment::Kind::literal) route->parameter_names.push_back(segment.text);
    if (segment.kind == Segment::Kind::rest) {
      end = &node->rest;
      break;
    }
    std::unique_ptr<Node>& child =
        segment.kind == Segment::Kind::parameter ? node->parameter : node->literal[segment.text];
    if (!child) child = std::make_unique<Node>();
    node = child.get();
    end = &node->here;
  }
  for (const Route* other : *end)
    R8R_ASSERT(other->any_method || route->any_method || other->method != route->method,
               fmt::format("two routes for {} {}", method_text(route->method), route->pattern));
  end->push_back(route.get());
  routes_.push_back(std::move(route));
}

Match Router::match(Method method, std::string_view path) const {
  Match match;
  if (path.empty() || path[0] != '/') return match;
  PathSearch search(method);
  match.route = search.walk(*root_, path.substr(1));
  if (!match.route) {
    match.allow = search.allow();
    return match;
  }
  const std::vector<std::string_view>& values = search.values();
  match.params.reserve(values.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    match.params.emplace_back(match.route->parameter_names[i], percent_decode(values[i]));
  return match;
}

}  // namespace r8r::http
