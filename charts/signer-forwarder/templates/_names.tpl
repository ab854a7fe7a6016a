{{/* Labels that select the pods of all replicas. */}}
{{- define "signer-forwarder.selector" -}}
app.kubernetes.io/name: signer-forwarder
{{- end }}

{{/*
The name of a replica, from {root, replica}: of its Deployment, of the Service that signers dial, and of its pod's instance. The
first one has the release's own.
*/}}
{{- define "signer-forwarder.replica" -}}
{{ .root.Release.Name }}{{ if .replica }}-{{ .replica }}{{ end }}
{{- end }}

{{/* Labels that select the pod of one replica, from {root, replica}. */}}
{{- define "signer-forwarder.replicaSelector" -}}
{{ include "signer-forwarder.selector" . }}
app.kubernetes.io/instance: {{ include "signer-forwarder.replica" . | quote }}
{{- end }}

{{/* The Services of all replicas, as the values have them, as a list below `all`. */}}
{{- define "signer-forwarder.services" -}}
{{- $services := list .Values.service }}
{{- with .Values.secondService }}
{{- $services = append $services (merge (deepCopy .) (dict "type" "LoadBalancer" "port" 22)) }}
{{- end }}
{{- dict "all" $services | toJson }}
{{- end }}

{{/* Labels of the objects that all replicas share. */}}
{{- define "signer-forwarder.labels" -}}
{{ include "signer-forwarder.ownLabels" (dict "root" . "replica" 0) }}
{{- end }}

{{/* Labels of one replica's objects, from {root, replica}. */}}
{{- define "signer-forwarder.ownLabels" -}}
{{ include "signer-forwarder.replicaSelector" . }}
{{- with .root }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: remote-signer-cloud
{{- end }}
{{- end }}

{{/* The name of its PriorityClass. That is the cluster's object, so it has a name that no other namespace's forwarder has. */}}
{{- define "signer-forwarder.priorityClass" -}}
{{ .Release.Namespace }}.{{ .Release.Name }}
{{- end }}
