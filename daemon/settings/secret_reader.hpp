#pragma once
// Secrets that do not stand in the configuration: `${file:/path}`, `${credential:NAME}` (a file in systemd's
// $CREDENTIALS_DIRECTORY, systemd.exec(5); of our unit's folder, `credentials_NAME`) and `${env:NAME}`, as
// the whole of a text or a part of it; `$${` stands for `${` itself. A newline at the end of a file is not
// part of the secret. What was read is registered with redact(), part and whole; a fault names the place and
// what to do, never the value.

#include "foundation/secret.hpp"
#include "foundation/yaml.hpp"

#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace basewatch::settings {

struct Environment;

class SecretReader {
public:
    // Both must outlive it.
    SecretReader(const Environment& environment, Problems& problems)
        : environment_(environment), problems_(problems) {}

    struct Text {
        std::string text;
        bool has_secret = false;  // some of it came from elsewhere
    };

    // A text in which secrets may stand. Nothing, and a problem told, where one cannot be had.
    std::optional<Text> text(const YamlValue& value, std::string_view name);
    // A text that is a secret: one that stands in the file works, with a warning.
    std::optional<Secret> secret(const YamlValue& value, std::string_view name);
    // As secret(), for what is sent in one line: a line break inside is refused.
    std::optional<Secret> one_line_secret(const YamlValue& value, std::string_view name);
    // For keys that end in `_file`: a path, from the folder of the configuration file where it is relative,
    // or `credential:NAME`. The file must be readable.
    std::optional<std::string> path(const YamlValue& value, std::string_view name);

    // What cannot change while the process lives: `env:NAME` and `credential:NAME` that were read.
    const std::set<std::string>& fixed_at_start() const { return fixed_at_start_; }

private:
    std::optional<std::string> look_up(std::string_view place, const YamlValue& value);
    std::optional<std::string> variable(const std::string& name, const Mark& where);
    std::optional<std::string> file(const std::string& path, const std::string& shown, const Mark& where);
    std::optional<std::string> credential_path(const std::string& name, const Mark& where);

    const Environment& environment_;
    Problems& problems_;
    std::set<std::string> fixed_at_start_;
};

}  // namespace basewatch::settings
