// What a credential helper writes: read or refused, and a credential that is one has a secret.

#include "registry/credential_program.hpp"

#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace basewatch;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    std::string_view output(reinterpret_cast<const char*>(data) + 1, size - 1);
    auto credential = registry::read_helper_answer(data[0] % 3, output);
    if (!credential) return 0;
    bool none = credential->kind == registry::Credential::Kind::none;
    if (none != credential->secret.empty()) std::abort();
    return 0;
}
