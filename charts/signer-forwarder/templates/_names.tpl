{{/* Labels that select the forwarder's pod. */}}
{{- define "signer-forwarder.selector" -}}
app.kubernetes.io/name: signer-forwarder
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* Labels of every object of the chart. */}}
{{- define "signer-forwarder.labels" -}}
{{ include "signer-forwarder.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: remote-signer-cloud
{{- end }}

{{/* What both containers may do: nothing that Pod Security's `restricted` does not allow, on a root file system that nobody writes. */}}
{{- define "signer-forwarder.containerSecurity" -}}
allowPrivilegeEscalation: false
capabilities:
  drop: [ALL]
readOnlyRootFilesystem: true
{{- end }}
