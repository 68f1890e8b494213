#pragma once
// Which address of a name is connected to (RFC 8305, happy eyeballs): both families in turn, the next one
// begun after 250 ms or when the one before failed, and the first that connects wins. Connects nothing
// itself.

#include "foundation/async.hpp"
#include "foundation/clock.hpp"
#include "foundation/error.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace basewatch::net {

inline constexpr Milliseconds stagger{250};

// The order to try: families in turn, beginning with the preferred one, else with that of the first address.
std::vector<std::string> interleaved(const std::vector<std::string>& addresses,
                                     std::optional<bool> ipv6_first);

// Opens a connection to one address, and ends at the deadline by itself.
using Connect = std::function<Async<Result<asio::ip::tcp::socket>>(asio::ip::tcp::endpoint)>;

// The first that connects; those that lost are cancelled. Otherwise what the last one failed of: cancelled,
// name_lookup where there is no address, whatever `connect` says.
Async<Result<asio::ip::tcp::socket>> connect_to_first(asio::any_io_executor executor,
                                                      std::vector<asio::ip::tcp::endpoint> addresses,
                                                      Clock& clock, Monotonic deadline, Connect connect);

}  // namespace basewatch::net
