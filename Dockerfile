# An image for CI and for machines without Python: docker run --rm -v "$PWD:/src" IMAGE lint template.yaml
FROM python:3.13-slim AS build
COPY requirements.txt dist/remit-*.whl /tmp/
RUN python -m venv /opt/remit \
 && /opt/remit/bin/pip install --no-cache-dir --require-hashes --requirement /tmp/requirements.txt \
 && /opt/remit/bin/pip install --no-cache-dir --no-deps /tmp/remit-*.whl

FROM python:3.13-slim
RUN apt-get update && apt-get install --yes --no-install-recommends git && rm -rf /var/lib/apt/lists/* \
 && git config --system --add safe.directory /src \
 && useradd --create-home remit
COPY --from=build /opt/remit /opt/remit
ENV PATH="/opt/remit/bin:$PATH"
USER remit
WORKDIR /src
ENTRYPOINT ["remit"]
