#include "host/system/child_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <new>
#include <stdexcept>
#include <string>

#include "host/error.h"
#include "host/file_descriptor.h"

namespace qmnist {
namespace {

TEST(ChildProcessTest, ReturnsWhatTheChildMade) {
  EXPECT_EQ(run_in_child("the test", [] { return std::string(); }), "");
  const std::string large(1 << 20, 'x');  // more than a pipe holds
  EXPECT_EQ(run_in_child("the test", [&] { return large + "end"; }), large + "end");
  const pid_t parent = getpid();
  EXPECT_NE(run_in_child("the test", [] { return std::to_string(getpid()); }),
            std::to_string(parent));
}

TEST(ChildProcessTest, TheChildKeepsNoFileThatItsParentMayHaveLocked) {
  constexpr int kFarBehind = 100;
  const FileDescriptor file(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, kFarBehind));
  ASSERT_TRUE(file);
  EXPECT_EQ(run_in_child("the test",
                         [&]() -> std::string {
                           return ::fcntl(file.get(), F_GETFD) < 0 ? "closed" : "open";
                         }),
            "closed");
}

TEST(ChildProcessTest, ALibraryThatEndsItsProcessEndsTheChildAlone) {
  for (const int signal : {SIGABRT, SIGTRAP, SIGKILL}) {
    try {
      (void)run_in_child("the test", [signal]() -> std::string {
        (void)raise(signal);
        return "";
      });
      FAIL() << "nothing thrown";
    } catch (const UsageError& error) {
      const std::string message = error.what();
      EXPECT_TRUE(message.starts_with("the test failed")) << message;
      EXPECT_NE(message.find("not enough memory"), std::string::npos) << message;
      EXPECT_NE(message.find("signal " + std::to_string(signal)), std::string::npos) << message;
    }
  }
  EXPECT_THROW((void)run_in_child("the test", []() -> std::string { throw std::bad_alloc(); }),
               std::bad_alloc);
}

TEST(ChildProcessTest, OtherFailuresKeepTheirMessage) {
  try {
    (void)run_in_child("the test", []() -> std::string { throw std::logic_error("it is no SVG"); });
    FAIL() << "nothing thrown";
  } catch (const UsageError& error) {
    EXPECT_NE(std::string(error.what()).find("it is no SVG"), std::string::npos);
  }
  EXPECT_THROW((void)run_in_child("the test", []() -> std::string { std::_Exit(0); }), UsageError);
}

/// In a process of its own, as it is for good.
TEST(ChildProcessTest, MakesNoMoreChildrenOnceItCouldNotMakeOne) {
  const auto where = [] { return std::to_string(getpid()); };
  EXPECT_EXIT(
      {
        rlimit limit{};
        (void)::getrlimit(RLIMIT_NOFILE, &limit);
        const rlim_t before = limit.rlim_cur;
        limit.rlim_cur = STDERR_FILENO + 1;  // no pipe
        (void)::setrlimit(RLIMIT_NOFILE, &limit);
        const bool first = run_in_child("the test", where) == where();
        limit.rlim_cur = before;
        (void)::setrlimit(RLIMIT_NOFILE, &limit);
        const bool second = run_in_child("the test", where) == where();
        std::_Exit(first && second ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace qmnist
