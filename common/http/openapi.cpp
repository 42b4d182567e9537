// Router's other face: the OpenAPI 3.1 document of its table.
#include <set>

#include <fmt/format.h>

#include "common/http/router.hpp"

namespace r8r::http {
namespace {

using Json = nlohmann::ordered_json;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return out;
}

std::string_view reason_of(int status) {
  switch (status) {
    case 101:
      return "Switching to WebSocket";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "Done, without a body";
    case 304:
      return "Not modified";
    case 400:
      return "The request is wrong";
    case 401:
      return "Credentials are missing or wrong";
    case 403:
      return "Not allowed";
    case 404:
      return "Not found";
    case 409:
      return "Conflict with the present state";
    case 412:
      return "A precondition is not met";
    case 413:
      return "The body is too large";
    case 415:
      return "The content type is not supported";
    case 422:
      return "The content is well-formed but wrong";
    case 426:
      return "Another WebSocket version is needed";
    case 429:
      return "Too many requests";
    case 500:
      return "Internal error";
    case 503:
      return "Not available now";
    case 504:
      return "Not done in time";
    default:
      return "Answer";
  }
}

Json reference(const std::string& schema) {
  return Json{{"$ref", "#/components/schemas/" + schema}};
}

/// "{rest...}" is "{rest}" to OpenAPI, which knows no parameter of several segments.
std::string document_path(std::string pattern) {
  if (const auto dots = pattern.find("...}"); dots != std::string::npos) pattern.erase(dots, 3);
  return pattern;
}

Json parameters_of(const Route& route) {
  Json list = Json::array();
  std::set<std::string> given;
  for (const Parameter& parameter : route.operation.parameters) {
    Json one = {
        {"name", parameter.name}, {"in", parameter.in}, {"required", parameter.required || parameter.in == "path"}};
    if (!parameter.description.empty()) one["description"] = parameter.description;
    one["schema"] = Json{{"type", parameter.type}};
    if (parameter.in == "path") given.insert(parameter.name);
    list.push_back(std::move(one));
  }
  for (const std::string& name : route.parameter_names) {
    if (given.contains(name)) continue;
    list.push_back(Json{{"name", name}, {"in", "path"}, {"required", true}, {"schema", Json{{"type", "string"}}}});
  }
  return list;
}

Json responses_of(const Route& route) {
  Json all = Json::object();
  for (const auto& [status, schema] : route.operation.responses) {
    Json one = {{"description", reason_of(status)}};
    if (!schema.empty()) one["content"] = Json{{"application/json", Json{{"schema", reference(schema)}}}};
    all[std::to_string(status)] = std::move(one);
  }
  if (route.is_socket() && !all.contains("101")) all["101"] = Json{{"description", reason_of(101)}};
  if (all.empty()) all["default"] = Json{{"description", "Answer"}};
  return all;
}

Json operation_of(const Route& route) {
  const Operation& operation = route.operation;
  Json out = Json::object();
  if (!operation.id.empty()) out["operationId"] = operation.id;
  if (!operation.summary.empty()) out["summary"] = operation.summary;
  if (!operation.tags.empty()) out["tags"] = operation.tags;
  if (Json parameters = parameters_of(route); !parameters.empty()) out["parameters"] = std::move(parameters);
  if (!operation.request_schema.empty() || !operation.example.is_null()) {
    Json content = Json::object();
    content["schema"] = operation.request_schema.empty() ? Json::object() : reference(operation.request_schema);
    if (!operation.example.is_null()) content["example"] = operation.example;
    out["requestBody"] = Json{{"required", false}, {"content", Json{{"application/json", std::move(content)}}}};
  }
  out["responses"] = responses_of(route);
  if (operation.open) out["security"] = Json::array();
  return out;
}

// --- YAML ----------------------------------------------------------------------------------------------------------
// JSON is YAML's flow style, so scalars and keys are written as JSON and only the structure is laid out in blocks.

void write_yaml(std::string& out, const Json& value, std::size_t indent) {
  const std::string margin(indent, ' ');
  if (value.is_object() && !value.empty()) {
    for (const auto& [key, child] : value.items()) {
      out += fmt::format("{}{}:", margin, Json(key).dump());
      if (child.is_structured() && !child.empty()) {
        out += '\n';
        write_yaml(out, child, indent + 2);
      } else {
        out += " " + child.dump() + "\n";
      }
    }
  } else if (value.is_array() && !value.empty()) {
    for (const Json& child : value) {
      if (child.is_structured() && !child.empty()) {
        out += margin + "-\n";
        write_yaml(out, child, indent + 2);
      } else {
        out += margin + "- " + child.dump() + "\n";
      }
    }
  } else {
    out += margin + value.dump() + "\n";
  }
}

}  // namespace

nlohmann::ordered_json Router::openapi(const std::string& title, const std::string& version) const {
  Json document = {{"openapi", "3.1.0"}};
  document["info"] = Json{
      {"title", title}, {"version", version}, {"license", Json{{"name", "Apache-2.0"}, {"identifier", "Apache-2.0"}}}};
  document["servers"] = Json::array({Json{{"url", "/"}}});
  // Either scheme lets a caller in; {} says that without a configured key the API is open.
  document["security"] =
      Json::array({Json{{"bearer", Json::array()}}, Json{{"apiKey", Json::array()}}, Json::object()});

  Json tags = Json::array();
  std::set<std::string> known_tags;
  for (const auto& [name, description] : tags_) {
    tags.push_back(Json{{"name", name}, {"description", description}});
    known_tags.insert(name);
  }
  Json paths = Json::object();
  for (const auto& route : routes_) {
    if (route->operation.hidden) continue;
    for (const std::string& tag : route->operation.tags)
      if (known_tags.insert(tag).second) tags.push_back(Json{{"name", tag}});
    paths[document_path(route->pattern)][lower(method_text(route->method))] = operation_of(*route);
  }
  if (!tags.empty()) document["tags"] = std::move(tags);
  document["paths"] = std::move(paths);

  Json components = Json::object();
  Json schemas = Json::object();
  for (const auto& [name, schema] : schemas_) schemas[name] = schema;
  components["schemas"] = std::move(schemas);
  components["securitySchemes"] = Json{{"bearer", Json{{"type", "http"}, {"scheme", "bearer"}}},
                                       {"apiKey", Json{{"type", "apiKey"}, {"in", "header"}, {"name", "X-API-Key"}}}};
  document["components"] = std::move(components);
  return document;
}

std::string Router::openapi_json(const std::string& title, const std::string& version) const {
  return openapi(title, version).dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string Router::openapi_yaml(const std::string& title, const std::string& version) const {
  std::string out;
  write_yaml(out, openapi(title, version), 0);
  return out;
}

}  // namespace r8r::http
