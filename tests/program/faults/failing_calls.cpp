// Preloaded into qmnist_gpu (LD_PRELOAD), makes one of its calls fail.
//
//   QMNIST_FAIL=files:7      the 7th call that has to do with files fails
//   QMNIST_FAIL=memory:7     the 7th allocation fails
//   QMNIST_FAIL=memory:7+    that one and all that follow
//   QMNIST_FAIL=thread:1     the first thread cannot be started
//   QMNIST_FAIL_COUNT=FILE   writes to FILE how many such calls there were
//
// Calls count from main() on, and only there: what runs before is not the program's.

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string_view>

// glibc's own names of its allocator, which need no dlsym(): that allocates.
extern "C" {
void* __libc_malloc(std::size_t size);                           // NOLINT
void* __libc_calloc(std::size_t count, std::size_t size);        // NOLINT
void* __libc_realloc(void* memory, std::size_t size);            // NOLINT
void* __libc_memalign(std::size_t alignment, std::size_t size);  // NOLINT
}

namespace {

enum class Kind { kNone, kFiles, kMemory, kThread };

std::atomic<bool> is_counting = false;
std::atomic<unsigned long> calls = 0;
Kind kind = Kind::kNone;
unsigned long first_failure = 0;
bool all_that_follow = false;

/// Counts a call. @return whether it is to fail
bool fails(Kind of_call) {
  if (!is_counting || of_call != kind) {
    return false;
  }
  const unsigned long call = ++calls;
  return call == first_failure || (all_that_follow && first_failure > 0 && call > first_failure);
}

bool fails_with(Kind of_call, int error) {
  if (!fails(of_call)) {
    return false;
  }
  errno = error;
  return true;
}

void read_environment() {
  const char* wish = std::getenv("QMNIST_FAIL");  // NOLINT(concurrency-mt-unsafe)
  const std::string_view text = wish == nullptr ? "" : wish;
  for (const auto& [name, named] : {std::pair("files:", Kind::kFiles),
                                    {"memory:", Kind::kMemory},
                                    {"thread:", Kind::kThread}}) {
    if (text.starts_with(name)) {
      kind = named;
      first_failure = std::strtoul(wish + std::strlen(name), nullptr, 10);
      all_that_follow = text.ends_with('+');
    }
  }
}

void write_count() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): all threads have ended
  if (const char* path = std::getenv("QMNIST_FAIL_COUNT")) {
    std::ofstream(path) << calls;
  }
}

using Main = int (*)(int, char**, char**);
Main real_main = nullptr;

int counted_main(int argc, char** argv, char** environment) {
  read_environment();
  is_counting = true;
  const int status = real_main(argc, argv, environment);
  is_counting = false;
  write_count();
  return status;
}

template <typename Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

}  // namespace

// A call that fails with `error` and returns `failed` then.
// NOLINTBEGIN(bugprone-macro-parentheses): parameters and arguments bring their own
#define FAILING(kind, error, failed, result, name, parameters, arguments) \
  extern "C" result name parameters {                                     \
    static const auto real = next<result(*) parameters>(#name);           \
    return fails_with(kind, error) ? failed : real arguments;             \
  }
// NOLINTEND(bugprone-macro-parentheses)

extern "C" int __libc_start_main(Main main, int argc, char** argv, void (*init)(),  // NOLINT
                                 void (*end)(), void (*end_of_loader)(), void* stack) {
  using Start = int (*)(Main, int, char**, void (*)(), void (*)(), void (*)(), void*);
  const bool is_ours = std::string_view(argv[0]).ends_with("qmnist_gpu");
  real_main = main;
  return next<Start>("__libc_start_main")(is_ours ? counted_main : main, argc, argv, init, end,
                                          end_of_loader, stack);
}

extern "C" int open(const char* path, int flags, ...) {
  static const auto real = next<int (*)(const char*, int, ...)>("open");
  va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  return fails_with(Kind::kFiles, EACCES) ? -1 : real(path, flags, mode);
}

FAILING(Kind::kFiles, EMFILE, nullptr, FILE*, fopen, (const char* path, const char* mode),
        (path, mode))
FAILING(Kind::kFiles, EMFILE, nullptr, FILE*, fopen64, (const char* path, const char* mode),
        (path, mode))
FAILING(Kind::kFiles, EIO, -1, ssize_t, read, (int file, void* to, std::size_t size),
        (file, to, size))
FAILING(Kind::kFiles, ENOSPC, -1, ssize_t, write, (int file, const void* from, std::size_t size),
        (file, from, size))
FAILING(Kind::kFiles, EIO, -1, int, fsync, (int file), (file))
FAILING(Kind::kFiles, EACCES, -1, int, rename, (const char* from, const char* to), (from, to))
FAILING(Kind::kFiles, EROFS, -1, int, mkdir, (const char* path, mode_t mode), (path, mode))
FAILING(Kind::kFiles, EACCES, -1, int, remove, (const char* path), (path))
FAILING(Kind::kFiles, EACCES, -1, int, stat, (const char* path, struct stat* status),
        (path, status))
FAILING(Kind::kFiles, EIO, -1, int, fstat, (int file, struct stat* status), (file, status))
FAILING(Kind::kFiles, ENOLCK, -1, int, flock, (int file, int operation), (file, operation))
FAILING(Kind::kFiles, ENOENT, nullptr, char*, getcwd, (char* path, std::size_t size), (path, size))
FAILING(Kind::kFiles, EACCES, nullptr, DIR*, opendir, (const char* path), (path))
FAILING(Kind::kFiles, EIO, nullptr, dirent*, readdir, (DIR * folder), (folder))
FAILING(Kind::kFiles, EMFILE, -1, int, pipe2, (int* ends, int flags), (ends, flags))
FAILING(Kind::kFiles, EAGAIN, -1, pid_t, fork, (), ())
FAILING(Kind::kFiles, EMFILE, -1, int, dup, (int file), (file))

extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                              void* (*work)(void*), void* argument) {
  using Create = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  static const auto real = next<Create>("pthread_create");
  return fails(Kind::kThread) ? EAGAIN : real(thread, attributes, work, argument);
}

extern "C" void* mmap(void* place, std::size_t size, int protection, int flags, int file,
                      off_t offset) {
  using Map = void* (*)(void*, std::size_t, int, int, int, off_t);
  static const auto real = next<Map>("mmap");
  return fails_with(Kind::kMemory, ENOMEM) ? MAP_FAILED
                                           : real(place, size, protection, flags, file, offset);
}

extern "C" void* malloc(std::size_t size) {
  return fails_with(Kind::kMemory, ENOMEM) ? nullptr : __libc_malloc(size);
}
extern "C" void* calloc(std::size_t count, std::size_t size) {
  return fails_with(Kind::kMemory, ENOMEM) ? nullptr : __libc_calloc(count, size);
}
extern "C" void* realloc(void* memory, std::size_t size) {
  return fails_with(Kind::kMemory, ENOMEM) ? nullptr : __libc_realloc(memory, size);
}
extern "C" void* aligned_alloc(std::size_t alignment, std::size_t size) {
  return fails_with(Kind::kMemory, ENOMEM) ? nullptr : __libc_memalign(alignment, size);
}
extern "C" int posix_memalign(void** memory, std::size_t alignment, std::size_t size) {
  if (fails(Kind::kMemory)) {
    return ENOMEM;
  }
  *memory = __libc_memalign(alignment, size);
  return *memory == nullptr ? ENOMEM : 0;
}
