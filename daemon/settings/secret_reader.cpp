#include "settings/secret_reader.hpp"

#include "foundation/suggest.hpp"
#include "settings/file.hpp"
#include "settings/settings.hpp"

#include <algorithm>
#include <array>
#include <filesystem>

namespace basewatch::settings {

namespace {

constexpr std::size_t most_bytes = 64u << 10;
constexpr std::array<std::string_view, 3> sources{"file", "credential", "env"};

std::string ticked(std::string_view text) {
    return "`" + std::string(text.substr(0, 120)) + "`";
}

bool holds_control_character(std::string_view text) {
    return std::any_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

constexpr std::string_view of_folder_prefix = "credentials_";

// The way of our unit, and that of a file from elsewhere.
std::string how_to_give(const std::string& name) {
    return "put it into /etc/basewatch/credentials/" + name + ", or add LoadCredential=" + name +
           ":/path to the unit, and restart it";
}

// The name of a credential that there is, near to this one; empty: none.
std::string credential_meant(const std::string& folder, std::string_view name) {
    constexpr std::size_t most_names = 1000;
    std::vector<std::string> names;
    std::error_code error;
    for (std::filesystem::directory_iterator file(folder, error), end;
         !error && file != end && names.size() < most_names; file.increment(error)) {
        names.push_back(file->path().filename().string());
        if (names.back().starts_with(of_folder_prefix)) names.back().erase(0, of_folder_prefix.size());
        if (names.back() == name) names.pop_back();  // it is there, and cannot be read
    }
    std::vector<std::string_view> known(names.begin(), names.end());
    return std::string(nearest_word(name, known).value_or(""));
}

}  // namespace

std::optional<std::string> SecretReader::variable(const std::string& name, const Mark& where) {
    auto value = environment_.find(name);
    if (!value) {
        problems_.error(where, "the environment variable " + ticked(name) +
                                   " is not set: set it for the daemon (Environment= or EnvironmentFile= in "
                                   "the unit), or use ${credential:…} or ${file:…}");
        return std::nullopt;
    }
    if (value->empty()) {
        problems_.error(where, "the environment variable " + ticked(name) + " is empty: give it a value");
        return std::nullopt;
    }
    return value;
}

std::optional<std::string> SecretReader::credential_path(const std::string& name, const Mark& where) {
    bool plain = !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos &&
                 !holds_control_character(name);
    if (!plain) {
        problems_.error(where, "not the name of a credential: " + ticked(name) +
                                   " (a file name, as in LoadCredential=NAME:/path)");
        return std::nullopt;
    }
    auto folder = environment_.find("CREDENTIALS_DIRECTORY");
    if (!folder || folder->empty()) {
        problems_.error(where, "no credential " + ticked(name) +
                                   ": this process was given none ($CREDENTIALS_DIRECTORY is not set): " +
                                   how_to_give(name) +
                                   "; in a shell, set that variable to the folder of them");
        return std::nullopt;
    }
    fixed_at_start_.insert("credential:" + name);
    // Our unit hands over a whole folder as `credentials`, and systemd puts that name before each file's.
    std::string own = *folder + "/" + name, of_folder = *folder + "/" + std::string(of_folder_prefix) + name;
    std::error_code ignored;
    bool only_of_folder =
        !std::filesystem::exists(own, ignored) && std::filesystem::exists(of_folder, ignored);
    return only_of_folder ? of_folder : own;
}

std::optional<std::string> SecretReader::file(const std::string& path, const std::string& shown,
                                              const Mark& where) {
    auto text = read_small_file(path, most_bytes);
    if (!text) {
        problems_.error(where, "cannot read the " + shown + ": " + text.error().message());
        return std::nullopt;
    }
    while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) text->pop_back();
    if (!text->empty()) return *text;
    problems_.error(where, "the " + shown + " is empty: write the secret into it");
    return std::nullopt;
}

std::optional<std::string> SecretReader::look_up(std::string_view place, const YamlValue& value) {
    auto colon = place.find(':');
    auto source = place.substr(0, colon);
    if (colon == std::string_view::npos || std::ranges::find(sources, source) == sources.end()) {
        std::string what = "unknown secret ${" + std::string(place.substr(0, 60)) + "}: ";
        auto near = nearest_word(source, sources);
        if (colon == std::string_view::npos) {
            what +=
                "write ${env:" + std::string(place.substr(0, 60)) + "}, ${file:/path} or ${credential:NAME}";
        } else if (near) {
            what += "did you mean ${" + std::string(*near) + ":…}?";
        } else {
            what += "known are ${file:/path}, ${credential:NAME} and ${env:NAME}";
        }
        problems_.error(value.mark(), what + " (`$${` stands for `${` itself)");
        return std::nullopt;
    }
    std::string name(place.substr(colon + 1));
    if (name.empty()) {
        problems_.error(value.mark(), "${" + std::string(source) +
                                          ":} names nothing: write what to read behind "
                                          "the colon");
        return std::nullopt;
    }
    if (source == "env") {
        fixed_at_start_.insert("env:" + name);
        return variable(name, value.mark());
    }
    if (source == "file")
        return file(path_from(value.mark().file, name), "file " + ticked(name), value.mark());
    auto path = credential_path(name, value.mark());
    if (!path) return std::nullopt;
    if (auto found = read_small_file(*path, 0); !found && found.error().kind() != ErrorKind::too_large) {
        auto near = credential_meant(*environment_.find("CREDENTIALS_DIRECTORY"), name);
        problems_.error(value.mark(),
                        "cannot read the credential " + ticked(name) + ": " + found.error().message() +
                            (near.empty() ? "; " : "; did you mean " + ticked(near) + "? Else ") +
                            how_to_give(name));
        return std::nullopt;
    }
    return file(*path, "credential " + ticked(name), value.mark());
}

std::optional<SecretReader::Text> SecretReader::text(const YamlValue& value, std::string_view name) {
    auto source = yaml_string(value, name, problems_);
    if (!source) return std::nullopt;
    Text out;
    bool good = true;
    for (std::string_view rest = *source; !rest.empty();) {
        if (rest.starts_with("$${")) {
            out.text += "${";
            rest.remove_prefix(3);
        } else if (!rest.starts_with("${")) {
            out.text += rest.front();
            rest.remove_prefix(1);
        } else if (auto end = rest.find('}'); end == std::string_view::npos) {
            problems_.error(value.mark(),
                            "a `${` without its `}` in " + ticked(name) + " (`$${` stands for `${` itself)");
            return std::nullopt;
        } else {
            auto part = look_up(rest.substr(2, end - 2), value);
            good = good && part;
            if (part) register_secret(*part);
            out.text += part.value_or("");
            out.has_secret = true;
            rest.remove_prefix(end + 1);
        }
    }
    if (!good) return std::nullopt;
    return out;
}

std::optional<Secret> SecretReader::secret(const YamlValue& value, std::string_view name) {
    auto found = text(value, name);
    if (!found) return std::nullopt;
    if (found->text.empty()) {
        problems_.error(value.mark(), ticked(name) +
                                          " is empty: write ${credential:NAME}, ${file:/path} or "
                                          "${env:NAME}");
        return std::nullopt;
    }
    if (!found->has_secret)
        problems_.warning(value.mark(), ticked(name) +
                                            " is a secret and stands in the file: better is "
                                            "${credential:NAME}, ${file:/path} or ${env:NAME}");
    return Secret(std::move(found->text));
}

std::optional<Secret> SecretReader::one_line_secret(const YamlValue& value, std::string_view name) {
    auto found = secret(value, name);
    if (!found || !holds_control_character(found->reveal())) return found;
    problems_.error(value.mark(), ticked(name) +
                                      " holds a line break or another control character: it must be "
                                      "one line of text");
    return std::nullopt;
}

std::optional<std::string> SecretReader::path(const YamlValue& value, std::string_view name) {
    auto source = yaml_string(value, name, problems_);
    if (!source) return std::nullopt;
    constexpr std::string_view credential = "credential:";
    std::optional<std::string> path;
    if (source->starts_with(credential)) {
        path = credential_path(source->substr(credential.size()), value.mark());
        if (!path) return std::nullopt;
    } else if (source->empty() || source->starts_with("${")) {
        problems_.error(value.mark(), ticked(name) + " takes a path, or credential:NAME");
        return std::nullopt;
    } else {
        path = path_from(value.mark().file, *source);
    }
    auto found = read_small_file(*path, 0);
    if (found || found.error().kind() == ErrorKind::too_large) return path;
    problems_.error(value.mark(), "cannot read the file of " + ticked(name) + ", " + ticked(*source) + ": " +
                                      found.error().message());
    return std::nullopt;
}

}  // namespace basewatch::settings
