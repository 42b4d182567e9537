#include "services/api/request_body.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/unit/api/requests.hpp"

namespace r8r::api {
namespace {

using nlohmann::json;
using test::make_request;
using test::post_json;

RequestBody parsed(const http::Request& request) {
  Result<RequestBody> body = RequestBody::parse(request);
  EXPECT_TRUE(body) << body.error().message;
  return body ? *body : RequestBody();
}

TEST(RequestBody, BrokenJsonIsRefusedWithItsPlace) {
  const auto request = post_json("{\"input\": {\n  \"a\": 1,,\n}}");
  const Result<RequestBody> body = RequestBody::parse(request);
  ASSERT_FALSE(body);
  EXPECT_EQ(body.error().code, ErrorCode::invalid_request);
  EXPECT_EQ(json::parse(body.error().details), json::parse(R"({"offset":21,"line":2,"column":10})"));
}

TEST(RequestBody, OnlyObjectsAreTaken) {
  for (const char* text : {"[]", "1", "\"x\"", "null", "true"}) {
    const auto request = post_json(text);
    const Result<RequestBody> body = RequestBody::parse(request);
    ASSERT_FALSE(body) << text;
    EXPECT_EQ(body.error().code, ErrorCode::invalid_request);
  }
}

TEST(RequestBody, ContentTypesDecide) {
  const auto code = [](const char* type) {
    const auto request = make_request("POST", "/x", {{"content-type", type}}, "{}");
    const Result<RequestBody> body = RequestBody::parse(request);
    return body ? std::string("ok") : std::string(error_code_name(body.error().code));
  };
  EXPECT_EQ(code("application/json"), "ok");
  EXPECT_EQ(code("Application/JSON; charset=utf-8"), "ok");
  EXPECT_EQ(code("application/vnd.github+json"), "ok");
  EXPECT_EQ(code("text/plain"), "UNSUPPORTED_MEDIA_TYPE");
  EXPECT_EQ(code("application/x-www-form-urlencoded"), "UNSUPPORTED_MEDIA_TYPE");
  const auto without_type = make_request("POST", "/x", {}, R"({"wait":false})");
  EXPECT_EQ(parsed(without_type).flag("wait").value(), false);
  const auto empty = make_request("POST", "/x", {{"content-type", "text/plain"}}, "");
  EXPECT_FALSE(parsed(empty).has("input"));
}

TEST(RequestBody, TypesAreChecked) {
  const auto request = post_json(R"({"wait":"yes","n":1.5,"s":7,"z":null,"big":99999999999999999999})");
  const RequestBody body = parsed(request);
  EXPECT_EQ(body.flag("wait").error().code, ErrorCode::invalid_field);
  EXPECT_EQ(body.flag("wait").error().details, R"({"field":"wait"})");
  EXPECT_EQ(body.integer("n").error().code, ErrorCode::invalid_field);
  EXPECT_DOUBLE_EQ(**body.number("n"), 1.5);
  EXPECT_EQ(body.text("s").error().code, ErrorCode::invalid_field);
  EXPECT_EQ(body.flag("z").value(), std::nullopt);
  EXPECT_FALSE(body.has("z"));
  EXPECT_FALSE(body.integer("big"));
  EXPECT_EQ(body.text("missing").value(), std::nullopt);
}

TEST(RequestBody, TheLastOfDuplicatesCountsAndNamesMayBeEscaped) {
  const auto request = post_json(R"({"wait":true,"w\u0061it":false,"x":1,"x":null})");
  const RequestBody body = parsed(request);
  EXPECT_EQ(body.flag("wait").value(), false);
  EXPECT_FALSE(body.has("x"));
}

TEST(RequestBody, LabelsAreShortAndPrintable) {
  const auto request = post_json(R"({"a":"","b":"é€😀","c":"x\u0000y","d":"12345"})");
  const RequestBody body = parsed(request);
  EXPECT_FALSE(body.label("a", 128));
  EXPECT_EQ(**body.label("b", 3), "é€😀");
  EXPECT_FALSE(body.label("c", 128));
  EXPECT_FALSE(body.label("d", 4));
  EXPECT_TRUE(body.label("d", 5));
}

}  // namespace
}  // namespace r8r::api
