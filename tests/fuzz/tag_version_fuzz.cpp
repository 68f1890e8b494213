// Any text as a tag and as a range: orderings agree with themselves, and nothing is newer than itself.
#include "model/version_range.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

using namespace basewatch::model;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view text(reinterpret_cast<const char*>(data), size);
    auto half = text.find('\n');
    auto first = TagVersion::parse(text.substr(0, half));
    auto second = half == text.npos ? first : TagVersion::parse(text.substr(half + 1));
    if (first && second) {
        if ((*first < *second) != (*second > *first)) std::abort();
        if (newer_version(*first, *second) && newer_version(*second, *first)) std::abort();
    }
    if (first && newer_version(*first, *first)) std::abort();
    auto range = VersionRange::parse(text.substr(0, half));
    if (range && second) range->contains(*second);
    return 0;
}
