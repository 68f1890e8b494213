#include "cli/command_line.hpp"

#include "cli/offline.hpp"
#include "cli/verbs.hpp"
#include "foundation/log.hpp"
#include "foundation/suggest.hpp"
#include "jq/worker.hpp"

#include <CLI/CLI.hpp>

#include <array>
#include <cstdio>
#include <cstdlib>

namespace basewatch::cli {

namespace {

// Verbs of later versions: known, so that nobody takes them for a slip of the pen.
constexpr std::array later{"discover",   "backup", "restore", "doctor",
                           "dependents", "impact", "approve", "hooks"};

// What the options of all verbs are read into.
struct Options {
    Common common;
    std::vector<std::string> references;
    std::string reference, platform, target, kind = "content", secret_file, name, state, dependent, base,
                                             reason, what, until;
    std::string log_format = "auto";
    std::size_t limit = 50;
    std::int64_t now = 0;
    ReplayOptions replay;
    bool fail_on_change = false, yes = false, verbose = false, registries = false;
};

using Action = std::function<int()>;

CLI::App* verb(CLI::App& app, const char* name, const char* what, Action& chosen, Action action) {
    auto* sub = app.add_subcommand(name, what);
    sub->fallthrough();
    sub->callback([&chosen, action = std::move(action)] { chosen = action; });
    return sub;
}

void add_offline_verbs(CLI::App& app, Options& o, Action& chosen) {
    auto* run_verb = verb(app, "run", "the daemon, in the foreground", chosen,
                          [&o] { return run(o.common, o.log_format, o.verbose); });
    run_verb->add_option("--log", o.log_format, "how to log: auto, text, json or journal")
        ->check(CLI::IsMember({"auto", "text", "json", "journal"}));
    run_verb->add_flag("--verbose", o.verbose, "log what is only of interest when looking for a fault");
    auto* check_verb = verb(app, "check", "one sweep now: check, record, try every delivery that is due once",
                            chosen, [&o] { return check(o.common, o.references, o.fail_on_change); });
    check_verb->add_option("REF", o.references, "only these bases");
    check_verb->add_flag("--fail-on-change", o.fail_on_change, "exit with 3 when something changed");
    auto* resolve_verb = verb(app, "resolve", "what a reference points to right now", chosen,
                              [&o] { return resolve(o.common, o.reference, o.platform); });
    resolve_verb->add_option("REF", o.reference, "an image reference")->required();
    resolve_verb->add_option("--platform", o.platform, "only this platform, such as linux/arm64");
    verb(app, "validate", "read the configuration and tell every mistake in it", chosen,
         [&o] { return validate(o.common); });
    auto* test_verb = verb(app, "test", "send a marked test event to one target", chosen,
                           [&o] { return test(o.common, o.target, o.yes); });
    test_verb->add_option("TARGET", o.target, "its name in the configuration")->required();
    test_verb->add_flag("--yes", o.yes,
                        "also where the test starts something, as a build or the program of an exec target");
    auto* simulate_verb = verb(app, "simulate", "what would fire if a base changed; sends nothing", chosen,
                               [&o] { return simulate(o.common, o.reference, o.kind); });
    simulate_verb->add_option("REF", o.reference, "the base")->required();
    simulate_verb->add_option("--kind", o.kind, "the kind of change");
    for (const char* name : {"--rules", "--since"}) {
        auto refuse = [name](const std::string&) { throw CLI::ValidationError(name, "not in this version"); };
        simulate_verb->add_option_function<std::string>(name, refuse)->group("");
    }
    auto* verify_verb =
        verb(app, "verify", "check a webhook's signature as a receiver would; raw request on standard input",
             chosen, [&o] { return verify(o.common, o.secret_file, o.now); });
    verify_verb->add_option("--secret-file", o.secret_file, "a file whose first line is the secret")
        ->required();
    verify_verb->add_option("--now", o.now,
                            "take this as the time, in unix seconds (for a request kept from earlier)");
    auto* presets_verb = verb(app, "presets", "the systems that can be told, with a sample to paste", chosen,
                              [&o] { return presets(o.common, o.name); });
    presets_verb->add_option("NAME", o.name, "one of them");
}

void add_replay_verbs(CLI::App& app, Options& o, Action& chosen) {
    auto* retry_verb = verb(app, "retry", "send a delivery that waits or was given up now", chosen,
                            [&o] { return retry(o.common, o.what); });
    retry_verb->add_option("ID", o.what, "the delivery (dlv_)")->required();
    auto* replay_verb =
        verb(app, "replay", "send deliveries again, delivered ones too, under the ids they had", chosen,
             [&o] { return replay(o.common, o.replay); });
    replay_verb->add_option("--since", o.replay.since,
                            "created since then: RFC 3339, or 2h for two hours ago");
    replay_verb->add_option("--until", o.replay.until, "created before then");
    replay_verb->add_option("--target", o.replay.target, "to this target");
    replay_verb->add_option("--change", o.replay.change, "of this change (chg_)");
    replay_verb->add_option("--delivery", o.replay.delivery, "this one (dlv_)");
    replay_verb
        ->add_option("--state", o.replay.states, "that are waiting, delivered or dead; may be repeated")
        ->check(CLI::IsMember({"waiting", "delivered", "dead"}));
    replay_verb->add_flag("--dry-run", o.replay.dry_run, "only count them");
    replay_verb->add_flag("--yes", o.replay.yes, "do not ask on a terminal");
}

void add_client_verbs(CLI::App& app, Options& o, Action& chosen) {
    auto* status_verb =
        verb(app, "status", "how the daemon is", chosen, [&o] { return status(o.common, o.registries); });
    status_verb->add_flag("--registries", o.registries,
                          "what each registry taught us, its rate and its pulls");
    auto* bases_verb = verb(app, "bases", "the bases and what they point to", chosen,
                            [&o] { return bases(o.common, o.reference); });
    bases_verb->add_option("REF", o.reference, "one of them");
    auto* changes_verb = verb(app, "changes", "the changes, newest first", chosen,
                              [&o] { return changes(o.common, o.reference, o.limit); });
    changes_verb->add_option("REF", o.reference, "of this base");
    auto* deliveries_verb = verb(app, "deliveries", "the deliveries, newest first", chosen,
                                 [&o] { return deliveries(o.common, o.target, o.state, o.reason, o.limit); });
    deliveries_verb->add_option("--target", o.target, "to this target");
    deliveries_verb->add_option("--state", o.state, "pending, sending, waiting, delivered or dead");
    deliveries_verb->add_option("--reason", o.reason,
                                "that failed of this: dns, refused, tls, timeout, blocked address, 3xx, 4xx, "
                                "5xx, wrong answer, exit, render, token, layers, expired, target removed, "
                                "superseded");
    auto* rebuilds_verb = verb(app, "rebuilds", "the rebuilds that were asked for, newest first", chosen,
                               [&o] { return rebuilds(o.common, o.dependent, o.limit); });
    rebuilds_verb->add_option("REF", o.dependent, "of this dependent");
    for (auto* sub : {changes_verb, deliveries_verb, rebuilds_verb})
        sub->add_option("--limit", o.limit, "how many rows")->check(CLI::Range(1, 1000));
    verb(app, "rules", "the rule table", chosen, [&o] { return rules(o.common); });
    verb(app, "targets", "the targets and how they fare", chosen, [&o] { return targets(o.common); });
    auto* explain_verb =
        verb(app, "explain", "the whole story of a change, delivery, rebuild, base or dependent", chosen,
             [&o] { return explain(o.common, o.what); });
    explain_verb->add_option("WHAT", o.what, "an id (chg_, evt_, dlv_, rbd_) or an image reference")
        ->required();
    auto* check_now_verb = verb(app, "check-now", "have the daemon check a base now", chosen,
                                [&o] { return check_now(o.common, o.reference); });
    check_now_verb->add_option("REF", o.reference, "the base")->required();
    for (const char* what : {"pause", "resume"}) {
        auto* steer_verb =
            verb(app, what,
                 std::string_view(what) == "pause" ? "send nothing to a target until it is resumed"
                                                   : "send to a target again, or end a mute",
                 chosen, [&o, what] { return steer(o.common, what, o.what); });
        steer_verb
            ->add_option(
                "SUBJECT", o.what,
                std::string_view(what) == "pause" ? "target:NAME" : "target:NAME, or whatever is muted")
            ->required();
    }
    add_replay_verbs(app, o, chosen);
    auto* mute_verb = verb(app, "mute", "hold back what is sent about a subject until a time", chosen,
                           [&o] { return mute(o.common, o.what, o.until); });
    mute_verb->add_option("SUBJECT", o.what, "target:NAME, base:REF, dependent:REF or change:ID")->required();
    mute_verb->add_option("--until", o.until, "a duration such as 2h, or a time such as 2026-11-23T17:40:00Z")
        ->required();
    auto* rebuild_verb = verb(app, "rebuild", "ask for a rebuild without a change", chosen,
                              [&o] { return rebuild(o.common, o.dependent, o.base, o.reason); });
    auto* dependent = rebuild_verb->add_option("DEPENDENT", o.dependent, "the image to rebuild");
    rebuild_verb->add_option("--base", o.base, "everything that is built on this base")->excludes(dependent);
    rebuild_verb->add_option("--reason", o.reason, "why, for the people who get it")->required();
}

// CLI11 says of a verb that it does not know only that one is missing.
std::optional<std::string> unknown_verb(const CLI::App& app) {
    if (!app.get_subcommands().empty()) return std::nullopt;
    for (const auto& word : app.remaining())
        if (!word.starts_with('-')) return word;
    return std::nullopt;
}

void complain_of_verb(const CLI::App& app, const std::string& word) {
    std::vector<std::string_view> names;
    for (const auto* known : app.get_subcommands([](const CLI::App*) { return true; }))
        if (!known->get_group().empty()) names.push_back(known->get_name());
    auto near = nearest_word(word, names);
    complain("there is no verb `" + word + "`" +
             (near ? ": did you mean `" + std::string(*near) + "`?" : "; `basewatch --help` lists them"));
}

int jq_worker(int count, char** arguments) {
    return jq::worker_main(count > 2 ? std::strtoull(arguments[2], nullptr, 10) : 0);
}

}  // namespace

int run(int count, char** arguments) {
    // The worker process of the jq room; not a verb of users'.
    if (count > 1 && std::string_view(arguments[1]) == "jq-worker") return jq_worker(count, arguments);
    log::open(log::Format::text, log::Level::warning);

    Options options;
    Action chosen;
    CLI::App app("Basewatch watches base images, fires webhooks and asks for the rebuild");
    app.set_version_flag("--version", "basewatch " BASEWATCH_VERSION);
    app.require_subcommand(1);
    app.add_option("-c,--config", options.common.config, "the configuration file")->capture_default_str();
    app.add_option("--socket", options.common.socket, "the running daemon's Unix socket");
    app.add_flag("--json", options.common.json, "answers for machines");
    add_offline_verbs(app, options, chosen);
    add_client_verbs(app, options, chosen);
    for (const char* name : later)
        verb(app, name, "not in this version", chosen,
             [name] {
                 std::fprintf(stderr, "basewatch: `%s` is not in this version\n", name);
                 return wrong_usage;
             })
            ->group("")
            ->fallthrough(false)  // what stands behind it is its own, or it would be a mistake first
            ->allow_extras();
    try {
        app.parse(count, arguments);
    } catch (const CLI::ParseError& error) {
        if (auto word = unknown_verb(app); word && error.get_exit_code() != 0) {
            complain_of_verb(app, *word);
            return wrong_usage;
        }
        return app.exit(error) == 0 ? done : wrong_usage;
    }
    return chosen();
}

}  // namespace basewatch::cli
