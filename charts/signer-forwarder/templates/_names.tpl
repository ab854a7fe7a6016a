{{/* Labels that select the forwarder's pod. */}}
{{- define "signer-forwarder.selector" -}}
app.kubernetes.io/name: signer-forwarder
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{/* Labels of every object of the chart. */}}
{{- define "signer-forwarder.labels" -}}
{{ include "signer-forwarder.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: remote-signer-cloud
{{- end }}

{{/* The name of its PriorityClass. That is the cluster's object, so it has a name that no other namespace's forwarder has. */}}
{{- define "signer-forwarder.priorityClass" -}}
{{ .Release.Namespace }}.{{ .Release.Name }}
{{- end }}
