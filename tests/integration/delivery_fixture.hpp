#pragma once
// The dispatcher with the real network, beside a program that others wrote.

#include "net/http_client.hpp"
#include "net/system_dialer.hpp"
#include "net/system_resolver.hpp"
#include "support/temporary_folder.hpp"
#include "unit/dispatch/house.hpp"

#include <gtest/gtest.h>

namespace basewatch::test {

struct DeliveryTest : testing::Test {
    asio::io_context loop{1};
    SystemClock clock{loop.get_executor()};
    net::SystemResolver resolver{loop.get_executor(), clock};
    net::SystemDialer dialer{loop.get_executor(), clock, resolver};
    net::HttpClient transport{loop.get_executor(), clock, dialer};
    TemporaryFolder folder;
    House house{loop, clock, transport, folder / "state.db"};

    bool until_tried(const std::string& id) {
        return house.until([&] { return house.delivery(id).attempts > 0; });
    }
};

}  // namespace basewatch::test
