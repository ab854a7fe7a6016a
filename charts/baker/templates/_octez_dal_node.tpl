{{- /*
It may stop, start and fail as it likes: octez-baker asks it for what there is to attest and does not wait for it. So no
probe makes the pod one that a drain may evict. docs/design/baker.md has the reasons.
*/ -}}
{{- define "baker.octezDalNode" -}}
- name: octez-dal-node
  {{- include "baker.image" .Values.image | nindent 2 }}
  command:
    - /bin/sh
    - -euc
    - |
      {{- .Files.Get "scripts/run-dal-node.sh" | trim | nindent 6 }}
    - octez-dal-node
  args:
    - run
    - --data-dir
    - /var/run/tezos/dal
    - --endpoint
    - http://127.0.0.1:8732
    - --rpc-addr
    - 127.0.0.1:10732
    - --net-addr
    - 0.0.0.0:11732
    - --attester-profiles
    - {{ join "," .Values.delegates | quote }}
    {{- if .Values.dal.addressConfigMap }}
    - --public-addr
    - $(PUBLIC_ADDRESS)
    {{- end }}
    {{- if .Values.monitoring.kind }}
    - --metrics-addr
    - 0.0.0.0:11733
    {{- end }}
    {{- with .Values.extraArgs.dalNode }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with .Values.dal.addressConfigMap }}
  env:
    - name: PUBLIC_ADDRESS
      valueFrom:
        configMapKeyRef:
          name: {{ . | quote }}
          key: dal
  {{- end }}
  ports:
    - {name: dal-p2p, containerPort: 11732}
    {{- if .Values.monitoring.kind }}
    - {name: dal-metrics, containerPort: 11733}
    {{- end }}
  {{- include "baker.confinement" . | nindent 2 }}
  resources:
    {{- toYaml .Values.resources.dalNode | nindent 4 }}
  volumeMounts:
    - {name: dal, mountPath: /var/run/tezos/dal}
    - {name: tmp, mountPath: /tmp}
{{- end }}
