#pragma once
// Sends what is committed. Each target has a queue, connections and workers of its own, so that one that
// hangs delays nobody; the queue is the database, and no more is claimed at a time than can be sent at once.
// At least once: a delivery that a crash caught in the middle is sent again, with the same `webhook-id`; what
// arrived is recorded while the next is on its way, and of that a crash sends up to 64 a target again.
// While the state cannot be read or written nothing is claimed, and what was sent is recorded as soon as it
// can be. Says nothing of a success; one warning for each failed attempt, one error for each delivery that is
// given up. Loop thread only.

#include "foundation/async.hpp"
#include "foundation/bytes.hpp"
#include "foundation/clock.hpp"
#include "jq/worker.hpp"
#include "net/http_transport.hpp"
#include "net/kafka_sender.hpp"
#include "net/mail_sender.hpp"
#include "net/nats_sender.hpp"
#include "presets/render.hpp"
#include "registry/registry_client.hpp"
#include "rules/plan.hpp"
#include "store/store.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace basewatch::dispatch {

// What a (re)load decides, shared and never changed.
struct DispatchTable {
    std::map<std::string, presets::Target> targets;
    std::map<std::string, std::map<std::string, std::string>> with;  // dependent → parameters
    std::shared_ptr<const rules::PlanningTable> planning;            // null: nobody is told of anything
};

// What keeps a target from being sent to, or that nothing does.
enum class TargetState { well, failing, open, paused, disabled };
std::string_view to_string(TargetState state);

struct TargetReport {
    std::string name;
    TargetState state = TargetState::well;
    std::optional<Time> since;     // of any state but well
    std::optional<Time> next_try;  // of open: when one delivery tries for all
    std::string reason;            // of disabled
    std::uint64_t delivered = 0, failed = 0;
    // Failed attempts, and deliveries given up, by class (model::delivery_reasons).
    std::map<std::string, std::uint64_t> failures, given_up;
    std::size_t in_flight = 0;
    std::string last_error;  // of the last failed attempt, redacted; empty after a success
    std::optional<Time> last_delivery;
};

// A request as `basewatch test` and `simulate` show it: redacted, with its answer where it was sent.
struct Trial {
    std::string target;
    std::string dependent;
    std::optional<model::Grouping> group;  // of a delivery that is only looked at
    std::string request;
    bool sent = false;
    bool succeeded = false;
    std::string answer;
};

class Dispatcher {
public:
    // `seed` is what the waits of retries are rolled with.
    Dispatcher(asio::any_io_executor executor, Clock& clock, net::HttpTransport& transport,
               store::Store& store, registry::RegistryClient& registry, jq::Worker& jq, net::MailSender& mail,
               net::KafkaSender& kafka, net::NatsSender& nats, std::uint64_t seed = random_number());
    ~Dispatcher();

    // New targets get workers, vanished ones lose theirs (their open deliveries are dead), changed ones are
    // sent to as they are now from the next attempt on; again at each reload, which always succeeds: what
    // cannot be written then is written later. The first time, what an earlier process left in the middle is
    // due at once; an error says that the state cannot be read or written.
    Async<Result<void>> use(std::shared_ptr<const DispatchTable> table);
    // There is something new for these targets.
    void notify(const std::vector<std::string>& targets);

    // The daemon's loop: until cancelled, then attempts under way finish within `grace` or are put back.
    Async<void> run(Milliseconds grace);

    // One attempt for every delivery that is due now (the `check` verb). Says how many failed. Not while
    // run() runs.
    struct DrainReport {
        std::size_t delivered = 0, failed = 0;
        std::vector<std::string> failures;  // one line each
    };
    Async<DrainReport> drain_once();

    // Nothing is sent to it any more until it is resumed; what is under way is finished. not_found when there
    // is no such target.
    Async<Result<void>> pause(std::string target);
    // A target that was paused or disabled, or that fails, is sent to again at once.
    Async<Result<void>> resume(std::string target);

    // Sends a delivery that waits or was given up now, with all its retries before it again, on behalf of
    // `caller` (for the log). not_found, or conflict: it is not one of these, or its target is not there,
    // paused or disabled.
    Async<Result<model::Delivery>> retry(std::string delivery_id, std::string caller);
    // The same for many, delivered ones included, behind what is due anyway and no faster than the target's
    // own rate; those to targets that are not there, paused or disabled are left alone and counted. With
    // `dry_run` nothing is done. The targets that may be sent to are filled in here.
    Async<Result<store::Replayed>> replay(store::Replay what, bool dry_run, std::string caller);

    std::vector<TargetReport> reports() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

// Renders an event for a target and, if `send`, sends it signed under a delivery id of its own; nothing is
// stored. What is sent asks for a dry run where the preset has one. Where nothing could be rendered `request`
// is empty and `answer` says why.
Async<Trial> try_target(const presets::Target& target, const model::Event& event,
                        const std::string& dependent, std::map<std::string, std::string> with, bool send,
                        Clock& clock, net::HttpTransport& transport, registry::RegistryClient& registry,
                        jq::Worker& jq, net::MailSender& mail, net::KafkaSender& kafka,
                        net::NatsSender& nats);

}  // namespace basewatch::dispatch
