{{- /* An image and when it is pulled, from a value `image`. A digest says which image it is, whatever the tag says. */ -}}
{{- define "baker.image" -}}
image: {{ .digest | empty | ternary (printf "%s:%s" .repository .tag) (printf "%s@%s" .repository .digest) | quote }}
imagePullPolicy: {{ .pullPolicy | quote }}
{{- end }}

{{- /* What every container has in common, so that Pod Security `restricted` admits it. */ -}}
{{- define "baker.confinement" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
{{- end }}

{{- /*
The chain; apart from it, so that a backup is small, the baker's nonces and watermarks; and a place for the sockets
between octez-node's processes.
*/ -}}
{{- define "baker.volumeMounts" -}}
volumeMounts:
  - {name: data, mountPath: /var/run/tezos/node}
  - {name: client, mountPath: /var/run/tezos/client}
  - {name: tmp, mountPath: /tmp}
{{- end }}

{{- /*
A step before the baker runs: dict "root" $ "name" "…" ["env" (dict …)] ["wallet" true]. It runs scripts/<name>.sh. The
step with the wallet also gets the authentication key, if there is one.
*/ -}}
{{- define "baker.step" -}}
- name: {{ .name | quote }}
  {{- include "baker.image" .root.Values.image | nindent 2 }}
  command: [/bin/sh, -euc]
  args:
    - |
      {{- .root.Files.Get (printf "scripts/%s.sh" .name) | trim | nindent 6 }}
  {{- with .env }}
  env:
    {{- range $name, $value := . }}
    - name: {{ $name | quote }}
      value: {{ $value | quote }}
    {{- end }}
  {{- end }}
  {{- include "baker.confinement" .root | nindent 2 }}
  resources:
    {{- toYaml .root.Values.resources.node | nindent 4 }}
  {{- include "baker.volumeMounts" .root | nindent 2 }}
  {{- if .wallet }}
    - {name: wallet, mountPath: /wallet, readOnly: true}
    {{- if .root.Values.authentication.secretName }}
    - {name: authentication, mountPath: /authentication, readOnly: true}
    {{- end }}
  {{- end }}
{{- end }}
