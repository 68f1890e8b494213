#pragma once
// What Prometheus reads at /metrics: text format 0.0.4, every name with the prefix `basewatch_`.

#include "dispatch/dispatcher.hpp"
#include "registry/registry_client.hpp"
#include "store/store.hpp"
#include "watch/watcher.hpp"

#include <string>
#include <vector>

namespace basewatch::api {

struct MetricsInput {
    Time started_at{};
    std::size_t bases = 0;
    std::size_t failing_bases = 0;
    watch::Watcher::Progress progress;
    store::Counts counts;
    std::uint64_t commits = 0;
    bool state_writable = true;
    std::vector<dispatch::TargetReport> targets;
    std::vector<registry::HostReport> hosts;
    std::vector<registry::MirrorReport> mirrors;
};

std::string metrics_text(const MetricsInput& input);

}  // namespace basewatch::api
