#pragma once
// The logins of the clouds that we know by ourselves: ECR, Google and Azure (`provider:` of a registry). Each
// lends a credential for some hours, which is kept and renewed before its end. Loop thread only.

#include "registry/aws_keys.hpp"
#include "registry/kept_credentials.hpp"

#include <map>
#include <string>
#include <vector>

namespace basewatch::registry {

class CloudCredentials {
public:
    // `environment` (NAME=value) is where AWS's keys may stand.
    CloudCredentials(asio::any_io_executor executor, Exchange& exchange, Hosts& hosts,
                     const std::vector<std::string>& environment);

    Async<Result<Credential>> obtain(std::string registry, settings::CloudLogin login);
    bool refused(const Credential& credential) { return kept_.refused(credential.source); }
    void review() { kept_.review(); }

private:
    Async<Result<Lent>> ask(std::string registry, settings::CloudLogin login);
    Async<Result<Lent>> ask_amazon(std::shared_ptr<Host> registry, settings::CloudLogin login);
    Async<Result<Lent>> ask_google(std::shared_ptr<Host> registry, settings::CloudLogin login);
    Async<Result<Lent>> ask_azure(std::shared_ptr<Host> registry, settings::CloudLogin login);

    Hosts& hosts_;
    CloudRequests requests_;
    AwsKeySource aws_keys_;
    KeptCredentials kept_;
    std::map<std::string, settings::CloudLogin> logins_;  // by registry: how it was last logged in to
};

}  // namespace basewatch::registry
