{{/* The stack's alerts, as Prometheus reads rules: alerts.yaml of the chart, with this stack's namespace. */}}
{{- define "signer-forwarder.alerts" -}}
{{- $minutes := .Values.monitoring.silentMinutes | int | toString }}
{{- .Files.Get "alerts.yaml" | fromYaml | toYaml | replace "NAMESPACE" .Release.Namespace | replace "SILENT_MINUTES" $minutes }}
{{- end }}

{{/* The parameters of a host's page. A fresh one costs the bytes of its uplink, whatever that is. */}}
{{- define "signer-forwarder.pageParams" -}}
{{- if .Values.monitoring.meteredUplinks -}}
params: { fresh: ["true"] }
{{- end }}
{{- end }}

{{/* Where a Prometheus without an operator finds the pod, and the labels that an operator would give it. */}}
{{- define "signer-forwarder.discovery" -}}
kubernetes_sd_configs:
  - role: pod
    namespaces: { names: [{{ .Release.Namespace | quote }}] }
relabel_configs:
  - action: keep
    source_labels:
      - __meta_kubernetes_pod_label_app_kubernetes_io_name
      - __meta_kubernetes_pod_label_app_kubernetes_io_instance
      - __meta_kubernetes_pod_container_port_name
    regex: "signer-forwarder;{{ .Release.Name }};monitoring"
  - { source_labels: [__meta_kubernetes_namespace], target_label: namespace }
  - { source_labels: [__meta_kubernetes_pod_name], target_label: pod }
{{- end }}
