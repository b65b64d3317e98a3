# The daemon and its commands in an image: docs/container.md tells how it is built and run.
#
# BASE: Debian, or an image upon it, with python3 (3.11 or later), venv and ca-certificates.
ARG BASE=python:3.12-slim

FROM ${BASE} AS build
# A pip of its own installs into an environment that has none: nothing installs in what runs.
RUN python3 -m venv /pip && python3 -m venv --without-pip /opt/synchronizer
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY etc etc
COPY plugins plugins
COPY synchronizer synchronizer
# What entities are read with, and the ledgers; others by --build-arg EXTRAS=...
ARG EXTRAS=openstack,postgresql,mysql
# An index of one's own, or certificates: --secret id=pip.conf,src=/etc/pip.conf
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf \
    /pip/bin/pip --python /opt/synchronizer/bin/python install --no-cache-dir \
        --disable-pip-version-check --root-user-action=ignore ".[${EXTRAS}]" \
    && find /opt/synchronizer -type d -name tests -prune -exec rm -r {} +

FROM ${BASE}
# Numbers, for whoever mounts volumes or has to see that it is not root.
RUN groupadd --gid 10001 synchronizer \
    && useradd --uid 10001 --gid 10001 --no-log-init --no-create-home \
        --home-dir /var/lib/synchronizer --shell /usr/sbin/nologin synchronizer \
    && install -d -m 0700 -o 10001 -g 10001 /var/lib/synchronizer /run/synchronizer
COPY --from=build /opt/synchronizer /opt/synchronizer
ENV PATH=/opt/synchronizer/bin:$PATH \
    OS_CLIENT_CONFIG_FILE=/etc/synchronizer/clouds.yaml \
    OS_CLIENT_SECURE_FILE=/etc/synchronizer/secure.yaml
USER 10001:10001
WORKDIR /var/lib/synchronizer
VOLUME /var/lib/synchronizer
# Whether each process makes progress; a cloud or a broker that is away is no illness.
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 \
    CMD ["synchronizer", "--timeout", "5", "health"]
ENTRYPOINT ["synchronizer"]
CMD ["run"]
