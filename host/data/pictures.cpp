#include "host/data/pictures.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <functional>
#include <future>
#include <mutex>

#include "host/data/dataset.h"
#include "host/data/huge_pages.h"
#include "host/data/sha256.h"
#include "host/image/decode.h"
#include "host/image/grey.h"
#include "host/image/preprocess.h"
#include "host/read_file.h"
#include "host/system/available_cpus.h"

namespace qmnist {
namespace {

bool has_input_format(const ColourImage& picture) {
  return picture.width == kImageSide && picture.height == kImageSide && is_grey(picture) &&
         is_opaque(picture);
}

/// Writes a picture as the network's input.
/// @param pixels [28, 28]
void convert(const ColourImage& picture, const std::string& name, std::span<std::uint8_t> pixels) {
  if (has_input_format(picture)) {
    std::ranges::copy(to_grey(picture).pixels, pixels.begin());
  } else {
    std::ranges::copy(preprocess(picture, Preprocess::kAuto, name).pixels, pixels.begin());
  }
}

/// What a call threw.
struct CallFailure {
  std::size_t index;
  std::exception_ptr error;  ///< null: nothing
};

/// Calls work(index) for each index below `count`, on all cores, until a call throws.
/// @throws what the call of the lowest index threw
void for_each_index(std::size_t count, const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next = 0;
  const auto work_through = [&] {
    for (std::size_t index = next++; index < count; index = next++) {
      try {
        work(index);
      } catch (...) {
        next = count;  // all lower indices are being worked on
        return CallFailure{index, std::current_exception()};
      }
    }
    return CallFailure{count, nullptr};
  };
  std::vector<std::future<CallFailure>> threads(std::min(count, available_cpus()));
  std::ranges::generate(threads, [&] {
    return std::async(work_through);  // called by get() where no thread can be started
  });
  CallFailure first{count, nullptr};
  for (std::future<CallFailure>& thread : threads) {
    if (CallFailure failure = thread.get(); failure.index < first.index) {
      first = std::move(failure);
    }
  }
  if (first.error != nullptr) {
    std::rethrow_exception(first.error);
  }
}

}  // namespace

Pictures read_pictures(std::span<const std::filesystem::path> files,
                       const OnFilesRead& on_files_read) {
  Pictures pictures;
  reserve_on_huge_pages(pictures.pixels, files.size() * kPixels);
  pictures.pixels.resize(files.size() * kPixels);
  pictures.sha256.resize(files.size());
  std::atomic<std::size_t> read = 0;
  std::mutex reporting;
  for_each_index(files.size(), [&](std::size_t i) {
    const std::string content = read_file<DataError>(files[i], "an image");
    const std::string name = files[i].string();
    convert(decode_image(bytes_of(content), name), name,
            std::span(pictures.pixels).subspan(i * kPixels, kPixels));
    pictures.sha256[i] = sha256_of(content);
    const std::size_t done = ++read;
    if (const std::unique_lock lock(reporting, std::try_to_lock); on_files_read && lock) {
      on_files_read(done, files.size());
    }
  });
  return pictures;
}

}  // namespace qmnist
