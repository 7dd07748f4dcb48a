# docker build --target cpu  -t qmnist_gpu .         then  docker run --rm qmnist_gpu
# docker build --target cuda -t qmnist_gpu:cuda .    then  docker run --rm --gpus all qmnist_gpu:cuda
# docker build --target mpi -t qmnist_gpu:mpi .      for deploy/train-mpijob.yaml
# Results are kept with  --user "$(id -u)" -v "$PWD/runs:/runs".

# Any CUDA 12 runs with drivers from 525 on, CUDA 13 only with those from 580 on; 12.9 has machine code for the newest GPUs, too. For
# another version that NVIDIA has an image of for Ubuntu 24.04:
#   docker build --target cuda --build-arg CUDA=13.0.1 -t qmnist_gpu:cuda13 .
ARG CUDA=12.9.1
FROM nvidia/cuda:${CUDA}-devel-ubuntu24.04 AS cuda-devel
FROM nvidia/cuda:${CUDA}-runtime-ubuntu24.04 AS cuda-runtime

# A package fits the distribution that it is built on, so each pair of stages shares one.
FROM debian:13-slim AS cpu-package
WORKDIR /src
COPY scripts scripts
RUN scripts/setup --package
COPY . .
RUN scripts/package cpu-only

FROM cuda-devel AS cuda-package
WORKDIR /src
COPY scripts scripts
RUN scripts/setup --package --mpi
COPY . .
RUN scripts/package release

# The configs' run folders, ../runs/..., lie in the volume /runs, where any --user may write. The font cache records its folders'
# times, of which an image keeps whole seconds only; a cache that does not match cannot be mended under a read-only root.
FROM cuda-runtime AS cuda
RUN --mount=type=bind,from=cuda-package,source=/src/build/release,target=/package \
    apt-get update \
 && apt-get install -y --no-install-recommends /package/qmnist-gpu_*.deb \
 && rm -rf /var/lib/apt/lists/* \
 && find /usr/share/fonts /usr/local/share -type d -exec touch -d @0 {} + && fc-cache --system-only --force \
 && useradd --uid 10001 trainer \
 && install -d -m 1777 /runs \
 && ln -s /runs /usr/share/qmnist_gpu/runs
ENV LD_LIBRARY_PATH=/usr/local/cuda/lib64
# NVIDIA's images do not start with a GeForce driver older than their own CUDA version, though it runs them within a major version. The
# program itself says if a driver is too old.
ENV NVIDIA_DISABLE_REQUIRE=1
WORKDIR /usr/share/qmnist_gpu
VOLUME /runs
USER trainer
ENTRYPOINT ["qmnist_gpu"]
CMD ["--config", "configs/baseline.json"]

# With Open MPI's launcher, and an SSH server by which it starts ranks in other containers, as Kubeflow's MPI Operator has it: the
# server runs as the user of the image, with the key that the operator mounts.
FROM cuda AS mpi
USER root
RUN apt-get update \
 && apt-get install -y --no-install-recommends openmpi-bin openssh-client openssh-server \
 && rm -rf /var/lib/apt/lists/* /etc/ssh/ssh_host_* \
 && mkdir -p /run/sshd \
 && install -d -o trainer /home/trainer/.ssh \
 && printf 'Host *\n  Port 2222\n  StrictHostKeyChecking no\n  UserKnownHostsFile /dev/null\n  LogLevel ERROR\n' \
      > /etc/ssh/ssh_config.d/ranks.conf \
 && printf 'Port 2222\nHostKey /home/trainer/.ssh/id_rsa\nPidFile none\nStrictModes no\n' > /etc/ssh/sshd_ranks
USER trainer

FROM debian:13-slim AS cpu
RUN --mount=type=bind,from=cpu-package,source=/src/build/cpu-only,target=/package \
    apt-get update \
 && apt-get install -y --no-install-recommends /package/qmnist-gpu_*.deb \
 && rm -rf /var/lib/apt/lists/* \
 && find /usr/share/fonts /usr/local/share -type d -exec touch -d @0 {} + && fc-cache --system-only --force \
 && useradd --uid 10001 trainer \
 && install -d -m 1777 /runs \
 && ln -s /runs /usr/share/qmnist_gpu/runs
WORKDIR /usr/share/qmnist_gpu
VOLUME /runs
USER trainer
ENTRYPOINT ["qmnist_gpu"]
CMD ["--config", "configs/baseline.json"]
