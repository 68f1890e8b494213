#include "support/registry_script.hpp"

#include "foundation/bytes.hpp"
#include "foundation/json.hpp"

#include <nlohmann/json.hpp>

namespace basewatch::test {

namespace {

using Json = nlohmann::json;

ScriptResponse problem(int status, const std::string& code, const std::string& message) {
    ScriptResponse response;
    response.status = status;
    response.headers.set("Content-Type", "application/json; charset=utf-8");
    response.body = to_text(Json{{"errors", Json::array({{{"code", code}, {"message", message}}})}});
    return response;
}

ScriptResponse unknown_manifest() {
    return problem(404, "MANIFEST_UNKNOWN", "manifest unknown");
}

bool fits(const Fault& fault, const ScriptRequest& request) {
    return (fault.method.empty() || fault.method == request.method) &&
           request.target.find(fault.target) != std::string::npos;
}

void apply(const Fault& fault, ScriptResponse& response) {
    if (fault.status) response.status = *fault.status;
    if (fault.body) response.body = *fault.body;
    for (const auto& [name, value] : fault.headers) response.headers.set(name, value);
    for (const auto& name : fault.without) response.headers.remove(name);
    if (fault.length) response.claimed_length = fault.length;
    response.hang = fault.hang;
    response.close = fault.close;
}

std::string with_words(std::string text, const std::map<std::string, std::string>& words) {
    for (const auto& [word, value] : words)
        for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + value.size()))
            text.replace(at, word.size(), value);
    return text;
}

}  // namespace

std::map<std::string, std::string> form_values(const std::string& text) {
    std::map<std::string, std::string> values;
    for (std::size_t at = 0; at < text.size();) {
        auto end = std::min(text.find('&', at), text.size());
        auto item = text.substr(at, end - at);
        auto equals = std::min(item.find('='), item.size());
        std::string value = equals < item.size() ? item.substr(equals + 1) : "";
        for (auto& c : value)
            if (c == '+') c = ' ';
        values[item.substr(0, equals)] = percent_decode(value).value_or("");
        at = end + 1;
    }
    return values;
}

std::string query_of(const std::string& target) {
    auto mark = target.find('?');
    return mark == std::string::npos ? "" : target.substr(mark + 1);
}

void RegistryScript::store(Repository& repository, const Built& built) {
    repository.manifests[built.digest.text()] = {built.media_type, built.body};
    for (const auto& blob : built.blobs) repository.blobs[blob.digest.text()] = blob.bytes;
    for (const auto& child : built.children) store(repository, child);
}

model::Digest RegistryScript::push(const std::string& repository, const std::string& tag,
                                   const Built& built) {
    store(repositories_[repository], built);
    if (!tag.empty()) repositories_[repository].tags[tag] = built.digest;
    return built.digest;
}

model::Digest RegistryScript::push_bytes(const std::string& repository, const std::string& tag,
                                         const std::string& media_type, const std::string& body) {
    Built built;
    built.media_type = media_type;
    built.body = body;
    built.digest = model::Digest::of(body);
    return push(repository, tag, built);
}

void RegistryScript::untag(const std::string& repository, const std::string& tag) {
    repositories_[repository].tags.erase(tag);
}

void RegistryScript::remove(const std::string& repository, const model::Digest& digest) {
    auto& there = repositories_[repository];
    there.manifests.erase(digest.text());
    std::erase_if(there.tags, [&](const auto& tag) { return tag.second == digest; });
}

void RegistryScript::ask_for_password(const std::string& username, const std::string& password) {
    wants_ = Wants::password;
    username_ = username;
    password_ = password;
}

void RegistryScript::ask_for_token(TokenRules rules) {
    wants_ = Wants::token;
    tokens_ = std::move(rules);
}

void RegistryScript::challenge_with(std::vector<std::string> lines, std::vector<std::string> to_authorized) {
    challenges_ = std::move(lines);
    challenges_to_authorized_ = std::move(to_authorized);
}

std::vector<std::string> RegistryScript::challenges(bool authorized, const std::string& repository) const {
    bool other = authorized && !challenges_to_authorized_.empty();
    auto lines = other ? challenges_to_authorized_ : challenges_;
    const std::map<std::string, std::string> words{
        {"{realm}", tokens_.realm}, {"{service}", tokens_.service}, {"{repository}", repository}};
    for (auto& line : lines) line = with_words(line, words);
    return lines;
}

std::size_t RegistryScript::count(const std::string& method, const std::string& target) const {
    std::size_t found = 0;
    for (const auto& request : requests_)
        if ((method.empty() || request.method == method) && request.target.find(target) != std::string::npos)
            ++found;
    return found;
}

ScriptResponse RegistryScript::answer(const ScriptRequest& request) {
    requests_.push_back(request);
    ScriptResponse response;
    auto fault = faults_.begin();
    while (fault != faults_.end() && !fits(*fault, request)) ++fault;
    if (fault == faults_.end() || !fault->status) response = habitual(request);
    if (fault != faults_.end()) {
        apply(*fault, response);
        if (fault->times > 0 && --fault->times == 0) faults_.erase(fault);
    }
    if (auto unchanged = not_modified(request, response)) response = *unchanged;
    response.length = response.claimed_length.value_or(response.body.size());
    if (request.method == "HEAD") response.body.clear();
    return response;
}

// As distribution does it: exactly one strong tag, and nothing in the answer.
std::optional<ScriptResponse> RegistryScript::not_modified(const ScriptRequest& request,
                                                           const ScriptResponse& whole) const {
    auto named = request.headers.find("If-None-Match");
    if (!named || whole.status != 200 || conditions_ == Conditions::ignored) return std::nullopt;
    if (request.target.find("/manifests/") == std::string::npos) return std::nullopt;
    bool matches = *named == whole.headers.find("Etag").value_or("");
    if (conditions_ == Conditions::honoured && !matches) return std::nullopt;
    return ScriptResponse{304, {{"Docker-Distribution-Api-Version", "registry/2.0"}}, ""};
}

ScriptResponse RegistryScript::habitual(const ScriptRequest& request) {
    auto response = normal(request);
    auto digest = std::string(response.headers.find("Docker-Content-Digest").value_or(""));
    const std::map<std::string, std::string> words{
        {"{target}", request.target},
        {"{path}", request.target.substr(0, request.target.find('?'))},
        {"{digest}", digest},
        {"{hash}", digest.substr(std::min(digest.size(), digest.find(':') + 1))}};
    for (auto habit : habits_) {
        if (!fits(habit, request) || (habit.when && *habit.when != response.status)) continue;
        net::Headers filled;
        for (const auto& [name, value] : habit.headers) filled.add(name, with_words(value, words));
        habit.headers = std::move(filled);
        apply(habit, response);
    }
    return response;
}

ScriptResponse RegistryScript::normal(const ScriptRequest& request) {
    auto path = request.target.substr(0, request.target.find('?'));
    if (path == tokens_.path) return token(request);
    if (request.method != "GET" && request.method != "HEAD")
        return problem(405, "UNSUPPORTED", "The operation is unsupported.");
    if (path == "/v2/") {
        auto no = refused(request, "");
        return no ? *no : ScriptResponse{200, {{"Content-Type", "application/json"}}, "{}"};
    }
    if (constexpr std::string_view end = "/tags/list"; path.starts_with("/v2/") && path.ends_with(end)) {
        auto repository = path.substr(4, path.size() - 4 - end.size());
        if (auto no = refused(request, repository)) return *no;
        return tag_list(request, repository);
    }
    for (std::string kind : {"/manifests/", "/blobs/"}) {
        auto at = path.rfind(kind);
        if (!path.starts_with("/v2/") || at == std::string::npos || at < 4) continue;
        auto repository = path.substr(4, at - 4);
        auto which = path.substr(at + kind.size());
        if (auto no = refused(request, repository)) return *no;
        return kind == "/manifests/" ? manifest(repository, which) : blob(repository, which);
    }
    return {404, {{"Content-Type", "text/plain; charset=utf-8"}}, "404 page not found\n"};
}

ScriptResponse RegistryScript::tag_list(const ScriptRequest& request, const std::string& repository) {
    auto found = repositories_.find(repository);
    if (found == repositories_.end())
        return problem(404, "NAME_UNKNOWN", "repository name not known to registry");
    std::vector<std::string> tags;
    for (const auto& [tag, digest] : found->second.tags) tags.push_back(tag);
    return list_page(listing_, std::move(tags), request, repository);
}

ScriptResponse RegistryScript::manifest(const std::string& repository, const std::string& which) {
    auto found = repositories_.find(repository);
    if (found == repositories_.end())
        return problem(404, "NAME_UNKNOWN", "repository name not known to registry");
    auto digest = which;
    if (which.find(':') == std::string::npos) {
        auto tag = found->second.tags.find(which);
        if (tag == found->second.tags.end()) return unknown_manifest();
        digest = tag->second.text();
    }
    auto stored = found->second.manifests.find(digest);
    if (stored == found->second.manifests.end()) return unknown_manifest();
    return {200,
            {{"Content-Type", stored->second.media_type},
             {"Docker-Content-Digest", digest},
             {"Docker-Distribution-Api-Version", "registry/2.0"},
             {"Etag", "\"" + digest + "\""}},
            stored->second.body};
}

ScriptResponse RegistryScript::blob(const std::string& repository, const std::string& digest) {
    auto found = repositories_.find(repository);
    if (found == repositories_.end() || !found->second.blobs.contains(digest))
        return problem(404, "BLOB_UNKNOWN", "blob unknown to registry");
    return {200,
            {{"Content-Type", "application/octet-stream"}, {"Docker-Content-Digest", digest}},
            found->second.blobs[digest]};
}

std::optional<ScriptResponse> RegistryScript::refused(const ScriptRequest& request,
                                                      const std::string& repository) {
    auto authorization = std::string(request.headers.find("Authorization").value_or(""));
    auto no = problem(401, "UNAUTHORIZED", "authentication required");
    if (wants_ == Wants::password) {
        if (authorization == "Basic " + base64(username_ + ":" + password_)) return std::nullopt;
        for (const auto& line : challenges(!authorization.empty(), repository))
            no.headers.add("WWW-Authenticate", line);
        if (challenges_.empty()) no.headers.set("WWW-Authenticate", "Basic realm=\"fake\"");
        return no;
    }
    if (wants_ == Wants::nothing) return std::nullopt;
    std::string scope = "repository:" + repository + ":pull";
    std::string challenge = "Bearer realm=\"" + tokens_.realm + "\",service=\"" + tokens_.service + "\"";
    if (!repository.empty()) challenge += ",scope=\"" + scope + "\"";
    if (authorization.starts_with("Bearer ")) {
        auto token = issued_.find(authorization.substr(7));
        if (token != issued_.end() && token->second == scope) return std::nullopt;
        challenge += token == issued_.end() ? ",error=\"invalid_token\"" : ",error=\"insufficient_scope\"";
    }
    for (const auto& line : challenges(!authorization.empty(), repository))
        no.headers.add("WWW-Authenticate", line);
    if (challenges_.empty()) no.headers.set("WWW-Authenticate", challenge);
    return no;
}

ScriptResponse RegistryScript::issue(const std::string& scope) {
    std::string token = "token-" + std::to_string(++issued_so_far_);
    bool closed = false;
    for (const auto& repository : tokens_.closed) closed |= scope == "repository:" + repository + ":pull";
    issued_[token] = closed ? "" : scope;
    Json body = Json::object();
    for (const auto& member : tokens_.members) body[member] = token;
    if (tokens_.expires_in > 0) body["expires_in"] = tokens_.expires_in;
    return {200, {{"Content-Type", "application/json"}}, to_text(body)};
}

ScriptResponse RegistryScript::token(const ScriptRequest& request) {
    if (request.method == "POST") {
        if (tokens_.refresh_token.empty()) return problem(404, "UNSUPPORTED", "not here");
        auto values = form_values(request.body);
        if (values["grant_type"] != "refresh_token" || values["refresh_token"] != tokens_.refresh_token ||
            values["client_id"].empty())
            return {400, {{"Content-Type", "application/json"}}, "{\"error\":\"invalid_grant\"}"};
        return issue(values["scope"]);
    }
    auto values = form_values(query_of(request.target));
    auto authorization = std::string(request.headers.find("Authorization").value_or(""));
    std::string right = "Basic " + base64(tokens_.username + ":" + tokens_.password);
    bool wrong = tokens_.username.empty() ? false : authorization != right;
    if (wrong)
        return {
            401, {{"Content-Type", "application/json"}}, "{\"details\":\"incorrect username or password\"}"};
    return issue(values["scope"]);
}

}  // namespace basewatch::test
