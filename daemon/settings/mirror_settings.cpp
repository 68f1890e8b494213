// `mirror` of a registry: addresses such as https://cache.example.com/hub, whose path stands in front of the
// repository. A mirror is reached by its own entry of `registries`, where there is one.

#include "model/reference.hpp"
#include "settings/reading.hpp"
#include "settings/values.hpp"

#include <algorithm>

namespace basewatch::settings {

namespace {

constexpr std::size_t most_mirrors = 8;

std::string without_slashes(std::string_view path) {
    while (path.starts_with('/')) path.remove_prefix(1);
    while (path.ends_with('/')) path.remove_suffix(1);
    return std::string(path);
}

std::optional<MirrorSettings> parse_mirror(std::string_view text) {
    MirrorSettings mirror;
    if (text.starts_with("http://")) {
        mirror.plain_http = true;
        text.remove_prefix(7);
    } else if (text.starts_with("https://")) {
        text.remove_prefix(8);
    } else {
        return std::nullopt;
    }
    auto slash = std::min(text.find('/'), text.size());
    mirror.host = model::normalised_registry(text.substr(0, slash));
    // containerd writes the path of the API into such addresses.
    mirror.prefix = without_slashes(text.substr(slash));
    if (mirror.prefix == "v2" || mirror.prefix.starts_with("v2/"))
        mirror.prefix = without_slashes(mirror.prefix.substr(2));
    auto some = model::Reference::parse(mirror.host + "/" + mirror.prefix +
                                        (mirror.prefix.empty() ? "" : "/") + "library/some:tag");
    bool reads_back = some && some->registry() == mirror.host && some->repository().ends_with("library/some");
    return reads_back ? std::optional(mirror) : std::nullopt;
}

}  // namespace

void read_mirrors(const std::string& host, YamlMap& map, Reading& reading, RegistrySettings& registry) {
    auto only = map.take("mirror_only");
    if (only) registry.mirror_only = yaml_boolean(*only, "mirror_only", reading.problems).value_or(false);
    auto value = map.take("mirror");
    if (only && !value)
        reading.problems.error(map.where("mirror_only"), map.what() + " has a `mirror_only` and no `mirror`");
    if (!value) return;
    auto wanted = value->kind() == YamlValue::Kind::list ? value->items() : std::vector<YamlValue>{*value};
    if (wanted.size() > most_mirrors)
        reading.problems.error(value->mark(), "more than 8 mirrors: name those that are used");
    for (const auto& one : wanted) {
        auto text = read_line(one, "mirror", 1024, reading.problems);
        if (!text) continue;
        auto mirror = parse_mirror(*text);
        if (!mirror) {
            reading.problems.error(one.mark(),
                                   "`mirror` must be an address such as https://cache.example.com, with a "
                                   "path that stands in front of the repository where the mirror wants one "
                                   "(https://cache.example.com/hub), and without a user");
        } else if (mirror->host == host) {
            reading.problems.error(one.mark(), map.what() + " is its own mirror");
        } else {
            mirror->where = one.mark();
            registry.mirrors.push_back(std::move(*mirror));
        }
    }
}

void add_mirrors_as_registries(Reading& reading) {
    auto& registries = reading.registries.by_host;
    std::vector<MirrorSettings> mirrors;
    for (const auto& [host, registry] : registries)
        mirrors.insert(mirrors.end(), registry.mirrors.begin(), registry.mirrors.end());
    for (const auto& mirror : mirrors) {
        RegistrySettings implied;
        implied.plain_http = mirror.plain_http;
        auto [entry, fresh] = registries.try_emplace(mirror.host, std::move(implied));
        if (fresh || entry->second.plain_http == mirror.plain_http) continue;
        reading.problems.error(
            mirror.where, mirror.plain_http ? "`mirror` begins with http://, and registry `" + mirror.host +
                                                  "` has no `plain_http: true`: they must agree"
                                            : "`mirror` begins with https://, and registry `" + mirror.host +
                                                  "` has `plain_http: true`: they must agree");
    }
}

}  // namespace basewatch::settings
