#pragma once
// The keys that a request to AWS is signed with, from where AWS's own programs look for them, in that order
// (AWS SDKs and Tools reference guide, "Standardized credential providers"): the settings, the environment, a
// role by a token of Kubernetes (IRSA), the container (ECS, EKS Pod Identity), the instance (IMDSv2). Loop
// thread only.

#include "registry/cloud_requests.hpp"
#include "registry/sigv4.hpp"
#include "settings/registry_settings.hpp"

#include <map>
#include <string>
#include <vector>

namespace basewatch::registry {

// Keys as containers and instances give them. bad_answer; unauthorized where the service says no. `server`
// names it in errors, which never hold what may be a secret.
Result<AwsKeys> read_aws_keys(const net::HttpResponse& response, const std::string& server, Time now);

// Keys as AWS's token service gives them for a role. As above.
Result<AwsKeys> read_role_keys(const net::HttpResponse& response, const std::string& server, Time now);

// Where a container's keys are: an https address, or an http one of this machine or of the services of ECS
// and EKS. `metadata`: one of the latter. invalid for anything else.
struct ContainerKeys {
    net::Url url;
    bool metadata = false;
};
Result<ContainerKeys> container_keys_address(const std::string& relative, const std::string& full);

class AwsKeySource {
public:
    // Of `environment` (NAME=value) it looks at AWS_… only.
    AwsKeySource(CloudRequests& requests, const std::vector<std::string>& environment);

    // invalid where there is nothing to look at, or half of it. `region` is whose token service is asked.
    Async<Result<AwsKeys>> find(std::shared_ptr<Host> registry, settings::CloudLogin login,
                                std::string region);

private:
    std::string variable(const std::string& name) const;
    Async<Result<AwsKeys>> from_role(std::shared_ptr<Host> registry, std::string region);
    Async<Result<AwsKeys>> from_container(std::shared_ptr<Host> registry);
    Async<Result<AwsKeys>> from_instance();
    // The file that this variable names, without the end of its line.
    Result<std::string> token_in(const std::string& name) const;
    Result<std::string> container_token() const;

    CloudRequests& requests_;
    std::map<std::string, std::string> variables_;
};

}  // namespace basewatch::registry
