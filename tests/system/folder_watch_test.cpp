#include "host/system/folder_watch.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <fstream>

#include "host/error.h"
#include "tests/support/support.h"

namespace qmnist {
namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

class FolderWatchTest : public testing::Test {
 protected:
  FolderWatchTest() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe(ends.data()), 0);
    stop_ = FileDescriptor(ends[0]);
    stopper_ = FileDescriptor(ends[1]);
  }

  /// The message of the DataError that waiting ends in.
  [[nodiscard]] std::string error_of(FolderWatch& watch) const {
    try {
      (void)watch.wait(stop_);
    } catch (const DataError& error) {
      return error.what();
    }
    ADD_FAILURE() << "there was no DataError";
    return "";
  }

  test::TemporaryFolder folder_;
  FileDescriptor stop_{-1};
  FileDescriptor stopper_{-1};
};

TEST_F(FolderWatchTest, TellsWhatIsWrittenOrMovedThere) {
  const test::TemporaryFolder elsewhere;
  test::write_file(folder_ / "before", "old");
  test::write_file(elsewhere / "moved", "new");
  FolderWatch watch(folder_.path());
  std::ofstream open_file(folder_ / "open");  // is not complete
  open_file << "a part" << std::flush;
  test::write_file(folder_ / "written", "new");
  fs::rename(elsewhere / "moved", folder_ / "moved");
  test::write_file(folder_ / "written", "newer");
  EXPECT_EQ(watch.wait(stop_), (Names{"written", "moved"}));
  open_file.close();
  EXPECT_EQ(watch.wait(stop_), Names{"open"});
}

TEST_F(FolderWatchTest, EndsWhenItIsTold) {
  FolderWatch watch(folder_.path());
  ASSERT_EQ(::write(stopper_.get(), "x", 1), 1);
  EXPECT_TRUE(watch.wait(stop_).empty());
}

TEST_F(FolderWatchTest, SaysThatTheFolderIsGone) {
  const fs::path folder = folder_ / "inbox";
  for (const bool moved : {false, true}) {
    fs::create_directory(folder);
    FolderWatch watch(folder);
    if (moved) {
      fs::rename(folder, folder_ / "outbox");
    } else {
      fs::remove(folder);
    }
    EXPECT_NE(error_of(watch).find("inbox: was removed or moved"), std::string::npos);
  }
}

TEST_F(FolderWatchTest, SaysWhatItCannotWatch) {
  test::write_file(folder_ / "file", "");
  for (const char* name : {"file", "nowhere"}) {
    EXPECT_THROW(FolderWatch(folder_ / name), DataError) << name;
  }
}

}  // namespace
}  // namespace qmnist
