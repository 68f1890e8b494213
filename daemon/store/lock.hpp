#pragma once
// The lock beside the state (FILE.lock): whoever holds it is the one process that writes. It is flock(2)'s,
// so it ends with the process, however that ends; programs that we start do not inherit it. The file holds
// the holder's process id, and stays when the lock is given up: removing it would race with the next holder.

#include "foundation/error.hpp"

#include <string>

namespace basewatch::store {

class StateLock {
public:
    // ErrorKind::conflict when another process holds it, storage when the lock file cannot be made.
    static Result<StateLock> take(const std::string& state_path);

    StateLock() = default;  // holds nothing
    StateLock(StateLock&& other) noexcept;
    StateLock& operator=(StateLock&& other) noexcept;
    ~StateLock();

private:
    explicit StateLock(int descriptor) : descriptor_(descriptor) {}
    int descriptor_ = -1;
};

}  // namespace basewatch::store
