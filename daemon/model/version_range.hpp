#pragma once
// Ranges over the versions that tags name, written as npm writes them. Pure.

#include "foundation/error.hpp"
#include "model/tag_version.hpp"

#include <string_view>
#include <vector>

namespace basewatch::model {

// `>=3.2 <4`, `^1.2`, `~1.2.3`, `1.x`, `1.2 - 2.3`, `*`, `a || b`, with the meaning that npm gives them. A
// pre-release is in the range only where a bound of the same alternative is a pre-release of the same
// numbers.
class VersionRange {
public:
    // ErrorKind::invalid, saying which part is wrong. At most 500 bytes.
    static Result<VersionRange> parse(std::string_view text);
    bool contains(const TagVersion& version) const;

private:
    struct Bound {
        enum class Side { below, up_to, above, from } side;
        TagVersion version;
        bool holds(const TagVersion& version) const;
    };
    using Bounds = std::vector<Bound>;  // all must hold
    static Result<void> read_comparator(std::string_view text, Bounds& into);
    static Result<Bounds> read_alternative(std::string_view text);

    std::vector<Bounds> alternatives_;
};

}  // namespace basewatch::model
