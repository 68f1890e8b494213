#pragma once
// What stands in front of a user's program, on its first line so that line numbers stay the user's own. Each
// builtin that reaches outside, or into the state of the machine that runs it, is shadowed by a definition
// that names something undefined: libjq drops a definition nobody uses, so only a program that uses one fails
// to compile. `import`, `include` and `module` are only grammar at the very start of a program, which is no
// longer theirs. `$ENV` is null.

#include <span>
#include <string>
#include <string_view>

namespace basewatch::jq {

struct Forbidden {
    std::string_view name;
    int arity;
};
std::span<const Forbidden> forbidden();

// What the undefined thing behind a forbidden builtin is called: this and the builtin's name.
inline constexpr std::string_view forbidden_mark = "bw_not_available__";

// One line, no line break at its end.
const std::string& prelude();

}  // namespace basewatch::jq
