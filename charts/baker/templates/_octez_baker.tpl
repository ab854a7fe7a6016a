{{- define "baker.octezBaker" -}}
- name: octez-baker
  {{- include "baker.image" .Values.image | nindent 2 }}
  command: [/usr/local/bin/octez-baker]
  args:
    - --base-dir
    - /var/run/tezos/client
    - --endpoint
    - http://127.0.0.1:8732
    - run
    {{- if .Values.extraNodes }}
    # Octez takes no further node beside one whose files it reads.
    - remotely
    {{- else }}
    - with
    - local
    - node
    - /var/run/tezos/node/data
    {{- end }}
    {{- range .Values.keys }}
    - {{ .name | quote }}
    {{- end }}
    # Read for each block. No --liquidity-baking-toggle-vote beside it: Octez never looks at that one then.
    - --votefile
    - /votes/per_block_votes.json
    {{- if .Values.dal.enabled }}
    - --dal-node
    - http://127.0.0.1:10732
    {{- else }}
    - --without-dal
    {{- end }}
    - --keep-alive
    {{- with .Values.remoteCallsTimeout }}
    - --remote-calls-timeout
    - {{ toJson . | quote }}
    {{- end }}
    {{- /* Each has the name of its option. */}}
    {{- range $name, $limit := .Values.operations }}
    - --{{ kebabcase $name }}
    - {{ toJson $limit | quote }}
    {{- end }}
    {{- range .Values.extraNodes }}
    - --extra-node
    - {{ . | quote }}
    {{- end }}
    {{- with .Values.extraArgs.baker }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  # Neither its life nor a request depends on this: it is what a person is woken by.
  readinessProbe:
    exec:
      command:
        - /bin/sh
        - -euc
        - |
          {{- .Files.Get "scripts/can-write-marks.sh" | trim | nindent 10 }}
    periodSeconds: 10
    timeoutSeconds: 5
  {{- include "baker.confinement" . | nindent 2 }}
  resources:
    {{- toYaml .Values.resources.baker | nindent 4 }}
  {{- include "baker.volumeMounts" . | nindent 2 }}
    - {name: votes, mountPath: /votes, readOnly: true}
{{- end }}
