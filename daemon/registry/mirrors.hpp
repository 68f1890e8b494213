#pragma once
// Who is asked about a registry that has mirrors. In the steady state a mirror says that a tag has not moved,
// and the registry is spared. Whatever could be news is the registry's own word: a baseline, a digest other
// than the known one, and every four hours a second opinion, because a cache whose source is gone goes on
// saying what it said before. A mirror that is behind is reported, and not asked about that tag for an hour;
// one that fails is left alone, and its registry asked. That a mirror has no such tag means nothing.
//
// With `mirror_only` the registry cannot be reached: then its mirrors' word is all there is, and what they do
// not have is unreachable, never gone.
//
// Loop thread only.

#include "registry/look_up.hpp"
#include "registry/quarantine.hpp"
#include "registry/registry_client.hpp"

#include <map>
#include <string>
#include <vector>

namespace basewatch::registry {

class Mirrors {
public:
    Mirrors(Clock& clock, Hosts& hosts, LookUp& pointers);

    Async<Result<Pointer>> look_up(model::Reference reference, LastAnswer last, bool insists);

    // From whom to read what its digest proves, the next one after a failure of the one before: the mirrors
    // that are not left alone, then the registry.
    std::vector<Side> sides(const model::Reference& repository);
    // From whom to ask what cannot be proven.
    Side home(const model::Reference& repository);
    // What a side failed of, for next time.
    void failed(const Side& side, const Error& error);
    // Whether a mirror can answer in this registry's place now.
    bool usable(const std::string& registry) const;

    std::optional<MirrorLag> lag(const model::Reference& reference) const;
    std::vector<MirrorReport> reports() const;
    // Settings changed.
    void review();

private:
    struct Lag {
        MirrorLag told;
        std::string registry;
        Monotonic look_again{};
    };
    Async<Result<Pointer>> ask(model::Reference reference, LastAnswer last);
    void compare(const model::Reference& reference, const Pointer& seen, const model::Digest& word);
    void caught_up(const model::Reference& reference, const std::string& mirror);
    std::size_t behind(const std::string& registry, const std::string& mirror) const;

    Clock& clock_;
    Hosts& hosts_;
    LookUp& pointers_;
    Quarantine failing_;               // by registry and mirror
    Quarantine missing_;               // by reference and mirror
    std::map<std::string, Lag> lags_;  // by reference
};

}  // namespace basewatch::registry
