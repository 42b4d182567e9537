#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "common/base/async.hpp"
#include "common/http/request.hpp"

namespace r8r::http {

class WebSocket;

/// The request outlives the coroutine.
using Handler = std::function<awaitable<Response>(Request&)>;
/// The socket is open; when the coroutine ends it is closed (1000). Request and socket outlive the coroutine, and
/// whatever it started must have ended before it does.
using SocketHandler = std::function<awaitable<void>(Request&, WebSocket&)>;
/// A Response refuses the upgrade.
using SocketAuthorizer = std::function<std::optional<Response>(const Request&)>;
/// The subprotocol to answer with, or empty for none.
using SubprotocolChooser = std::function<std::string(const Request&)>;

struct Parameter {
  std::string name;
  std::string in = "query";     ///< path, query or header
  std::string type = "string";  ///< string, integer, number or boolean
  bool required = false;
  std::string description;
};

/// What the OpenAPI document says about one operation.
struct Operation {
  std::string id;
  std::string summary;
  std::vector<std::string> tags;
  std::string request_schema;            ///< name of a component schema, or empty
  std::map<int, std::string> responses;  ///< status → name of a component schema; "" = no body
  std::vector<Parameter> parameters;     ///< those of the path are added by themselves when left out
  bool open = false;                     ///< needs no key
  bool health = false;                   ///< health and metrics: open, unless they have a key of their own
  nlohmann::ordered_json example;        ///< a request body, or null
  bool hidden = false;                   ///< served, but left out of the document
};

/// One line of the route table.
struct Route {
  Method method = Method::get;
  bool any_method = false;
  std::string pattern;
  std::vector<std::string> parameter_names;  ///< of the pattern, in order
  Operation operation;
  Handler handler;               ///< empty for sockets
  SocketHandler socket_handler;  ///< empty for plain routes
  SocketAuthorizer authorize;
  SubprotocolChooser choose_subprotocol;

  bool is_socket() const { return static_cast<bool>(socket_handler); }
};

struct Match {
  const Route* route = nullptr;  ///< null: nothing takes this method here
  NameValues params;
  /// When route is null: the methods that this path does take ("GET, HEAD, POST"); empty for an unknown path.
  std::string allow;
};

/// The route table: decides who answers, and yields the OpenAPI document. Filled at start, constant afterwards; it must
/// outlive the servers that use it.
///
/// A pattern is a path whose segments are literal, `{name}` (exactly one non-empty segment, percent-decoded once, so
/// %2F inside becomes '/'), or, as the last one, `{rest...}` (whatever is left, not empty, '/' included). Literal wins
/// over {name}, {name} over {rest...}; a later choice is tried when an earlier one does not take the method. HEAD goes
/// to GET.
class Router {
 public:
  Router();
  ~Router();
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  void add(Method method, std::string pattern, Operation operation, Handler handler);
  /// All methods; documented as POST.
  void add_any(std::string pattern, Operation operation, Handler handler);
  /// GET with a WebSocket upgrade. A request without upgrade headers gets 400 (426 for another version) through the
  /// server's error_response, before `authorize` is asked.
  void add_socket(std::string pattern, Operation operation, SocketAuthorizer authorize, SocketHandler handler,
                  SubprotocolChooser choose_subprotocol = {});
  void add_schema(std::string name, nlohmann::ordered_json schema);
  /// A tag's description for the document; tags come in the order of these calls, then of first use.
  void add_tag(std::string name, std::string description);

  /// Answers an unknown path; without it the server's error_response does with 404.
  void on_not_found(Handler handler) { not_found_ = std::move(handler); }
  /// Answers a known path with another method. The server adds the Allow header if the answer has none.
  using MethodHandler = std::function<awaitable<Response>(Request&, const std::string& allow)>;
  void on_method_not_allowed(MethodHandler handler) { method_not_allowed_ = std::move(handler); }
  const Handler& not_found() const { return not_found_; }
  const MethodHandler& method_not_allowed() const { return method_not_allowed_; }

  /// `path` is raw (Request::path). Costs the number of segments.
  Match match(Method method, std::string_view path) const;
  const std::vector<std::unique_ptr<Route>>& routes() const { return routes_; }

  /// The OpenAPI 3.1 document of the table, indented.
  std::string openapi_json(const std::string& title, const std::string& version) const;
  /// The same document as YAML.
  std::string openapi_yaml(const std::string& title, const std::string& version) const;
  nlohmann::ordered_json openapi(const std::string& title, const std::string& version) const;

 private:
  struct Node;
  void insert(std::unique_ptr<Route> route);

  std::vector<std::unique_ptr<Route>> routes_;
  std::vector<std::pair<std::string, nlohmann::ordered_json>> schemas_;
  std::vector<std::pair<std::string, std::string>> tags_;
  std::unique_ptr<Node> root_;
  Handler not_found_;
  MethodHandler method_not_allowed_;
};

}  // namespace r8r::http
