#pragma once
// One HTTP request from a test that has no loop of its own: blocks until the answer is there and throws
// std::runtime_error where there is none.

#include "net/http_message.hpp"

#include <string>

namespace basewatch::test {

net::HttpResponse http(const std::string& method, const std::string& url, const net::Headers& headers = {},
                       const std::string& body = "");

// Over a Unix socket: `target` is path and query.
net::HttpResponse http_over(const std::string& socket, const std::string& method, const std::string& target,
                            const net::Headers& headers = {}, const std::string& body = "");

// With everything the request can say. An Error is handed back as it is.
Result<net::HttpResponse> try_http(net::HttpRequest request);

// An address that the test wrote itself; throws where it is none.
net::Url url_of(const std::string& text);

}  // namespace basewatch::test
