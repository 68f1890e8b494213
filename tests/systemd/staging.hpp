#pragma once
// What `cmake --install` and cpack make of this build, in a folder of the test's own.

#include "support/process.hpp"

#include <string>

namespace basewatch::test {

// The tree that this test was built in.
std::string build_folder();

// Everything that is installed, below `root`, with the targets and slices of systemd that a unit refers to.
Outcome stage(const TemporaryFolder& root);

// Makes the .deb inside `folder`; its path, or an exception with what cpack said.
std::string make_package(const TemporaryFolder& folder);

}  // namespace basewatch::test
