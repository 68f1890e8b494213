#pragma once
// One connection to the SQLite file, with its prepared statements kept by their text, and a statement under
// way as a value that binds, steps and resets itself. Private to this room: SQLite's exceptions pass through
// here and end in the worker, which makes errors of them.

#include "foundation/clock.hpp"
#include "foundation/error.hpp"
#include "model/digest.hpp"
#include "model/reference.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>

namespace basewatch::store {

// A stored value that this version cannot read: damage, or somebody else's hand.
struct Unreadable : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// What went wrong, as a person can act on it: which file, and what to do. Broken constraints are `conflict`,
// everything else is `storage`.
Error error_of(const std::string& path, const SQLite::Exception& fault);

class Connection;
// Likewise, where the connection can be asked what its disk said: SQLite calls a file damaged that could not
// be read (sqlite.org/rescode.html#ioerr_corruptfs).
Error error_of(const Connection& connection, const SQLite::Exception& fault);

class Connection {
public:
    // `flags` as SQLite's open takes them. Throws SQLite::Exception.
    Connection(std::string path, int flags);

    const std::string& path() const { return path_; }
    SQLite::Database& database() { return database_; }
    // A statement of ours without parameters and rows.
    void run(const char* sql);
    bool in_transaction() const;
    // Rows written since the connection was opened, by triggers too, undone ones included.
    std::int64_t rows_written() const;
    // Rows that the last statement wrote.
    std::int64_t rows_touched() const { return database_.getChanges(); }
    // The system's word for the last read, write or flush that failed, of the file or its log; 0 for none.
    int disk_fault() const;

private:
    friend class Query;
    struct TextHash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
    };
    SQLite::Statement& prepared(std::string_view sql);

    std::string path_;
    SQLite::Database database_;  // outlives its statements
    std::unordered_map<std::string, std::unique_ptr<SQLite::Statement>, TextHash, std::equal_to<>>
        statements_;
};

// A statement under way. Values are bound in order; columns of a row are read in order, each once. One text
// is in use once at a time.
class Query {
public:
    template <class... Values>
    Query(Connection& connection, std::string_view sql, const Values&... values)
        : statement_(connection.prepared(sql)) {
        (bind(values), ...);
    }
    ~Query();
    Query(const Query&) = delete;
    Query& operator=(const Query&) = delete;

    template <class... Values>
    Query& bind_all(const Values&... values) {
        (bind(values), ...);
        return *this;
    }
    void bind(const std::string& value) { statement_.bind(++bound_, value); }
    void bind(std::string_view value) { statement_.bind(++bound_, std::string(value)); }
    void bind(const char* value) { statement_.bind(++bound_, value); }
    void bind(std::int64_t value) { statement_.bind(++bound_, value); }
    void bind(std::size_t value) { statement_.bind(++bound_, static_cast<std::int64_t>(value)); }
    void bind(int value) { statement_.bind(++bound_, value); }
    void bind(bool value) { statement_.bind(++bound_, value ? 1 : 0); }
    void bind(double value) { statement_.bind(++bound_, value); }
    void bind(const std::optional<std::int64_t>& value) {
        if (value)
            bind(*value);
        else
            bind(nullptr);
    }
    void bind(Time value);
    void bind(const std::optional<Time>& value);
    void bind(const model::Digest& value) { bind(value.text()); }
    void bind(const model::Reference& value) { bind(value.empty() ? std::string() : value.text()); }
    // NULL for the empty text, for columns that refer to another table.
    struct TextOrNull {
        const std::string& text;
    };
    void bind(TextOrNull value);
    void bind(std::nullptr_t) { statement_.bind(++bound_); }

    // The next row; false when there is none.
    bool next();
    // To the end; says how many rows were written (triggers aside).
    std::int64_t run() { return statement_.exec(); }
    // Ready to be bound and run again.
    void again();

    bool null() { return statement_.getColumn(column_).isNull(); }
    std::string text() { return statement_.getColumn(column_++).getString(); }
    std::int64_t integer() { return statement_.getColumn(column_++).getInt64(); }
    int small_integer() { return statement_.getColumn(column_++).getInt(); }
    bool flag() { return integer() != 0; }
    double real() { return statement_.getColumn(column_++).getDouble(); }
    std::optional<std::int64_t> optional_integer();
    Time time();
    std::optional<Time> optional_time();
    // Empty text is no digest, no reference; anything else that does not parse is Unreadable.
    model::Digest digest();
    model::Reference reference();

private:
    SQLite::Statement& statement_;
    int bound_ = 0;
    int column_ = 0;
};

}  // namespace basewatch::store
