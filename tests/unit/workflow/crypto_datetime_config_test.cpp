#include <gtest/gtest.h>

#include "tests/unit/workflow/loading.hpp"

namespace r8r::workflow {
namespace {

std::string problems_with(std::string_view type, std::string_view config) {
  return problems_of(with_head(fmt::format("nodes:\n  - {{id: a, type: {}, config: {}}}\n", type, config)));
}

TEST(CryptoConfig, WhatAnOperationNeedsIsAskedForAtCreation) {
  EXPECT_EQ(problems_with("crypto", "{operation: hash}"),
            "3:35 nodes[0].config.data: operation hash needs 'data' or 'data_field' (data: a value or a template; "
            "data_field: a "
            "path such as input.password)\n");
  EXPECT_EQ(problems_with("crypto", "{operation: hmac, data: x}"),
            "3:35 nodes[0].config.key: operation hmac needs 'key'\n");
  EXPECT_EQ(problems_with("crypto", "{operation: hash, algorithm: hmac-sha1, data: x}"),
            "3:35 nodes[0].config.key: operation hash needs 'key'\n");
  EXPECT_NE(problems_with("crypto", "{operation: hash, data: x, data_field: y}").find("cannot stand beside 'data'"),
            std::string::npos);
  EXPECT_NE(problems_with("crypto", "{operation: shred}").find("'operation' must be one of hash, hmac"),
            std::string::npos);
  EXPECT_NE(problems_with("crypto", "{operation: random, length: 1025}").find("an integer from 1 to 1024"),
            std::string::npos);
  EXPECT_EQ(problems_with("crypto", "{operation: uuid}"), "");
  EXPECT_EQ(problems_with("crypto", "{operation: '{{ input.o }}'}"), "");
}

TEST(DatetimeConfig, WhatAnOperationNeedsIsAskedForAtCreation) {
  EXPECT_EQ(problems_with("datetime", "{operation: add, date: x}"),
            "3:37 nodes[0].config.amount: operation add needs 'amount'\n"
            "3:37 nodes[0].config.unit: operation add needs 'unit'\n");
  for (const std::string config : {"{operation: format}", "{operation: extract}", "{operation: diff}",
                                   "{operation: compare}", "{operation: convert}", "{operation: start_of}"}) {
    EXPECT_NE(problems_with("datetime", config).find(" needs '"), std::string::npos) << config;
  }
  EXPECT_EQ(problems_with("datetime", "{operation: now}"), "");
}

TEST(DatetimeConfig, ConstantsAreChecked) {
  EXPECT_EQ(problems_with("datetime", "{operation: now, timezone: Mars/Base}"),
            "3:64 nodes[0].config.timezone: unknown time zone 'Mars/Base' (take a name of the IANA database, such as "
            "Europe/Berlin, or an offset such as +02:00)\n");
  EXPECT_EQ(problems_with("datetime", "{operation: now, format: '%Q'}"),
            "3:62 nodes[0].config.format: unknown conversion '%Q' in the format (for example %Y-%m-%d %H:%M:%S)\n");
  EXPECT_EQ(problems_with("datetime", "{operation: add, amount: 1, unit: eons}"),
            "3:71 nodes[0].config.unit: 'eons' is not a unit (years, months, weeks, days, hours, minutes, seconds, "
            "milliseconds)\n");
  EXPECT_NE(problems_with("datetime", "{operation: now, date: a, date_field: b}").find("cannot stand beside 'date'"),
            std::string::npos);
}

}  // namespace
}  // namespace r8r::workflow
