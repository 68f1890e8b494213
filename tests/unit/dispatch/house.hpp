#pragma once
// What the dispatcher's tests stand on: a state in memory (or in a file), a dispatcher that can be started
// and stopped, and ways to put deliveries in and to see what became of them.

#include "dispatch/dispatcher.hpp"
#include "foundation/bell.hpp"
#include "foundation/task_group.hpp"
#include "net/system_dialer.hpp"
#include "net/system_resolver.hpp"
#include "support/run_async.hpp"
#include "support/seed.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace basewatch::test {

// The value, or the test ends with the error's words.
template <class T>
T must(Result<T> result) {
    if (!result) throw std::runtime_error(result.error().message());
    return std::move(*result);
}

inline void must(Result<void> result) {
    if (!result) throw std::runtime_error(result.error().message());
}

// A transport that answers from a function and remembers what it was given, and when.
class AnsweringTransport final : public net::HttpTransport {
public:
    struct Sent {
        net::HttpRequest request;
        Time at{};
        std::string header(std::string_view name) const {
            return std::string(request.headers.find(name).value_or(""));
        }
    };
    using Answer = std::function<Result<net::HttpResponse>(const net::HttpRequest&)>;

    AnsweringTransport(asio::io_context& loop, Clock& clock) : loop_(loop), clock_(clock) {}
    Async<Result<net::HttpResponse>> send(net::HttpRequest request) override;

    Answer answer = [](const net::HttpRequest&) { return status(204); };
    std::function<bool(const net::HttpRequest&)> hangs = [](const net::HttpRequest&) { return false; };
    std::vector<Sent> sent;

    static net::HttpResponse status(int code, std::string body = "", net::Headers headers = {});

private:
    asio::io_context& loop_;
    Clock& clock_;
};

// A `webhook` target as the configuration would make it.
presets::Target webhook(std::string name, std::string address);

class House {
public:
    House(asio::io_context& loop, Clock& clock, net::HttpTransport& transport,
          const std::string& state = ":memory:");
    ~House();

    // The dispatcher with these targets; again: a reload.
    void use(std::vector<presets::Target> targets, std::size_t concurrency = 4);
    void start(Milliseconds grace = Milliseconds(0));
    // Asks it to stop and runs the loop until it has.
    void stop();
    // Asks it to stop, and no more.
    void ask_to_stop() { tasks_.cancel(); }
    bool running() const { return tasks_.size() > 0; }

    // Whom to tell of targets; of the next use().
    std::shared_ptr<const rules::PlanningTable> planning;
    // `data` of the events that are given.
    std::string event_data = "{}";
    std::optional<model::Grouping> group;  // of the deliveries that are given
    // How many were given; another house on the same state goes on from there.
    int given = 0;
    // Commits an event and one delivery of it to each target, and tells the dispatcher. The deliveries' ids.
    std::vector<std::string> give_to(std::vector<std::string> targets, std::string dependent = "");
    std::string give(const std::string& target) { return give_to({target}).front(); }

    model::Delivery delivery(const std::string& id);
    model::DeliveryState state(const std::string& id) { return delivery(id).state; }
    std::vector<model::Attempt> attempts(const std::string& id);
    std::string event_json(const std::string& delivery_id);

    // Runs the loop until `done`; false when that takes more than `limit`.
    bool until(const std::function<bool()>& done, std::chrono::seconds limit = std::chrono::seconds(20));
    bool until_state(const std::string& id, model::DeliveryState state);

    store::Store& store() { return *store_; }
    dispatch::Dispatcher& dispatcher() { return *dispatcher_; }
    dispatch::TargetReport report(const std::string& target) const;
    registry::RegistryClient& registry() { return registry_; }
    jq::Worker& jq() { return jq_; }
    net::MailSender& mail() { return mail_; }
    net::KafkaSender& kafka() { return kafka_; }
    net::NatsSender& nats() { return nats_; }

private:
    asio::io_context& loop_;
    Clock& clock_;
    net::HttpTransport& transport_;
    registry::RegistryClient registry_;
    jq::Worker jq_;
    net::SystemResolver resolver_;
    net::MailSender mail_;
    net::KafkaSender kafka_;
    net::SystemDialer dialer_;
    net::NatsSender nats_;
    std::unique_ptr<store::Store> store_;
    std::unique_ptr<dispatch::Dispatcher> dispatcher_;
    TaskGroup tasks_;
};

inline Async<Result<net::HttpResponse>> AnsweringTransport::send(net::HttpRequest request) {
    sent.push_back({request, clock_.now()});
    if (hangs(request)) {
        Bell never(loop_.get_executor());
        co_await never.wait();
        co_return Error(ErrorKind::cancelled, "stopped before the answer came");
    }
    co_return answer(request);
}

inline net::HttpResponse AnsweringTransport::status(int code, std::string body, net::Headers headers) {
    net::HttpResponse response;
    response.status = code;
    response.body = std::move(body);
    response.headers = std::move(headers);
    response.remote = "127.0.0.1:80";
    return response;
}

inline presets::Target webhook(std::string name, std::string address) {
    settings::TargetSettings target;
    target.name = std::move(name);
    target.preset = "webhook";
    target.fields.url = Secret(std::move(address));
    return must(presets::merge(target));
}

inline House::House(asio::io_context& loop, Clock& clock, net::HttpTransport& transport,
                    const std::string& state)
    : loop_(loop),
      clock_(clock),
      transport_(transport),
      registry_(loop.get_executor(), clock, transport, std::make_shared<settings::RegistriesSettings>()),
      jq_(loop.get_executor(), clock, TEST_PROGRAMS "/jq_worker", jq::Bounds{}),
      resolver_(loop.get_executor(), clock),
      mail_(loop.get_executor(), clock, resolver_),
      kafka_(loop.get_executor(), clock),
      dialer_(loop.get_executor(), clock, resolver_),
      nats_(loop.get_executor(), clock, dialer_),
      store_(must(store::Store::open(state, loop.get_executor()))),
      tasks_(loop.get_executor()) {}

inline House::~House() {
    stop();
}

inline void House::use(std::vector<presets::Target> targets, std::size_t concurrency) {
    if (!dispatcher_)
        dispatcher_ = std::make_unique<dispatch::Dispatcher>(
            loop_.get_executor(), clock_, transport_, *store_, registry_, jq_, mail_, kafka_, nats_, seed());
    auto table = std::make_shared<dispatch::DispatchTable>();
    table->planning = planning;
    for (auto& target : targets) {
        target.fields.concurrency = target.fields.concurrency.value_or(concurrency);
        table->targets.emplace(target.name, target);
    }
    table->with["registry.example.com/shop/api:latest"] = {{"project", "shop/api"}};
    must(run_async(loop_, dispatcher_->use(table)));
}

inline void House::start(Milliseconds grace) {
    tasks_.start("dispatcher", dispatcher_->run(grace));
}

inline void House::stop() {
    tasks_.cancel();
    if (!until([this] { return !running(); })) ADD_FAILURE() << "the dispatcher did not stop";
}

inline std::vector<std::string> House::give_to(std::vector<std::string> targets, std::string dependent) {
    auto number = std::to_string(++given);
    store::Finding finding;
    auto& base = finding.state;
    base.reference = must(model::Reference::parse("base-" + number + ":1"));
    base.current.digest = model::Digest::of(number);
    base.current.observed_at = base.checked_at = clock_.now();
    model::Event event;
    event.id = "evt_" + number;
    event.type = "dev.basewatch.base.changed";
    event.subject = base.reference.text();
    event.time = clock_.now();
    event.json = R"({"specversion":"1.0","id":")" + event.id + R"(","type":")" + event.type +
                 R"(","source":"basewatch://test","subject":")" + event.subject + R"(","data":)" +
                 event_data + "}";
    finding.events = {event};
    std::vector<std::string> ids;
    for (const auto& target : targets) {
        model::Delivery delivery;
        delivery.id = "dlv_" + number + "_" + target;
        delivery.event_id = event.id;
        delivery.target = target;
        delivery.dependent = dependent;
        delivery.created_at = delivery.due_at = clock_.now();
        delivery.group = group;
        finding.deliveries.push_back(delivery);
        ids.push_back(delivery.id);
    }
    must(run_async(loop_, store_->record(std::move(finding))));
    if (dispatcher_) dispatcher_->notify(targets);
    return ids;
}

inline model::Delivery House::delivery(const std::string& id) {
    return must(run_async(loop_, store_->delivery(id)));
}

inline std::vector<model::Attempt> House::attempts(const std::string& id) {
    return must(run_async(loop_, store_->attempts(id)));
}

inline std::string House::event_json(const std::string& delivery_id) {
    return must(run_async(loop_, store_->event(delivery(delivery_id).event_id))).json;
}

inline bool House::until(const std::function<bool()>& done, std::chrono::seconds limit) {
    auto end = std::chrono::steady_clock::now() + limit;
    while (!done()) {
        if (std::chrono::steady_clock::now() >= end) return false;
        loop_.restart();
        loop_.run_one_for(std::chrono::milliseconds(20));
    }
    return true;
}

inline bool House::until_state(const std::string& id, model::DeliveryState wanted) {
    return until([&] { return state(id) == wanted; });
}

inline dispatch::TargetReport House::report(const std::string& target) const {
    for (const auto& report : dispatcher_->reports())
        if (report.name == target) return report;
    return {};
}

}  // namespace basewatch::test
