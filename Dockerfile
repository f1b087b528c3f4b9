# syntax=docker/dockerfile:1

# The service:         docker build -t callscribe .
# With the recogniser: docker build -t callscribe-recogniser --build-arg RECOGNISER=1 .
#
#   docker network create callscribe
#   docker run -d --name callscribe --network callscribe --stop-timeout 30 --read-only -p 8080:8080 \
#     -v callscribe:/data -v "$PWD/callscribe.toml:/data/callscribe.toml:ro" \
#     -e TELNYX_API_KEY -e TELNYX_PUBLIC_KEY callscribe
#   docker run -d --name recogniser --network callscribe --read-only callscribe-recogniser recogniser
#   docker exec callscribe callscribe check
#
# User 10001 must be able to read the settings: `init` makes them for their owner alone.
# The service finds the recogniser at ws://recogniser:8090/v2/speech-to-text/transcription.
# The stop time-out has to be longer than drain_timeout_s (20 s unless set otherwise).

# trixie: the SQLite of bookworm (3.40) rewrites the whole word index when a call is erased
ARG PYTHON=3.13-slim-trixie

FROM python:${PYTHON} AS build
ARG RECOGNISER=
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY requirements-core.txt requirements.txt /build/
# Wheels only: nothing is compiled, and nothing that is not in the lock can come in.
RUN python -m venv --without-pip /opt/callscribe \
 && lock="requirements-core.txt" && if [ -n "$RECOGNISER" ]; then lock="requirements.txt"; fi \
 && python -m pip --python /opt/callscribe/bin/python install --require-hashes \
      --only-binary :all: -r "/build/$lock"
COPY service /opt/callscribe/app/service
COPY fixtures/calls /opt/callscribe/app/service/demo/recordings
RUN /opt/callscribe/bin/python -m compileall -q /opt/callscribe/app \
 && printf '%s\n' '#!/bin/sh' 'exec python -m service "$@"' > /opt/callscribe/bin/callscribe \
 && chmod 755 /opt/callscribe/bin/callscribe

FROM python:${PYTHON}
COPY --from=build /opt/callscribe /opt/callscribe
COPY LICENSE /opt/callscribe/
RUN groupadd --gid 10001 callscribe \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin \
      callscribe \
 && install --directory --owner 10001 --group 10001 --mode 0700 /data
# In /data, where the journal is: no module may be picked up from there.
ENV PATH=/opt/callscribe/bin:$PATH \
    PYTHONPATH=/opt/callscribe/app \
    PYTHONSAFEPATH=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    CALLSCRIBE_LISTEN=0.0.0.0:8080 \
    CALLSCRIBE_RECOGNISER_LISTEN=0.0.0.0:8090
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8080 8090
STOPSIGNAL SIGTERM
# Whichever of the two runs here.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 CMD ["callscribe", "health"]
ENTRYPOINT ["callscribe"]
CMD ["serve"]
