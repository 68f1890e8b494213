#include "registry/cloud_credentials.hpp"

#include "registry/azure.hpp"
#include "registry/ecr.hpp"
#include "registry/google.hpp"
#include "settings/file.hpp"

namespace basewatch::registry {

namespace {

constexpr std::size_t most_key_file = 64u << 10;
// A token that stands in the settings is good until they change; only a refusal says that it is over.
constexpr Milliseconds kept_for{std::chrono::hours(24)};

}  // namespace

CloudCredentials::CloudCredentials(asio::any_io_executor executor, Exchange& exchange, Hosts& hosts,
                                   const std::vector<std::string>& environment)
    : hosts_(hosts),
      requests_(exchange, hosts),
      aws_keys_(requests_, environment),
      kept_(std::move(executor), exchange.clock()) {}

Async<Result<Credential>> CloudCredentials::obtain(std::string registry, settings::CloudLogin login) {
    std::string source = "the " + std::string(settings::to_string(login.provider)) + " login of " + registry;
    auto [last, first] = logins_.try_emplace(registry, login);
    if (!first && !(last->second == login)) kept_.forget(source);
    last->second = login;
    auto credential = co_await kept_.obtain(source, [&] { return ask(registry, login); });
    co_return credential;
}

Async<Result<Lent>> CloudCredentials::ask(std::string registry, settings::CloudLogin login) {
    auto host = hosts_.named(registry);
    Result<Lent> lent = Error();
    switch (login.provider) {
        case settings::Provider::none:
            break;
        case settings::Provider::ecr:
            lent = co_await ask_amazon(host, std::move(login));
            break;
        case settings::Provider::google:
            lent = co_await ask_google(host, std::move(login));
            break;
        case settings::Provider::azure:
            lent = co_await ask_azure(host, std::move(login));
            break;
    }
    co_return lent;
}

Async<Result<Lent>> CloudCredentials::ask_amazon(std::shared_ptr<Host> registry, settings::CloudLogin login) {
    auto api = ecr_api(registry->name, login);
    if (!api) co_return api.error();
    auto keys = co_await aws_keys_.find(registry, login, api->region);
    if (!keys) co_return keys.error();
    auto now = requests_.clock().now();
    auto response = co_await requests_.service(registry, ecr_request(*api, *keys, now));
    if (!response) co_return response.error();
    co_return read_ecr_answer(*response, *api, requests_.clock().now());
}

Async<Result<Lent>> CloudCredentials::ask_google(std::shared_ptr<Host> registry, settings::CloudLogin login) {
    if (!login.access_token.empty()) co_return Lent{google_credential(login.access_token), kept_for, {}};
    auto& clock = requests_.clock();
    if (login.key_file.empty()) {
        auto response = co_await requests_.metadata(google_metadata_request());
        if (!response) co_return response.error().while_doing("no `key_file`, and no token of the machine");
        co_return read_google_metadata_answer(*response, clock.now());
    }
    // Read each time: keys are replaced.
    auto text = settings::read_small_file(login.key_file, most_key_file);
    if (!text) co_return text.error().while_doing("key file " + login.key_file);
    auto key = parse_google_key(*text);
    if (!key) co_return key.error().while_doing("key file " + login.key_file);
    auto request = google_request(*key, clock.now());
    if (!request) co_return request.error().while_doing("key file " + login.key_file);
    auto response = co_await requests_.service(registry, std::move(*request));
    if (!response) co_return response.error();
    co_return read_google_answer(*response, key->token_address.authority(), clock.now());
}

Async<Result<Lent>> CloudCredentials::ask_azure(std::shared_ptr<Host> registry, settings::CloudLogin login) {
    auto response = co_await requests_.service(registry, azure_request(registry->base, login));
    if (!response) co_return response.error();
    co_return read_azure_answer(*response, registry->name, requests_.clock().now());
}

}  // namespace basewatch::registry
