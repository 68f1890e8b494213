// What the README says is true: its configurations are valid, and every command in it does what it is for.
// Only the places are the test's: a registry and a receiver on loopback instead of the ones in the text.
#include "dispatch/signature.hpp"
#include "support/basewatch_program.hpp"
#include "support/image_builder.hpp"
#include "support/real_registry.hpp"
#include "support/receiving_thread.hpp"

#include <ctime>
#include <sstream>

namespace basewatch::test {
namespace {

constexpr const char* secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

// The fenced blocks of one language, in order.
std::vector<std::string> blocks(const std::string& language) {
    std::istringstream readme(read_file(PROJECT_DIR "/README.md"));
    std::vector<std::string> found;
    bool inside = false;
    for (std::string line; std::getline(readme, line);) {
        if (line == "```" + language) {
            found.emplace_back();
            inside = true;
        } else if (line == "```") {
            inside = false;
        } else if (inside) {
            found.back() += line + "\n";
        }
    }
    return found;
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
        text.replace(at, what.size(), with);
    return text;
}

TEST(Readme, ItsConfigurationsAreValid) {
    TemporaryFolder credentials;
    for (const char* name : {"slack", "gitlab", "teams", "smtp", "kafka", "nats"})
        credentials.write(name, "https://hooks.example.com/a-secret-value");
    auto configurations = blocks("yaml");
    ASSERT_EQ(configurations.size(), 9u);
    for (const auto& configuration : configurations) {
        BasewatchProgram program(configuration);
        program.environment["CREDENTIALS_DIRECTORY"] = credentials.path().string();
        auto outcome = program.verb({"validate"});
        EXPECT_EQ(outcome.exit_code, 0) << configuration << outcome.errors;
    }
}

// The README's first configuration, moved to loopback.
class Commands {
public:
    Commands() {
        for (const char* repository : {"library/ruby", "library/alpine"})
            registry_.push(repository, repository == std::string("library/ruby") ? "3.3-alpine" : "3.20",
                           image());
        receiver_.answer("/slack", {200, {{"Content-Type", "text/plain"}}, "ok"});
        receiver_.answer("/gitlab", {201, {{"Content-Type", "application/json"}}, "{}"});
        folder_.write("slack", receiver_.url("/slack"));
        folder_.write("gitlab", "glptt-a-trigger-token");
        std::string configuration = replaced(moved(blocks("yaml").at(0)),
                                             "https://gitlab.example.com/api/v4/projects/42/trigger/pipeline",
                                             receiver_.url("/gitlab"));
        program_ = std::make_unique<BasewatchProgram>("registries: {\"" + registry_.address() +
                                                      "\": {plain_http: true}}\n" + configuration);
        program_->environment["CREDENTIALS_DIRECTORY"] = folder_.path().string();
        write_signed_request();
    }

    Outcome run_line(const std::string& line) {
        if (line == "sudo systemctl enable --now basewatch") {
            program_->start();
            return {program_->ready() ? 0 : 1, "", program_->log()};
        }
        std::string command = replaced(replaced(moved(line), "/etc/receiver/secret", folder_ / "secret"),
                                       "request.http", folder_ / "request.http");
        return run({"sh", "-c",
                    "basewatch() { '" BASEWATCH_BINARY "' -c '" + program_->config_path() + "' \"$@\"; }\n" +
                        command},
                   program_->environment);
    }

private:
    std::string moved(const std::string& text) const {
        return replaced(replaced(text, "ruby:3.3-alpine", registry_.reference("library/ruby", "3.3-alpine")),
                        "alpine:3.20", registry_.reference("library/alpine", "3.20"));
    }
    void write_signed_request() const {
        net::Headers headers;
        ASSERT_TRUE(dispatch::sign(headers, "dlv_1", std::time(nullptr), "{}",
                                   settings::SignatureStyle::standard, {Secret(secret)})
                        .has_value());
        std::string request = "POST /hook HTTP/1.1\r\n";
        for (const auto& [name, value] : headers) request += name + ": " + value + "\r\n";
        folder_.write("request.http", request + "\r\n{}");
        folder_.write("secret", secret);
    }

    RealRegistry registry_;
    ReceivingThread receiver_;
    TemporaryFolder folder_;
    std::unique_ptr<BasewatchProgram> program_;
};

TEST(Readme, EveryCommandInItWorks) {
    // Proven elsewhere: these install and edit the machine, which the packaging tests do in a folder.
    const std::set<std::string> of_the_machine{"sudo apt install ./build/package/basewatch_*.deb",
                                               "sudoedit /etc/basewatch/basewatch.yaml"};
    auto help = run({PROJECT_DIR "/dev", "help"});
    Commands commands;
    std::size_t count = 0;
    for (const auto& block : blocks("sh")) {
        std::istringstream lines(block);
        for (std::string line; std::getline(lines, line); ++count) {
            if (of_the_machine.contains(line)) continue;
            if (line.starts_with("./dev ")) {
                EXPECT_THAT(help.output, testing::HasSubstr(line.substr(6))) << "a verb of ./dev";
                continue;
            }
            auto outcome = commands.run_line(line);
            EXPECT_EQ(outcome.exit_code, 0) << line << "\n" << outcome.output << outcome.errors;
        }
    }
    EXPECT_GE(count, 20u);
}

}  // namespace
}  // namespace basewatch::test
