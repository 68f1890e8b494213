#include "cli/trial.hpp"

#include <nlohmann/json.hpp>

namespace basewatch::cli {

nlohmann::ordered_json as_json(const dispatch::Trial& trial) {
    nlohmann::ordered_json body{{"target", trial.target}, {"request", trial.request}, {"sent", trial.sent}};
    if (!trial.dependent.empty()) body["dependent"] = trial.dependent;
    if (trial.sent) body["succeeded"] = trial.succeeded;
    if (!trial.answer.empty()) body["answer"] = trial.answer;
    return body;
}

std::string as_text(const dispatch::Trial& trial) {
    std::string text = "--- " + trial.target + (trial.dependent.empty() ? "" : " for " + trial.dependent) +
                       "\n" + trial.request;
    if (!text.ends_with('\n')) text += '\n';
    if (!trial.answer.empty())
        text += (trial.sent ? std::string(trial.succeeded ? "--- success: " : "--- failure: ") : "--- ") +
                trial.answer + "\n";
    return text;
}

}  // namespace basewatch::cli
