#pragma once
// Names, each once, in the order in which they came first.

#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

namespace basewatch {

class OrderedNames {
public:
    // False: it is there already.
    bool add(const std::string& name) {
        bool fresh = seen_.insert(name).second;
        if (fresh) names_.push_back(name);
        return fresh;
    }
    const std::vector<std::string>& names() const { return names_; }
    std::vector<std::string> take() && { return std::move(names_); }

private:
    std::unordered_set<std::string> seen_;
    std::vector<std::string> names_;
};

}  // namespace basewatch
