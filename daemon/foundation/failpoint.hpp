#pragma once
// A named place between two steps at which a crash must do no harm. Reaching one does nothing; a test links
// a definition of its own that ends the process there, as `kill -9` would.

namespace basewatch {

// Each name stands once in the sources: tests find them there.
void failpoint(const char* name);

}  // namespace basewatch
