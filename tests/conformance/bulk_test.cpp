// What the APIs that list tags with digests say, as bulk/ describes it, and what a sweep of twenty tags costs
// then. The cells make the table of bulk/README.md.

#include "foundation/json.hpp"
#include "registry/registry_client.hpp"
#include "support/fake_transport.hpp"
#include "support/manual_clock.hpp"
#include "support/run_async.hpp"
#include "support/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>

namespace basewatch::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

const std::string folder = PROJECT_DIR "/tests/conformance/bulk";
constexpr int tags = 20;

std::string replaced(std::string text, const std::string& word, const std::string& by) {
    for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + by.size()))
        text.replace(at, word.size(), by);
    return text;
}

Built numbered(int number) {
    ImageOptions options;
    options.created = std::to_string(2000 + number) + "-01-01T00:00:00Z";
    return image(options);
}

// One kind with twenty tags, and a client that has looked at one of them.
class Sweep {
public:
    explicit Sweep(const json& kind) : kind_(kind), repository_(text("repository")) {
        transport_.serve(text("origin"), api_);
        transport_.serve(text("registry_origin").empty() ? text("origin") : text("registry_origin"), api_);
        for (int i = 0; i < tags; ++i) known_.push_back(api_.push(repository_, tag(i), numbered(i)));
        auto settings = std::make_shared<settings::RegistriesSettings>();
        if (!text("bulk").empty()) settings->by_host[text("registry")].bulk = settings::Bulk::automatic;
        settings->by_host[text("registry")].rate = settings::Rate{100'000};
        if (!text("service").empty()) {
            TokenRules rules;
            rules.realm = text("origin") + "/token";
            rules.service = text("service");
            api_.ask_for_token(rules);
        }
        client_ =
            std::make_unique<registry::RegistryClient>(loop_.get_executor(), clock_, transport_, settings);
        EXPECT_TRUE(look_up(0, {}));
        client_->expect_tags({{text("registry") + "/" + repository_, tags}});
    }

    void move(int number) { moved_ = {number, api_.push(repository_, tag(number), numbered(50))}; }
    // What the list says of each tag.
    void list(const std::function<model::Digest(int)>& digest) {
        std::string rows;
        for (int i = 0; i < tags; ++i)
            rows += (i == 0 ? "" : ",") +
                    replaced(replaced(text("row"), "{tag}", tag(i)), "{digest}", digest(i).text());
        answer(200, replaced(text("page"), "{rows}", rows));
    }
    void list_what_is() {
        list([this](int i) {
            return i == moved_.first ? moved_.second : known_.at(static_cast<std::size_t>(i));
        });
    }
    void answer(int status, const std::string& body) {
        Fault says;
        says.method = "GET";
        says.target = text("target");
        says.status = status;
        says.headers = {
            {"Content-Type", status == 200 && body.front() != '<' ? "application/json" : "text/html"}};
        says.body = body;
        api_.fail(says);
    }

    // Looks at every tag and tells what that cost. Every answer is what the manifest says.
    std::string run() {
        transport_.forget();
        for (int i = 0; i < tags; ++i) {
            auto index = static_cast<std::size_t>(i);
            auto pointer = look_up(i, {known_.at(index), clock_.now()});
            EXPECT_TRUE(pointer) << pointer.error().message();
            if (!pointer) return "failed";
            EXPECT_EQ(pointer->digest, i == moved_.first ? moved_.second : known_.at(index));
        }
        auto lists = transport_.count("GET", text("target"));
        std::size_t heads = 0;
        for (int i = 0; i < tags; ++i) heads += transport_.count("HEAD", "/manifests/" + tag(i)) > 0 ? 1 : 0;
        std::string cell = std::to_string(lists) + (lists == 1 ? " list" : " lists");
        if (heads == 0) return cell;
        return cell + ", " + std::to_string(heads) + (heads == 1 ? " HEAD" : " HEADs");
    }

private:
    static std::string tag(int number) { return "v" + std::to_string(100 + number); }
    std::string text(const char* name) const { return string_member(kind_, name).value_or(""); }
    Result<registry::Pointer> look_up(int number, registry::LastAnswer last) {
        auto reference =
            model::Reference::parse(text("registry") + "/" + repository_ + ":" + tag(number)).value();
        return run_async(loop_, client_->look_up(reference, std::move(last)));
    }

    const json& kind_;
    std::string repository_;
    asio::io_context loop_{1};
    ManualClock clock_{loop_};
    FakeTransport transport_;
    RegistryScript api_;
    std::vector<model::Digest> known_;
    std::pair<int, model::Digest> moved_{-1, {}};
    std::unique_ptr<registry::RegistryClient> client_;
};

std::string row_of(const json& kind) {
    std::string row = "| " + string_member(kind, "name").value_or("?") + " | ";
    auto cell = [&](const std::function<void(Sweep&)>& prepare) {
        Sweep sweep(kind);
        prepare(sweep);
        row += sweep.run() + " | ";
    };
    cell([](Sweep& sweep) { sweep.list_what_is(); });
    cell([](Sweep& sweep) {
        sweep.move(7);
        sweep.list_what_is();
    });
    cell([](Sweep& sweep) {
        sweep.list([](int i) { return model::Digest::of("a platform's " + std::to_string(i)); });
    });
    cell([](Sweep& sweep) { sweep.answer(403, "{}"); });
    cell([](Sweep& sweep) { sweep.answer(200, "<html>log in</html>"); });
    row.pop_back();
    return row;
}

TEST(BulkConformance, TheTableIsTrue) {
    auto table = read_file(folder + "/README.md");
    std::size_t kinds = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() != ".json") continue;
        SCOPED_TRACE(entry.path().filename().string());
        auto kind = parse_json(read_file(entry.path().string()));
        ASSERT_TRUE(kind);
        EXPECT_THAT(table, HasSubstr(row_of(*kind) + "\n"));
        ++kinds;
    }
    EXPECT_EQ(static_cast<std::size_t>(std::count(table.begin(), table.end(), '\n')), kinds + 10);
}

}  // namespace
}  // namespace basewatch::test
