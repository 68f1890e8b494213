#pragma once
// The command line: picks the verb and runs it.

namespace basewatch::cli {

// Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 something changed and --fail-on-change was given.
int run(int count, char** arguments);

}  // namespace basewatch::cli
