#pragma once

/// Marks a formula that runs on the host and on the device, so that it stands only once.
#ifdef __CUDACC__
#define QMNIST_HOST_DEVICE __host__ __device__
#else
#define QMNIST_HOST_DEVICE
#endif
