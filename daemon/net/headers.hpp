#pragma once
// HTTP header fields in the order they came, names compared without case (RFC 9110 §5).

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace basewatch::net {

class Headers {
public:
    Headers() = default;
    Headers(std::initializer_list<std::pair<std::string, std::string>> fields) : fields_(fields) {}

    // The first field of that name.
    std::optional<std::string_view> find(std::string_view name) const;
    // Every field of that name, in order.
    std::vector<std::string_view> all(std::string_view name) const;
    void add(std::string name, std::string value);
    // Replaces every field of that name.
    void set(std::string name, std::string value);
    void remove(std::string_view name);
    bool empty() const { return fields_.empty(); }
    auto begin() const { return fields_.begin(); }
    auto end() const { return fields_.end(); }
    auto size() const { return fields_.size(); }

private:
    std::vector<std::pair<std::string, std::string>> fields_;
};

bool equal_without_case(std::string_view a, std::string_view b);

// Whether name and value may stand in a header at all (RFC 9110 §5.1, §5.5): no control characters, no line
// breaks.
bool valid_header(std::string_view name, std::string_view value);

// A Content-Type without its parameters, in lower case: `application/json`.
std::string media_type(std::string_view content_type);

}  // namespace basewatch::net
