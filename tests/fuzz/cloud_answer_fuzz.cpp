// What a cloud, or whoever stands in its place, says when it is asked for a credential: one that can be sent
// and ends some time, or an Error that holds nothing of it.
#include "net/address_guard.hpp"
#include "registry/aws_keys.hpp"
#include "registry/azure.hpp"
#include "registry/ecr.hpp"
#include "registry/google.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

using namespace basewatch;
using namespace basewatch::registry;

namespace {

void expect_sound(const Result<Lent>& lent) {
    if (!lent) return;
    const auto& credential = lent->credential;
    if (credential.kind == Credential::Kind::none || credential.secret.empty()) std::abort();
    if (lent->renew <= Milliseconds(0) || !lent->end || *lent->end < lent->renew) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    static constexpr int statuses[] = {200, 200, 200, 400, 401, 403, 429, 503};
    net::HttpResponse response;
    response.status = statuses[data[0] % 8];
    if (data[1] & 1) response.headers.set("Date", "Mon, 23 Nov 2026 11:40:00 GMT");
    if (data[1] & 2) response.headers.set("Metadata-Flavor", "Google");
    response.body.assign(reinterpret_cast<const char*>(data + 2), size - 2);
    Time now{std::chrono::seconds(1'795'435'200)};
    EcrApi api{net::Url{"https", "api.ecr.eu-west-1.amazonaws.com", 443, "/", ""}, "eu-west-1", "ecr"};
    expect_sound(read_ecr_answer(response, api, now));
    expect_sound(read_google_answer(response, "google", now));
    expect_sound(read_google_metadata_answer(response, now));
    expect_sound(read_azure_answer(response, "azure", now));
    auto keys = read_aws_keys(response, "amazon", now);
    if (keys && (keys->access_key_id.empty() || keys->secret_access_key.empty())) std::abort();
    auto role = read_role_keys(response, "amazon", now);
    if (role && (role->access_key_id.empty() || role->secret_access_key.empty())) std::abort();
    auto key = parse_google_key(response.body);
    if (key && (!key->token_address.secure() || key->client_email.empty())) std::abort();
    std::string text(response.body);
    bool relative = !text.empty() && data[1] & 4;
    auto where = container_keys_address(relative ? text : "", text);
    if (where && relative && where->url.host != "169.254.170.2") std::abort();
    boost::system::error_code no_address;
    if (where && where->metadata &&
        !net::allowed(net::AddressRule::metadata_only, asio::ip::make_address(where->url.host, no_address)))
        std::abort();
    return 0;
}
