#include "registry/credential_program.hpp"

#include "foundation/json.hpp"
#include "registry/complaint.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace basewatch::registry {

namespace {

constexpr auto by_value = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t most_output = 1u << 20;
constexpr Milliseconds deadline{std::chrono::seconds(30)};
constexpr Milliseconds kept_for{std::chrono::minutes(15)};
constexpr Milliseconds between_looks{10};

Error stopped() {
    return Error(ErrorKind::cancelled, "stopped while a credential helper ran");
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view space = " \t\r\n";
    auto first = text.find_first_not_of(space);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(space) - first + 1);
}

// What helpers find their own credentials by: the user's folders, his session, the clouds' settings.
bool passed_on(std::string_view variable) {
    for (std::string_view name : {"HOME=", "PATH=", "LANG=", "XDG_RUNTIME_DIR=", "XDG_CONFIG_HOME=",
                                  "XDG_DATA_HOME=", "DBUS_SESSION_BUS_ADDRESS=", "GNUPGHOME=",
                                  "PASSWORD_STORE_DIR=", "AWS_", "GOOGLE_", "CLOUDSDK_", "AZURE_"})
        if (variable.starts_with(name)) return true;
    return false;
}

bool executable(const std::string& path) {
    struct stat state{};
    return ::stat(path.c_str(), &state) == 0 && S_ISREG(state.st_mode) && ::access(path.c_str(), X_OK) == 0;
}

Result<Credential> read_document(std::string_view output) {
    auto document = parse_json(output, JsonLimits{most_output, 8});
    if (!document || !document->is_object())
        return Error(ErrorKind::bad_answer, "answered with something that is not a JSON object");
    auto username = string_member(*document, "Username"), secret = string_member(*document, "Secret");
    if (!secret || secret->empty()) return Error(ErrorKind::bad_answer, "answered without a secret");
    if (!username) return Error(ErrorKind::bad_answer, "answered without a user name");
    if (*username == "<token>" || username->empty())
        return Credential{Credential::Kind::identity_token, "", Secret::passing(std::move(*secret)), "", ""};
    return Credential{Credential::Kind::password, std::move(*username), Secret::passing(std::move(*secret)),
                      "", ""};
}

}  // namespace

Result<Credential> read_helper_answer(int code, std::string_view output) {
    if (code == 0) return read_document(output);
    auto said = trimmed(output);
    if (said == "credentials not found in native keychain") return Credential();
    if (said == "no credentials server URL" || said == "no credentials username")
        return Error(ErrorKind::invalid, "says: " + std::string(said));
    std::string text = "failed with code " + std::to_string(code);
    // A reason is a sentence; a document may hold the secret.
    if (!said.empty() && !said.starts_with('{') && !said.starts_with('['))
        text += " and said: " + plain_line(said, 200);
    return Error(ErrorKind::unreachable, text);
}

Result<std::string> helper_program(const std::string& name, std::string_view path) {
    bool plain = !name.empty() && name.size() <= 128 && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
               c == '_' || c == '-';
    });
    if (!plain) return Error(ErrorKind::invalid, "\"" + plain_line(name, 60) + "\" is no name of a helper");
    while (!path.empty()) {
        auto colon = path.find(':');
        auto folder = path.substr(0, colon);
        path = colon == std::string_view::npos ? "" : path.substr(colon + 1);
        std::string program = std::string(folder) + "/docker-credential-" + name;
        if (folder.starts_with('/') && executable(program)) return program;
    }
    return Error(ErrorKind::unsupported,
                 "docker-credential-" + name + " is not in PATH, or may not be executed by this process");
}

CredentialHelpers::CredentialHelpers(asio::any_io_executor executor, Clock& clock,
                                     std::vector<std::string> environment)
    : executor_(executor),
      clock_(clock),
      environment_(std::move(environment)),
      kept_(std::move(executor), clock) {
    std::erase_if(environment_, [](const std::string& variable) { return !passed_on(variable); });
    for (const auto& variable : environment_)
        if (variable.starts_with("PATH=")) path_ = variable.substr(5);
}

Async<Result<Credential>> CredentialHelpers::ask(std::string helper, std::string key) {
    std::string source = "the credential helper \"" + helper + "\" for " + key;
    auto credential = co_await kept_.obtain(source, [&] { return run(helper, key); });
    co_return credential;
}

Async<Result<Lent>> CredentialHelpers::run(std::string helper, std::string key) {
    auto program = helper_program(helper, path_);
    if (!program) co_return program.error();
    bool asked_to_stop = co_await stop_requested();
    if (asked_to_stop) co_return stopped();
    Command command;
    command.program = *program;
    command.arguments.push_back("get");
    command.environment = environment_;
    auto started = Child::start(executor_, std::move(command));
    if (!started) co_return started.error();
    ++runs_;
    auto child = std::move(*started);
    bool late = false;
    // A process that left the group may hold the socket open, so the wait ends as well.
    auto timer = clock_.call_at(clock_.monotonic() + deadline, [&late, held = child.get()] {
        late = true;
        held->kill();
        held->socket().cancel();
    });
    auto output = co_await talk(*child, std::move(key));
    while (output && !late && child->running()) {
        bool slept = co_await sleep_for(clock_, between_looks);
        if (!slept) co_return stopped();
    }
    timer.reset();
    if (late) co_return Error(ErrorKind::timed_out, "did not end within 30 s");
    if (!output) co_return output.error();
    int status = child->reap();
    if (!WIFEXITED(status))
        co_return Error(ErrorKind::unreachable, "was ended by signal " + std::to_string(WTERMSIG(status)));
    auto credential = read_helper_answer(WEXITSTATUS(status), *output);
    if (!credential) co_return credential.error();
    co_return Lent{std::move(*credential), kept_for, {}};
}

Async<Result<std::string>> CredentialHelpers::talk(Child& child, std::string key) {
    key += "\n";
    // One that does not read its input has its say all the same.
    auto [write_error, written] = co_await asio::async_write(child.socket(), asio::buffer(key), by_value);
    if (write_error == asio::error::operation_aborted) co_return stopped();
    boost::system::error_code ignored;
    child.socket().shutdown(asio::local::stream_protocol::socket::shutdown_send, ignored);
    std::string output;
    std::array<char, 4096> buffer{};
    for (;;) {
        auto [error, count] = co_await child.socket().async_read_some(asio::buffer(buffer), by_value);
        output.append(buffer.data(), count);
        if (error == asio::error::operation_aborted) co_return stopped();
        if (error) co_return output;
        if (output.size() > most_output) co_return Error(ErrorKind::too_large, "answered more than 1 MiB");
    }
}

}  // namespace basewatch::registry
