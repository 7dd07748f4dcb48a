# docker build --target cpu  -t qmnist_gpu .         then  docker run --rm qmnist_gpu
# docker build --target cuda -t qmnist_gpu:cuda .    then  docker run --rm --gpus all qmnist_gpu:cuda
# Results are kept with  -v "$PWD/runs:/opt/qmnist_gpu/runs".

FROM debian:12-slim AS cpu-build
WORKDIR /opt/qmnist_gpu
COPY scripts/setup scripts/setup
RUN scripts/setup
COPY . .
RUN cmake --preset cpu-only -DQMNIST_TESTS=OFF \
 && cmake --build --preset cpu-only \
 && cp build/cpu-only/qmnist_gpu /usr/local/bin/

FROM nvidia/cuda:13.0.1-devel-ubuntu24.04 AS cuda-build
WORKDIR /opt/qmnist_gpu
COPY scripts/setup scripts/setup
RUN scripts/setup
COPY . .
RUN cmake --preset release -DQMNIST_TESTS=OFF \
 && cmake --build --preset release \
 && cp build/release/qmnist_gpu /usr/local/bin/

FROM nvidia/cuda:13.0.1-runtime-ubuntu24.04 AS cuda
RUN apt-get update \
 && apt-get install -y --no-install-recommends fonts-dejavu-core libexif12 libfmt9 libhwy1 libonnx1t64 libprotobuf32t64 librsvg2-2 libssl3 libturbojpeg libzip4t64 zlib1g \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --create-home --uid 10001 trainer
WORKDIR /opt/qmnist_gpu
COPY --from=cuda-build /usr/local/bin/qmnist_gpu /usr/local/bin/
COPY configs configs
COPY data data
RUN mkdir runs && chown trainer runs
USER trainer
CMD ["qmnist_gpu", "--config", "configs/baseline.json"]

FROM debian:12-slim AS cpu
RUN apt-get update \
 && apt-get install -y --no-install-recommends fonts-dejavu-core libexif12 libfmt9 libhwy1 libonnx1 libprotobuf32 librsvg2-2 libssl3 libturbojpeg0 libzip4 zlib1g \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --create-home --uid 10001 trainer
WORKDIR /opt/qmnist_gpu
COPY --from=cpu-build /usr/local/bin/qmnist_gpu /usr/local/bin/
COPY configs configs
COPY data data
RUN mkdir runs && chown trainer runs
USER trainer
CMD ["qmnist_gpu", "--config", "configs/baseline.json"]
