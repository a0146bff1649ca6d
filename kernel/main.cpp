// portico: the host of a customer portal made of plugins.
#include "kernel/commands/program.hpp"

int main(int argc, char** argv) {
  return kernel::commands::run(argc, argv);
}
