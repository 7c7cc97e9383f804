# syntax=docker/dockerfile:1
# The `proofmark` command. PostgreSQL is not in it: give it a server (PROOFMARK_SERVER_URL).
#   docker build --file ci/image/proofmark.Dockerfile --tag proofmark .
ARG RUST=1.95.0
FROM rust:${RUST}-bookworm AS build
WORKDIR /src
COPY . .
# Dependencies and their builds stay between builds; the binary is copied out of the cache.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --package proofmark-cli \
    && install -D target/release/proofmark /out/proofmark

# Neither a shell nor a package manager, and a user that is not root.
FROM gcr.io/distroless/cc-debian12:nonroot
LABEL org.opencontainers.image.title="proofmark" \
    org.opencontainers.image.description="Runs test suites on isolated PostgreSQL databases and says what no test has tried" \
    org.opencontainers.image.source="https://github.com/proofmark/proofmark" \
    org.opencontainers.image.licenses="MIT OR Apache-2.0"
COPY --from=build /out/proofmark /usr/local/bin/proofmark
USER 65532:65532
WORKDIR /work
HEALTHCHECK --interval=30s --timeout=5s CMD ["/usr/local/bin/proofmark", "--version"]
ENTRYPOINT ["/usr/local/bin/proofmark"]
CMD ["--help"]
