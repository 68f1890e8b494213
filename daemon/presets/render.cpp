#include "presets/render.hpp"

#include "foundation/bytes.hpp"
#include "foundation/json.hpp"
#include "foundation/secret.hpp"
#include "jq/program_line.hpp"
#include "presets/address.hpp"
#include "presets/form.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace basewatch::presets {

namespace {

constexpr const char* event_content_type = "application/cloudevents+json; charset=utf-8";

bool is_form(const Target& target) {
    return target.fields.encoding == settings::Encoding::form;
}

// The event, and beside its members what is known of the dependent, the build and the target.
Result<std::string> program_input(const Target& target, const RenderInput& input) {
    auto event = parse_json(input.event_json);
    if (!event) return event.error().while_doing("reading the event");
    if (!event->is_object()) return Error(ErrorKind::invalid, "the event is not an object");
    if (target.tells_several) {
        auto events = nlohmann::json::array({*event});
        for (const auto& text : input.joined) {
            auto joined = parse_json(text);
            if (!joined) return joined.error().while_doing("reading the events of a message");
            events.push_back(std::move(*joined));
        }
        event->emplace("events", std::move(events));
    }
    event->emplace("with", nlohmann::json(input.with));
    event->emplace("build", nlohmann::json(input.build));
    event->emplace("target", nlohmann::json{{"name", target.name},
                                            {"token", target.token.reveal()},
                                            {"username", target.username},
                                            {"options", target.options}});
    if (!input.layers_json.empty()) {
        auto layers = parse_json(input.layers_json);
        if (!layers) return layers.error().while_doing("reading the layers");
        event->emplace("layers", std::move(*layers));
    }
    return to_text(*event);
}

// `line 3: …` of the program becomes the place in the file where that line stands.
Error located(const Error& error, const settings::RequestFields& fields) {
    auto fault = jq::located(fields.body_at, error.message());
    std::string place = fault.where.file + ":" + std::to_string(fault.where.line);
    if (fault.where.file.empty())
        place = fault.known ? "line " + std::to_string(fault.where.line - fields.body_at.line + 1) : "";
    return Error(error.kind(),
                 redact("`body`" + (place.empty() ? "" : " (" + place + ")") + ": " + fault.what));
}

Result<std::string> encoded(const Target& target, std::string output) {
    if (is_form(target)) return form_of(output);
    if (!net::media_type(content_type(target)).starts_with("text/")) return output;
    auto value = parse_json(output);
    if (value && value->is_string()) return value->get<std::string>();
    return output;
}

Result<net::Url> address_of(const Target& target, const RenderInput& input) {
    auto text = filled(target.fields.url->reveal(), input.with, target.token.reveal());
    if (!text) return text.error();
    if (target.auth() == Auth::query && !target.token.empty())
        *text = with_parameter(std::move(*text), target.fields.auth->name, target.token.reveal());
    auto url = net::Url::parse(*text);
    if (!url) return url.error().while_doing("`url`");
    return url;
}

std::string basic(std::string_view credentials) {
    std::string value = base64(credentials);
    register_secret(value);
    return "Basic " + value;
}

void add_credentials(net::HttpRequest& request, const Target& target) {
    const auto& token = target.token.reveal();
    if (!request.url.user_information.empty())
        request.headers.set("Authorization", basic(request.url.user_information));
    if (token.empty()) return;
    auto auth = target.auth();
    if (auth == Auth::bearer) request.headers.set("Authorization", "Bearer " + token);
    if (auth == Auth::basic) request.headers.set("Authorization", basic(target.username + ":" + token));
    if (auth == Auth::header) request.headers.set(target.fields.auth->name, token);
    // What holds a token must not be kept on the way (RFC 6750 §2.3).
    if (auth == Auth::query) request.headers.set("Cache-Control", "no-store");
}

Result<void> add_headers(net::HttpRequest& request, const Target& target) {
    request.headers.set("User-Agent", "basewatch/" BASEWATCH_VERSION);
    if (!request.body.empty()) request.headers.set("Content-Type", content_type(target));
    add_credentials(request, target);
    for (const auto& [name, value] : target.fields.headers)
        request.headers.set(name, with_token(value.reveal(), target.token.reveal()));
    for (const auto& [name, value] : request.headers)
        if (!net::valid_header(name, value))
            return Error(ErrorKind::invalid,
                         "the header `" + name + "` cannot be sent: it holds a line break");
    return {};
}

// Receivers live in private networks; nothing that is to be told lives at a cloud's metadata address.
std::shared_ptr<const net::ConnectionPolicy> policy() {
    auto made = std::make_shared<net::ConnectionPolicy>();
    made->addresses = net::AddressRule::no_metadata;
    return made;
}

}  // namespace

std::string content_type(const Target& target) {
    for (const auto& [name, value] : target.fields.headers)
        if (net::equal_without_case(name, "Content-Type")) return value.reveal();
    if (target.fields.content_type) return *target.fields.content_type;
    if (is_form(target)) return "application/x-www-form-urlencoded";
    return target.fields.body ? "application/json" : event_content_type;
}

Async<Result<std::string>> render_body(const Target& target, RenderInput input, jq::Worker& worker) {
    // There is nothing to send with a GET that nobody wrote a body for.
    if (!target.fields.body && (target.fields.method == "GET" || target.fields.method == "DELETE"))
        co_return "";
    if (!target.fields.body) co_return std::move(input.event_json);
    auto given = program_input(target, input);
    if (!given) co_return given.error();
    std::string program = *target.fields.body;
    auto output = co_await worker.run(std::move(program), std::move(*given));
    if (!output) co_return located(output.error(), target.fields);
    auto body = encoded(target, std::move(*output));
    if (!body) co_return located(body.error(), target.fields);
    co_return std::move(*body);
}

Async<Result<net::HttpRequest>> render(const Target& target, RenderInput input, jq::Worker& worker) {
    // The address first: it is quick, and what it lacks needs no program to be found out.
    auto url = address_of(target, input);
    if (!url) co_return url.error();
    auto body = co_await render_body(target, std::move(input), worker);
    if (!body) co_return body.error();
    net::HttpRequest request;
    request.method = target.fields.method.value_or("POST");
    request.url = std::move(*url);
    request.body = std::move(*body);
    auto headers = add_headers(request, target);
    if (!headers) co_return headers.error();
    request.policy = policy();
    request.timeout = target.timeout();
    request.most_body = 64u << 10;
    request.cut_body = true;
    co_return std::move(request);
}

}  // namespace basewatch::presets
