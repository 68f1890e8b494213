// The other side of the demo: a program that shows each webhook as it arrives, checks its signature as a
// receiver would, and says what a Slack or a CI server would say.
//
//   demo_receiver PORT --secret-file FILE [--count N]
//
// Listens on 127.0.0.1:PORT. Ends with 0 on SIGTERM and after N requests; with 2 when it was called wrongly,
// with 1 when it cannot listen.

#include "dispatch/signature.hpp"
#include "foundation/bytes.hpp"
#include "foundation/json.hpp"
#include "foundation/task_group.hpp"
#include "net/http_server.hpp"
#include "support/temporary_folder.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <nlohmann/json.hpp>

#include <charconv>
#include <csignal>
#include <iostream>
#include <optional>

namespace {

using namespace basewatch;

struct Arguments {
    int port = 0;
    std::string secret_file;
    std::optional<int> count;
};

std::optional<int> number(std::string_view text) {
    int value = 0;
    auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (fault != std::errc() || end != text.data() + text.size() || value <= 0) return std::nullopt;
    return value;
}

std::optional<Arguments> read_arguments(const std::vector<std::string>& words) {
    Arguments arguments;
    for (std::size_t at = 0; at < words.size(); ++at) {
        bool more = at + 1 < words.size();
        if (words[at] == "--secret-file" && more) {
            arguments.secret_file = words[++at];
        } else if (words[at] == "--count" && more) {
            arguments.count = number(words[++at]);
            if (!arguments.count) return std::nullopt;
        } else if (auto port = number(words[at]); port && *port < 65536) {
            arguments.port = *port;
        } else {
            return std::nullopt;
        }
    }
    if (arguments.port == 0 || arguments.secret_file.empty()) return std::nullopt;
    return arguments;
}

std::string trimmed(std::string text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    return text;
}

// The texts of a Slack message, as a person would read them.
void slack_lines(const nlohmann::json& part, std::vector<std::string>& lines) {
    if (part.is_array())
        for (const auto& item : part) slack_lines(item, lines);
    if (!part.is_object()) return;
    for (const char* name : {"text", "fields", "elements"}) {
        const auto* inner = member(part, name);
        if (inner == nullptr) continue;
        if (!inner->is_string()) {
            slack_lines(*inner, lines);
            continue;
        }
        std::string text = inner->get<std::string>();
        for (std::size_t start = 0; start <= text.size();) {
            auto end = std::min(text.find('\n', start), text.size());
            lines.push_back(text.substr(start, end - start));
            start = end + 1;
        }
    }
}

void print_event(const nlohmann::json& event) {
    auto line = [](const char* name, const std::optional<std::string>& value) {
        if (value) std::cout << "    " << name << ": " << *value << "\n";
    };
    line("type", string_member(event, "type"));
    line("subject", string_member(event, "subject"));
    const auto* data = object_member(event, "data");
    if (data == nullptr) return;
    line("kind", string_member(*data, "kind"));
    line("reason", string_member(*data, "reason"));
    for (const char* name : {"old", "new"})
        if (const auto* side = object_member(*data, name)) line(name, string_member(*side, "digest"));
    if (const auto* dependent = object_member(*data, "dependent"))
        line("dependent", string_member(*dependent, "reference"));
}

// A build server's form or JSON parameters, one to a line.
void print_parameters(const nlohmann::json& parameters, const std::string& front) {
    for (const auto& [name, value] : parameters.items()) {
        if (value.is_object())
            print_parameters(value, front + name + ".");
        else if (name != "token")
            std::cout << "    " << front << name << ": "
                      << (value.is_string() ? value.get<std::string>() : to_text(value)) << "\n";
    }
}

void print_form(std::string_view body) {
    while (!body.empty()) {
        auto pair = body.substr(0, body.find('&'));
        body.remove_prefix(std::min(body.size(), pair.size() + 1));
        std::string text(pair);
        for (char& c : text)
            if (c == '+') c = ' ';
        auto decoded = percent_decode(text).value_or(text);
        auto equals = decoded.find('=');
        if (equals == std::string::npos || decoded.starts_with("token=")) continue;
        std::cout << "    " << decoded.substr(0, equals) << ": " << decoded.substr(equals + 1) << "\n";
    }
}

void print_body(const net::ServerRequest& request) {
    auto parsed = parse_json(request.body);
    if (!parsed || !parsed->is_object()) {
        print_form(request.body);
    } else if (member(*parsed, "blocks") != nullptr) {
        std::vector<std::string> lines;
        slack_lines(*member(*parsed, "blocks"), lines);
        for (const auto& line : lines) std::cout << "  | " << line << "\n";
    } else if (member(*parsed, "specversion") != nullptr) {
        print_event(*parsed);
    } else {
        print_parameters(*parsed, "");
    }
}

class DemoReceiver {
public:
    DemoReceiver(Clock& clock, std::vector<Secret> secrets, std::optional<int> count,
                 std::function<void()> finished)
        : clock_(clock), secrets_(std::move(secrets)), left_(count), finished_(std::move(finished)) {}

    Async<net::ServerResponse> handle(net::ServerRequest request) {
        std::cout << "\n" << request.method << " " << request.path << "\n";
        print_signature(request);
        print_body(request);
        std::cout << std::flush;
        if (left_ && --*left_ <= 0) finished_();
        net::ServerResponse response;
        response.status = request.path == "/slack" ? 200 : 201;
        response.headers.add("Content-Type", "text/plain");
        if (request.path == "/slack") response.body = "ok";
        co_return response;
    }

private:
    void print_signature(const net::ServerRequest& request) {
        if (auto id = request.headers.find("webhook-id")) std::cout << "    webhook-id: " << *id << "\n";
        if (!request.headers.find("webhook-signature") && !request.headers.find("X-Hub-Signature-256"))
            return;
        auto seconds = std::chrono::floor<std::chrono::seconds>(clock_.now()).time_since_epoch().count();
        auto verified = dispatch::verify(request.headers, request.body, seconds, secrets_);
        if (verified)
            std::cout << "    signature verified\n";
        else
            std::cout << "    SIGNATURE WRONG: " << verified.error().message() << "\n";
    }

    Clock& clock_;
    std::vector<Secret> secrets_;
    std::optional<int> left_;
    std::function<void()> finished_;
};

}  // namespace

int main(int count, char** words) {
    auto arguments = read_arguments({words + 1, words + count});
    if (!arguments) {
        std::cerr << "usage: demo_receiver PORT --secret-file FILE [--count N]\n";
        return 2;
    }
    std::string secret = trimmed(test::read_file(arguments->secret_file));
    if (secret.empty()) {
        std::cerr << "demo_receiver: there is no secret in " << arguments->secret_file << "\n";
        return 2;
    }
    asio::io_context loop(1);
    SystemClock clock(loop.get_executor());
    TaskGroup tasks(loop.get_executor());
    asio::signal_set signals(loop, SIGTERM, SIGINT);
    auto stop = [&] {
        signals.cancel();
        tasks.cancel();
    };
    signals.async_wait([&](boost::system::error_code error, int) {
        if (!error) tasks.cancel();
    });
    DemoReceiver receiver(clock, {Secret(secret)}, arguments->count, stop);
    net::HttpServer server(
        loop.get_executor(), clock,
        [&receiver](net::ServerRequest request) { return receiver.handle(std::move(request)); },
        net::ServerLimits{});
    auto address = server.listen("127.0.0.1:" + std::to_string(arguments->port));
    if (!address) {
        std::cerr << "demo_receiver: " << address.error().message() << "\n";
        return 1;
    }
    std::cout << "listening on " << *address << std::endl;
    tasks.start("receiver", server.run(Milliseconds(1'000)));
    loop.run();
    return 0;
}
