#pragma once
// What stands behind a digest: manifests, configurations and layers. The digest proves what is read, so that
// it does not matter which side it comes from. Loop thread only.

#include "registry/access.hpp"
#include "registry/registry_client.hpp"
#include "registry/side.hpp"

namespace basewatch::registry {

class Documents {
public:
    Documents(Clock& clock, Access& access) : clock_(clock), access_(access) {}

    // As RegistryClient promises them.
    Async<Result<Manifest>> manifest(Side side, model::Digest digest);
    Async<Result<model::ImageContent>> content(Side side, Manifest manifest);
    Async<Result<std::vector<LayerAccess>>> layer_access(Side side, std::vector<Descriptor> layers);

private:
    Clock& clock_;
    Access& access_;
};

}  // namespace basewatch::registry
