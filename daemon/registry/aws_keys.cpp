#include "registry/aws_keys.hpp"

#include "foundation/bytes.hpp"
#include "foundation/json.hpp"
#include "net/address_guard.hpp"
#include "registry/complaint.hpp"
#include "settings/file.hpp"

#include <boost/asio/ip/address.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace basewatch::registry {

namespace {

constexpr std::size_t most_token_file = 16u << 10;
constexpr std::size_t most_key_bytes = 16u << 10;
constexpr std::size_t most_answer = 256u << 10;

net::HttpRequest request_to(net::Url url, std::string target) {
    url.target = std::move(target);
    net::HttpRequest request;
    request.url = std::move(url);
    request.headers = usual_headers("application/json");
    return request;
}

bool clean(std::string_view text) {
    return !text.empty() && text.size() <= most_key_bytes &&
           std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

std::optional<AwsKeys> keys_in(const nlohmann::json& object, std::string_view session) {
    auto text = [&](std::string_view name) { return string_member(object, name).value_or(""); };
    auto id = text("AccessKeyId"), secret = text("SecretAccessKey"), token = text(session);
    if (!clean(id) || !clean(secret) || !(token.empty() || clean(token))) return std::nullopt;
    return AwsKeys{std::move(id), Secret::passing(std::move(secret)), Secret::passing(std::move(token))};
}

Error refused(const net::HttpResponse& response, const std::string& server, Time now) {
    // What such a service says when it refuses may hold what it was asked with.
    auto error = error_of(response, server, "no keys", now);
    if (response.status >= 400 && response.status < 500 && error.kind() != ErrorKind::rate_limited)
        return Error(ErrorKind::unauthorized, error.message()).with_status(response.status);
    return error;
}

}  // namespace

Result<AwsKeys> read_aws_keys(const net::HttpResponse& response, const std::string& server, Time now) {
    if (response.status != 200) return refused(response, server, now);
    auto body = parse_json(response.body, JsonLimits{most_answer, 8});
    if (body)
        if (auto keys = keys_in(*body, "Token")) return *keys;
    auto code = body ? string_member(*body, "Code") : std::nullopt;
    if (body && !code) code = string_member(*body, "code");
    std::string why = !code || *code == "Success" ? "" : " and said " + plain_line(redact(*code), 100);
    return Error(ErrorKind::bad_answer, server + " answered without keys" + why).with_status(200);
}

Result<AwsKeys> read_role_keys(const net::HttpResponse& response, const std::string& server, Time now) {
    auto body = parse_json(response.body, JsonLimits{most_answer, 8});
    const nlohmann::json* inside = body ? &*body : nullptr;
    if (response.status != 200) {
        const auto* error = inside == nullptr ? nullptr : object_member(*inside, "Error");
        auto code = error == nullptr ? std::nullopt : string_member(*error, "Code");
        if (!code) return refused(response, server, now);
        auto said = error_of(response, server, plain_line(redact(*code), 100), now);
        bool limited = code->find("Throttling") != std::string::npos;
        if (response.status >= 500 || said.kind() == ErrorKind::rate_limited) return said;
        return Error(limited ? ErrorKind::rate_limited : ErrorKind::unauthorized, said.message())
            .with_status(response.status);
    }
    for (auto name : {"AssumeRoleWithWebIdentityResponse", "AssumeRoleWithWebIdentityResult", "Credentials"})
        inside = inside == nullptr ? nullptr : object_member(*inside, name);
    if (inside != nullptr)
        if (auto keys = keys_in(*inside, "SessionToken")) return *keys;
    return Error(ErrorKind::bad_answer, server + " answered without keys").with_status(200);
}

Result<ContainerKeys> container_keys_address(const std::string& relative, const std::string& full) {
    auto wrong = [](std::string_view name, std::string_view why) {
        return Error(ErrorKind::invalid, std::string(name) + " " + std::string(why));
    };
    if (!relative.empty()) {
        if (!relative.starts_with('/'))
            return wrong("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "must begin with /");
        auto url = net::Url::parse("http://169.254.170.2" + relative);
        if (!url || url->host != "169.254.170.2" || url->port != 80)
            return wrong("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "is no path");
        return ContainerKeys{*url, true};
    }
    constexpr std::string_view name = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
    auto url = net::Url::parse(full);
    if (!url || !url->user_information.empty()) return wrong(name, "is no http or https address");
    boost::system::error_code not_an_address;
    auto address = asio::ip::make_address(url->host, not_an_address);
    if (!not_an_address && net::allowed(net::AddressRule::metadata_only, address))
        return ContainerKeys{*url, true};
    bool here = not_an_address ? url->host == "localhost" : address.is_loopback();
    if (url->secure() || here) return ContainerKeys{*url, false};
    return wrong(name, "must be https, or an address of this machine, of ECS or of EKS");
}

AwsKeySource::AwsKeySource(CloudRequests& requests, const std::vector<std::string>& environment)
    : requests_(requests) {
    for (const auto& entry : environment) {
        auto equals = entry.find('=');
        if (entry.starts_with("AWS_") && equals != std::string::npos)
            variables_[entry.substr(0, equals)] = entry.substr(equals + 1);
    }
}

std::string AwsKeySource::variable(const std::string& name) const {
    auto found = variables_.find(name);
    return found == variables_.end() ? std::string() : found->second;
}

Async<Result<AwsKeys>> AwsKeySource::find(std::shared_ptr<Host> registry, settings::CloudLogin login,
                                          std::string region) {
    if (!login.access_key_id.empty())
        co_return AwsKeys{login.access_key_id, login.secret_access_key, login.session_token};
    auto id = variable("AWS_ACCESS_KEY_ID"), secret = variable("AWS_SECRET_ACCESS_KEY");
    if (!id.empty() && !secret.empty())
        co_return AwsKeys{id, Secret(secret), Secret(variable("AWS_SESSION_TOKEN"))};
    if (!id.empty() || !secret.empty())
        co_return Error(ErrorKind::invalid, "of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY only one is set");
    if (!variable("AWS_WEB_IDENTITY_TOKEN_FILE").empty()) {
        auto keys = co_await from_role(registry, std::move(region));
        co_return keys;
    }
    if (!variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI").empty() ||
        !variable("AWS_CONTAINER_CREDENTIALS_FULL_URI").empty()) {
        auto keys = co_await from_container(registry);
        co_return keys;
    }
    if (variable("AWS_EC2_METADATA_DISABLED") == "true")
        co_return Error(ErrorKind::invalid,
                        "no keys: none in `registries:`, in the environment or of a container, and "
                        "AWS_EC2_METADATA_DISABLED forbids to ask the instance");
    auto keys = co_await from_instance();
    if (!keys && keys.error().kind() != ErrorKind::cancelled)
        co_return keys.error().while_doing(
            "no keys in `registries:`, in the environment or of a container, and none of the instance");
    co_return keys;
}

Result<std::string> AwsKeySource::token_in(const std::string& name) const {
    auto token = settings::read_small_file(variable(name), most_token_file);
    if (!token) return token.error().while_doing(name);
    while (!token->empty() && (token->back() == '\n' || token->back() == '\r')) token->pop_back();
    if (!clean(*token)) return Error(ErrorKind::invalid, "the file of " + name + " holds no token");
    register_passing_secret(*token);
    return token;
}

Result<std::string> AwsKeySource::container_token() const {
    if (!variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE").empty())
        return token_in("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    auto token = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    if (!net::valid_header("Authorization", token))
        return Error(ErrorKind::invalid, "the container's authorization token cannot stand in a header");
    register_secret(token);
    return token;
}

// The token of the pod's service account stands in for a signature. Its file is read each time: Kubernetes
// renews it.
Async<Result<AwsKeys>> AwsKeySource::from_role(std::shared_ptr<Host> registry, std::string region) {
    if (variable("AWS_ROLE_ARN").empty())
        co_return Error(ErrorKind::invalid, "AWS_WEB_IDENTITY_TOKEN_FILE is set and AWS_ROLE_ARN is not");
    auto token = token_in("AWS_WEB_IDENTITY_TOKEN_FILE");
    if (!token) co_return token.error();
    if (auto own = variable("AWS_REGION"); !own.empty()) region = own;
    auto url = net::Url::parse("https://sts." + region + ".amazonaws.com" +
                               (region.starts_with("cn-") ? ".cn/" : "/"));
    if (!url || url->target != "/" || !url->user_information.empty() || !url->host.starts_with("sts."))
        co_return Error(ErrorKind::invalid, "AWS_REGION is no name of a region, such as eu-west-1");
    std::string session = variable("AWS_ROLE_SESSION_NAME");
    auto request = request_to(*url, "/");
    request.method = "POST";
    request.headers.set("Content-Type", "application/x-www-form-urlencoded");
    request.body = "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=" +
                   form_encode(variable("AWS_ROLE_ARN")) +
                   "&RoleSessionName=" + form_encode(session.empty() ? "basewatch" : session) +
                   "&WebIdentityToken=" + form_encode(*token);
    auto response = co_await requests_.service(registry, std::move(request));
    if (!response) co_return response.error();
    co_return read_role_keys(*response, url->authority(), requests_.clock().now());
}

Async<Result<AwsKeys>> AwsKeySource::from_container(std::shared_ptr<Host> registry) {
    auto where = container_keys_address(variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"),
                                        variable("AWS_CONTAINER_CREDENTIALS_FULL_URI"));
    if (!where) co_return where.error();
    auto token = container_token();
    if (!token) co_return token.error();
    auto request = request_to(where->url, where->url.target);
    if (!token->empty()) request.headers.set("Authorization", *token);
    if (where->metadata) {
        auto response = co_await requests_.metadata(std::move(request));
        if (!response) co_return response.error();
        co_return read_aws_keys(*response, where->url.authority(), requests_.clock().now());
    }
    auto response = co_await requests_.service(registry, std::move(request));
    if (!response) co_return response.error();
    co_return read_aws_keys(*response, where->url.authority(), requests_.clock().now());
}

// A token by PUT, which no proxy or page can be tricked into asking for, then the role's name, then its keys.
Async<Result<AwsKeys>> AwsKeySource::from_instance() {
    bool ipv6 = variable("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE") == "IPv6";
    net::Url service{"http", ipv6 ? "fd00:ec2::254" : "169.254.169.254", 80, "/", ""};
    const std::string server = "the metadata service " + service.authority(),
                      roles = "/latest/meta-data/iam/security-credentials/";
    auto asked = request_to(service, "/latest/api/token");
    asked.method = "PUT";
    asked.headers.set("X-aws-ec2-metadata-token-ttl-seconds", "300");
    auto token = co_await requests_.metadata(std::move(asked));
    if (!token) co_return token.error();
    auto now = requests_.clock().now();
    if (token->status != 200) co_return refused(*token, server, now);
    if (!clean(token->body)) co_return Error(ErrorKind::bad_answer, server + " answered without a token");
    register_passing_secret(token->body);
    auto with_token = [&](std::string target) {
        auto request = request_to(service, std::move(target));
        request.headers.set("X-aws-ec2-metadata-token", token->body);
        return request;
    };
    auto role = co_await requests_.metadata(with_token(roles));
    if (!role) co_return role.error();
    if (role->status == 404)
        co_return Error(ErrorKind::invalid, server + " knows no role: the instance has no instance profile");
    if (role->status != 200) co_return refused(*role, server, now);
    std::string name = role->body.substr(0, role->body.find('\n'));
    bool plain = !name.empty() && name.size() <= 128 && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("+=,.@_-").find(c) != std::string_view::npos;
    });
    if (!plain) co_return Error(ErrorKind::bad_answer, server + " answered with something that is no role");
    auto keys = co_await requests_.metadata(with_token(roles + name));
    if (!keys) co_return keys.error();
    co_return read_aws_keys(*keys, server, now);
}

}  // namespace basewatch::registry
