#include "support/forward_proxy.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace basewatch::test {

ForwardProxy::ForwardProxy(const std::string& hosts, bool asks_for_password,
                           const std::optional<CertificateFiles>& certificate)
    : tls_(certificate) {
    // Started by root it becomes another user, who has to find its files.
    std::filesystem::permissions(folder_.path(), std::filesystem::perms::others_all,
                                 std::filesystem::perm_options::add);
    std::ostringstream text;
    std::string listen = (tls_ ? "https_port 127.0.0.1:" : "http_port 127.0.0.1:") + std::to_string(port_);
    if (certificate)
        listen += " tls-cert=" + folder_.write("certificate", read_file(certificate->certificate)) +
                  " tls-key=" + folder_.write("key", read_file(certificate->key));
    text
        << listen << "\nhosts_file " << folder_.write("hosts", hosts)
        << "\ncache deny all\nlogformat asked %rm %ru\naccess_log stdio:" << folder_ / "asked"
        << " asked\nbuffered_logs off\ncache_log /dev/null\npid_filename none\nshutdown_lifetime 0 seconds\n";
    if (asks_for_password) {
        auto line = run({"htpasswd", "-mbn", username(), password()}).output;
        text << "auth_param basic program /usr/lib/squid/basic_ncsa_auth " << folder_.write("users", line)
             << "\nacl known proxy_auth REQUIRED\nhttp_access allow known\nhttp_access deny all\n";
    } else {
        text << "http_access allow all\n";
    }
    auto file = folder_.write("squid.conf", text.str());
    // Its shared memory is named after the service, and another squid may run on this machine.
    server_ = std::make_unique<Process>(std::vector<std::string>{
        "/usr/sbin/squid", "-N", "-n", "basewatch" + std::to_string(port_), "-f", file});
    if (!accepts_connections(port_)) throw std::runtime_error("squid did not start: " + server_->errors());
}

// It takes its shared memory away when it is asked to end.
ForwardProxy::~ForwardProxy() {
    server_->signal(SIGTERM);
    try {
        server_->wait();
    } catch (const std::exception&) {
        server_.reset();
    }
}

std::string ForwardProxy::address(const std::string& login) const {
    return (tls_ ? "https://" : "http://") + (login.empty() ? "" : login + "@") +
           "127.0.0.1:" + std::to_string(port_);
}

std::size_t ForwardProxy::count(const std::string& request) const {
    std::ifstream log(folder_ / "asked");
    std::size_t found = 0;
    for (std::string line; std::getline(log, line);)
        if (line.starts_with(request)) ++found;
    return found;
}

}  // namespace basewatch::test
