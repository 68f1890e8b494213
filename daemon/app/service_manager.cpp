#include "app/service_manager.hpp"

#include <systemd/sd-daemon.h>

#include <ctime>

namespace basewatch::app {

namespace {

std::string one_line(std::string text) {
    for (char& c : text)
        if (static_cast<unsigned char>(c) < 0x20) c = ' ';
    return text;
}

}  // namespace

void ServiceManager::ready(const std::string& status) {
    sd_notify(0, ("READY=1\nSTATUS=" + one_line(status)).c_str());
}

void ServiceManager::reloading() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    auto microseconds = static_cast<long long>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000;
    sd_notify(0, ("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(microseconds)).c_str());
}

void ServiceManager::stopping(const std::string& status) {
    sd_notify(0, ("STOPPING=1\nSTATUS=" + one_line(status)).c_str());
}

void ServiceManager::status(const std::string& text) {
    sd_notify(0, ("STATUS=" + one_line(text)).c_str());
}

void ServiceManager::alive() {
    sd_notify(0, "WATCHDOG=1");
}

std::optional<Milliseconds> ServiceManager::watchdog_interval() const {
    std::uint64_t microseconds = 0;
    if (sd_watchdog_enabled(0, &microseconds) <= 0) return std::nullopt;
    return std::chrono::duration_cast<Milliseconds>(std::chrono::microseconds(microseconds));
}

}  // namespace basewatch::app
