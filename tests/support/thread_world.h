#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <barrier>
#include <functional>
#include <memory>
#include <numeric>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "host/world/world.h"

namespace qmnist::test {

/// Ranks that are threads of this process.
class ThreadWorld {
 public:
  /// Calls work(the rank's world) in a thread for each rank, and returns when all have ended.
  static void run(std::size_t ranks, const std::function<void(World&)>& work) {
    Shared shared(ranks);
    std::vector<std::thread> threads;
    for (std::size_t rank = 0; rank < ranks; ++rank) {
      threads.emplace_back([&, rank] {
        Rank world(shared, rank);
        work(world);
      });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
  }

 private:
  using Bytes = std::span<std::byte>;
  using ConstBytes = std::span<const std::byte>;

  /// What a rank offers to the others in a call.
  struct Offer {
    ConstBytes bytes;
    std::span<const std::size_t> sizes;
  };

  struct Shared {
    explicit Shared(std::size_t ranks)
        : offers(ranks), all_here(static_cast<std::ptrdiff_t>(ranks)) {}
    std::vector<Offer> offers;
    std::unique_ptr<TaskQueue> queue;
    std::barrier<> all_here;
  };

  class Queue final : public TaskQueue {
   public:
    explicit Queue(Shared& shared) : shared_(shared) {}
    Queue(const Queue&) = delete;
    Queue& operator=(const Queue&) = delete;
    Queue(Queue&&) = delete;
    Queue& operator=(Queue&&) = delete;
    ~Queue() override { shared_.all_here.arrive_and_wait(); }

    [[nodiscard]] std::size_t next(const std::string& report) override {
      return shared_.queue->next(report);
    }
    void close() override { shared_.queue->close(); }

   private:
    Shared& shared_;
  };

  class Rank final : public World {
   public:
    Rank(Shared& shared, std::size_t rank) : shared_(shared), rank_(rank) {}

    [[nodiscard]] std::size_t rank() const override { return rank_; }
    [[nodiscard]] std::size_t size() const override { return shared_.offers.size(); }

    void all_to_all(ConstBytes sent, std::span<const std::size_t> sent_bytes, Bytes received,
                    std::span<const std::size_t> received_bytes) override {
      exchange({sent, sent_bytes}, [&] {
        auto to = received.begin();
        for (std::size_t from = 0; from < size(); ++from) {
          const Offer& offer = shared_.offers[from];
          const ConstBytes part = part_of(offer, rank_);
          ASSERT_EQ(part.size(), received_bytes[from]);
          to = std::ranges::copy(part, to).out;
        }
      });
    }

    void all_gather(Bytes parts, std::span<const std::size_t> bytes) override {
      exchange({parts, bytes}, [&] {
        for (std::size_t from = 0; from < size(); ++from) {
          const ConstBytes part = part_of(shared_.offers[from], from);
          const auto to = static_cast<std::size_t>(
              std::reduce(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(from)));
          ASSERT_EQ(part.size(), bytes[from]);
          if (from != rank_) {
            std::ranges::copy(part, parts.begin() + static_cast<std::ptrdiff_t>(to));
          }
        }
      });
    }

    void broadcast(Bytes bytes) override {
      exchange({bytes, {}}, [&] {
        ASSERT_EQ(shared_.offers[0].bytes.size(), bytes.size());
        if (rank_ != 0) {
          std::ranges::copy(shared_.offers[0].bytes, bytes.begin());
        }
      });
    }

    [[nodiscard]] std::unique_ptr<TaskQueue> make_task_queue(
        TaskQueue::OnReport on_report) override {
      if (rank_ == 0) {
        shared_.queue = make_own_task_queue(std::move(on_report));
      }
      shared_.all_here.arrive_and_wait();  // the queue must be there
      return std::make_unique<Queue>(shared_);
    }

    void abort(int /*status*/) noexcept override {}

   private:
    static ConstBytes part_of(const Offer& offer, std::size_t rank) {
      const auto end = offer.sizes.begin() + static_cast<std::ptrdiff_t>(rank);
      return offer.bytes.subspan(std::reduce(offer.sizes.begin(), end), offer.sizes[rank]);
    }

    void exchange(const Offer& offer, const std::function<void()>& take) {
      shared_.offers[rank_] = offer;
      shared_.all_here.arrive_and_wait();
      take();
      shared_.all_here.arrive_and_wait();  // others still read what this one offered
    }

    Shared& shared_;
    std::size_t rank_;
  };
};

}  // namespace qmnist::test
