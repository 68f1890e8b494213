#pragma once
// What is kept of a host over a restart (model::HostMemory), out of the host and back into it.

#include "model/host_memory.hpp"
#include "registry/host.hpp"

namespace basewatch::registry {

// Monotonic times as wall times, and back. One difference for the whole life of a process, so that a time
// that did not change is the same each time it is told.
class Epoch {
public:
    explicit Epoch(const Clock& clock);
    Time wall(Monotonic time) const;
    Monotonic monotonic(Time time) const;

private:
    Milliseconds difference_;
};

// What is worth keeping; empty() where nothing is. The same as before while nothing changed.
model::HostMemory memory_of(const Host& host, const Epoch& epoch, Monotonic now);

// Into a host that knows nothing yet. What is over, was learned of another address or was asked for with
// another Accept list is left out; so is what does not parse, which is damage or somebody else's hand.
void remember(Host& host, const model::HostMemory& memory, const Epoch& epoch, Monotonic now);

}  // namespace basewatch::registry
