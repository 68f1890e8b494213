#pragma once
// A content digest (image-spec descriptor.md §digests): `algorithm:hex`, with sha256, sha384 and sha512
// known, hex in lower case and of exactly the algorithm's length. Two digests are equal when their texts are.

#include "foundation/error.hpp"

#include <compare>
#include <string>
#include <string_view>

namespace basewatch::model {

class Digest {
public:
    static Result<Digest> parse(std::string_view text);
    // The sha256 digest of these bytes.
    static Digest of(std::string_view bytes);

    // Empty, for members that are filled later; matches nothing.
    Digest() = default;

    const std::string& text() const { return text_; }
    bool empty() const { return text_.empty(); }
    // `sha256:` and the first 12 hex digits, for people.
    std::string short_text() const;
    // Whether hashing the bytes with this digest's algorithm gives this digest.
    bool matches(std::string_view bytes) const;

    auto operator<=>(const Digest&) const = default;

private:
    explicit Digest(std::string text) : text_(std::move(text)) {}
    std::string text_;
};

}  // namespace basewatch::model
