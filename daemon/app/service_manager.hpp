#pragma once
// What systemd is told and asks for (sd_notify(3)). Without systemd every call is nothing.

#include "foundation/clock.hpp"

#include <optional>
#include <string>

namespace basewatch::app {

class ServiceManager {
public:
    void ready(const std::string& status);
    // Before a reload; ready() ends it.
    void reloading();
    void stopping(const std::string& status);
    void status(const std::string& text);
    // "I am alive"; to be said only when something was really done since the last time.
    void alive();
    // How often alive() is wanted at the least; nothing when no watchdog waits.
    std::optional<Milliseconds> watchdog_interval() const;
};

}  // namespace basewatch::app
