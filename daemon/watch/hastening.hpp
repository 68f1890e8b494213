#pragma once
// When the other tags of a repository are hastened of which one moved. Many are pushed together, and to go
// through all of them for each would be a square: the first one hastens the others at once, and those that
// move within the ten seconds behind it do so together, at their end. Pure: time goes in.

#include "foundation/clock.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace basewatch::watch {

class Hastening {
public:
    // A tag of this repository moved. True: its siblings are to be hastened now; false: by due().
    bool moved(const std::string& repository, Monotonic now);
    // Whose tags are to be hastened by now, each once.
    std::vector<std::string> due(Monotonic now);
    // When due() has something.
    std::optional<Monotonic> next() const;

private:
    struct Pause {
        Monotonic until{};
        bool owed = false;  // another one moved in it
    };
    std::map<std::string, Pause> pauses_;  // by repository
};

}  // namespace basewatch::watch
