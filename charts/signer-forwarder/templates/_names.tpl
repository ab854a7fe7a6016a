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

{{/* What both containers may do: nothing that Pod Security's `restricted` does not allow, on a root file system that nobody writes. */}}
{{- define "signer-forwarder.containerSecurity" -}}
allowPrivilegeEscalation: false
capabilities:
  drop: [ALL]
readOnlyRootFilesystem: true
{{- end }}

{{/* The name of its PriorityClass. That is the cluster's object, so it has a name that no other namespace's forwarder has. */}}
{{- define "signer-forwarder.priorityClass" -}}
{{ .Release.Namespace }}.{{ .Release.Name }}
{{- end }}

{{/* The pod's own address, which what listens for others binds. */}}
{{- define "signer-forwarder.podIp" -}}
- name: POD_IP
  valueFrom:
    fieldRef:
      fieldPath: status.podIP
{{- end }}

{{/* How readiness is asked: often, as nobody is let in before; and one slow answer is none. */}}
{{- define "signer-forwarder.readiness" -}}
periodSeconds: 1
timeoutSeconds: 5
failureThreshold: 3
{{- end }}
