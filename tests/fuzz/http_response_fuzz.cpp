// An answer reads the same however it is cut into pieces, and never grows beyond its bounds. The first three
// bytes choose the piece size, HEAD or not, and whether the body is cut.
#include "net/http_decoder.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

using basewatch::net::ResponseDecoder;

namespace {

constexpr std::size_t most_body = 64;

std::string outcome(std::string_view bytes, std::size_t piece, bool head, bool cut) {
    ResponseDecoder decoder(head, most_body, cut);
    std::string unread;
    while (!bytes.empty() && !decoder.done()) {
        unread.append(bytes.substr(0, piece));
        bytes.remove_prefix(std::min(piece, bytes.size()));
        auto taken = decoder.put(unread);
        if (!taken) return "error";
        unread.erase(0, *taken);
    }
    if (!decoder.done()) {
        auto ended = decoder.put_end();
        if (!ended || !decoder.done()) return "error";
    }
    auto response = decoder.take();
    if (response.body.size() > most_body || response.status < 100 || response.status > 599) std::abort();
    std::string text = std::to_string(response.status) + "\n";
    for (const auto& [name, value] : response.headers)
        text.append(name).append(":").append(value).append("\n");
    return text + response.body;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 3) return 0;
    std::size_t piece = data[0] % 32 + 1;
    bool head = (data[1] & 1) != 0, cut = (data[2] & 1) != 0;
    std::string_view bytes(reinterpret_cast<const char*>(data) + 3, size - 3);
    if (outcome(bytes, piece, head, cut) != outcome(bytes, std::string::npos, head, cut)) std::abort();
    return 0;
}
