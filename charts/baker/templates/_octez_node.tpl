{{- define "baker.octezNode" -}}
- name: octez-node
  {{- include "baker.image" .Values.image | nindent 2 }}
  command: [/usr/local/bin/octez-node]
  args:
    - run
    - --data-dir
    - /var/run/tezos/node/data
    {{- with include "baker.advertisedPort" . }}
    # What it tells its peers, who add the address that they see.
    - --advertised-net-port
    - {{ . | quote }}
    {{- end }}
    {{- if .Values.monitoring.kind }}
    # By itself it serves them to its own pod.
    - --metrics-addr
    - 0.0.0.0:9932
    {{- end }}
    {{- with .Values.extraArgs.node }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  ports:
    - {name: p2p, containerPort: 9732}
    {{- if .Values.monitoring.kind }}
    - {name: metrics, containerPort: 9932}
    {{- end }}
  # The RPC answers once the store is open: after an unclean stop that takes long. Alive is not synchronised.
  startupProbe:
    exec:
      command: [wget, -q, -O, /dev/null, "http://127.0.0.1:8732/health/ready"]
    periodSeconds: 5
    timeoutSeconds: 5
    failureThreshold: 720
  livenessProbe:
    exec:
      command: [wget, -q, -O, /dev/null, "http://127.0.0.1:8732/health/ready"]
    periodSeconds: 30
    timeoutSeconds: 20
    failureThreshold: 10
  readinessProbe:
    exec:
      command:
        - /bin/sh
        - -c
        - wget -q -O - http://127.0.0.1:8732/chains/main/is_bootstrapped | grep -q '"sync_state":"synced"'
    periodSeconds: 10
    timeoutSeconds: 10
  {{- include "baker.confinement" . | nindent 2 }}
  resources:
    {{- toYaml .Values.resources.node | nindent 4 }}
  {{- include "baker.volumeMounts" . | nindent 2 }}
{{- end }}
