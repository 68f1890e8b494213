#pragma once
// Somebody who gets webhooks, on a thread of its own: takes every request and answers 204, or reads and never
// answers. One epoll loop, so that it is faster than whoever it measures.

#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <thread>

namespace basewatch::bench {

class Receiver {
public:
    enum class Manner { answers, hangs };
    explicit Receiver(Manner manner);
    ~Receiver();
    Receiver(const Receiver&) = delete;
    Receiver& operator=(const Receiver&) = delete;

    int port() const { return port_; }
    std::uint64_t received() const { return received_; }
    // When the first byte of each delivery was there, by webhook-id.
    std::map<std::string, std::chrono::steady_clock::time_point> arrivals() const;
    double cpu() const { return cpu_; }  // seconds that its thread has taken so far

private:
    void serve();
    void accept_all();
    bool take(int connection);
    void note(const std::string& head);

    Manner manner_;
    int listener_ = -1;
    int events_ = -1;
    int port_ = 0;
    std::map<int, std::string> connections_;  // with what of a request is there
    std::atomic<std::uint64_t> received_ = 0;
    std::atomic<double> cpu_ = 0;
    std::atomic<bool> stopping_ = false;
    mutable std::mutex mutex_;
    std::map<std::string, std::chrono::steady_clock::time_point> arrivals_;
    std::thread thread_;
};

}  // namespace basewatch::bench
