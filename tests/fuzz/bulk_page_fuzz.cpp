// A list that was read holds only tags and digests, and no more of them than rows and bytes allow.
#include "registry/bulk_page.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

using namespace basewatch;
using registry::BulkApi;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view text(reinterpret_cast<const char*>(data), size);
    for (auto api : {BulkApi::quay, BulkApi::harbor, BulkApi::docker_hub, BulkApi::google}) {
        auto page = registry::parse_bulk_page(api, text);
        if (!page) {
            if (page.error().kind() != ErrorKind::bad_answer) std::abort();
            continue;
        }
        if (page->rows > size || page->tags.size() > size) std::abort();
        for (const auto& [tag, digest] : page->tags)
            if (tag.empty() || tag.size() > 128 || digest.empty()) std::abort();
    }
    return 0;
}
