#include "cli/trial.hpp"

#include <nlohmann/json.hpp>

namespace basewatch::cli {

namespace {

// A group without a wait only gathers what quiet hours hold.
bool waits(const dispatch::Trial& trial) {
    return trial.group && trial.group->wait > Milliseconds(0);
}

std::string owner(const model::Grouping& group) {
    return group.rule.empty() ? "the target" : "rule " + group.rule;
}

}  // namespace

nlohmann::ordered_json as_json(const dispatch::Trial& trial) {
    nlohmann::ordered_json body{{"target", trial.target}, {"request", trial.request}, {"sent", trial.sent}};
    if (!trial.dependent.empty()) body["dependent"] = trial.dependent;
    if (waits(trial)) {
        body["group"] = model::to_string(trial.group);
        body["group_of"] = owner(*trial.group);
    }
    if (trial.sent) body["succeeded"] = trial.succeeded;
    if (!trial.answer.empty()) body["answer"] = trial.answer;
    return body;
}

std::string as_text(const dispatch::Trial& trial) {
    std::string text =
        "--- " + trial.target + (trial.dependent.empty() ? "" : " for " + trial.dependent) + "\n";
    if (waits(trial))
        text += "--- told with what else comes: `group` of " + owner(*trial.group) + ", " +
                model::to_string(trial.group) + "\n";
    text += trial.request;
    if (!text.ends_with('\n')) text += '\n';
    if (!trial.answer.empty())
        text += (trial.sent ? std::string(trial.succeeded ? "--- success: " : "--- failure: ") : "--- ") +
                trial.answer + "\n";
    return text;
}

}  // namespace basewatch::cli
