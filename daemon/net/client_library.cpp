#include "net/client_library.hpp"

#include <dlfcn.h>

namespace basewatch::net {

namespace {

Error unusable(const char* package) {
    const char* said = dlerror();
    return Error(ErrorKind::unsupported, "a library is missing: install the package " + std::string(package) +
                                             " (" + (said != nullptr ? said : "no reason given") + ")");
}

}  // namespace

ClientLibrary::ClientLibrary(const char* file, const char* package)
    : handle_(dlopen(file, RTLD_NOW | RTLD_LOCAL)), package_(package) {
    if (handle_ == nullptr) usable_ = unusable(package_);
}

void* ClientLibrary::symbol(const char* name) {
    if (!usable_) return nullptr;
    void* found = dlsym(handle_, name);
    if (found == nullptr) usable_ = unusable(package_);
    return found;
}

}  // namespace basewatch::net
