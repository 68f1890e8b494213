#pragma once
// A library that only some ways out need (mail, brokers). It is loaded when the first of them is used, so
// that a daemon without such targets neither carries it nor needs it installed. Once loaded it stays: such
// libraries keep threads and exit handlers that outlive any unloading.

#include "foundation/error.hpp"

namespace basewatch::net {

class ClientLibrary {
public:
    // Loads `file` (its soname, no path: the system's rules say where it is). `package` is the Debian package
    // that brings it, for the message. Blocks for the time that reading it takes, milliseconds.
    ClientLibrary(const char* file, const char* package);

    // Sets `function` to the function of that name; a name that is missing becomes the fault.
    template <class Function>
    ClientLibrary& find(const char* name, Function*& function) {
        function = reinterpret_cast<Function*>(symbol(name));
        return *this;
    }

    // Why it cannot be used, `unsupported`, with the package to install: the functions are null then, or some
    // are. Success otherwise.
    const Result<void>& usable() const { return usable_; }

private:
    void* symbol(const char* name);

    void* handle_ = nullptr;
    const char* package_;
    Result<void> usable_;
};

}  // namespace basewatch::net
