#pragma once
// What must never be found in a state file, whatever happened to the process that wrote it: for the crash
// tests, and for an operator who asks what is wrong.

#include <string>
#include <vector>

namespace basewatch::store {

// One sentence per broken promise, at most 20 of a kind; empty when all is well. Opens the file for reading
// only, beside a running daemon too; a file that cannot be read is a sentence as well. Reads everything: it
// takes seconds on a large file.
std::vector<std::string> broken_invariants(const std::string& path);

}  // namespace basewatch::store
