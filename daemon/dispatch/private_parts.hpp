#pragma once
// What must not be read back out of one exchange: receivers like to repeat the address, a header or a token
// in their answers, and answers are stored and shown. The secrets of the configuration are struck out
// everywhere (foundation/secret.hpp); here are the ones that came about only by rendering: an address with
// its places filled in, a pull token for a layer.

#include "net/http_message.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace basewatch::dispatch {

class PrivateParts {
public:
    // Values shorter than 6 characters are left alone: striking them out would mangle everything.
    void add(std::string_view value);
    // The path and the query, whole, as well as each part of them that looks like a token.
    void add_address(const net::Url& url);
    // The values of all fields that are not the same for every receiver; of `Bearer …`, the token too.
    void add_headers(const net::Headers& headers);

    // `text` without these and without the registered secrets.
    std::string strike(std::string_view text) const;

private:
    std::vector<std::string> values_;
};

// Fit for a table, a terminal and a JSON string: control characters are spaces, what is no UTF-8 is the
// replacement character, and no more than `most` bytes, cut between two characters.
std::string printable(std::string_view text, std::size_t most);

}  // namespace basewatch::dispatch
