#pragma once
// Credential helpers (docker-credential-helpers' protocol): `docker-credential-NAME get` without a shell, the
// server's key on its input, JSON or the reason on its output. What one says is kept for a quarter of an
// hour. Loop thread only.

#include "foundation/child.hpp"
#include "registry/kept_credentials.hpp"

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
    bool refused(const Credential& credential) { return kept_.refused(credential.source); }
    void review() { kept_.review(); }
    // Runs so far.
    int runs() const { return runs_; }

private:
    Async<Result<Lent>> run(std::string helper, std::string key);
    Async<Result<std::string>> talk(Child& child, std::string key);

    asio::any_io_executor executor_;
    Clock& clock_;
    std::vector<std::string> environment_;
    std::string path_;
    KeptCredentials kept_;
    int runs_ = 0;
};

}  // namespace basewatch::registry
