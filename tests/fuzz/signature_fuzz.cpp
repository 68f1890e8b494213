// Whatever a stranger writes into the headers and the body, checking it neither crashes nor accepts a
// request that was not signed; and what we sign, we accept.

#include "dispatch/signature.hpp"

#include <cstdlib>
#include <string>
#include <string_view>

using namespace basewatch;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    std::string_view text(reinterpret_cast<const char*>(data), size);
    auto next = [&text] {
        auto end = text.find('\n');
        std::string line(text.substr(0, end));
        text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
        return line;
    };
    constexpr std::int64_t now = 1614265330;
    std::string id = next(), timestamp = next(), signature = next();
    std::string body(text);
    // Not a Secret for each: the registry of secrets would grow with every run.
    static const std::vector<Secret> known{Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")};
    net::Headers standard{
        {"webhook-id", id}, {"webhook-timestamp", timestamp}, {"webhook-signature", signature}};
    if (dispatch::verify(standard, body, now, known)) std::abort();
    if (dispatch::verify({{"X-Hub-Signature-256", signature}}, body, now, known)) std::abort();

    net::Headers ours;
    auto style = size % 2 == 0 ? settings::SignatureStyle::standard : settings::SignatureStyle::github;
    if (dispatch::sign(ours, id, now, body, style, known) && !dispatch::verify(ours, body, now, known))
        std::abort();
    return 0;
}
