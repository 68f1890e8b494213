// What SQLite says, as a person can act on it.
#include "store/connection.hpp"

#include "support/temporary_folder.hpp"

#include <gmock/gmock.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <sqlite3.h>

namespace basewatch::store {
namespace {

// As long as it lives, no file can be read by SQLite.
class UnreadableDisk {
public:
    UnreadableDisk() { exchange(); }
    ~UnreadableDisk() { exchange(); }
    UnreadableDisk(const UnreadableDisk&) = delete;
    UnreadableDisk& operator=(const UnreadableDisk&) = delete;

private:
    static ssize_t fail() {
        errno = EIO;
        return -1;
    }
    void exchange() {
        auto* system = sqlite3_vfs_find(nullptr);
        const std::array names = {"read", "pread", "pread64"};
        for (std::size_t i = 0; i < names.size(); ++i) {
            auto before = system->xGetSystemCall(system, names[i]);
            system->xSetSystemCall(system, names[i], calls_[i]);
            calls_[i] = before;
        }
    }
    using Call = sqlite3_syscall_ptr;
    std::array<Call, 3> calls_ = {reinterpret_cast<Call>(&fail), reinterpret_cast<Call>(&fail),
                                  reinterpret_cast<Call>(&fail)};
};

struct Connections : testing::Test {
    Connections() {
        SQLite::Database database(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
        database.exec(
            "PRAGMA journal_mode = WAL; CREATE TABLE t (x TEXT);"
            "INSERT INTO t SELECT hex(randomblob(2000)) FROM (VALUES (1), (2), (3), (4), (5))");
    }
    Error error_when_read(Connection& connection) {
        try {
            Query(connection, "SELECT sum(length(x)) FROM t").next();
        } catch (const SQLite::Exception& fault) {
            return error_of(connection, fault);
        }
        return {};
    }

    test::TemporaryFolder folder;
    std::string path = folder / "state.db";
};

TEST_F(Connections, DoNotCallAFileDamagedThatTheDiskDoesNotGive) {
    Connection connection(path, SQLite::OPEN_READWRITE);
    Query(connection, "SELECT count(*) FROM sqlite_schema").next();
    {
        UnreadableDisk unreadable;
        auto error = error_when_read(connection);
        EXPECT_EQ(error.kind(), ErrorKind::storage);
        EXPECT_EQ(error.message(), "the disk that holds the state " + path + " fails (Input/output error)");
    }
    EXPECT_EQ(error_when_read(connection).message(), "");
}

TEST_F(Connections, CallAFileDamagedThatHoldsSomethingElse) {
    std::fstream(path, std::ios::in | std::ios::out) << std::string(4096, 'x');
    Connection connection(path, SQLite::OPEN_READWRITE);
    EXPECT_THAT(error_when_read(connection).message(), testing::HasSubstr("is damaged"));
}

}  // namespace
}  // namespace basewatch::store
