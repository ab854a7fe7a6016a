{{- define "baker.octezAccuser" -}}
- name: octez-accuser
  {{- include "baker.image" .Values.image | nindent 2 }}
  command: [/usr/local/bin/octez-accuser]
  args:
    - --base-dir
    - /var/run/tezos/client
    - --endpoint
    - http://127.0.0.1:8732
    - run
    - --keep-alive
    {{- with .Values.extraArgs.accuser }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- include "baker.confinement" . | nindent 2 }}
  resources:
    {{- toYaml .Values.resources.accuser | nindent 4 }}
  {{- include "baker.volumeMounts" . | nindent 2 }}
{{- end }}
