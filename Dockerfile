# A small image of the daemon: docker build -t synchronizer .
ARG BASE=python:3.12-slim
FROM ${BASE} AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY synchronizer synchronizer
COPY plugins plugins
RUN python3 -m venv /opt/synchronizer \
    && /opt/synchronizer/bin/pip install --no-cache-dir '.[openstack]'

FROM ${BASE}
RUN useradd --system --no-create-home --home-dir /var/lib/synchronizer synchronizer \
    && install -d -m 0700 -o synchronizer -g synchronizer /var/lib/synchronizer /run/synchronizer
COPY --from=build /opt/synchronizer /opt/synchronizer
ENV PATH=/opt/synchronizer/bin:$PATH
USER synchronizer
VOLUME /var/lib/synchronizer
HEALTHCHECK --start-period=30s CMD ["synchronizer", "--timeout", "5", "describe", "-f", "value"]
ENTRYPOINT ["synchronizer"]
CMD ["run", "--config-file", "/etc/synchronizer/synchronizer.conf"]
