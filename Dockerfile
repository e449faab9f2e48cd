# Dossier in a container: built from the hash lock with torch's CPU build; runs as a user without rights on a read-only root.
FROM python:3.11.14-slim-bookworm AS build
WORKDIR /build
RUN pip install --no-cache-dir uv==0.13.8 \
    && python -m venv /opt/dossier
RUN uv pip install --no-cache --python /opt/dossier/bin/python --no-deps --torch-backend=cpu torch==2.13.0
COPY requirements.lock ./
RUN /opt/dossier/bin/pip install --no-cache-dir --no-deps --require-hashes --only-binary :all: -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY index index
COPY rag rag
COPY ui ui
COPY eval eval
RUN /opt/dossier/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11.14-slim-bookworm
RUN useradd --no-log-init --system --uid 10001 --user-group --no-create-home dossier \
    && install --directory --owner 10001 --group 10001 --mode 0700 /data
COPY --from=build /opt/dossier /opt/dossier
ENV PATH=/opt/dossier/bin:$PATH \
    HOME=/tmp \
    TMPDIR=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HF_HUB_OFFLINE=1 \
    DOSSIER_DATA=/data \
    DOSSIER_HOST=0.0.0.0 \
    DOSSIER_LOG_FORMAT=json
USER 10001:10001
WORKDIR /data
VOLUME ["/data"]
EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import http.client, os, sys; c = http.client.HTTPConnection('127.0.0.1', int(os.environ.get('DOSSIER_PORT', 7860)), timeout=4); c.request('GET', '/livez'); sys.exit(c.getresponse().status != 200)"]
ENTRYPOINT ["dossier"]
CMD ["serve"]
