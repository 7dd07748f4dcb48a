#include "host/data/data_sources.h"

#include <array>

namespace qmnist {

// A data source is one file of this folder, its two functions declared here, and a row below.
bool detect_qmnist(const std::filesystem::path& folder);
Dataset load_qmnist(const std::filesystem::path& folder, const ReadOptions& options);
bool detect_kaggle(const std::filesystem::path& folder);
Dataset load_kaggle(const std::filesystem::path& folder, const ReadOptions& options);
bool detect_mnist(const std::filesystem::path& folder);
Dataset load_mnist(const std::filesystem::path& folder, const ReadOptions& options);
bool detect_emnist(const std::filesystem::path& folder);
Dataset load_emnist(const std::filesystem::path& folder, const ReadOptions& options);
bool detect_csv(const std::filesystem::path& folder);
Dataset load_csv(const std::filesystem::path& folder, const ReadOptions& options);
bool detect_picture_folders(const std::filesystem::path& folder);
Dataset load_picture_folders(const std::filesystem::path& folder, const ReadOptions& options);
bool detect_npz(const std::filesystem::path& folder);
Dataset load_npz(const std::filesystem::path& folder, const ReadOptions& options);
bool detect_npy(const std::filesystem::path& folder);
Dataset load_npy(const std::filesystem::path& folder, const ReadOptions& options);

namespace {

constexpr std::string_view kDigits = "MNIST";

/// Those of one family stand together.
constexpr std::array kDataSources{
    DataSource{"qmnist", kDigits, "QMNIST's four files (scripts/download fetches them)",
               detect_qmnist, load_qmnist},
    DataSource{"kaggle", kDigits, "Kaggle's MNIST-120k", detect_kaggle, load_kaggle},
    DataSource{"mnist", kDigits, "MNIST's four files", detect_mnist, load_mnist},
    DataSource{"emnist", "", "four files of EMNIST", detect_emnist, load_emnist},
    DataSource{"npz", "", "npz files such as mnist.npz", detect_npz, load_npz},
    DataSource{"npy", "", "npy files such as x_train.npy", detect_npy, load_npy},
    DataSource{"csv", "", "CSV files such as train.csv", detect_csv, load_csv},
    DataSource{"folders", "", "a folder of pictures for each class", detect_picture_folders,
               load_picture_folders},
};

}  // namespace

std::span<const DataSource> data_sources() {
  return kDataSources;
}

std::vector<std::string_view> data_source_names() {
  std::vector<std::string_view> names{kAutoSource};
  for (const DataSource& source : kDataSources) {
    names.push_back(source.name);
  }
  return names;
}

}  // namespace qmnist
