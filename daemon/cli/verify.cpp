#include "cli/offline.hpp"
#include "cli/verbs.hpp"
#include "dispatch/signature.hpp"
#include "foundation/time.hpp"

#include <nlohmann/json.hpp>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>

namespace basewatch::cli {

namespace {

constexpr std::size_t most_input = 8u << 20;

struct RawRequest {
    net::Headers headers;
    std::string body;
};

// A request as a proxy or `nc` writes it down: request line, header lines, an empty line, the body.
std::optional<RawRequest> split(const std::string& raw) {
    auto end = raw.find("\r\n\r\n");
    std::size_t gap = 4;
    if (auto bare = raw.find("\n\n"); bare != std::string::npos && (end == std::string::npos || bare < end)) {
        end = bare;
        gap = 2;
    }
    if (end == std::string::npos) return std::nullopt;
    RawRequest request;
    request.body = raw.substr(end + gap);
    std::size_t at = raw.find('\n');
    while (at < end) {
        auto next = std::min(raw.find('\n', at + 1), end);
        std::string line = raw.substr(at + 1, next - at - 1);
        at = next;
        if (!line.empty() && line.back() == '\r') line.pop_back();
        auto colon = line.find(':');
        if (colon == std::string::npos) continue;
        auto value = line.find_first_not_of(' ', colon + 1);
        request.headers.add(line.substr(0, colon), value == std::string::npos ? "" : line.substr(value));
    }
    return request;
}

}  // namespace

int verify(const Common& common, const std::string& secret_file, std::int64_t now) {
    std::ifstream file(secret_file);
    if (!file) {
        complain("cannot read " + secret_file + ": " + std::strerror(errno));
        return wrong_usage;
    }
    std::string secret;
    if (!std::getline(file, secret) || secret.empty()) {
        complain("no secret in " + secret_file + ": its first line is to be the secret");
        return wrong_usage;
    }
    while (!secret.empty() && (secret.back() == '\r' || secret.back() == ' ')) secret.pop_back();
    std::string raw;
    std::array<char, 65536> chunk{};
    while (raw.size() < most_input && std::cin.read(chunk.data(), chunk.size()).gcount() > 0)
        raw.append(chunk.data(), static_cast<std::size_t>(std::cin.gcount()));
    auto request = split(raw);
    if (!request) {
        complain(
            "standard input is no raw HTTP request: a request line, headers, an empty line and the body");
        return wrong_usage;
    }
    if (now == 0) now = std::time(nullptr);
    auto verified = dispatch::verify(request->headers, request->body, now, {Secret(secret)});
    if (common.json)
        print(nlohmann::ordered_json{{"valid", verified.has_value()},
                                     {"reason", verified ? "" : verified.error().message()}}
                  .dump(2) +
              "\n");
    else if (verified)
        print("the signature is valid\n");
    else
        complain(verified.error().message());
    return verified ? done : failed;
}

}  // namespace basewatch::cli
