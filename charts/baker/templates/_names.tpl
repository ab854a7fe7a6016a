{{- /* What selects the baker's pod: never changes, or the StatefulSet could not be updated. */ -}}
{{- define "baker.selectorLabels" -}}
app.kubernetes.io/name: baker
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "baker.labels" -}}
{{ include "baker.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: remote-signer-cloud
{{- end }}

{{- /* The name of its PriorityClass. That is the cluster's object, so it has a name that no other namespace's baker has. */}}
{{- define "baker.priorityClass" -}}
{{ .Release.Namespace }}.{{ include "baker.name" . }}
{{- end }}

{{- /*
The name of every object: the release's. Kubernetes puts it and a hash of 11 characters into a label of 63, and a name
that is cut could be another's.
*/ -}}
{{- define "baker.name" -}}
{{- if gt (len .Release.Name) 52 }}
{{- fail (printf "The release name %s has %d characters; a baker's has at most 52." .Release.Name (len .Release.Name)) }}
{{- end }}
{{- .Release.Name }}
{{- end }}
