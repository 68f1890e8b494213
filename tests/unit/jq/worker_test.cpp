// The jq worker, as a real process: what it answers, what it refuses, and what hostile programs do to it.

#include "jq/worker.hpp"

#include "foundation/task_group.hpp"
#include "support/manual_clock.hpp"
#include "support/process.hpp"
#include "support/run_async.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstdlib>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace basewatch;
using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

namespace {

constexpr const char* program_path = TEST_PROGRAMS "/jq_worker";

// A child that nobody reaped would be found here.
bool has_children() {
    int status = 0;
    return !(waitpid(-1, &status, WNOHANG) == -1 && errno == ECHILD);
}

class JqWorker : public testing::Test {
protected:
    // Time is not what most of these are about, and the machine may be busy.
    explicit JqWorker(jq::Bounds bounds = {.deadline = 30s, .memory = 256u << 20, .output = 64u << 10})
        : clock(loop.get_executor()), worker(loop.get_executor(), clock, program_path, bounds) {}

    Result<std::string> run(std::string program, std::string input = "null") {
        return test::run_async(loop, worker.run(std::move(program), std::move(input)), 60s);
    }
    Error fault(std::string program, std::string input = "null") {
        auto result = run(program, std::move(input));
        EXPECT_FALSE(result.has_value()) << program;
        return result ? Error() : result.error();
    }

    asio::io_context loop;
    SystemClock clock;
    jq::Worker worker;
};

TEST_F(JqWorker, GivesTheOneOutput) {
    struct {
        const char* program;
        const char* input;
        const char* output;
    } cases[] = {
        {".a", R"({"a": 1})", "1"},
        {"{text: .data.base.reference}", R"({"data":{"base":{"reference":"r"}}})", R"({"text":"r"})"},
        {"def f(x): x + 1;\nf(.)", "41", "42"},
        {".input, .env | select(. != null)", R"({"input": 1})", "1"},
        {"{input: 1, debug: 2} | .input + .debug", "null", "3"},
        {"def input: 7; input", "null", "7"},
        {"\"\\u00e9\"", "null", "\"é\""},
        {"@sh \"\\(.)\"", "\"it's\"", R"("'it'\\''s'")"},
        {"0 | localtime | mktime", "null", "0"},
        {"now | type", "null", "\"number\""},
        {"[limit(3; repeat(1))]", "null", "[1,1,1]"},
    };
    for (const auto& test : cases) {
        auto result = run(test.program, test.input);
        ASSERT_TRUE(result) << test.program << ": " << result.error().message();
        EXPECT_EQ(*result, test.output) << test.program;
    }
    EXPECT_EQ(worker.started(), 1);
}

TEST_F(JqWorker, AnythingButOneOutputIsInvalid) {
    EXPECT_THAT(fault("empty").message(), HasSubstr("gave no output"));
    EXPECT_THAT(fault("1, 2").message(), HasSubstr("gave several outputs"));
    EXPECT_THAT(fault("repeat(1)").message(), HasSubstr("gave several outputs"));
    EXPECT_THAT(fault(".", "{").message(), HasSubstr("not JSON"));
    EXPECT_EQ(fault("empty").kind(), ErrorKind::invalid);
}

TEST_F(JqWorker, SaysTheUsersOwnLine) {
    struct {
        const char* program;
        const char* message;
    } cases[] = {
        {"nope", "line 1: nope/0 is not defined"},
        {".a\n| nope", "line 2: nope/0 is not defined"},
        {"{\n  a: 1,\n  b: ,\n}", "line 3: syntax error, unexpected ','"},
        {".\n|\n  foo(", "line 3: syntax error, unexpected the end of the program"},
        {".a |\n$missing\n", "line 2: $missing is not defined"},
        {"1;", "line 1: syntax error, unexpected ';', expecting the end of the program"},
        {"\"open", "line 1: syntax error, unexpected the end of the program inside a string"},
        {"", "line 1: syntax error, unexpected the end of the program"},
    };
    for (const auto& test : cases) {
        auto error = fault(test.program);
        EXPECT_EQ(error.kind(), ErrorKind::invalid);
        EXPECT_EQ(error.message(), test.message) << test.program;
        auto checked = test::run_async(loop, worker.check(test.program));
        ASSERT_FALSE(checked);
        EXPECT_EQ(checked.error().message(), test.message);
    }
}

TEST_F(JqWorker, NothingReachesOutside) {
    for (std::string name :
         {"input", "inputs", "input_filename", "input_line_number", "debug", "stderr", "env", "modulemeta",
          "get_search_list", "halt", "halt_error", "get_prog_origin"}) {
        std::string said = "line 2: `" + name + "` is not available here";
        EXPECT_EQ(fault(".\n| " + name).message(), said);
        EXPECT_EQ(fault(".\n| \"\\(" + name + ")\"").message(), said);
    }
    EXPECT_EQ(fault("halt_error(1)").message(), "line 1: `halt_error` is not available here");
    EXPECT_EQ(fault("import \"a\" as a; 1").message(), "line 1: `import` is not available here");
    EXPECT_EQ(fault("include \"a\"; 1").message(), "line 1: `include` is not available here");
    EXPECT_EQ(fault("module {}; 1").message(), "line 1: `module` is not available here");
    EXPECT_FALSE(run("$__prog_args"));
    auto environment = run("$ENV");
    ASSERT_TRUE(environment);
    EXPECT_EQ(*environment, "null");
    EXPECT_EQ(worker.started(), 1);
}

TEST_F(JqWorker, HomeIsNotRead) {
    test::TemporaryFolder home;
    home.write(".jq", "def stolen: \"x\";");
    const char* variable = getenv("HOME");
    std::string before = variable == nullptr ? "" : variable;
    setenv("HOME", home.path().c_str(), 1);
    auto error = fault("stolen");
    setenv("HOME", before.c_str(), 1);
    EXPECT_EQ(error.message(), "line 1: stolen/0 is not defined");
}

TEST_F(JqWorker, ErrorsDoNotRepeatTheInput) {
    std::string input = R"({"token": "hunter2-hunter2-hunter2", "list": ["hunter2"]})";
    for (const char* program :
         {"error(.token)", "error", "error({token})", ".token | tonumber", ".token | fromjson", ".[[.token]]",
          ".list[.token]", ".token | test(\"(\")", "error(\"sent to \\(.token)\")", ".token + 1",
          ".token | strptime(\"%Y\")", ".token | @base64d", "[.token] | implode", "{(.list): 1}",
          ".token | .[0] = 1"}) {
        auto error = fault(program, input);
        EXPECT_EQ(error.kind(), ErrorKind::invalid) << program;
        EXPECT_THAT(error.message(), Not(HasSubstr("hunter"))) << program;
        EXPECT_LT(error.message().size(), 300u);
    }
    EXPECT_EQ(fault("error(\"no project for \\(.token)\")", input).message(),
              "the program failed: no project for …");
    EXPECT_EQ(fault(".token.x", input).message(),
              "the program failed: Cannot index string with string \"x\"");
}

class SmallJqWorker : public JqWorker {
protected:
    SmallJqWorker() : JqWorker({.deadline = 30s, .memory = 64u << 20, .output = 64u << 10}) {}
};

TEST_F(SmallJqWorker, MemoryEndsTheWorkerAndAFreshOneGoesOn) {
    const char* hostile[] = {"[range(1e9)] | length", "\"x\" * 1e9 | length", "def f: 1 + f; f",
                             "reduce range(1e9) as $i (\"x\"; . + .) | length"};
    int started = 0;
    for (const char* program : hostile) {
        auto error = fault(program);
        EXPECT_EQ(error.kind(), ErrorKind::too_large) << program << ": " << error.message();
        EXPECT_EQ(worker.started(), ++started);
        auto after = run("1 + 1");
        ASSERT_TRUE(after) << after.error().message();
        EXPECT_EQ(*after, "2");
        EXPECT_EQ(worker.started(), ++started);
        worker.stop();
    }
}

TEST_F(SmallJqWorker, DeepNestingIsAnErrorOrEndsTheWorkerOnly) {
    std::string deep(5'000, '[');
    EXPECT_FALSE(run(deep));
    EXPECT_FALSE(run(".", deep + std::string(5'000, ']')));
    EXPECT_FALSE(run("reduce range(1e6) as $i (0; [.]) | tojson | length"));
    EXPECT_TRUE(run("1"));
}

TEST_F(SmallJqWorker, AnOutputOverItsBoundIsRefused) {
    auto error = fault("\"x\" * 70000");
    EXPECT_EQ(error.kind(), ErrorKind::too_large);
    EXPECT_THAT(error.message(), HasSubstr("65536 bytes"));
    auto huge = fault("\"x\" * 1e7");
    EXPECT_EQ(huge.kind(), ErrorKind::too_large);
    EXPECT_TRUE(run("\"x\" * 60000"));
}

TEST_F(JqWorker, AWorkerThatDiedWhileIdleIsReplaced) {
    ASSERT_TRUE(run("1"));
    // The only child of this process.
    auto children = test::read_file("/proc/self/task/" + std::to_string(getpid()) + "/children");
    pid_t id = std::atoi(children.c_str());
    ASSERT_GT(id, 0);
    kill(id, SIGKILL);
    siginfo_t ended{};
    ASSERT_EQ(waitid(P_PID, static_cast<id_t>(id), &ended, WEXITED | WNOWAIT), 0);
    auto result = run("2");
    ASSERT_TRUE(result) << result.error().message();
    EXPECT_EQ(worker.started(), 2);
}

TEST_F(JqWorker, RunsComeInTheOrderOfTheCalls) {
    test::ManualClock still(loop);  // on which no run is slow
    jq::Worker one(loop.get_executor(), still, program_path, {});
    std::vector<int> order;
    TaskGroup group(loop.get_executor());
    for (int i = 0; i < 8; ++i)
        group.start("run", [](jq::Worker& worker, int number, std::vector<int>& order) -> Async<void> {
            auto result = co_await worker.run(
                std::to_string(number) + " | [., (range(1000) | select(. < 0))][0]", "null");
            if (result) order.push_back(std::stoi(*result));
        }(one, i, order));
    test::run_async(loop, group.wait(), 60s);
    EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7}));
    EXPECT_EQ(one.started(), 1);
}

TEST_F(JqWorker, WhoComesBehindASlowRunDoesNotWaitForIt) {
    TaskGroup endless(loop.get_executor());
    auto forget = [](jq::Worker& worker, std::string program) -> Async<void> {
        co_await worker.run(std::move(program), "null");
    };
    // One program twice takes one process, two programs take two; the third is for everybody else.
    endless.start("endless", forget(worker, "def f: f; f"));
    endless.start("the same", forget(worker, "def f: f; f"));
    endless.start("another", forget(worker, "def g: g; g"));
    for (int i = 0; i < 3; ++i) {
        auto result = run(std::to_string(i));
        ASSERT_TRUE(result) << result.error().message();
        EXPECT_EQ(*result, std::to_string(i));
    }
    EXPECT_EQ(endless.size(), 3u);
    EXPECT_EQ(worker.started(), 3);
    endless.cancel();
    test::run_async(loop, endless.wait(), 60s);
    EXPECT_TRUE(run("1"));
    EXPECT_EQ(worker.started(), 3) << "the one that works is there already";
}

TEST_F(JqWorker, NoDescriptorLeaksIntoTheWorker) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);  // without close-on-exec, on purpose
    ASSERT_TRUE(run("1"));
    close(ends[1]);
    pollfd reading{ends[0], POLLIN, 0};
    EXPECT_EQ(poll(&reading, 1, 5'000), 1);
    EXPECT_TRUE(reading.revents & POLLHUP);
    close(ends[0]);
}

TEST_F(SmallJqWorker, LeavesNoZombie) {
    {
        jq::Worker other(loop.get_executor(), clock, program_path, {.deadline = 30s, .memory = 64u << 20});
        EXPECT_TRUE(test::run_async(loop, other.run("1", "null"), 60s));
        EXPECT_FALSE(test::run_async(loop, other.run("def f: 1 + f; f", "null"), 60s));
        EXPECT_FALSE(has_children());
        EXPECT_TRUE(test::run_async(loop, other.run("1", "null"), 60s));
        EXPECT_TRUE(has_children());
    }
    EXPECT_FALSE(has_children());
}

TEST_F(JqWorker, AProgramThatCannotBeStartedIsSaid) {
    jq::Worker missing(loop.get_executor(), clock, "/nonexistent/basewatch", {});
    auto result = test::run_async(loop, missing.run("1", "null"));
    ASSERT_FALSE(result);
    EXPECT_THAT(result.error().message(), HasSubstr("cannot start the jq worker"));
    EXPECT_FALSE(has_children());
}

TEST_F(JqWorker, StartsWithAnEmptyEnvironment) {
    test::TemporaryFolder folder;
    auto script =
        folder.write("worker", "#!/bin/sh\nset -- \"${0%/*}\"\nwc -c < /proc/$$/environ > $1/size\nexit 7\n");
    chmod(script.c_str(), 0700);
    jq::Worker other(loop.get_executor(), clock, script, {.deadline = 30s});
    auto result = test::run_async(loop, other.run("1", "null"), 60s);
    ASSERT_FALSE(result);
    EXPECT_THAT(result.error().message(), HasSubstr("code 7"));
    EXPECT_EQ(std::atoi(test::read_file(folder / "size").c_str()), 0);
}

TEST_F(JqWorker, ACancelledWaiterLeavesTheQueueWhole) {
    TaskGroup staying(loop.get_executor()), leaving(loop.get_executor());
    std::vector<std::string> ended;
    auto task = [](jq::Worker& worker, std::string name, std::vector<std::string>& ended) -> Async<void> {
        auto result = co_await worker.run("\"" + name + "\"", "null");
        ended.push_back(name + (result ? " done" : " " + std::string(to_string(result.error().kind()))));
    };
    staying.start("a", task(worker, "a", ended));
    leaving.start("b", task(worker, "b", ended));
    staying.start("c", task(worker, "c", ended));
    loop.poll();
    leaving.cancel();
    test::run_async(loop, leaving.wait(), 60s);
    test::run_async(loop, staying.wait(), 60s);
    EXPECT_THAT(ended, testing::UnorderedElementsAre("a done", "b cancelled", "c done"));
    EXPECT_TRUE(run("1"));
}

TEST_F(JqWorker, ACancelledRunGivesUpItsWorkerAndNotTheQueue) {
    TaskGroup leaving(loop.get_executor());
    std::optional<ErrorKind> kind;
    auto task = [](jq::Worker& worker, std::optional<ErrorKind>& kind) -> Async<void> {
        auto result = co_await worker.run("def f: f; f", "null");
        if (!result) kind = result.error().kind();
    };
    leaving.start("endless", task(worker, kind));
    loop.poll();
    leaving.cancel();
    test::run_async(loop, leaving.wait(), 60s);
    EXPECT_EQ(kind, ErrorKind::cancelled);
    EXPECT_FALSE(has_children());
    EXPECT_TRUE(run("1"));
    EXPECT_EQ(worker.started(), 2);
}

TEST(JqWorkerDeadline, IsExactAndEndsTheWorker) {
    asio::io_context loop;
    test::ManualClock clock(loop);
    jq::Worker worker(loop.get_executor(), clock, program_path, {.deadline = 2s});
    std::optional<Result<std::string>> result;
    asio::co_spawn(
        loop, worker.run("def f: f; f", "null"),
        [&](const std::exception_ptr&, Result<std::string> ended) { result.emplace(std::move(ended)); });
    clock.advance(1'999ms);
    EXPECT_FALSE(result);
    EXPECT_EQ(clock.next(), clock.monotonic() + 1ms);
    clock.advance(1ms);
    auto until = std::chrono::steady_clock::now() + 20s;
    loop.restart();
    while (!result && std::chrono::steady_clock::now() < until) loop.run_one_until(until);
    ASSERT_TRUE(result);
    ASSERT_FALSE(*result);
    EXPECT_EQ(result->error().kind(), ErrorKind::timed_out);
    EXPECT_THAT(result->error().message(), HasSubstr("2000 ms"));
    EXPECT_FALSE(has_children());
    EXPECT_EQ(clock.waiting(), 0u);
    auto after = test::run_async(loop, worker.run("1", "null"), 60s);
    EXPECT_TRUE(after);
    EXPECT_EQ(worker.started(), 2);
}

}  // namespace
