{{- /*
The files that `octez-client import secret key` would write for remote keys. Written here, because that command calls
the signer, and a signer that is offline must not stop a pod from starting. Nothing in them is secret: of the key that
signs the requests they have the public half. And the config of the programs that read them.
*/ -}}
{{- define "baker.wallet" -}}
{{- $hashes := list -}}
{{- $publicKeys := list -}}
{{- $secretKeys := list -}}
{{- $names := list -}}
{{- range .Values.keys }}
{{- if has .name $names }}
{{- fail (printf "keys: the name %s is given twice" .name) }}
{{- end }}
{{- $names = append $names .name -}}
{{- $locator := printf "%s/%s" .signerUrl .address -}}
{{- $hashes = append $hashes (dict "name" .name "value" .address) -}}
{{- $publicKeys = append $publicKeys (dict "name" .name "value" (dict "locator" $locator "key" .publicKey)) -}}
{{- $secretKeys = append $secretKeys (dict "name" .name "value" $locator) -}}
{{- end }}
{{- with .Values.authentication }}
{{- if .address }}
{{- $name := "authentication" -}}
{{- $locator := printf "unencrypted:%s" .publicKey -}}
{{- $hashes = append $hashes (dict "name" $name "value" .address) -}}
{{- $publicKeys = append $publicKeys (dict "name" $name "value" (dict "locator" $locator "key" .publicKey)) -}}
{{- end }}
{{- end }}
public_key_hashs: {{ $hashes | toPrettyJson | toJson }}
public_keys: {{ $publicKeys | toPrettyJson | toJson }}
secret_keys: {{ $secretKeys | toPrettyJson | toJson }}
config: {{ .Files.Get "client-config.json" | toJson }}
{{- end }}
