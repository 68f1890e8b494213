#include "store/schema.hpp"
#include "store/worker.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

namespace basewatch::store {

namespace {

constexpr const char* in_memory = ":memory:";

// SQLite gives the files beside it the mode of this one, so it is made first.
Result<void> make_private_file(const std::string& path) {
    int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0)
        return Error(ErrorKind::storage, "the state " + path + " cannot be opened: " + std::strerror(errno));
    close(descriptor);
    return {};
}

// Readies the file for use; throws SQLite::Exception.
Result<void> prepare(Connection& connection, bool on_disk) {
    auto& database = connection.database();
    // Until the file turns out to be one for us, closing it leaves it as it was.
    sqlite3_db_config(database.getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    database.exec("PRAGMA foreign_keys = ON");
    database.exec("PRAGMA trusted_schema = OFF");
    database.exec("PRAGMA synchronous = FULL");
    database.exec("PRAGMA cache_size = -8000");  // KiB: a change with 10,000 deliveries is not written twice
    auto migrated = migrate(connection, migrations());
    if (!migrated) return migrated.error();
    if (on_disk && database.execAndGet("PRAGMA journal_mode = WAL").getString() != "wal")
        return Error(ErrorKind::storage,
                     "the file system of the state " + connection.path() +
                         " cannot share memory between processes: put it on a local disk");
    sqlite3_db_config(database.getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
    return {};
}

}  // namespace

Result<std::unique_ptr<Store>> Store::open(const std::string& path, asio::any_io_executor loop) {
    bool on_disk = path != in_memory;
    StateLock lock;
    if (on_disk) {
        auto taken = StateLock::take(path);
        if (!taken) return taken.error();
        lock = std::move(*taken);
        auto made = make_private_file(path);
        if (!made) return made.error();
    }
    try {
        // One thread at a time uses the connection, so SQLite need not lock it.
        auto connection = std::make_unique<Connection>(path, SQLite::OPEN_READWRITE | SQLite::OPEN_NOMUTEX);
        auto ready = prepare(*connection, on_disk);
        if (!ready) return ready.error();
        auto worker = std::make_unique<Worker>(std::move(lock), std::move(connection), loop);
        return std::unique_ptr<Store>(new Store(std::move(worker)));
    } catch (const SQLite::Exception& fault) {
        return error_of(path, fault);
    }
}

Store::Store(std::unique_ptr<Worker> worker) : worker_(std::move(worker)) {}

Store::~Store() = default;

const std::string& Store::path() const {
    return worker_->path();
}

std::optional<Error> Store::trouble() const {
    return worker_->trouble();
}

std::uint64_t Store::flushed_commits() const {
    return worker_->flushed_commits();
}

std::uint64_t Store::commits() const {
    return worker_->commits();
}

}  // namespace basewatch::store
