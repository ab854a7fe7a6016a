{{- /* The pod's ports that have a Service for peers, by the name of its value: {dal: 11732, p2p: 9732}, or a part of it. */ -}}
{{- define "baker.peerPorts" -}}
{{- $ports := dict -}}
{{- with .Values.dal }}{{ if and .enabled .addressConfigMap }}{{ $_ := set $ports "dal" 11732 }}{{ end }}{{ end -}}
{{- if .Values.p2p.service.type }}{{ $_ := set $ports "p2p" 9732 }}{{ end -}}
{{- $nodePort := .Values.p2p.service.nodePort -}}
{{- if and $nodePort (eq (len $ports) 2) (eq $nodePort .Values.dal.service.nodePort) }}
{{- fail (printf "p2p.service.nodePort: found %v, which dal.service.nodePort is; wanted another one" $nodePort) }}
{{- end }}
{{- toYaml $ports }}
{{- end }}

{{- /* The port that leads to octez-node from outside, if it is not the one that it listens on and is known before. */ -}}
{{- define "baker.advertisedPort" -}}
{{- with .Values.p2p.service }}
{{- $port := eq .type "NodePort" | ternary .nodePort .port | int }}
{{- if and .type $port (ne $port 9732) }}{{ $port }}{{ end }}
{{- end }}
{{- end }}
