# Workers of launch/dataflow.py: docker build -f launch/beam.Dockerfile -t IMAGE .
FROM apache/beam_python3.11_sdk:2.77.0
COPY . /opt/sdd
RUN pip install --no-cache-dir --editable '/opt/sdd[beam]' \
  --constraint /opt/sdd/launch/constraints-py311.txt
ENV PYTHONPATH=/opt/sdd
