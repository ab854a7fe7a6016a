{{- /*
What octez-baker has as its signer. It begins before the pod's programs and ends after them, because Octez gives up a
request whose connection is refused. Kubernetes has such containers since 1.29.
*/ -}}
{{- define "baker.router" -}}
- name: router
  restartPolicy: Always
  {{- include "baker.image" .Values.routerImage | nindent 2 }}
  command: [/usr/local/lib/signer-forwarder/router, /etc/router]
  env:
    # Its health and metrics are answered on this address; octez-baker on the loopback.
    - name: POD_IP
      valueFrom:
        fieldRef:
          fieldPath: status.podIP
  ports:
    - {name: router-metrics, containerPort: 8441}
  startupProbe:
    httpGet:
      path: /healthz
      port: 8441
    periodSeconds: 1
    timeoutSeconds: 5
    failureThreshold: 30
  {{- include "baker.confinement" . | nindent 2 }}
  resources:
    {{- toYaml .Values.resources.router | nindent 4 }}
  volumeMounts:
    # The whole folder: a file that is mounted alone never changes.
    - {name: router, mountPath: /etc/router, readOnly: true}
    # With the guard's marks, which so outlive the pod and are in each backup.
    - {name: client, mountPath: /var/run/tezos/client}
    # The socket of its commands, which the pod's other programs must not reach.
    - {name: router-tmp, mountPath: /tmp}
{{- end }}

{{- /* The router's configuration, as JSON. */ -}}
{{- define "baker.routerConfig" -}}
{{- $signers := list -}}
{{- range .signers }}
{{- $signer := dict "name" .name "port" .port "answerSeconds" (.answerSeconds | default 5) -}}
{{- $keys := list -}}
{{- range .keys }}
{{- $keys = append $keys (mergeOverwrite (dict "minimalBlockSeconds" 1) .) -}}
{{- end }}
{{- if $keys }}{{ $_ := set $signer "keys" $keys }}{{ end -}}
{{- if .fallbacks }}{{ $_ := set $signer "fallbacks" .fallbacks }}{{ end -}}
{{- $signers = append $signers $signer -}}
{{- end }}
{{- dict "baker" .baker "marks" "/var/run/tezos/client/router-marks" "replicas" .replicas "signers" $signers | toPrettyJson }}
{{- end }}
