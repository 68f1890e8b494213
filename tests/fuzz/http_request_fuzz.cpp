// A request reads the same however it is cut into pieces, is refused with a status that says why, and never
// grows beyond its bounds. The first byte chooses the piece size.
#include "net/server_message.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

using basewatch::net::RequestDecoder;

namespace {

constexpr std::size_t most_header = 512, most_body = 64;

std::string outcome(std::string_view bytes, std::size_t piece) {
    RequestDecoder decoder(most_header, most_body);
    std::string unread;
    while (!bytes.empty() && !decoder.done()) {
        unread.append(bytes.substr(0, piece));
        bytes.remove_prefix(std::min(piece, bytes.size()));
        auto taken = decoder.put(unread);
        if (!taken) {
            // Which of two faults is met first may hang on the pieces, and whether one is met before the
            // bytes are at their end; that no request comes of it may not.
            int status = taken.error().status();
            if (status != 400 && status != 413 && status != 431 && status != 501) std::abort();
            return "no request";
        }
        unread.erase(0, *taken);
    }
    if (!decoder.done()) return "no request";
    basewatch::net::ServerRequest request;
    request.method = decoder.head().method;
    request.target = decoder.head().target;
    auto understood = read_target(request);
    std::string text = request.method + " " + request.target + "\n";
    if (understood) text += request.path + "\n" + request.query + "\n" + request.parameter("a").value_or("");
    for (const auto& [name, value] : decoder.head().headers) text.append(name).append(":").append(value);
    if (decoder.body().size() > most_body) std::abort();
    return text + "\n" + decoder.body();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    std::size_t piece = data[0] % 32 + 1;
    std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    if (outcome(bytes, piece) != outcome(bytes, std::string::npos)) std::abort();
    return 0;
}
