# syntax=docker/dockerfile:1
# The shop as a service, for a database that is elsewhere (DATABASE_URL). Migrate before it is rolled
# out: docker run --env DATABASE_URL shop migrate
#   docker build --file ci/image/shop.Dockerfile --tag shop .
ARG RUST=1.95.0
FROM rust:${RUST}-bookworm AS build
WORKDIR /src
COPY . .
# Dependencies and their builds stay between builds; the binary is copied out of the cache.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --package shop \
    && install -D target/release/shop /out/shop

# Neither a shell nor a package manager, and a user that is not root.
FROM gcr.io/distroless/cc-debian12:nonroot
LABEL org.opencontainers.image.title="shop" \
    org.opencontainers.image.description="A commerce backend on PostgreSQL whose money and stock cannot go wrong" \
    org.opencontainers.image.source="https://github.com/proofmark/proofmark" \
    org.opencontainers.image.licenses="MIT OR Apache-2.0"
COPY --from=build /out/shop /usr/local/bin/shop
USER 65532:65532
EXPOSE 8080
# The database answers and has this program's schema.
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["/usr/local/bin/shop", "migrate", "--dry-run"]
ENTRYPOINT ["/usr/local/bin/shop"]
CMD ["serve", "--listen", "0.0.0.0:8080"]
