#include "bench/delivery_house.hpp"

#include "bench/measure.hpp"
#include "foundation/log.hpp"

#include <stdexcept>
#include <sys/resource.h>

namespace basewatch::bench {

namespace {

using Steady = std::chrono::steady_clock;

constexpr auto patience = std::chrono::minutes(2);
constexpr const char* answering = "answers";
constexpr const char* moving = "registry.example.com/platform/base:1";
constexpr const char* told_to_nobody = "registry.example.com/platform/other:1";
constexpr const char* secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

std::string address(int port) {
    return "http://127.0.0.1:" + std::to_string(port) + "/hook";
}

std::string targets(int answering_port, int hanging_port, std::size_t concurrency, std::size_t hanging) {
    std::string fire, all = "targets:\n  " + std::string(answering) + ": {preset: webhook, url: \"" +
                            address(answering_port) + "\", secret: " + secret +
                            ", concurrency: " + std::to_string(concurrency) + "}\n";
    for (std::size_t at = 0; at < hanging; ++at) {
        std::string name = "hangs-" + std::to_string(at);
        fire += (fire.empty() ? "" : ", ") + name;
        all += "  " + name + ": {preset: webhook, url: \"" + address(hanging_port) + "\", timeout: 5m}\n";
    }
    std::string rules = "rules:\n  - {name: told, base: " + std::string(moving) +
                        ", dependents: [registry.example.com/shop/api:latest], fire: [" + answering + "]}\n";
    if (hanging > 0)
        rules += "  - {name: hanging, base: " + std::string(told_to_nobody) +
                 ", dependents: [registry.example.com/shop/other:latest], fire: [" + fire + "]}\n";
    return rules + all;
}

std::string dependents_of_one_base(std::size_t count) {
    std::string rules =
        "rules:\n  - name: many\n    base: " + std::string(moving) + "\n    fire: [build]\n    dependents:\n";
    for (std::size_t at = 0; at < count; ++at)
        rules += "      - registry.example.com/shop/service-" + std::to_string(at) + ":latest\n";
    return rules + "targets:\n  build: {preset: webhook, per: dependent, url: \"http://127.0.0.1:1/\"}\n";
}

// What an index with two platforms was and is.
model::Observation observation(std::size_t turn, Time at) {
    model::Observation made;
    auto digest = [&](const char* what) { return model::Digest::of(what + std::to_string(turn)); };
    made.digest = digest("index ");
    made.media_type = "application/vnd.oci.image.index.v1+json";
    made.observed_at = at;
    made.detailed = true;
    for (const char* platform : {"linux/amd64", "linux/arm64"})
        made.platforms.emplace(*model::Platform::parse(platform), digest(platform));
    return made;
}

// Thousands of connections, at both of their ends in this process.
void allow_many_files() {
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
}

double seconds_between(Steady::time_point from, Steady::time_point to) {
    return std::chrono::duration<double>(to - from).count();
}

void succeeded(const Result<void>& result) {
    if (!result) throw std::runtime_error(result.error().message());
}

}  // namespace

DeliveryHouse::DeliveryHouse(int answering_port, int hanging_port, std::size_t concurrency,
                             std::size_t hanging)
    : DeliveryHouse(targets(answering_port, hanging_port, concurrency, hanging), hanging) {}

DeliveryHouse::DeliveryHouse(const std::string& text, std::size_t hanging) : hanging_(hanging) {
    log::open(log::Format::text, log::Level::error);
    allow_many_files();
    auto file = folder_.write("basewatch.yaml", "daemon: {state: " + folder_ / "state.db" + "}\n" + text);
    Problems problems;
    configuration_ = app::load(file, settings::Environment::of_process(), problems);
    if (!configuration_) throw std::runtime_error(app::report(problems));
    planning_ = configuration_->watch->planning;
    outside_ = std::make_unique<app::Outside>(configuration_->settings.registries);
    auto store = store::Store::open(configuration_->settings.daemon.state, outside_->loop.get_executor());
    if (!store) throw std::runtime_error(store.error().message());
    parts_ = std::make_unique<app::Parts>(*outside_, std::move(*store));
    succeeded(outside_->wait_for(parts_->use(*configuration_)));
}

store::Finding DeliveryHouse::next_change(const model::Reference& base) {
    auto now = outside_->clock.now();
    auto turn = turns_[base.text()]++;
    store::Finding finding;
    finding.state.reference = base;
    finding.state.current = observation(turn, now);
    finding.state.checked_at = now;
    if (turn == 0) return finding;  // the baseline
    model::Change change;
    change.id = outside_->ids.next("chg_", now);
    change.base = base;
    change.before = observation(turn - 1, now);
    change.after = finding.state.current;
    change.changed_platforms = {*model::Platform::parse("linux/amd64")};
    change.differences = {"layers"};
    change.detected_at = now;
    auto plan = rules::plan_change(change, *planning_, outside_->ids, now);
    finding.changes.push_back(std::move(change));
    finding.events = std::move(plan.events);
    finding.rebuilds = std::move(plan.rebuilds);
    finding.deliveries = std::move(plan.deliveries);
    return finding;
}

void DeliveryHouse::queue_changes(std::size_t count) {
    auto base = *model::Reference::parse(moving);
    auto fill = [](DeliveryHouse& house, model::Reference of, std::size_t changes) -> Async<Result<void>> {
        TaskGroup records(house.outside_->loop.get_executor());
        auto record = [](store::Store& store, store::Finding finding) -> Async<void> {
            auto recorded = co_await store.record(std::move(finding));
            succeeded(recorded);
        };
        // All at once, so that they share commits. The first is the baseline.
        if (house.turns_[of.text()] == 0) ++changes;
        for (std::size_t at = 0; at < changes; ++at)
            records.start("record", record(*house.parts_->store, house.next_change(of)));
        co_await records.wait();
        co_return Result<void>();
    };
    succeeded(outside_->wait_for(fill(*this, base, count)));
}

void DeliveryHouse::start() {
    auto work = [](DeliveryHouse& house) -> Async<Result<void>> {
        auto& dispatcher = house.parts_->dispatcher;
        auto held = co_await dispatcher.pause(answering);
        if (!held) co_return held.error();
        auto unheard = *model::Reference::parse(told_to_nobody);
        for (int at = 0; at < 2 && house.hanging_ > 0; ++at) {
            auto recorded = co_await house.parts_->store->record(house.next_change(unheard));
            if (!recorded) co_return recorded;
        }
        house.sending_->start("dispatcher", dispatcher.run(Milliseconds(0)));
        auto limit = Steady::now() + patience;
        for (std::size_t hang = 0; hang < house.hanging_;) {
            co_await sleep_for(house.outside_->clock, Milliseconds(10));
            if (Steady::now() > limit) co_return Error(ErrorKind::timed_out, "not all that hang do so");
            hang = 0;
            for (const auto& target : dispatcher.reports()) hang += target.in_flight;
        }
        co_return Result<void>();
    };
    sending_ = std::make_unique<TaskGroup>(outside_->loop.get_executor());
    succeeded(outside_->wait_for(work(*this)));
}

DeliveryHouse::~DeliveryHouse() {
    if (!sending_) return;
    sending_->cancel();
    auto ended = [](TaskGroup& sending) -> Async<Result<void>> {
        co_await sending.wait();
        co_return Result<void>();
    };
    succeeded(outside_->wait_for(ended(*sending_)));
}

DeliveryHouse::Took DeliveryHouse::deliver(std::size_t count,
                                           const std::function<std::uint64_t()>& received) {
    auto work = [](DeliveryHouse& house, const std::function<std::uint64_t()>& arrived,
                   std::uint64_t wanted) -> Async<Result<Took>> {
        auto limit = Steady::now() + patience;
        auto start = Steady::now();
        auto cpu = cpu_of_this_process();
        auto let_go = co_await house.parts_->dispatcher.resume(answering);
        if (!let_go) co_return let_go.error();
        for (bool finished = false; !finished;) {
            co_await sleep_for(house.outside_->clock, Milliseconds(1));
            if (Steady::now() > limit) co_return Error(ErrorKind::timed_out, "not everything was delivered");
            if (arrived() < wanted) continue;
            auto counts = co_await house.parts_->store->counts();
            if (!counts) co_return counts.error();
            finished = counts->deliveries["delivered"] >= house.delivered_;
        }
        Took took{seconds_between(start, Steady::now()), cpu_of_this_process() - cpu};
        auto held = co_await house.parts_->dispatcher.pause(answering);
        if (!held) co_return held.error();
        co_return took;
    };
    queue_changes(count);
    delivered_ += static_cast<std::int64_t>(count);
    auto took = outside_->wait_for(work(*this, received, received() + count));
    if (!took) throw std::runtime_error(took.error().message());
    return *took;
}

Async<void> DeliveryHouse::commit(std::size_t number, Times& times) {
    auto finding = next_change(*model::Reference::parse(moving));
    std::string delivery = number == 0 ? "" : finding.deliveries.front().id;
    auto recorded = co_await parts_->store->record(std::move(finding));
    succeeded(recorded);
    if (number == 0) co_return;
    times[delivery] = Steady::now();
    parts_->dispatcher.notify({"answers"});
}

DeliveryHouse::Times DeliveryHouse::run_paced(std::size_t count, int per_second) {
    Times times;
    auto pace = [](DeliveryHouse& house, std::size_t changes, int rate,
                   Times& committed) -> Async<Result<void>> {
        auto& clock = house.outside_->clock;
        TaskGroup sending(house.outside_->loop.get_executor()), records(house.outside_->loop.get_executor());
        sending.start("dispatcher", house.parts_->dispatcher.run(Milliseconds(0)));
        auto start = Steady::now();
        for (std::size_t at = 0; at <= changes; ++at) {
            auto when = start + std::chrono::microseconds(1'000'000 / rate) * at;
            while (Steady::now() < when) co_await sleep_for(clock, Milliseconds(1));
            records.start("commit", house.commit(at, committed));
        }
        co_await records.wait();
        auto limit = Steady::now() + std::chrono::minutes(1);
        for (std::int64_t delivered = 0; delivered < static_cast<std::int64_t>(changes);) {
            co_await sleep_for(clock, Milliseconds(5));
            auto counts = co_await house.parts_->store->counts();
            if (!counts) co_return counts.error();
            delivered = counts->deliveries["delivered"];
            if (Steady::now() > limit) co_return Error(ErrorKind::timed_out, "not everything was delivered");
        }
        sending.cancel();
        co_await sending.wait();
        co_return Result<void>();
    };
    succeeded(outside_->wait_for(pace(*this, count, per_second, times)));
    return times;
}

DeliveryHouse::Queueing DeliveryHouse::time_to_queue_dependents(std::size_t dependents) {
    DeliveryHouse house(dependents_of_one_base(dependents));
    auto base = *model::Reference::parse(moving);
    succeeded(house.outside_->wait_for(house.parts_->store->record(house.next_change(base))));
    auto start = Steady::now();
    auto finding = house.next_change(base);
    auto planned = Steady::now();
    if (finding.deliveries.size() != dependents) throw std::runtime_error("not every dependent is told");
    succeeded(house.outside_->wait_for(house.parts_->store->record(std::move(finding))));
    return {seconds_between(start, planned), seconds_between(planned, Steady::now())};
}

}  // namespace basewatch::bench
