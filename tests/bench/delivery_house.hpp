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

    // So many changes of one base, each with one event and one delivery to the target that answers.
    void queue_changes(std::size_t count);
    // One change with a delivery to each of the targets that hang.
    void queue_hanging();
    // Delivers until `done`, and until so many are recorded as delivered. Says how many seconds that took
    // from the moment in which all the targets that hang did so.
    double run(const std::function<bool()>& done, std::size_t deliveries);
    // Delivers while so many changes are committed, so many in a second; when each delivery was committed.
    using Times = std::map<std::string, std::chrono::steady_clock::time_point>;
    Times run_paced(std::size_t count, int per_second);

    struct Took {
        double planned = 0, recorded = 0;  // seconds
    };
    static Took time_to_queue_dependents(std::size_t dependents);

private:
    explicit DeliveryHouse(const std::string& configuration);
    store::Finding next_change(const model::Reference& base);
    Async<void> commit(std::size_t number, Times& times);

    test::TemporaryFolder folder_;
    std::optional<app::Configuration> configuration_;
    std::unique_ptr<app::Outside> outside_;
    std::unique_ptr<app::Parts> parts_;
    std::shared_ptr<const rules::PlanningTable> planning_;
    std::map<std::string, std::size_t> turns_;  // changes so far, by base
    std::size_t hanging_ = 0;                   // deliveries that will not be answered
};

}  // namespace basewatch::bench
