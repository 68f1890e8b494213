// An auth file that somebody else wrote: refused, or asked for entries without harm; and no error repeats
// what it holds.
#include "registry/auth_file.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

using namespace basewatch;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view text(reinterpret_cast<const char*>(data), size);
    auto file = registry::AuthFile::parse(text);
    if (!file) {
        auto kind = file.error().kind();
        if (kind != ErrorKind::bad_answer && kind != ErrorKind::too_large) std::abort();
        return 0;
    }
    for (const char* host : {"docker.io", "ghcr.io", "localhost:5000", "a"}) {
        auto found = file->find(host, "team/app");
        if (!found) {
            auto kind = found.error().kind();
            if (kind != ErrorKind::invalid && kind != ErrorKind::unsupported) std::abort();
            continue;
        }
        for (const auto& credential : *found) {
            if (credential.kind == registry::Credential::Kind::none) std::abort();
            bool helped = credential.kind == registry::Credential::Kind::helper;
            if (helped ? credential.helper.empty()
                       : credential.kind != registry::Credential::Kind::password && credential.secret.empty())
                std::abort();
        }
    }
    return 0;
}
