# syntax=docker/dockerfile:1
# SPDX-License-Identifier: Apache-2.0

# The compiler runs on the builder's own platform, whatever it builds for.
FROM --platform=$BUILDPLATFORM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ARG VERSION=dev
ARG COMMIT=
ARG COMMIT_TIME=
ARG DIRTY=
ARG TARGETOS
ARG TARGETARCH
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 GOOS=${TARGETOS} GOARCH=${TARGETARCH} go build -trimpath -buildvcs=false \
      -ldflags "-s -w -X main.version=${VERSION} -X main.commit=${COMMIT} -X main.commitTime=${COMMIT_TIME} -X main.dirty=${DIRTY}" \
      -o /out/skilld ./cmd/skilld \
 && install -d -o 65532 -g 65532 /out/data /out/home

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/skilld /usr/local/bin/skilld
COPY --from=build --chown=65532:65532 /out/data /data
COPY --from=build --chown=65532:65532 /out/home /home/nonroot
COPY LICENSE /usr/share/doc/skilld/LICENSE
ARG VERSION=dev
ARG COMMIT=
ARG COMMIT_TIME=
LABEL org.opencontainers.image.title="skilld" \
      org.opencontainers.image.description="Packages, stores, previews and installs Agent Skills over an HTTP API" \
      org.opencontainers.image.source="https://github.com/skilld/skilld" \
      org.opencontainers.image.documentation="https://github.com/skilld/skilld/blob/main/docs/operation.md" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${COMMIT}" \
      org.opencontainers.image.created="${COMMIT_TIME}"
USER 65532:65532
# All addresses, since nobody could connect to loopback here: the daemon wants a
# token of its callers then (see docs/operation.md).
ENV SKILLD_DATA_DIR=/data SKILLD_HOST=0.0.0.0
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=6s CMD ["/usr/local/bin/skilld", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/skilld"]
CMD ["serve"]
