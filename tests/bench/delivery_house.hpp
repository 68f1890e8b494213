#pragma once
// The parts of the daemon on a state of their own, with changes to tell and targets to tell them to.

#include "app/parts.hpp"
#include "foundation/task_group.hpp"
#include "support/temporary_folder.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <string>

namespace basewatch::bench {

class DeliveryHouse {
public:
    // A target that answers, with so many places, and `hanging` that never do.
    DeliveryHouse(int answering_port, int hanging_port, std::size_t concurrency, std::size_t hanging);
    ~DeliveryHouse();

    // Puts the dispatcher to work; returns when one delivery to each of the targets that hang does so.
    void start();
    // So many changes of one base, each with one event and one delivery to the target that answers, held back
    // until all are recorded: what it took from then until `received` had grown by as many and all were
    // recorded as delivered, the receivers of this process included.
    struct Took {
        double seconds = 0, cpu = 0;
    };
    Took deliver(std::size_t count, const std::function<std::uint64_t()>& received);
    // Delivers while so many changes are committed, so many in a second; when each delivery was committed.
    using Times = std::map<std::string, std::chrono::steady_clock::time_point>;
    Times run_paced(std::size_t count, int per_second);

    struct Queueing {
        double planned = 0, recorded = 0;  // seconds
    };
    static Queueing time_to_queue_dependents(std::size_t dependents);

private:
    explicit DeliveryHouse(const std::string& configuration, std::size_t hanging = 0);
    store::Finding next_change(const model::Reference& base);
    void queue_changes(std::size_t count);
    Async<void> commit(std::size_t number, Times& times);

    test::TemporaryFolder folder_;
    std::optional<app::Configuration> configuration_;
    std::unique_ptr<app::Outside> outside_;
    std::unique_ptr<app::Parts> parts_;
    std::shared_ptr<const rules::PlanningTable> planning_;
    std::map<std::string, std::size_t> turns_;  // changes so far, by base
    std::size_t hanging_;                       // targets that will not answer
    std::int64_t delivered_ = 0;                // so far
    std::unique_ptr<TaskGroup> sending_;
};

}  // namespace basewatch::bench
