#include "api/metrics.hpp"

#include "foundation/time.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

namespace basewatch::api {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

struct Labelled {
    std::vector<std::pair<std::string, std::string>> labels;
    double value;
};

MetricFamily family(const std::string& name, const std::string& help, MetricType type,
                    const std::vector<Labelled>& rows) {
    MetricFamily out;
    out.name = "basewatch_" + name;
    out.help = help;
    out.type = type;
    for (const auto& row : rows) {
        ClientMetric metric;
        for (const auto& [label, value] : row.labels) metric.label.push_back({label, value});
        if (type == MetricType::Counter)
            metric.counter.value = row.value;
        else
            metric.gauge.value = row.value;
        out.metric.push_back(std::move(metric));
    }
    return out;
}

MetricFamily gauge(const std::string& name, const std::string& help, double value) {
    return family(name, help, MetricType::Gauge, {{{}, value}});
}

MetricFamily counter(const std::string& name, const std::string& help, double value) {
    return family(name, help, MetricType::Counter, {{{}, value}});
}

double seconds(Time time) {
    return static_cast<double>(to_unix_ms(time)) / 1000.0;
}

// One row per item of a list, labelled by one of its members.
template <class List, class Row>
MetricFamily rows(const std::string& name, const std::string& help, const List& list, Row row) {
    std::vector<Labelled> labelled;
    for (const auto& item : list) labelled.push_back(row(item));
    return family(name, help, MetricType::Counter, labelled);
}

}  // namespace

std::string metrics_text(const MetricsInput& input) {
    std::vector<MetricFamily> families{
        family("build_info", "The version that runs", MetricType::Gauge,
               {{{{"version", BASEWATCH_VERSION}}, 1}}),
        gauge("start_time_seconds", "When the daemon started", seconds(input.started_at)),
        gauge("bases", "Bases watched", static_cast<double>(input.bases)),
        gauge("bases_failing", "Bases whose last check failed", static_cast<double>(input.failing_bases)),
        gauge("bases_due", "Bases that are due and not yet checked",
              static_cast<double>(input.progress.due_now)),
        gauge("last_check_timestamp_seconds", "When the last check ended",
              seconds(input.progress.last_check)),
        counter("checks_total", "Checks made", static_cast<double>(input.progress.checks)),
        counter("check_failures_total", "Checks that failed", static_cast<double>(input.progress.failures)),
        counter("changes_total", "Changes recorded by this process",
                static_cast<double>(input.progress.changes)),
        counter("store_commits_total", "Commits to the state", static_cast<double>(input.commits)),
        gauge("store_writable", "Whether the last commit went well", input.state_writable ? 1 : 0),
    };
    std::vector<Labelled> states;
    for (const auto& [state, count] : input.counts.deliveries)
        states.push_back({{{"state", state}}, static_cast<double>(count)});
    families.push_back(family("deliveries", "Deliveries by state", MetricType::Gauge, states));

    std::vector<Labelled> attempts;
    for (const auto& target : input.targets) {
        attempts.push_back(
            {{{"target", target.name}, {"result", "delivered"}}, static_cast<double>(target.delivered)});
        attempts.push_back(
            {{{"target", target.name}, {"result", "failed"}}, static_cast<double>(target.failed)});
    }
    families.push_back(
        family("delivery_attempts_total", "Attempts by target and result", MetricType::Counter, attempts));
    std::vector<Labelled> failures, given_up;
    for (const auto& target : input.targets) {
        auto by_reason = [&](const auto& counts, std::vector<Labelled>& rows) {
            for (const auto& [reason, count] : counts)
                rows.push_back({{{"target", target.name}, {"reason", reason}}, static_cast<double>(count)});
        };
        by_reason(target.failures, failures);
        by_reason(target.given_up, given_up);
    }
    families.push_back(family("delivery_failures_total", "Failed attempts by target and class of failure",
                              MetricType::Counter, failures));
    families.push_back(family("deliveries_given_up_total",
                              "Deliveries given up after an attempt, by target and class of failure",
                              MetricType::Counter, given_up));
    using Host = registry::HostReport;
    auto of_host = [](std::uint64_t Host::* count) {
        return [count](const Host& host) {
            return Labelled{{{"host", host.host}}, static_cast<double>(host.*count)};
        };
    };
    std::vector<Labelled> answers;
    for (const auto& host : input.hosts)
        for (const auto& [asked, count] : host.answers)
            answers.push_back({{{"host", host.host}, {"method", asked.first}, {"status", asked.second}},
                               static_cast<double>(count)});
    families.push_back(family("registry_requests_total",
                              "Requests to registries, by method and class of the answer (none: no answer)",
                              MetricType::Counter, answers));
    families.push_back(rows("registry_pulls_total", "Manifests read, which Docker Hub counts as pulls",
                            input.hosts, of_host(&Host::pulls)));
    families.push_back(rows("registry_tokens_total", "Token requests", input.hosts, of_host(&Host::tokens)));
    families.push_back(rows("registry_failures_total", "Failed requests to registries", input.hosts,
                            of_host(&Host::failures)));
    std::vector<Labelled> left, rates;
    for (const auto& host : input.hosts) {
        rates.push_back({{{"host", host.host}}, host.rate_per_second});
        if (host.pulls_remaining)
            left.push_back({{{"host", host.host}}, static_cast<double>(*host.pulls_remaining)});
    }
    families.push_back(family("registry_pulls_remaining", "Manifests that may still be read, where counted",
                              MetricType::Gauge, left));
    families.push_back(family("registry_rate_per_second", "How fast a registry is asked at most, right now",
                              MetricType::Gauge, rates));
    std::vector<Labelled> behind, behind_since;
    for (const auto& mirror : input.mirrors) {
        std::vector<std::pair<std::string, std::string>> labels{{"registry", mirror.registry},
                                                                {"mirror", mirror.mirror}};
        behind.push_back({labels, static_cast<double>(mirror.behind)});
        if (mirror.behind > 0) behind_since.push_back({labels, seconds(mirror.behind_since)});
    }
    families.push_back(family("mirror_behind", "Tags that a mirror shows differently than its registry",
                              MetricType::Gauge, behind));
    families.push_back(family("mirror_behind_since_timestamp_seconds",
                              "Since when the first of them does, while there are any", MetricType::Gauge,
                              behind_since));
    return prometheus::TextSerializer().Serialize(families);
}

}  // namespace basewatch::api
