# syntax=docker/dockerfile:1
# SPDX-License-Identifier: Apache-2.0
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /out/skilld ./cmd/skilld \
 && install -d -o 65532 -g 65532 /out/data /out/home

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/skilld /usr/local/bin/skilld
COPY --from=build --chown=65532:65532 /out/data /data
COPY --from=build --chown=65532:65532 /out/home /home/nonroot
USER 65532:65532
# All addresses, since nobody could connect to loopback here: the daemon wants a
# token of its callers then (see docs/operation.md).
ENV SKILLD_DATA_DIR=/data SKILLD_HOST=0.0.0.0
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=6s CMD ["/usr/local/bin/skilld", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/skilld"]
CMD ["serve"]
