#include "net/system_resolver.hpp"

#include "foundation/bell.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <netdb.h>
#include <netinet/in.h>
#include <optional>
#include <sys/socket.h>
#include <thread>

namespace basewatch::net {

namespace {

constexpr std::size_t thread_count = 4;
constexpr std::size_t most_addresses = 16;

using Addresses = Result<std::vector<std::string>>;

}  // namespace

// Lives on the loop: made, used and destroyed there. The threads hold weak pointers that they never lock.
struct SystemResolver::Asker {
    explicit Asker(const asio::any_io_executor& executor) : bell(executor) {}
    Bell bell;
    std::optional<Addresses> answer;
};

// Shared with the threads, which may outlive the resolver, stuck in a lookup.
struct SystemResolver::Threads {
    struct Job {
        std::vector<std::weak_ptr<Asker>> askers;
    };

    Threads(asio::any_io_executor on, Lookup by) : executor(std::move(on)), lookup(std::move(by)) {}

    void ask(const std::string& host, const std::shared_ptr<Asker>& asker);
    void work(std::size_t number);
    void answer(const std::string& host, Addresses addresses);

    const asio::any_io_executor executor;
    const Lookup lookup;
    std::mutex mutex;
    std::condition_variable wanted;
    std::deque<std::string> queue;    // hosts nobody looks up yet
    std::map<std::string, Job> jobs;  // waiting and under way
    bool closed = false;
    std::vector<bool> busy = std::vector<bool>(thread_count);
    std::vector<std::thread> threads;
};

void SystemResolver::Threads::ask(const std::string& host, const std::shared_ptr<Asker>& asker) {
    std::lock_guard lock(mutex);
    auto [job, fresh] = jobs.try_emplace(host);
    job->second.askers.push_back(asker);
    if (!fresh) return;
    queue.push_back(host);
    wanted.notify_one();
}

void SystemResolver::Threads::work(std::size_t number) {
    std::unique_lock lock(mutex);
    for (;;) {
        wanted.wait(lock, [this] { return closed || !queue.empty(); });
        if (closed) return;
        std::string host = std::move(queue.front());
        queue.pop_front();
        auto job = jobs.find(host);
        auto gone = [](const std::weak_ptr<Asker>& asker) { return asker.expired(); };
        if (std::all_of(job->second.askers.begin(), job->second.askers.end(), gone)) {
            jobs.erase(job);
            continue;
        }
        busy[number] = true;
        lock.unlock();
        Addresses addresses = lookup(host);
        lock.lock();
        busy[number] = false;
        // The loop may be gone by now: it is touched only under the lock, and only while the resolver lives.
        if (closed) return;
        answer(host, std::move(addresses));
    }
}

void SystemResolver::Threads::answer(const std::string& host, Addresses addresses) {
    auto job = jobs.extract(host);
    asio::post(executor, [askers = std::move(job.mapped().askers), addresses = std::move(addresses)] {
        for (const auto& waiting : askers) {
            auto asker = waiting.lock();
            if (!asker) continue;
            asker->answer = addresses;
            asker->bell.ring();
        }
    });
}

SystemResolver::SystemResolver(asio::any_io_executor executor, Clock& clock)
    : SystemResolver(std::move(executor), clock, look_up) {}

SystemResolver::SystemResolver(asio::any_io_executor executor, Clock& clock, Lookup lookup)
    : executor_(std::move(executor)),
      clock_(clock),
      threads_(std::make_shared<Threads>(executor_, std::move(lookup))) {}

SystemResolver::~SystemResolver() {
    std::unique_lock lock(threads_->mutex);
    threads_->closed = true;
    threads_->wanted.notify_all();
    auto threads = std::move(threads_->threads);
    auto busy = threads_->busy;
    lock.unlock();
    for (std::size_t i = 0; i < threads.size(); ++i) {
        // getaddrinfo cannot be interrupted: its thread ends by itself, when it comes back.
        if (busy[i]) {
            threads[i].detach();
        } else {
            threads[i].join();
        }
    }
}

Async<Result<std::vector<std::string>>> SystemResolver::resolve(std::string host, Monotonic deadline) {
    boost::system::error_code not_an_address;
    auto literal = asio::ip::make_address(host, not_an_address);
    if (!not_an_address) co_return std::vector<std::string>{literal.to_string()};
    bool asked_to_stop = co_await stop_requested();
    if (asked_to_stop) co_return Error(ErrorKind::cancelled, "stopped before the name was looked up");
    if (clock_.monotonic() >= deadline)
        co_return Error(ErrorKind::timed_out, "no time left for a name lookup");
    auto& threads = threads_->threads;
    for (std::size_t i = threads.size(); i < thread_count; ++i)
        threads.emplace_back([shared = threads_, i] { shared->work(i); });
    auto asker = std::make_shared<Asker>(executor_);
    threads_->ask(host, asker);
    bool rung = co_await asker->bell.wait_until(clock_, deadline);
    if (!rung) co_return Error(ErrorKind::cancelled, "stopped during the name lookup");
    if (!asker->answer) co_return Error(ErrorKind::timed_out, "the name lookup took too long");
    co_return std::move(*asker->answer);
}

Result<std::vector<std::string>> look_up(const std::string& host) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    int failure = getaddrinfo(host.c_str(), nullptr, &hints, &list);
    if (failure != 0)
        return Error(ErrorKind::name_lookup, std::string("the name was not found: ") + gai_strerror(failure));
    std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(list, freeaddrinfo);
    std::vector<std::string> addresses;
    for (auto* entry = list; entry != nullptr && addresses.size() < most_addresses; entry = entry->ai_next) {
        char text[NI_MAXHOST];
        if (getnameinfo(entry->ai_addr, entry->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) !=
            0)
            continue;
        if (std::find(addresses.begin(), addresses.end(), text) == addresses.end()) addresses.push_back(text);
    }
    if (addresses.empty()) return Error(ErrorKind::name_lookup, "the name has no address");
    return addresses;
}

}  // namespace basewatch::net
