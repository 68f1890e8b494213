#include "registry/credentials.hpp"

#include "foundation/bytes.hpp"
#include "foundation/log.hpp"
#include "registry/azure.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace basewatch::registry {

namespace {

constexpr std::size_t most_bytes = 1u << 20;

std::string version_of(const struct stat& state) {
    std::string version;
    for (auto number :
         {static_cast<std::int64_t>(state.st_dev), static_cast<std::int64_t>(state.st_ino),
          static_cast<std::int64_t>(state.st_size), static_cast<std::int64_t>(state.st_mtim.tv_sec),
          static_cast<std::int64_t>(state.st_mtim.tv_nsec)})
        version += std::to_string(number) + "/";
    return version;
}

Error cannot_read(int reason) {
    return Error(ErrorKind::invalid, std::string("cannot be read: ") + std::strerror(reason));
}

Result<std::string> whole_file(const std::string& path) {
    // Without blocking: a pipe in this place must not stop the loop.
    int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) return cannot_read(errno);
    struct stat state{};
    if (fstat(file, &state) != 0 || !S_ISREG(state.st_mode)) {
        ::close(file);
        return Error(ErrorKind::invalid, "is no regular file");
    }
    std::string text;
    char buffer[16384];
    ssize_t got = 0;
    while (text.size() <= most_bytes && (got = ::read(file, buffer, sizeof buffer)) > 0)
        text.append(buffer, static_cast<std::size_t>(got));
    int reason = errno;
    ::close(file);
    if (got < 0) return cannot_read(reason);
    return text;
}

// Azure's refresh tokens go by the name of nobody.
Credential as_meant(Credential credential) {
    if (credential.kind == Credential::Kind::password && azure_token_user(credential.username))
        credential.kind = Credential::Kind::identity_token;
    return credential;
}

}  // namespace

Credentials::Credentials(asio::any_io_executor executor, Exchange& exchange, Hosts& hosts,
                         std::shared_ptr<const settings::RegistriesSettings> settings,
                         std::vector<std::string> environment)
    : settings_(std::move(settings)),
      clouds_(executor, exchange, hosts, environment),
      helpers_(std::move(executor), exchange.clock(), std::move(environment)),
      key_(random_bytes(32)) {}

void Credentials::replace(std::shared_ptr<const settings::RegistriesSettings> settings) {
    settings_ = std::move(settings);
    clouds_.review();
    helpers_.review();
    files_.clear();
    warned_.clear();
}

void Credentials::warn_once(const std::string& text) {
    if (warned_.size() < 1000 && warned_.insert(text).second) log::warning(text);
}

const Credentials::ReadFile& Credentials::read(const std::string& path) {
    struct stat state{};
    bool there = ::stat(path.c_str(), &state) == 0;
    std::string version = there ? version_of(state) : std::string();
    auto [place, fresh] = files_.try_emplace(path);
    auto& file = place->second;
    if (!fresh && file.version == version) return file;
    file.version = version;
    if (!there) {
        file.content = cannot_read(errno == 0 ? ENOENT : errno);
        return file;
    }
    if ((state.st_mode & S_IROTH) != 0)
        warn_once("auth file " + path + ": everybody on this machine can read the secrets in it");
    auto text = whole_file(path);
    file.content = text ? AuthFile::parse(*text) : Result<AuthFile>(text.error());
    return file;
}

Result<std::vector<Credential>> Credentials::in_file(const std::string& path, const std::string& registry,
                                                     const std::string& repository) {
    const auto& file = read(path);
    if (!file.content) return file.content.error().while_doing("auth file " + path);
    auto found = file.content->find(registry, repository);
    if (found) return found;
    auto error = found.error().while_doing("auth file " + path);
    warn_once(error.message());
    return error;
}

Credentials::Known Credentials::known(const std::string& registry, const std::string& repository) {
    Known known;
    // Whether to look further.
    auto add = [&](const std::string& path) {
        auto found = in_file(path, registry, repository);
        if (!found) {
            known.otherwise = found.error();
            return false;
        }
        for (auto& credential : *found) known.credentials.push_back(std::move(credential));
        return true;
    };
    auto entry = settings_->by_host.find(registry);
    if (entry != settings_->by_host.end()) {
        const auto& configured = entry->second;
        if (!configured.username.empty() || !configured.password.empty()) {
            known.credentials.push_back(
                {Credential::Kind::password, configured.username, configured.password, "", ""});
            return known;
        }
        if (configured.login.provider != settings::Provider::none) {
            known.credentials.push_back({Credential::Kind::cloud, registry, Secret(), "", ""});
            return known;
        }
        if (!configured.auth_file.empty()) {
            if (add(configured.auth_file))
                known.otherwise = Error(ErrorKind::invalid, "auth file " + configured.auth_file +
                                                                " has no entry for " + registry);
            return known;
        }
    }
    for (const auto& path : settings_->auth_files) {
        if (read(path).version.empty()) continue;  // logged out since, or never there
        if (!add(path)) break;
    }
    return known;
}

Result<Credential> Credentials::find(const std::string& registry, const std::string& repository) {
    auto known = this->known(registry, repository);
    if (!known.credentials.empty()) return as_meant(std::move(known.credentials.front()));
    if (known.otherwise) return *known.otherwise;
    return Credential();
}

Async<Result<Credential>> Credentials::obtain(std::string registry, std::string repository) {
    auto known = this->known(registry, repository);
    for (auto& credential : known.credentials) {
        if (credential.kind == Credential::Kind::cloud) {
            auto lent = co_await clouds_.obtain(registry, settings_->by_host.at(registry).login);
            co_return lent;
        }
        if (credential.kind != Credential::Kind::helper) co_return as_meant(std::move(credential));
        auto told = co_await helpers_.ask(credential.helper, credential.username);
        if (!told) co_return told.error().while_doing("the credential of " + registry);
        if (told->kind != Credential::Kind::none) co_return as_meant(std::move(*told));
    }
    if (known.otherwise) co_return *known.otherwise;
    co_return Credential();
}

bool Credentials::refused(const Credential& credential) {
    return helpers_.refused(credential) || clouds_.refused(credential);
}

std::map<std::string, std::string> Credentials::headers(const std::string& registry,
                                                        const std::string& repository) {
    auto entry = settings_->by_host.find(registry);
    bool own = entry != settings_->by_host.end() && !entry->second.auth_file.empty();
    std::map<std::string, std::string> all;
    for (const auto& path : own ? std::vector{entry->second.auth_file} : settings_->auth_files) {
        auto file = files_.find(path);
        if (file == files_.end() || !file->second.content) continue;
        const auto& content = *file->second.content;
        if (!content.headers().empty() && content.knows(registry, repository))
            all.insert(content.headers().begin(), content.headers().end());
    }
    return all;
}

std::string Credentials::identity(const Credential& credential) const {
    if (credential.kind == Credential::Kind::none) return "anonymous";
    std::string what = std::to_string(static_cast<int>(credential.kind)) + std::string(1, '\0') +
                       credential.username + std::string(1, '\0') + credential.secret.reveal();
    return hex(hmac_sha256(key_, what));
}

}  // namespace basewatch::registry
