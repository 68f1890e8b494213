#include "model/digest.hpp"

#include "foundation/bytes.hpp"

#include <algorithm>
#include <array>

namespace basewatch::model {

namespace {

struct Algorithm {
    std::string_view name;
    std::size_t hex_length;
    std::string (*hash)(std::string_view);
};
constexpr std::array algorithms{Algorithm{"sha256", 64, sha256}, Algorithm{"sha384", 96, sha384},
                                Algorithm{"sha512", 128, sha512}};

const Algorithm* algorithm_of(std::string_view name) {
    auto found = std::find_if(algorithms.begin(), algorithms.end(),
                              [&](const auto& known) { return known.name == name; });
    return found == algorithms.end() ? nullptr : found;
}

Error refused(std::string why) {
    return Error(ErrorKind::invalid, std::move(why));
}

}  // namespace

Result<Digest> Digest::parse(std::string_view text) {
    auto colon = text.find(':');
    if (colon == std::string_view::npos)
        return refused("a digest is algorithm:hex, such as sha256:… with 64 digits");
    const auto* algorithm = algorithm_of(text.substr(0, colon));
    if (algorithm == nullptr) return refused("the digest's algorithm is not one of sha256, sha384, sha512");
    auto digits = text.substr(colon + 1);
    if (digits.size() != algorithm->hex_length)
        return refused("a " + std::string(algorithm->name) + " digest has " +
                       std::to_string(algorithm->hex_length) + " hex digits, not " +
                       std::to_string(digits.size()));
    bool lower_hex = std::all_of(digits.begin(), digits.end(),
                                 [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
    if (!lower_hex) return refused("a digest's hex digits are 0-9 and a-f, in lower case");
    return Digest(std::string(text));
}

Digest Digest::of(std::string_view bytes) {
    return Digest("sha256:" + hex(sha256(bytes)));
}

std::string Digest::short_text() const {
    auto colon = text_.find(':');
    return colon == std::string::npos ? text_ : text_.substr(0, colon + 13);
}

bool Digest::matches(std::string_view bytes) const {
    auto colon = text_.find(':');
    if (colon == std::string::npos) return false;
    const auto* algorithm = algorithm_of(std::string_view(text_).substr(0, colon));
    return algorithm != nullptr && hex(algorithm->hash(bytes)) == std::string_view(text_).substr(colon + 1);
}

}  // namespace basewatch::model
