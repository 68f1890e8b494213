#pragma once
// The pull side of the distribution API (distribution-spec, "Pull"; docker's token specification): what a
// reference points to now, and what is behind a digest. One request in the steady state.
//
// No failure here is ever an answer: a registry's error comes back as an Error and never as a digest, a
// change or a deletion. Digests that act on anything are proven: bodies are fetched by digest and hashed.
//
// Asks with the same four manifest types always (model::accept_profile), follows redirects of GET and HEAD
// without leaking credentials, keeps tokens per scope and shares one token request among concurrent askers,
// honours the per-host connection bound, rate and timeout of the settings. Loop thread only.

#include "foundation/async.hpp"
#include "foundation/clock.hpp"
#include "foundation/error.hpp"
#include "model/host_memory.hpp"
#include "model/observation.hpp"
#include "net/http_transport.hpp"
#include "registry/pull_budget.hpp"
#include "settings/registry_settings.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace basewatch::registry {

// What the registry says a reference points to. From a HEAD the digest is a claim.
struct Pointer {
    model::Digest digest;
    std::string media_type;  // empty where the host only said that the digest is still the last one
    // The digest was computed from the body (a registry without the digest header, or without HEAD).
    bool proven = false;
    std::string mirror{};  // that said so; empty: the registry itself
};

// What the asker was told of the same reference before, and when, by the same Accept list.
struct LastAnswer {
    model::Digest digest;  // empty: nothing, or it wants to know for certain
    Time at{};
};

struct Descriptor {
    std::string media_type;
    model::Digest digest;
    std::int64_t size = 0;
    std::vector<std::string> urls;  // foreign layers: not fetched
};

// An entry of an index that is an image of a platform.
struct IndexEntry {
    Descriptor manifest;
    model::Platform platform;
};

// A manifest or index whose bytes hash to its digest.
struct Manifest {
    model::Digest digest;
    std::string media_type;
    bool index = false;
    std::vector<IndexEntry>
        entries;        // of an index: images only, attestations left out; first of a platform wins
    Descriptor config;  // of a manifest
    std::vector<Descriptor> layers;  // of a manifest
    std::map<std::string, std::string> annotations;
    bool image = true;  // false: the config is no image configuration (an artifact)
};

// What a scanner needs to pull one layer itself, valid for a while. Of a registry that knows only Basic the
// header holds the password itself: there is nothing less to hand out.
struct LayerAccess {
    model::Digest digest;
    std::string address;
    net::Headers headers;
};

// The tags of a repository that stand for images, in ASCII order. Not complete where the registry led in
// circles: what is missing then is not gone.
struct TagList {
    std::vector<std::string> tags;
    bool complete = true;
};

// What this registry said of itself, for `status` and for the log.
struct HostReport {
    std::string host;
    std::uint64_t requests = 0;
    std::uint64_t pulls = 0;   // manifest GETs: what Docker Hub counts
    std::uint64_t tokens = 0;  // token requests
    std::uint64_t failures = 0;
    std::uint64_t listed = 0;  // look-ups that one list for many answered
    // What may still be read of what it counts; nothing where it counts nothing.
    std::optional<std::int64_t> pulls_limit;
    std::optional<std::int64_t> pulls_remaining;
    bool pulls_unlimited = false;         // it counts those of others, and not ours
    std::chrono::seconds pulls_window{};  // of the limit
    std::string pulls_source;             // whose they are, as it says
    double rate_per_second = 0;           // as it is now, after its refusals
    double rate_configured = 0;
    std::string state;                // ready, paused, not answering
    std::optional<Time> state_until;  // of the two that end
    std::vector<model::HostFact> learned;
    // By method and class of the status, `2xx` or `none`.
    std::map<std::pair<std::string, std::string>, std::uint64_t> answers;
};

// A mirror of a registry, for `status`.
struct MirrorReport {
    std::string registry, mirror;
    std::string error{};     // why it is left alone for a while; empty: it is not
    std::size_t behind = 0;  // references that it shows differently than the registry
    Time behind_since{};     // since when the first of them
};

// A mirror that shows something else for a reference than its registry.
struct MirrorLag {
    std::string mirror;
    model::Digest shows;
    Time since{};  // when that was first seen
};

// NAME=value of this process.
std::vector<std::string> environment_of_process();

class RegistryClient {
public:
    // Settings may be replaced at any time (reload); credentials are read anew, tokens of changed ones
    // forgotten. `environment` is what credential helpers find their own credentials by.
    RegistryClient(asio::any_io_executor executor, Clock& clock, net::HttpTransport& transport,
                   std::shared_ptr<const settings::RegistriesSettings> settings,
                   std::vector<std::string> environment = environment_of_process());
    ~RegistryClient();
    void replace_settings(std::shared_ptr<const settings::RegistriesSettings> settings);

    // HEAD of the tag (or of the digest); where HEAD is refused or carries no digest, one GET that is hashed.
    // not_found means the registry said 404; it is not a deletion. With the last answer, a host that proved
    // that it understands the question is asked whether that still holds; and where the registry has mirrors,
    // one of them may say that it does. Anything else is the registry's own word (mirrors.hpp). `insists`: a
    // host that failed again and again is asked all the same; a pause that it asked for is honoured.
    Async<Result<Pointer>> look_up(model::Reference reference, LastAnswer last = {}, bool insists = false);

    // How many tags of each repository (`docker.io/library/ruby`) will be looked up again and again: where
    // one list of the registry's own API is cheaper, look_up() with a last answer is answered from it
    // (bulk.hpp).
    void expect_tags(std::map<std::string, std::size_t> tags);
    // Of this one repository, from now on.
    void expect_tags(const std::string& repository, std::size_t tags);

    // Whether the registry itself has no such tag: asked by GET, and never of a mirror or a cache, which may
    // only not have seen it. True for 404 alone; every other failure is an Error.
    Async<Result<bool>> is_gone(model::Reference tag);

    // The manifest with this digest in the reference's repository. Bound 8 MiB. bad_answer when the bytes do
    // not hash to it, when media type and body disagree, or for schema 1.
    Async<Result<Manifest>> manifest(model::Reference repository, model::Digest digest);

    // The image configuration behind a manifest, as far as a build inherits it. Bound 8 MiB, hashed.
    Async<Result<model::ImageContent>> content(model::Reference repository, Manifest manifest);

    // Every tag of the repository (the reference's own does not matter), in as few pages as the registry
    // allows. A page that fails is the failure of the whole; too_large beyond a million tags, timed_out after
    // two minutes.
    Async<Result<TagList>> tags(model::Reference repository);

    // Addresses and headers with which somebody else can fetch these layers now; foreign layers are left out.
    Async<Result<std::vector<LayerAccess>>> layer_access(model::Reference repository,
                                                         std::vector<Descriptor> layers);

    // When the next request to this registry's host may go out (its rate and pauses), monotonic.
    Monotonic next_turn(const std::string& registry) const;
    // A host that said 429 with Retry-After is paused until then; requests meanwhile fail with rate_limited
    // and the remaining wait without being sent.
    std::optional<Monotonic> paused_until(const std::string& registry) const;

    // How many look-ups a second this registry lets us make over a long time: its rate now, and where each
    // costs a pull, what it gives of those.
    double checks_per_second(const std::string& registry);

    // Room for so many manifests in what this registry lets us read, held until the claim goes. Empty: the
    // rest is its owner's, or meant for what cannot wait.
    PullBudget::Claim claim_pulls(const std::string& registry, PullNeed need, std::int64_t count);

    std::vector<HostReport> reports() const;
    std::vector<MirrorReport> mirrors() const;
    // Of a reference that a mirror shows differently than its registry.
    std::optional<MirrorLag> mirror_lag(const model::Reference& reference) const;

    // --- memory over restarts ---
    // Into hosts that were not asked yet.
    void remember(const std::vector<model::HostMemory>& memories);
    // What differs from what was remembered or saved last; an empty one: nothing is worth keeping any more.
    std::vector<model::HostMemory> unsaved() const;
    void saved(std::vector<model::HostMemory> memories);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace basewatch::registry
