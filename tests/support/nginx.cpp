#include "support/nginx.hpp"

#include <stdexcept>

namespace basewatch::test {

Nginx::Nginx(const std::string& http, int port) {
    auto where = folder_.path().string();
    std::string text = "daemon off; master_process off; pid " + where + "/pid; error_log stderr error;\n" +
                       "events {}\nhttp {\n  access_log off;\n";
    for (std::string name : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"})
        text += "  " + name + "_temp_path " + where + "/" + name + ";\n";
    auto file = folder_.write("nginx.conf", text + http + "}\n");
    server_ = std::make_unique<Process>(std::vector<std::string>{"/usr/sbin/nginx", "-c", file, "-p", where});
    if (!accepts_connections(port)) throw std::runtime_error("nginx did not start: " + server_->errors());
}

std::string passing_on(int port, const std::string& origin, const std::string& more,
                       const std::string& path) {
    std::string tls = more.find("ssl_") == more.npos ? "" : " ssl";
    return "  server { listen 127.0.0.1:" + std::to_string(port) + tls + "; " + more + " location " + path +
           " { proxy_pass " + origin + "; proxy_set_header Host $http_host; } }\n";
}

}  // namespace basewatch::test
