#pragma once
// `headers:` of a target or a registry: what goes along with each request.

#include "foundation/secret.hpp"
#include "foundation/yaml.hpp"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace basewatch::settings {

class SecretReader;

// The text of a header. What came from `${…}` is a secret and is struck out of every log; a plain
// `X-Team: platform` is not, or it would take each "platform" with it.
class HeaderValue {
public:
    HeaderValue() = default;
    HeaderValue(std::string plain) : plain_(std::move(plain)) {}
    HeaderValue(Secret secret) : secret_(std::move(secret)) {}
    const std::string& reveal() const { return secret_ ? secret_->reveal() : plain_; }
    bool is_secret() const { return secret_.has_value(); }
    bool empty() const { return reveal().empty(); }

private:
    std::string plain_;
    std::optional<Secret> secret_;
};

// Names compared without case; `ours` (in lower case) are set by this program itself and refused.
std::map<std::string, HeaderValue> read_headers(const YamlValue& value, const std::string& what,
                                                std::span<const std::string_view> ours, SecretReader& secrets,
                                                Problems& problems);

// The headers of a request to a registry that nobody may set: they are the protocol's, or lead it elsewhere.
std::span<const std::string_view> registry_headers_of_ours();

// Whether a name is among `names`, which are in lower case.
bool is_among(std::span<const std::string_view> names, std::string_view name);
// RFC 9110 §5.6.2
bool is_header_name(std::string_view name);
// Where a text without `${…}` is most likely a secret all the same.
bool sounds_secret(std::string_view name);

}  // namespace basewatch::settings
