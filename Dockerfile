# Threadmate as an image: docs/operations.md says how to run it. No secret is needed to build it, and none is in it.
#   docker build -t threadmate:0.1.0 .

FROM python:3.13-slim-trixie AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
ARG EXTRAS=postgres,otel
WORKDIR /build
# The environment holds no pip: what runs has no use for it. Installing compiles, for nobody writes there later.
RUN python -m venv --without-pip /opt/threadmate
COPY pyproject.toml README.md LICENSE manifest.yml ./
COPY bot bot
COPY handlers handlers
COPY storage storage
# What is installed is this folder; pyproject.toml bounds the rest.
# hadolint ignore=DL3013
RUN pip --python /opt/threadmate/bin/python install ".[${EXTRAS}]"

FROM python:3.13-slim-trixie
LABEL org.opencontainers.image.title="Threadmate" \
      org.opencontainers.image.description="An OpenAI assistant in every Slack thread" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="MIT"
# A number of its own: volumes keep their owner from image to image, and Kubernetes wants to see that it is not 0.
RUN groupadd --gid 10001 threadmate \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin threadmate \
 && install --directory --owner=10001 --group=10001 --mode=0700 /data
COPY --from=build /opt/threadmate /opt/threadmate
ENV PATH=/opt/threadmate/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DATABASE_URL=sqlite+aiosqlite:////data/threadmate.db \
    HEALTH_HOST=0.0.0.0 \
    LOG_FORMAT=json
# The only places that are written to are /data (nothing with PostgreSQL) and /tmp: run it with a read-only root.
WORKDIR /data
USER 10001:10001
EXPOSE 8080
STOPSIGNAL SIGTERM
# Not urllib: it would ask an http_proxy of the environment for the way to this very container.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "from http.client import HTTPConnection as C; c = C('127.0.0.1', 8080, timeout=4); c.request('GET', '/healthz'); raise SystemExit(c.getresponse().status != 200)"]
ENTRYPOINT ["threadmate"]
CMD ["run", "--health-port", "8080"]
