// A page that was read holds only what can be a tag of an image, and a link that was followed stays where it
// was found.
#include "registry/tag_page.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

using namespace basewatch;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view text(reinterpret_cast<const char*>(data), size);
    auto page = registry::parse_tag_page(text);
    if (page) {
        if (page->tags.size() > page->listed || page->listed > size) std::abort();
        for (const auto& tag : page->tags)
            if (tag.empty() || tag.size() > 128 || !registry::is_image_tag(tag)) std::abort();
    } else if (page.error().kind() != ErrorKind::bad_answer) {
        std::abort();
    }
    auto asked = net::Url::parse("https://registry.example.com/v2/team/app/tags/list?n=2").value();
    auto next = registry::next_page(asked, {{"Link", std::string(text)}});
    if (next && *next) {
        const auto& url = **next;
        if (!url.same_origin(asked) || !url.target.starts_with("/v2/team/app/tags/list?")) std::abort();
        for (char c : url.target)
            if (c <= ' ' || c == '\x7f') std::abort();
    }
    return 0;
}
