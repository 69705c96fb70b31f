# Builds Pleach and nothing else: no protoc, no cmake, no Node.
FROM rust:1.95-bookworm AS build
WORKDIR /build
COPY . .
RUN cargo build --release --locked --bin pleach

FROM debian:bookworm-slim
# Certificates, for upstream systems with TLS.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /srv pleach
COPY --from=build /build/target/release/pleach /usr/local/bin/pleach
COPY --from=build /build/LICENSE-* /usr/share/doc/pleach/
USER 10001
WORKDIR /srv
# Reachable from outside of the container; elsewhere the default is loopback.
ENV PLEACH__LISTEN__ADDRESS=0.0.0.0:4000
EXPOSE 4000
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["pleach", "health"]
# Serves /srv/schema, with /srv/pleach.yaml if there is one: mount both.
ENTRYPOINT ["pleach"]
CMD ["serve"]
