{{- /* The pod's ports with metrics, by name. */ -}}
{{- define "baker.metricsPorts" -}}
metrics: 9932
{{- if .Values.dal.enabled }}
dal-metrics: 11733
{{- end }}
{{- if .Values.router.signers }}
router-metrics: 8441
{{- end }}
{{- end }}
