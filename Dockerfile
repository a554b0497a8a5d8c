# Perdure in a container, for the CPU:
#
#   docker build -t perdure .
#   docker run --read-only --tmpfs /tmp -v cache:/cache -v runs:/runs -p 127.0.0.1:8080:8080 -e PERDURE_TOKEN=... \
#     perdure train --epochs 10 --checkpoints /runs/example --host 0.0.0.0
#
# and for NVIDIA GPUs, with CUDA 13, cuDNN and NCCL of the base, and CUPTI, which that lacks:
#
#   docker build -t perdure:cuda --build-arg PROFILE=-Pcuda --build-arg PACKAGES=cuda-cupti-13-0 \
#     --build-arg BASE=nvidia/cuda:13.0.2-cudnn-runtime-ubuntu24.04 .
#
# It writes to /runs (run folders), to /cache (native libraries, unpacked once) and to /tmp, and nowhere else.
ARG BASE=ubuntu:24.04

FROM maven:3.9-eclipse-temurin-25 AS build
ARG PROFILE=
WORKDIR /opt/perdure
COPY pom.xml NOTICE ./
COPY native-config native-config
COPY src/main src/main
# The class-data archive knows the times of the jars, cut to seconds. Buildah rounds them, and then the archive fits none.
RUN mvn -B -ntp -q -Dmaven.test.skip -DskipSbom package $PROFILE \
 && for jar in target/*.jar target/lib/*.jar; do touch -d "@$(stat -c %Y "$jar")" "$jar"; done

FROM ${BASE}
ARG PACKAGES=
RUN if [ -n "$PACKAGES" ]; then \
      apt-get update && apt-get install -y --no-install-recommends $PACKAGES && rm -rf /var/lib/apt/lists/*; fi \
 && useradd --uid 10001 --home-dir /cache --shell /usr/sbin/nologin perdure \
 && install -d -o perdure -g perdure /cache /runs
# The Java of the build: the class-data archive fits no other.
COPY --from=build /opt/java/openjdk /opt/java/openjdk
COPY --from=build /opt/perdure/target/perdure.jar /opt/perdure/target/perdure-*.jsa /opt/perdure/target/
COPY --from=build /opt/perdure/target/lib /opt/perdure/target/lib
COPY native-config /opt/perdure/native-config
COPY scripts/perdure /opt/perdure/scripts/
COPY NOTICE /opt/perdure/
ENV JAVA_HOME=/opt/java/openjdk HOME=/cache
USER 10001
WORKDIR /runs
VOLUME ["/runs", "/cache"]
EXPOSE 8080
ENTRYPOINT ["/opt/perdure/scripts/perdure"]
CMD ["--help"]
