#include "cli/daemon_client.hpp"

#include "cli/offline.hpp"
#include "cli/table.hpp"
#include "foundation/bytes.hpp"
#include "foundation/json.hpp"
#include "net/http_client.hpp"
#include "net/unix_dialer.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <nlohmann/json.hpp>

#include <filesystem>

namespace basewatch::cli {

namespace {

constexpr const char* default_socket = "/run/basewatch/api.sock";
constexpr Milliseconds patience{120'000};  // a check that was asked for may wait for a slow registry
constexpr std::size_t most_answer = 32u << 20;

std::string socket_of(const Common& common) {
    if (!common.socket.empty()) return common.socket;
    if (!std::filesystem::exists(common.config)) return default_socket;
    Problems ignored;  // `validate` tells them; here only the address is wanted
    auto settings =
        settings::read_what_is_readable(common.config, settings::Environment::of_process(), ignored);
    for (const auto& address : settings.daemon.listen)
        if (address.starts_with("unix:")) return address.substr(5);
    return default_socket;
}

Result<net::HttpResponse> send_over(const std::string& socket, net::HttpRequest request) {
    asio::io_context loop(1);
    SystemClock clock(loop.get_executor());
    net::UnixDialer dialer(loop.get_executor(), socket);
    net::HttpClient http(loop.get_executor(), clock, dialer);
    std::optional<Result<net::HttpResponse>> answer;
    asio::co_spawn(loop, http.send(std::move(request)),
                   [&](std::exception_ptr fault, Result<net::HttpResponse> response) {
                       if (!fault) answer.emplace(std::move(response));
                       http.close_idle();
                       loop.stop();
                   });
    loop.run();
    if (!answer) return Error(ErrorKind::bad_answer, "the request could not be made");
    return std::move(*answer);
}

int refusal(const net::HttpResponse& response) {
    auto problem = parse_json(response.body);
    std::string detail = problem ? string_member(*problem, "detail").value_or("") : "";
    complain(detail.empty() ? "the daemon answered " + std::to_string(response.status) : detail);
    return response.status == 400 ? wrong_usage : failed;
}

}  // namespace

int ask(const Common& common, const std::string& method, const std::string& path, const Query& query,
        const std::string& body, const Answer& show, const Answer& judge) {
    std::string socket = socket_of(common);
    net::HttpRequest request;
    request.method = method;
    request.url = *net::Url::parse("http://localhost" + path);
    for (const auto& [name, value] : query)
        request.url.target += (request.url.target.find('?') == std::string::npos ? "?" : "&") + name + "=" +
                              percent_encode(value);
    if (!body.empty()) request.headers.set("Content-Type", "application/json");
    request.body = body;
    request.timeout = patience;
    request.most_body = most_answer;
    auto response = send_over(socket, std::move(request));
    if (!response) {
        complain("no daemon answers on " + socket + " (" + response.error().message() +
                 "): is it running, and may you open its socket? --socket names another");
        return failed;
    }
    if (response->status < 200 || response->status > 299) return refusal(*response);
    auto answer = parse_json(response->body, JsonLimits{most_answer, 64});
    if (!answer) {
        complain("the daemon's answer cannot be read: " + answer.error().message());
        return failed;
    }
    int shown = done;
    if (common.json)
        print(nlohmann::ordered_json::parse(response->body, nullptr, false).dump(2) + "\n");
    else
        shown = show(*answer);
    return judge ? judge(*answer) : shown;
}

std::string cell(const nlohmann::json& row, std::string_view name) {
    const auto* value = member(row, name);
    if (value == nullptr || value->is_null()) return "";
    if (value->is_string()) return value->get<std::string>();
    return to_text(*value);
}

std::string digest_cell(const nlohmann::json& row, std::string_view name) {
    std::string text = cell(row, name);
    return text.substr(0, text.find(':') == std::string::npos ? 12 : text.find(':') + 13);
}

Column column(std::string heading, std::string member) {
    return {std::move(heading),
            [member = std::move(member)](const nlohmann::json& row) { return cell(row, member); }};
}

int show_items(const nlohmann::json& answer, const std::vector<Column>& columns, const std::string& none) {
    std::vector<std::string> heading;
    for (const auto& one : columns) heading.push_back(one.heading);
    Table table(heading);
    if (const auto* items = array_member(answer, "items"))
        for (const auto& row : *items) {
            std::vector<std::string> cells;
            for (const auto& one : columns) cells.push_back(one.value(row));
            table.add(cells);
        }
    print(table.empty() ? none + "\n" : table.text());
    if (member(answer, "cursor") != nullptr) print("(there is more: --limit)\n");
    return done;
}

}  // namespace basewatch::cli
