#include "cli/application.hpp"

int main(int argc, char** argv) {
  return r8r::cli::run_application(argc, argv);
}
