# The market in containers: a target each for the database with the extension, the gateway, and the cache. Every step
# is a script of the repository, so tests/docker runs the same steps without a container engine. See compose.yml.

FROM debian:bookworm-slim AS build
WORKDIR /src
COPY scripts/common.sh scripts/install-packages.sh scripts/
RUN scripts/install-packages.sh build database
COPY . .
RUN scripts/build.sh stage /stage

FROM debian:bookworm-slim AS database
WORKDIR /opt/mvm
COPY scripts/common.sh scripts/install-packages.sh scripts/servers.sh scripts/prepare-market.sh scripts/
COPY docker/database.sh docker/database-health.sh docker/
RUN scripts/install-packages.sh database \
    && rm -rf /var/lib/apt/lists/* \
    && install -d -m 0700 -o postgres -g postgres /var/lib/mvm
COPY --from=build /stage/database /
USER postgres
# For `docker compose exec database psql`.
ENV PGHOST=/var/lib/mvm/postgres/socket PGUSER=postgres PGDATABASE=mvm PGPASSFILE=/var/lib/mvm/postgres/pgpass
VOLUME /var/lib/mvm
EXPOSE 5432
# A fast shutdown: SIGTERM would wait for every client to leave.
STOPSIGNAL SIGINT
HEALTHCHECK --interval=5s --timeout=5s --start-period=60s --retries=5 CMD ["/opt/mvm/docker/database-health.sh"]
ENTRYPOINT ["/opt/mvm/docker/database.sh"]

FROM debian:bookworm-slim AS redis
WORKDIR /opt/mvm
COPY scripts/common.sh scripts/install-packages.sh scripts/redis.conf scripts/
COPY docker/redis.sh docker/redis-health.sh docker/
RUN scripts/install-packages.sh redis-server && rm -rf /var/lib/apt/lists/*
USER redis
EXPOSE 6379
HEALTHCHECK --interval=5s --timeout=5s --start-period=10s --retries=5 CMD ["/opt/mvm/docker/redis-health.sh"]
ENTRYPOINT ["/opt/mvm/docker/redis.sh"]

FROM debian:bookworm-slim AS gateway
WORKDIR /opt/mvm
COPY scripts/common.sh scripts/install-packages.sh scripts/
COPY docker/gateway-health.sh docker/
COPY --from=build /stage/gateway-packages .
RUN xargs -a gateway-packages scripts/install-packages.sh curl \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --no-create-home --shell /usr/sbin/nologin mvm
COPY --from=build /stage/gateway /
USER mvm
ENV APP__HOST=0.0.0.0
EXPOSE 8000
HEALTHCHECK --interval=5s --timeout=6s --start-period=30s --retries=5 CMD ["/opt/mvm/docker/gateway-health.sh"]
ENTRYPOINT ["/usr/local/bin/mvm-gateway"]
