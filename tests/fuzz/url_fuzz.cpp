// Whatever is accepted as an address comes out whole: its text parses again to the same, and a reference that
// resolves gives an address that parses too.
#include "net/url.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

using basewatch::net::Url;

namespace {

void expect_stable(const Url& url) {
    auto again = Url::parse(url.text());
    if (!again || again->text() != url.text() || !again->same_origin(url)) std::abort();
    if (url.target.empty() || url.target[0] != '/' || url.port == 0) std::abort();
    for (char c : url.text()) {
        if (c <= ' ' || c == '\x7f') std::abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view text(reinterpret_cast<const char*>(data), size);
    if (auto url = Url::parse(text)) expect_stable(*url);
    static const Url base = *Url::parse("https://a:8443/b/c/d?e");
    if (auto url = base.resolve(text)) expect_stable(*url);
    return 0;
}
