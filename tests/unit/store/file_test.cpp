// The file itself: who may open it, and in which state it may be.

#include "fixture.hpp"
#include "store/invariants.hpp"
#include "store/schema.hpp"
#include "support/process.hpp"
#include "version_1.hpp"

#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace basewatch::store {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

struct File : ::testing::Test {
    Error refusal() {
        auto opened = Store::open(path, loop.get_executor());
        if (opened) throw std::runtime_error("it opened");
        return opened.error();
    }
    std::unique_ptr<Store> opened() {
        auto opened = Store::open(path, loop.get_executor());
        if (!opened) throw std::runtime_error(opened.error().message());
        return std::move(*opened);
    }
    void make_by_sql(const std::string& sql) {
        SQLite::Database database(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
        database.exec(sql);
    }
    std::vector<std::string> schema() {
        SQLite::Database database(path, SQLite::OPEN_READONLY);
        SQLite::Statement rows(database,
                               "SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM "
                               "sqlite_schema ORDER BY 1");
        std::vector<std::string> lines;
        while (rows.executeStep()) lines.push_back(rows.getColumn(0).getString());
        return lines;
    }
    unsigned mode(const std::string& file) {
        struct stat about{};
        return stat(file.c_str(), &about) == 0 ? about.st_mode & 0777 : 0;
    }

    test::TemporaryFolder folder;
    std::string path = folder / "state.db";
    asio::io_context loop;
    Maker make;
};

TEST_F(File, IsForItsOwnerOnlyAndHasALog) {
    auto before = umask(0);
    auto store = opened();
    ASSERT_TRUE(test::run_async(loop, store->record(make.baseline("alpine", 1))));
    umask(before);
    EXPECT_EQ(mode(path), 0600u);
    EXPECT_EQ(mode(path + "-wal"), 0600u);
    EXPECT_EQ(mode(path + ".lock"), 0600u);
    SQLite::Database other(path, SQLite::OPEN_READONLY);
    EXPECT_EQ(other.execAndGet("PRAGMA journal_mode").getString(), "wal");
    EXPECT_EQ(other.execAndGet("PRAGMA user_version").getInt(), static_cast<int>(migrations().size()));
}

TEST_F(File, InAFolderThatDoesNotExistSaysSo) {
    path = folder / "nowhere/state.db";
    EXPECT_EQ(refusal().kind(), ErrorKind::storage);
    EXPECT_THAT(refusal().message(),
                AllOf(HasSubstr("nowhere"), HasSubstr("does not exist"), HasSubstr("daemon.state")));
}

TEST_F(File, ThatIsAFolderIsRefused) {
    std::filesystem::create_directory(path);
    EXPECT_EQ(refusal().kind(), ErrorKind::storage);
    EXPECT_THAT(refusal().message(), HasSubstr(path));
}

TEST_F(File, HasOneWriter) {
    auto store = opened();
    EXPECT_EQ(refusal().kind(), ErrorKind::conflict);
    EXPECT_EQ(refusal().message(), "another basewatch (process " + std::to_string(getpid()) + ") holds " +
                                       path + ": stop it, or use its client verbs");
    store.reset();
    store = opened();
}

TEST_F(File, HasOneWriterAmongProcesses) {
    auto store = opened();
    pid_t child = fork();
    if (child == 0) {
        asio::io_context own;
        auto second = Store::open(path, own.get_executor());
        _exit(!second && second.error().kind() == ErrorKind::conflict ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST_F(File, IsNotHeldByProgramsThatWeStart) {
    auto store = opened();
    test::Process program({"sleep", "60"});
    // It is another program from here on, and no longer a copy of this one.
    std::string own = std::filesystem::read_symlink("/proc/self/exe");
    std::string its = "/proc/" + std::to_string(program.id()) + "/exe";
    ASSERT_TRUE(test::eventually([&] {
        std::error_code fault;
        auto now = std::filesystem::read_symlink(its, fault);
        return !fault && now != own;
    }));
    store.reset();
    store = opened();
}

TEST_F(File, OfVersion1IsTakenAsItIs) {
    make_by_sql(version_1_schema);
    make_by_sql(version_1_rows);
    // A base was forgotten.
    make_by_sql(
        "INSERT INTO observations VALUES (3, 'docker.io/library/debian:12', 'sha256:0', 'm', "
        "1795435200000, 0, '[]', 1, NULL)");
    auto store = opened();
    auto bases = *test::run_async(loop, store->bases());
    ASSERT_THAT(bases, SizeIs(1));
    EXPECT_EQ(bases[0].current.digest, digest(2));
    EXPECT_EQ(bases[0].current.platforms.size(), 1u);
    auto moved = make.move("alpine", 2, 3, {"ci"});
    ASSERT_TRUE(test::run_async(loop, store->record(std::move(moved))));
    EXPECT_THAT(*test::run_async(loop, store->claim_due("ci", noon, 10)), SizeIs(2));
    EXPECT_THAT(broken_invariants(path), IsEmpty());
    store.reset();
    auto kept = schema();
    path = folder / "fresh.db";
    opened();
    EXPECT_EQ(kept, schema());  // a released script never changes
}

struct Migration : File {
    Result<void> to(std::vector<const char*> scripts) {
        Connection connection(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
        return migrate(connection, scripts);
    }
    std::int64_t version() {
        SQLite::Database database(path, SQLite::OPEN_READONLY);
        return database.execAndGet("PRAGMA user_version").getInt64();
    }
};

constexpr const char* colours =
    "ALTER TABLE bases ADD COLUMN colour TEXT NOT NULL DEFAULT 'grey'; CREATE INDEX c ON bases (colour);";

TEST_F(Migration, RunsTheScriptsThatAreMissingInTheirOrder) {
    make_by_sql(version_1_schema);
    make_by_sql(version_1_rows);
    ASSERT_TRUE(to({migrations()[0], colours, "UPDATE bases SET colour = 'blue';"}));
    EXPECT_EQ(version(), 3);
    SQLite::Database database(path, SQLite::OPEN_READONLY);
    EXPECT_EQ(database.execAndGet("SELECT colour FROM bases").getString(), "blue");
    EXPECT_EQ(refusal().kind(), ErrorKind::storage);  // and there is no way back
}

TEST_F(Migration, ThatFailsLeavesTheVersionBeforeIt) {
    make_by_sql(version_1_schema);
    EXPECT_THROW(static_cast<void>(to({migrations()[0], colours, "CREATE TABLE t (a); CREATE nonsense;"})),
                 SQLite::Exception);
    EXPECT_EQ(version(), 2);
    SQLite::Database database(path, SQLite::OPEN_READONLY);
    EXPECT_FALSE(database.tableExists("t"));
    ASSERT_TRUE(to({migrations()[0], colours, "CREATE TABLE t (a);"}));
    EXPECT_EQ(version(), 3);
}

TEST_F(File, OfANewerVersionIsRefusedUntouched) {
    opened();
    {
        // As a newer program that was killed left it: its version is still in the log beside the file.
        SQLite::Database newer(path, SQLite::OPEN_READWRITE);
        newer.exec("PRAGMA wal_autocheckpoint = 0; PRAGMA user_version = 99; CREATE TABLE news (a)");
        std::filesystem::create_directory(folder / "killed");
        for (const char* end : {"", "-wal"})
            std::filesystem::copy(path + end, folder / (std::string("killed/state.db") + end));
    }
    path = folder / "killed/state.db";
    auto file = test::read_file(path), log = test::read_file(path + "-wal");
    ASSERT_FALSE(log.empty());
    EXPECT_EQ(refusal().kind(), ErrorKind::storage);
    EXPECT_THAT(refusal().message(), AllOf(HasSubstr(path), HasSubstr("99"), HasSubstr("newer program")));
    EXPECT_EQ(test::read_file(path), file);
    EXPECT_EQ(test::read_file(path + "-wal"), log);
}

TEST_F(File, OfAnotherProgramIsRefusedUntouched) {
    make_by_sql("CREATE TABLE cookies (a); PRAGMA user_version = 1;");
    auto file = test::read_file(path);
    EXPECT_EQ(refusal().kind(), ErrorKind::storage);
    EXPECT_THAT(refusal().message(), HasSubstr("another program"));
    EXPECT_EQ(test::read_file(path), file);
    make_by_sql("PRAGMA user_version = 0;");
    EXPECT_THAT(refusal().message(), HasSubstr("another program"));
}

TEST_F(File, ThatIsNoDatabaseIsAStorageError) {
    std::ofstream(path) << std::string(10'000, 'x');
    EXPECT_EQ(refusal().kind(), ErrorKind::storage);
    EXPECT_THAT(refusal().message(), AllOf(HasSubstr(path), HasSubstr("damaged")));
}

TEST_F(File, ThatIsDamagedInTheMiddleIsAStorageErrorWhereItIsRead) {
    {
        auto store = opened();
        for (int i = 0; i < 300; ++i)
            ASSERT_TRUE(
                test::run_async(loop, store->record(make.baseline("shop/b:" + std::to_string(i), i))));
    }
    std::streamoff page = 0;
    {
        SQLite::Database database(path, SQLite::OPEN_READONLY);
        page = database
                   .execAndGet(
                       "SELECT max(pageno) FROM dbstat WHERE name = 'observations' AND pagetype = 'leaf'")
                   .getInt64();
    }
    std::fstream(path, std::ios::in | std::ios::out | std::ios::binary)
        .seekp((page - 1) * 4096)
        .write(std::string(4096, '\xa5').data(), 4096);
    EXPECT_THAT(broken_invariants(path), Not(IsEmpty()));
    auto store = opened();
    auto bases = test::run_async(loop, store->bases());
    ASSERT_FALSE(bases);
    EXPECT_EQ(bases.error().kind(), ErrorKind::storage);
    EXPECT_THAT(bases.error().message(), AllOf(HasSubstr(path), HasSubstr("damaged")));
}

TEST_F(File, ThatHoldsWhatIsNoReferenceIsAStorageError) {
    opened();
    make_by_sql(
        "INSERT INTO bases (reference, profile, checked_at, failures, last_error, last_error_kind, "
        "told_unreachable) VALUES ('/ /', 1, 0, 0, '', '', 0)");
    auto store = opened();
    auto bases = test::run_async(loop, store->bases());
    ASSERT_FALSE(bases);
    EXPECT_EQ(bases.error().kind(), ErrorKind::storage);
}

}  // namespace
}  // namespace basewatch::store
