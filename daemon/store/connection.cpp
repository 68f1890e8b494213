#include "store/connection.hpp"

#include "foundation/time.hpp"

#include <sqlite3.h>
#include <system_error>

namespace basewatch::store {

namespace {

constexpr int busy_timeout_ms = 5000;

// What a statement of an operation may have to undo is kept in memory up to this, and beyond it in a file
// that is written to for every row from then on: with SQLite's 64 KiB a change with 10,000 deliveries wrote
// 900 MB. SQLite takes it before its first use only.
constexpr int most_undone_in_memory = 4 << 20;
[[maybe_unused]] const int configured = sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, most_undone_in_memory);

std::string failing_disk(const std::string& path) {
    return "the disk that holds the state " + path + " fails";
}

int last_fault(sqlite3_file* file) {
    int fault = 0;
    bool open = file != nullptr && file->pMethods != nullptr;
    bool known = open && file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &fault) == SQLITE_OK;
    return known ? fault : 0;
}

}  // namespace

Error error_of(const std::string& path, const SQLite::Exception& fault) {
    auto said = std::string(" (") + fault.what() + ")";
    auto storage = [&](const std::string& what) { return Error(ErrorKind::storage, what + said); };
    switch (fault.getErrorCode() & 0xff) {
        case SQLITE_CONSTRAINT:
            return Error(ErrorKind::conflict, "the state " + path + " holds this already, or not yet" + said);
        case SQLITE_FULL:
            return storage("the disk that holds the state " + path + " is full: make room");
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return storage("the state " + path +
                           " is damaged: put a backup back, or move the file away to begin anew");
        case SQLITE_READONLY:
        case SQLITE_CANTOPEN:
        case SQLITE_PERM:
        case SQLITE_AUTH:
            return storage("the state " + path +
                           " cannot be opened for writing: the file and its folder must belong to this user");
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return storage("another program keeps the state " + path + " locked: end it");
        case SQLITE_IOERR:
            return storage(failing_disk(path));
        default:
            return storage("the state " + path + " cannot be used");
    }
}

Error error_of(const Connection& connection, const SQLite::Exception& fault) {
    bool unreadable = (fault.getErrorCode() & 0xff) == SQLITE_CORRUPT && connection.disk_fault() != 0;
    if (!unreadable) return error_of(connection.path(), fault);
    return Error(ErrorKind::storage, failing_disk(connection.path()) + " (" +
                                         std::generic_category().message(connection.disk_fault()) + ")");
}

Connection::Connection(std::string path, int flags)
    : path_(std::move(path)), database_(path_, flags, busy_timeout_ms) {}

void Connection::run(const char* sql) {
    Query query(*this, sql);
    query.run();
}

std::int64_t Connection::rows_written() const {
    return sqlite3_total_changes64(database_.getHandle());
}

bool Connection::in_transaction() const {
    return sqlite3_get_autocommit(database_.getHandle()) == 0;
}

int Connection::disk_fault() const {
    for (int which : {SQLITE_FCNTL_FILE_POINTER, SQLITE_FCNTL_JOURNAL_POINTER}) {
        sqlite3_file* file = nullptr;
        sqlite3_file_control(database_.getHandle(), "main", which, static_cast<void*>(&file));
        int fault = last_fault(file);
        if (fault != 0) return fault;
    }
    return 0;
}

SQLite::Statement& Connection::prepared(std::string_view sql) {
    auto found = statements_.find(sql);
    if (found == statements_.end()) {
        std::string text(sql);
        auto statement = std::make_unique<SQLite::Statement>(database_, text);
        found = statements_.emplace(std::move(text), std::move(statement)).first;
    }
    return *found->second;
}

Query::~Query() {
    again();
}

void Query::again() {
    // A statement that is not reset keeps its transaction open. Its fault, if it had one, was told when it
    // was stepped.
    statement_.tryReset();
    bound_ = 0;
    column_ = 0;
}

bool Query::next() {
    column_ = 0;
    return statement_.executeStep();
}

void Query::bind(Time value) {
    bind(to_unix_ms(value));
}

void Query::bind(const std::optional<Time>& value) {
    if (value)
        bind(*value);
    else
        bind(nullptr);
}

void Query::bind(TextOrNull value) {
    if (value.text.empty())
        bind(nullptr);
    else
        bind(value.text);
}

Time Query::time() {
    return from_unix_ms(integer());
}

std::optional<std::int64_t> Query::optional_integer() {
    if (null()) {
        ++column_;
        return std::nullopt;
    }
    return integer();
}

std::optional<Time> Query::optional_time() {
    if (null()) {
        ++column_;
        return std::nullopt;
    }
    return time();
}

model::Digest Query::digest() {
    std::string stored = text();
    if (stored.empty()) return {};
    auto digest = model::Digest::parse(stored);
    if (!digest) throw Unreadable("a digest that is none");
    return *std::move(digest);
}

model::Reference Query::reference() {
    std::string stored = text();
    if (stored.empty()) return {};
    auto reference = model::Reference::parse(stored);
    if (!reference) throw Unreadable("a reference that is none: " + stored);
    return *std::move(reference);
}

}  // namespace basewatch::store
