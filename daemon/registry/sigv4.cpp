#include "registry/sigv4.hpp"

#include "foundation/bytes.hpp"
#include "foundation/time.hpp"

#include <algorithm>
#include <map>
#include <vector>

namespace basewatch::registry {

namespace {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";

// 20261123T120000Z
std::string basic_time(Time now) {
    std::string text = rfc3339(std::chrono::floor<std::chrono::seconds>(now));
    std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
    return text;
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    return out;
}

// Without spaces at its ends, and with single ones between.
std::string folded(std::string_view value) {
    std::string out;
    for (char c : value)
        if (c != ' ' || (!out.empty() && out.back() != ' ')) out += c;
    while (!out.empty() && out.back() == ' ') out.pop_back();
    return out;
}

// Encoded once more than it is sent, as every service but S3 wants it.
std::string canonical_path(std::string_view path) {
    std::string out;
    for (char c : path) out += c == '/' ? "/" : percent_encode(std::string_view(&c, 1));
    return out.empty() ? "/" : out;
}

std::string canonical_query(std::string_view query) {
    std::vector<std::pair<std::string, std::string>> fields;
    while (!query.empty()) {
        auto field = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(query.size(), field.size() + 1));
        if (field.empty()) continue;
        auto equals = field.find('=');
        auto value = equals == std::string_view::npos ? std::string_view() : field.substr(equals + 1);
        fields.emplace_back(field.substr(0, equals), value);
    }
    std::ranges::sort(fields);
    std::string out;
    for (const auto& [name, value] : fields)
        out.append(out.empty() ? "" : "&").append(name).append("=").append(value);
    return out;
}

}  // namespace

void sign_v4(net::HttpRequest& request, const AwsKeys& keys, const std::string& region,
             const std::string& service, Time now) {
    std::string time = basic_time(now), date = time.substr(0, 8);
    request.headers.set("X-Amz-Date", time);
    if (!keys.session_token.empty()) request.headers.set("X-Amz-Security-Token", keys.session_token.reveal());

    std::map<std::string, std::string> fields{{"host", request.url.authority()}};
    for (const auto& [name, value] : request.headers) {
        std::string small = lower(name);
        if (small == "content-type" || small.starts_with("x-amz-")) fields[small] = folded(value);
    }
    std::string lines, names;
    for (const auto& [name, value] : fields) {
        lines.append(name).append(":").append(value).append("\n");
        names.append(names.empty() ? "" : ";").append(name);
    }
    std::string_view target = request.url.target;
    auto mark = target.find('?');
    auto query = mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
    std::string canonical = request.method + "\n" + canonical_path(target.substr(0, mark)) + "\n" +
                            canonical_query(query) + "\n" + lines + "\n" + names + "\n" +
                            hex(sha256(request.body));

    std::string scope = date + "/" + region + "/" + service + "/aws4_request";
    std::string text = std::string(algorithm) + "\n" + time + "\n" + scope + "\n" + hex(sha256(canonical));
    std::string key = "AWS4" + keys.secret_access_key.reveal();
    for (const auto& part : {date, region, service, std::string("aws4_request")})
        key = hmac_sha256(key, part);
    request.headers.set("Authorization", std::string(algorithm) + " Credential=" + keys.access_key_id + "/" +
                                             scope + ", SignedHeaders=" + names +
                                             ", Signature=" + hex(hmac_sha256(key, text)));
}

}  // namespace basewatch::registry
