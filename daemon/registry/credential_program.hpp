#pragma once
// Credential helpers (docker-credential-helpers' protocol): `docker-credential-NAME get` without a shell, the
// server's key on its input, JSON or the reason on its output. One run at a time per helper and key, shared
// by everybody who asks meanwhile and kept for a quarter of an hour. While a helper fails, its last good
// credential stands; without one that is an Error, never an anonymous request. Loop thread only.

#include "foundation/bell.hpp"
#include "foundation/child.hpp"
#include "registry/auth_file.hpp"

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace basewatch::registry {

// What a helper said that ended with `code`. Kind::none when it has no such credential; invalid when it was
// asked wrongly, bad_answer or unreachable when it failed. No error holds what may be a secret.
Result<Credential> read_helper_answer(int code, std::string_view output);

// The path of `docker-credential-NAME` in the absolute folders of `path` (as PATH is written). invalid for a
// name that is none, unsupported when no such program can be executed.
Result<std::string> helper_program(const std::string& name, std::string_view path);

class CredentialHelpers {
public:
    // Of `environment` (NAME=value) a helper gets what it needs to find its own credentials, and no more.
    CredentialHelpers(asio::any_io_executor executor, Clock& clock, std::vector<std::string> environment);

    // Takes at most half a minute.
    Async<Result<Credential>> ask(std::string helper, std::string key);
    // What was kept may be outdated: the next one asks anew. The last good ones stay.
    void review();
    // Runs so far.
    int runs() const { return runs_; }

private:
    struct Answer {
        Result<Credential> result = Error();
        Monotonic until{};
        bool running = false;
        std::vector<std::shared_ptr<Bell>> waiting;
    };
    Async<Result<Credential>> run(std::string helper, std::string key);
    Async<Result<std::string>> talk(Child& child, std::string key);
    void keep(Answer& answer, const std::string& helper, Result<Credential> result);

    asio::any_io_executor executor_;
    Clock& clock_;
    std::vector<std::string> environment_;
    std::string path_;
    std::map<std::string, std::shared_ptr<Answer>> answers_;  // by helper and key
    int runs_ = 0;
};

}  // namespace basewatch::registry
