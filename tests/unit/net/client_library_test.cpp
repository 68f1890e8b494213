// Libraries that are loaded when they are needed: what is there can be called, what is not says which package
// brings it.
#include "net/client_library.hpp"

#include <gmock/gmock.h>

namespace basewatch::net {
namespace {

TEST(ClientLibrary, GivesTheFunctionsOfALibrary) {
    double (*cosine)(double) = nullptr;
    ClientLibrary library("libm.so.6", "libc6");
    library.find("cos", cosine);
    ASSERT_TRUE(library.usable()) << library.usable().error().message();
    EXPECT_EQ(cosine(0), 1);
}

TEST(ClientLibrary, SaysWhichPackageBringsAMissingOne) {
    void (*function)() = [] {};
    ClientLibrary library("libnobody-has-this.so.9", "libnobody9");
    library.find("begin", function);
    ASSERT_FALSE(library.usable());
    EXPECT_EQ(library.usable().error().kind(), ErrorKind::unsupported);
    EXPECT_THAT(library.usable().error().message(), testing::HasSubstr("install the package libnobody9"));
    EXPECT_EQ(function, nullptr);
}

TEST(ClientLibrary, IsNotUsableWithoutOneOfItsFunctions) {
    void (*function)() = nullptr;
    double (*sine)(double) = nullptr;
    ClientLibrary library("libm.so.6", "libc6");
    library.find("no_such_function", function).find("sin", sine);
    ASSERT_FALSE(library.usable());
    EXPECT_THAT(library.usable().error().message(), testing::HasSubstr("no_such_function"));
}

}  // namespace
}  // namespace basewatch::net
