# The three stages, the console and pipeline.sh, without a compiler. Run with `docker compose run --rm etl`, or with any database:
#   docker run --rm -e DATABASE_URL=postgresql://… -e PGPASSWORD business-registry run --sample
# Both base images are pinned to a release; set others with --build-arg.
ARG SWIFT_IMAGE=swift:6.3.1-bookworm
ARG RUNTIME_IMAGE=debian:12.11-slim

FROM ${SWIFT_IMAGE} AS build
# Versions are not pinned, because Debian removes old ones with each security update.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends libcurl4-openssl-dev libpq-dev libsqlite3-dev libssl-dev libzstd-dev zlib1g-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
ENV WITH_CONSOLE=yes
COPY Package.swift ./
# Before the sources, so that packages are fetched again only if Package.swift has changed.
RUN swift package resolve
COPY Sources Sources
# Package.swift names the test targets, so their folders must exist.
COPY Tests Tests
# Swift's libraries are linked statically, so the runtime image needs none of them.
RUN for program in fetch transform load console; do \
      swift build -c release --static-swift-stdlib --product "$program" || exit 1; \
    done \
    && install -d /out/bin /out/Sources \
    && cp -a .build/release/fetch .build/release/transform .build/release/load .build/release/console \
      .build/release/business-registry_FetchStage.resources /out/bin/ \
    && strip /out/bin/fetch /out/bin/transform /out/bin/load /out/bin/console \
    && cp -a Sources/pipeline /out/Sources/

FROM ${RUNTIME_IMAGE}
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates libcurl4 libpq5 libsqlite3-0 libzstd1 tzdata zlib1g \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/registry --shell /usr/sbin/nologin registry \
    && install -d -o registry -g registry /var/lib/registry /var/lib/registry/spool /var/log/registry
COPY --from=build /out /opt/registry
COPY pipeline.sh /opt/registry/
USER 10001
WORKDIR /var/lib/registry
ENV SPOOL_DIR=/var/lib/registry/spool \
    LOG_FORMAT=json \
    LOG_FILE=/var/log/registry/etl.log \
    TZ=Asia/Taipei
VOLUME ["/var/lib/registry/spool", "/var/log/registry"]
# Healthy: the spool is writable and the database accepts the login. Every run needs both.
HEALTHCHECK --interval=30s --timeout=10s --start-period=5s --retries=3 \
  CMD ["/opt/registry/pipeline.sh", "status", "--check"]
ENTRYPOINT ["/opt/registry/pipeline.sh"]
CMD ["run"]
