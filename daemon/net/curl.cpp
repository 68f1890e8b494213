#include "net/curl.hpp"

namespace basewatch::net {

namespace {

Curl load() {
    ClientLibrary library("libcurl.so.4", "libcurl4");
    Curl functions;
    library.find("curl_global_init", functions.global_init)
        .find("curl_easy_init", functions.easy_init)
        .find("curl_easy_setopt", functions.easy_setopt)
        .find("curl_easy_cleanup", functions.easy_cleanup)
        .find("curl_easy_strerror", functions.easy_strerror)
        .find("curl_multi_init", functions.multi_init)
        .find("curl_multi_add_handle", functions.multi_add_handle)
        .find("curl_multi_remove_handle", functions.multi_remove_handle)
        .find("curl_multi_perform", functions.multi_perform)
        .find("curl_multi_poll", functions.multi_poll)
        .find("curl_multi_wakeup", functions.multi_wakeup)
        .find("curl_multi_info_read", functions.multi_info_read)
        .find("curl_multi_cleanup", functions.multi_cleanup)
        .find("curl_slist_append", functions.slist_append)
        .find("curl_slist_free_all", functions.slist_free_all);
    functions.usable = library.usable();
    if (functions.usable && functions.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        functions.usable = Error(ErrorKind::unsupported, "libcurl could not be set up");
    return functions;
}

}  // namespace

const Curl& curl() {
    static const Curl functions = load();
    return functions;
}

}  // namespace basewatch::net
