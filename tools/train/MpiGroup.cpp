//===- MpiGroup.cpp - processes that mpirun started ---------------------------------===//

#include "tools/train/MpiGroup.h"

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;

#ifdef DLC_HAS_MPI

#define OMPI_SKIP_MPICXX 1
#define MPICH_SKIP_MPICXX 1
#include <chrono>
#include <mpi.h>
#include <thread>

namespace {

/// Messages from one process to another only: the order of sums is Group's, not the MPI library's.
/// A failure of MPI ends all processes, with its message.
class MpiGroup : public train::Group {
public:
  MpiGroup(int rank, int size) : Group(rank, size) {}
  ~MpiGroup() override { MPI_Finalize(); }

  void abort(int code) override { MPI_Abort(MPI_COMM_WORLD, code); }

protected:
  void send(const void *data, size_t bytes, int64_t to) override {
    MPI_Request request;
    MPI_Isend(data, bytes, MPI_BYTE, to, /*tag=*/0, MPI_COMM_WORLD, &request);
    wait(request);
  }
  void receive(void *data, size_t bytes, int64_t from) override {
    MPI_Request request;
    MPI_Irecv(data, bytes, MPI_BYTE, from, /*tag=*/0, MPI_COMM_WORLD, &request);
    wait(request);
  }

private:
  // MPI libraries wait by asking again and again, which takes a core from those that compute while
  // gradients are on their way. What comes soon is worth that, what does not is slept for.
  static void wait(MPI_Request &request) {
    using namespace std::chrono;
    constexpr microseconds kAsking(30), kNap(50);
    auto begin = steady_clock::now();
    for (int isDone = 0; !isDone;) {
      MPI_Test(&request, &isDone, MPI_STATUS_IGNORE);
      if (!isDone && steady_clock::now() - begin > kAsking)
        std::this_thread::sleep_for(kNap);
    }
  }
};

} // namespace

Expected<std::unique_ptr<train::Group>> train::joinMpi(int64_t size) {
  int rank = 0, members = 0, provided;
  MPI_Init_thread(nullptr, nullptr, MPI_THREAD_SERIALIZED, &provided);
  if (provided < MPI_THREAD_SERIALIZED)
    return createStringError("this MPI library is not made for processes with threads; install "
                             "Debian's openmpi-bin and libopenmpi-dev, and build dlc again");
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &members);
  auto group = std::make_unique<MpiGroup>(rank, members);
  if (members != size)
    return createStringError("mpirun started " + Twine(size) + " processes, and MPI sees " +
                             Twine(members) +
                             ": dlc was built with another MPI than that mpirun is of");
  return group;
}

#else

Expected<std::unique_ptr<train::Group>> train::joinMpi(int64_t size) {
  return createStringError("this dlc was built without MPI and trains in one process, and mpirun "
                           "started " +
                           Twine(size) +
                           "; install libopenmpi-dev and openmpi-bin, and build it again");
}

#endif
