#include "settings/target_auth.hpp"

#include "settings/secret_reader.hpp"
#include "settings/values.hpp"

namespace basewatch::settings {

namespace {

constexpr std::size_t longest_text = 2000;

OAuth2 read_oauth2(YamlMap& auth, SecretReader& secrets, Problems& problems) {
    OAuth2 oauth2;
    if (auto url = auth.require("token_url"))
        if (auto text = secrets.text(*url, "token_url")) {
            oauth2.token_url = std::move(text->text);
            if (auto fault = fault_of_address(oauth2.token_url, false))
                problems.error(url->mark(), "`token_url` of " + auth.what() + " " + *fault);
        }
    if (auto id = auth.require("client_id"))
        if (auto text = secrets.text(*id, "client_id")) oauth2.client_id = std::move(text->text);
    if (auto secret = auth.require("client_secret"))
        oauth2.client_secret = secrets.one_line_secret(*secret, "client_secret").value_or(Secret());
    if (auto scope = auth.take("scope"))
        oauth2.scope = read_line(*scope, "scope", longest_text, problems).value_or("");
    if (auto audience = auth.take("audience"))
        oauth2.audience = read_line(*audience, "audience", longest_text, problems).value_or("");
    if (auto way = auth.take("client_auth"))
        if (auto word = read_word(*way, "client_auth", {"basic", "body"}, problems))
            oauth2.secret_in_body = *word == 1;
    return oauth2;
}

}  // namespace

std::optional<AuthSettings> read_auth(YamlMap& map, SecretReader& secrets, Problems& problems) {
    auto value = map.take("auth");
    if (!value) return std::nullopt;
    YamlMap auth(*value, "`auth` of " + map.what(), problems);
    if (value->kind() != YamlValue::Kind::map) return std::nullopt;
    auto style = auth.require("style");
    if (!style) return std::nullopt;
    auto word =
        read_word(*style, "style", {"none", "bearer", "basic", "header", "query", "oauth2"}, problems);
    if (!word) return std::nullopt;
    AuthSettings settings;
    settings.style = static_cast<Auth>(*word);
    if (auto name = auth.take("name")) settings.name = read_name(*name, "name", problems).value_or("");
    bool named = settings.style == Auth::header || settings.style == Auth::query;
    if (named == settings.name.empty())
        problems.error(auth.mark(), "`name` is for the styles header and query, and they need it");
    if (settings.style == Auth::oauth2) settings.oauth2 = read_oauth2(auth, secrets, problems);
    auth.finish();
    return settings;
}

}  // namespace basewatch::settings
